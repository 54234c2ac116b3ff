"""Short numbers of printers and devices (row 90): stable, for typing where no camera is at hand.

A number only names. It is drawn by lot, so that the neighbour of a mistyped one is mostly nobody, and it is never given
again: a sticker that was forgotten on a wall must not lead to another machine.
"""

import secrets
from uuid import UUID

from gateway.domain.device import Device
from gateway.domain.printer import Printer
from gateway.errors import NotFound, Unavailable
from gateway.services.ports import PlaceNumberStore
from gateway.services.printers import Printers

SMALLEST_DIGITS, LARGEST_DIGITS = 4, 6
TRIES = 40
Named = Printer | Device


class PlaceNumbers:
    """The numbers of all Printers and Output Devices; a new one gets its number when it is first asked for."""

    def __init__(self, *, store: PlaceNumberStore, printers: Printers) -> None:
        self._store = store
        self._printers = printers
        self._known: dict[UUID, int] = {}

    async def of(self, named: Named) -> str:
        """Four digits, as many zeros in front as it takes; more only once four are used up."""
        if named.uuid not in self._known:
            self._known = await self._store.numbers()
        if named.uuid not in self._known:
            await self._give(named.uuid)
        return written(self._known[named.uuid])

    async def name_of(self, text: str) -> str:
        """The name of what has that number; NotFound when nothing has."""
        digits = "".join(text.split())
        if not is_number(digits):
            raise NotFound("A printer's number has four digits. It stands on its sticker.")
        if int(digits) not in self._known.values():
            self._known = await self._store.numbers()
        everything: tuple[Named, ...] = (*self._printers.devices(), *self._printers.all())
        for named in everything:
            if self._known.get(named.uuid) == int(digits):
                return named.name
        raise NotFound("No printer has this number. Compare it with the sticker.")

    async def _give(self, of: UUID) -> None:
        for digits in range(SMALLEST_DIGITS, LARGEST_DIGITS + 1):
            for _ in range(TRIES):
                number = secrets.randbelow(10**digits - 1) + 1
                if not self._is_a_name(written(number)) and await self._store.take_number(of, number):
                    self._known[of] = number
                    return
                self._known = await self._store.numbers()  # it is taken, or another process gave this one its number
                if of in self._known:
                    return
        raise Unavailable("No short number is left.")

    def _is_a_name(self, text: str) -> bool:
        """A printer may be called 0412; its own name is what /p/0412 then means."""
        return text in {*(one.name for one in self._printers.devices()), *(one.name for one in self._printers.all())}


def is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and SMALLEST_DIGITS <= len(text) <= LARGEST_DIGITS


def written(number: int) -> str:
    return f"{number:0{SMALLEST_DIGITS}d}"
