"""A wall clock that jumps must not shorten how long a job waits.

Somebody sets the time, or NTP corrects a machine that started in 1970: then every deadline in the rows looks long
past. Monotonic time tells the truth. A jump ahead is therefore first waited out (it may be taken back), and if it
stays, the deadlines of all jobs from before it move by as much. A jump back needs nothing: it only lengthens.
"""

from dataclasses import dataclass

from gateway.services.ports import Clock

TOLERANCE_SECONDS = 60.0  # slewing and slow runs are no jumps
TRIAL_SECONDS = 60.0  # a jump that is taken back within this time was none
SETTLE_SECONDS = 60.0  # after a start, before which nothing expires: a wrong clock is mostly put right by then


@dataclass(frozen=True, kw_only=True, slots=True)
class Jump:
    """The wall clock went `ahead` seconds further than time did. Rows made up to `before` carry the old time."""

    ahead: float
    before: float


class SteadyClock:
    """Compares wall and monotonic time from run to run."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = clock.monotonic()
        self._offset = clock.now() - clock.monotonic()
        self._suspected: Jump | None = None
        self._suspected_at = 0.0

    @property
    def trusted(self) -> bool:
        """False: nothing may expire in this run."""
        settled = self._clock.monotonic() - self._started >= SETTLE_SECONDS
        return settled and self._drift() <= TOLERANCE_SECONDS

    def confirmed_jump(self) -> Jump | None:
        """A jump ahead that has stayed for TRIAL_SECONDS. Call once a run, and `accept` when the rows are moved."""
        drift = self._drift()
        if drift <= TOLERANCE_SECONDS:
            self.accept()
            return None
        seen = self._suspected
        now = self._clock.monotonic()
        if seen is not None and abs(drift - seen.ahead) <= TOLERANCE_SECONDS:
            return seen if now - self._suspected_at >= TRIAL_SECONDS else None
        self._suspected, self._suspected_at = Jump(ahead=drift, before=self._offset + now), now
        return None

    def accept(self) -> None:
        """The wall clock as it is now is right from here on."""
        self._offset = self._clock.now() - self._clock.monotonic()
        self._suspected = None

    def _drift(self) -> float:
        return self._clock.now() - self._clock.monotonic() - self._offset
