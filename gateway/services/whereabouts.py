"""From where people use the pages now, for what comes from the same machine without a name (row 44).

Only in memory, and of each session only the last place: whoever moved on leaves nothing behind. Behind one address there
may be many people, so that an answer is given only while there is exactly one.
"""

from collections import OrderedDict

from gateway.services.ports import Clock

MOST = 20_000  # sessions; those seen longest ago are forgotten first


class Whereabouts:
    def __init__(self, clock: Clock, most: int = MOST) -> None:
        self._clock = clock
        self._most = most
        self._seen: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def note(self, session: str, address: str) -> None:
        """A session, by its hash, was used from there by a person's own doing."""
        self._seen[session] = (address, self._clock.monotonic())
        self._seen.move_to_end(session)
        while len(self._seen) > self._most:
            self._seen.popitem(last=False)

    def at(self, address: str, seconds: float) -> list[str]:
        """Sessions whose last use was from exactly this address, not longer ago."""
        since = self._clock.monotonic() - seconds
        return [session for session, (place, at) in self._seen.items() if place == address and at > since]
