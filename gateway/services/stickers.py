"""What a sticker on a printer says (rows 89, 90 and 166): a name, a number and one plain link. It proves nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gateway.services.place_numbers import Named, PlaceNumbers
from gateway.services.printers import Printers


class SheetSize(StrEnum):
    """A4: a sheet of labels to cut out. A6: one card for each."""

    A4 = "a4"
    A6 = "a6"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sticker:
    """`url` is in the picture; an NFC tag gets the same, and `typed` is what people may type instead."""

    name: str
    title: str
    location: str
    number: str
    url: str
    typed: str


class StickerPrinter(Protocol):
    async def sheet(self, stickers: Sequence[Sticker], *, size: SheetSize, language: str, site: str) -> bytes:
        """A PDF. Unavailable when it cannot be made on this machine."""


class Stickers:
    def __init__(self, *, printers: Printers, numbers: PlaceNumbers, printer: StickerPrinter, site: str) -> None:
        self._printers = printers
        self._numbers = numbers
        self._printer = printer
        self._site = site

    def places(self) -> list[Named]:
        """What gets a sticker: every Output Device, and the Printers that guests may use."""
        return [*self._printers.devices(), *(one for one in self._printers.all() if one.guests)]

    def named(self, name: str) -> Named:
        """The Output Device of that name, else the Printer; NotFound."""
        found = next((one for one in self._printers.devices() if one.name == name), None)
        return found or self._printers.get(name)

    async def of(self, named: Named, *, base: str) -> Sticker:
        """`base`: scheme and host of the pages, as phones reach them."""
        number = await self._numbers.of(named)
        return Sticker(
            name=named.name,
            title=named.info or named.name,
            location=named.location,
            number=number,
            url=f"{base}/p/{number}",
            typed=f"{base.partition('://')[2]}/p/{number}",
        )

    async def sheet(self, several: Sequence[Named], *, base: str, size: SheetSize, language: str) -> bytes:
        stickers = [await self.of(one, base=base) for one in several]
        return await self._printer.sheet(stickers, size=size, language=language, site=self._site)
