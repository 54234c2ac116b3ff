"""What keeps previews cheap and fair: pictures that were just made, and whose turn it is to have some made."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.errors import Busy
from gateway.services.ports import Clock, Rendered

KEPT_OCTETS = 32 * 1024 * 1024
KEPT_SECONDS = 300.0  # pages are secrets: nobody needs them in memory longer than one looks at them
LONGEST_LINE = 32  # requests of one person; a page of pictures is far below


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """`copy` is what one copy makes of paper; `sides` are its places, blank backs and all."""

    copy: Rendered
    sides: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    made: Made
    octets: bytes
    at: float


class Pictures:
    """PNGs by what they show and their side; those not asked for longest go first."""

    def __init__(self, clock: Clock, *, octets: int = KEPT_OCTETS, seconds: float = KEPT_SECONDS) -> None:
        self._clock = clock
        self._most = octets
        self._seconds = seconds
        self._kept: OrderedDict[tuple[Hashable, int], _Kept] = OrderedDict()
        self.octets = 0

    def find(self, of: Hashable, sides: Sequence[int]) -> tuple[Made, list[tuple[int, bytes]]] | None:
        """All that there are of these sides, in their order; None when one has to be made."""
        self.forget_old()
        found = {side: self._kept[of, side] for side in sides if (of, side) in self._kept}
        if not found:
            return None
        made = next(iter(found.values())).made
        if any(side not in found for side in sides if side <= made.sides):
            return None
        for side in found:
            self._kept.move_to_end((of, side))
        return made, [(side, kept.octets) for side, kept in sorted(found.items())]

    def keep(self, of: Hashable, made: Made, pictures: Sequence[tuple[int, bytes]]) -> None:
        for side, octets in pictures:
            self._drop((of, side))
            self._kept[of, side] = _Kept(made=made, octets=octets, at=self._clock.monotonic())
            self.octets += len(octets)
        while self.octets > self._most:
            self._drop(next(iter(self._kept)))

    def forget_old(self) -> None:
        before = self._clock.monotonic() - self._seconds
        for place in [place for place, kept in self._kept.items() if kept.at <= before]:
            self._drop(place)

    def _drop(self, place: tuple[Hashable, int]) -> None:
        kept = self._kept.pop(place, None)
        if kept is not None:
            self.octets -= len(kept.octets)


@dataclass(kw_only=True, slots=True)
class _Line:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    length: int = 0


class Turns:
    """One preview at a time for a person, so that nobody who clicks fast keeps the others waiting."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def of(self, person: str) -> AsyncIterator[None]:
        line = self._lines.setdefault(person, _Line())
        if line.length >= LONGEST_LINE:
            raise Busy("Many previews of yours are being made. Wait a moment and try again.")
        line.length += 1
        try:
            async with line.lock:
                yield
        finally:
            line.length -= 1
            if not line.length:
                del self._lines[person]
