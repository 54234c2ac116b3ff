"""What was measured, line by line while it runs, and at the end against what was promised. Nothing fails here."""

from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """`floor`: what must be reached; `goal`: what is aimed at; in `unit`. `most`: less is better."""

    what: str
    measured: float
    floor: float
    goal: float
    unit: str
    most: bool

    def reaches(self, mark: float) -> bool:
        return self.measured <= mark if self.most else self.measured >= mark

    @property
    def word(self) -> str:
        if self.reaches(self.goal):
            return "met"
        return "floor met" if self.reaches(self.floor) else "NOT MET"


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Prints as it goes and keeps the verdicts for the table."""

    verdicts: list[Verdict] = field(default_factory=list)

    def title(self, text: str) -> None:
        print(f"\n{text}", flush=True)

    def line(self, what: str, value: float, unit: str, note: str = "") -> None:
        print(f"  {what:46} {value:10.1f} {unit:8} {note}".rstrip(), flush=True)

    def ratio(self, what: str, ours: float, theirs: float, *, peer: str, unit: str, note: str = "") -> float:
        """Prints ours beside a peer's and returns ours / theirs."""
        found = ours / theirs if theirs else float("nan")
        print(
            f"  {what:34} {ours:9.1f} {unit:6} {peer:>20} {theirs:9.1f}  ratio {found:5.2f}  {note}".rstrip(),
            flush=True,
        )
        return found

    def at_least(self, what: str, measured: float, *, floor: float, goal: float, unit: str = "x") -> None:
        self._judge(Verdict(what=what, measured=measured, floor=floor, goal=goal, unit=unit, most=False))

    def at_most(self, what: str, measured: float, limit: float, unit: str) -> None:
        self._judge(Verdict(what=what, measured=measured, floor=limit, goal=limit, unit=unit, most=True))

    def table(self) -> None:
        if not self.verdicts:
            return
        print(f"\n{'':52} {'measured':>10} {'floor':>8} {'goal':>8}  {'':8}")
        for v in self.verdicts:
            bound = "<=" if v.most else ">="
            marks = f"{v.floor:8.4g} {v.goal:8.4g}"
            print(f"{v.what:52} {v.measured:10.2f} {marks}  {bound} {v.unit:6} {v.word}", flush=True)

    def _judge(self, verdict: Verdict) -> None:
        self.verdicts.append(verdict)


def percentile(taken: list[float], share: float) -> float:
    """Of unsorted values; `share` of 0 to 1."""
    return sorted(taken)[min(len(taken) - 1, int(len(taken) * share))]


def spread(taken: list[float]) -> tuple[float, float]:
    """(p50, p99)"""
    return median(taken), percentile(taken, 0.99)
