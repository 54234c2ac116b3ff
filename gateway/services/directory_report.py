"""What a run found and did: counts of all, and lines for people of as many as they can read."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from gateway.domain.person import Outcome

MOST_LINES = 500
GROUP = "A group."


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One entry. `what` says what differs, or what is wrong."""

    outcome: Outcome
    name: str
    what: str = ""


@dataclass(kw_only=True, slots=True)
class Report:
    """`held_back`: so many would be disabled, which is more than allowed, and none was. `dry`: nothing was written.

    `groups` counts rows of groups; `named` are the groups that the people of this run are in.
    """

    dry: bool
    full: bool
    counts: Counter[Outcome] = field(default_factory=Counter)
    lines: list[Line] = field(default_factory=list)
    problems: list[Line] = field(default_factory=list)
    held_back: int = 0
    groups: Counter[Outcome] = field(default_factory=Counter)
    named: set[str] = field(default_factory=set)
    entries: int = 0

    def add(self, outcome: Outcome, name: str, what: str = "") -> None:
        self.counts[outcome] += 1
        if outcome is Outcome.PROBLEM:
            self.warn(name, what, counted=True)
        elif outcome is not Outcome.UNCHANGED and len(self.lines) < MOST_LINES:
            self.lines.append(Line(outcome=outcome, name=name, what=what))

    def warn(self, name: str, what: str, *, counted: bool = False) -> None:
        """Something of an entry was left out, while the rest of it is used."""
        if not counted:
            self.counts[Outcome.PROBLEM] += 1
        if len(self.problems) < MOST_LINES:
            self.problems.append(Line(outcome=Outcome.PROBLEM, name=name, what=what))

    def tell_groups(self, outcome: Outcome, names: Collection[str]) -> None:
        if names:
            self.groups[outcome] += len(names)
        for name in sorted(names)[: max(0, MOST_LINES - len(self.lines))]:
            self.lines.append(Line(outcome=outcome, name=name, what=GROUP))

    @property
    def changes(self) -> int:
        """Rows that were, or would be, written."""
        return sum(count for outcome, count in self.counts.items() if outcome not in _QUIET)

    @property
    def summary(self) -> str:
        """One line, such as "12 added, 3 changed, 1185 unchanged"."""
        told = [f"{self.counts[outcome]} {outcome.value}" for outcome in Outcome if self.counts[outcome]]
        groups = [f"{count} groups {outcome.value}" for outcome, count in self.groups.items()]
        return ", ".join([*told, *groups]) or "nothing found"


_QUIET = frozenset({Outcome.UNCHANGED, Outcome.PROBLEM})
