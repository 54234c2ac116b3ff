"""What a test tap reads: the next tap of one terminal is shown to an administrator instead of signing anybody in."""

from dataclasses import dataclass
from uuid import UUID

from gateway.services.ports import Clock

ARMED_SECONDS = 60.0
KEPT_SECONDS = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """`raw` is what the reader sent, while it is kept."""

    armed: bool = False
    raw: str = ""


class TapProbe:
    """In memory, for minutes: a card's number is nobody's to keep."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._armed: dict[UUID, float] = {}
        self._read: dict[UUID, tuple[float, str]] = {}

    def arm(self, terminal: UUID) -> None:
        self._read.pop(terminal, None)
        self._armed[terminal] = self._clock.monotonic() + ARMED_SECONDS

    def caught(self, terminal: UUID, raw: str) -> bool:
        """Whether this tap was a test."""
        until, now = self._armed.pop(terminal, None), self._clock.monotonic()
        if until is None or now >= until:
            return False
        self._read[terminal] = (now + KEPT_SECONDS, raw)
        return True

    def of(self, terminal: UUID) -> Probe:
        now = self._clock.monotonic()
        until, raw = self._read.get(terminal, (0.0, ""))
        return Probe(armed=self._armed.get(terminal, 0.0) > now, raw=raw if until > now else "")
