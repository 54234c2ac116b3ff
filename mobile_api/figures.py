"""What is counted of the API for Prometheus: answers by status, and how long they took."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(kw_only=True, slots=True)
class ApiFigures:
    """`observe` takes the seconds until an answer began; streams therefore count like any other."""

    answers: dict[str, float] = field(default_factory=dict)
    observe: Callable[[float], None] = field(default=lambda _: None)

    def note(self, status: int, seconds: float) -> None:
        self.answers[str(status)] = self.answers.get(str(status), 0.0) + 1.0
        self.observe(seconds)
