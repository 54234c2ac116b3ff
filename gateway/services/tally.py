"""Plain counters of intake, for an adapter to export; nothing is decided by them."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # seconds, upper bounds


@dataclass(kw_only=True, slots=True)
class Histogram:
    """Durations in BUCKETS; the last count is of those above the last bound."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    total: float = 0.0

    def observe(self, seconds: float) -> None:
        place = next((index for index, bound in enumerate(BUCKETS) if seconds <= bound), len(BUCKETS))
        self.counts[place] += 1
        self.total += seconds

    def cumulative(self) -> list[tuple[float, int]]:
        """(upper bound, how many were no longer), as Prometheus wants it; the last bound is infinity."""
        return list(zip((*BUCKETS, float("inf")), accumulate(self.counts), strict=True))


@dataclass(kw_only=True, slots=True)
class Tally:
    """`refused` by the refusal's kind, "interrupted" when the sender went away. `barrier`: last octet to durable row."""

    accepted: int = 0
    octets: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    barrier: Histogram = field(default_factory=Histogram)

    def count(self, outcome: str, octets: int) -> None:
        if outcome == "accepted":
            self.accepted += 1
            self.octets += octets
        else:
            self.refused[outcome] += 1
