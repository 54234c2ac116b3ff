"""What a printer uses up, impression by impression: sheets of its trays, toner of its cartridges, room for waste."""

from collections.abc import Iterator
from dataclasses import dataclass

from ipp.virtual.features import Features, Sheet

_LOW = 0.1  # of the capacity: from there on people are warned, as most printers do
_WASTE = 2  # the waste box lasts as long as so many cartridges


@dataclass(kw_only=True, slots=True)
class Tray:
    """`sheets` of `capacity`; None where somebody always fills it in time."""

    name: str
    sheet: Sheet
    capacity: int | None
    sheets: int | None

    @property
    def empty(self) -> bool:
        return self.sheets == 0

    @property
    def low(self) -> bool:
        return self.capacity is not None and self.sheets is not None and self.sheets <= self.capacity * _LOW

    def fill(self) -> None:
        self.sheets = self.capacity


@dataclass(kw_only=True, slots=True)
class Supply:
    """A cartridge of toner, or with no `color` the waste box: for how many more impressions it is good."""

    color: str
    capacity: int
    left: int

    @property
    def low(self) -> bool:
        return self.left <= self.capacity * _LOW

    def use(self) -> None:
        self.left = max(0, self.left - 1)

    def renew(self) -> None:
        self.left = self.capacity


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """A printer-state-reason and the row it is about: of the trays or of the supplies, the first is 1."""

    reason: str
    unit: int = 1


class Supplies:
    """Full at the start. An empty cartridge is told, and printing goes on, paler; without paper it cannot."""

    def __init__(self, features: Features) -> None:
        of_trays: dict[str, Sheet] = {}
        for sheet in features.media:
            of_trays.setdefault(sheet.source, sheet)
        self.trays = tuple(
            Tray(name=name, sheet=sheet, capacity=features.sheets, sheets=features.sheets)
            for name, sheet in of_trays.items()
        )
        colors = ("black", "cyan", "magenta", "yellow") if features.color else ("black",)
        self.toners = tuple(Supply(color=color, capacity=features.toner, left=features.toner) for color in colors)
        room = features.toner * _WASTE
        self.waste = Supply(color="", capacity=room, left=room)

    @property
    def all(self) -> tuple[Supply, ...]:
        """In the order of prtMarkerSuppliesTable."""
        return (*self.toners, self.waste)

    def renew(self) -> None:
        """All trays full, new cartridges, an empty waste box."""
        for tray in self.trays:
            tray.fill()
        for supply in self.all:
            supply.renew()

    def tray_for(self, media: object) -> Tray:
        """The one with that media loaded, by its PWG name; else the first."""
        return next((tray for tray in self.trays if tray.sheet.name == media), self.trays[0])

    def mark(self, tray: Tray, *, new_sheet: bool, monochrome: bool) -> None:
        """One impression; the back of a sheet takes no new one."""
        if new_sheet and tray.sheets is not None:
            tray.sheets = max(0, tray.sheets - 1)
        for supply in self.all:
            if not monochrome or supply.color in {"", "black"}:
                supply.use()

    def warnings(self) -> Iterator[Trouble]:
        """What nobody has to do something about at once."""
        for number, tray in enumerate(self.trays, 1):
            if tray.low:
                yield Trouble(reason="media-empty-warning" if tray.empty else "media-low-warning", unit=number)
        for number, toner in enumerate(self.toners, 1):
            if toner.low:
                yield Trouble(reason="toner-low-warning" if toner.left else "toner-empty-warning", unit=number)
        if self.waste.low:
            full = "marker-waste-almost-full-warning" if self.waste.left else "marker-waste-full-warning"
            yield Trouble(reason=full, unit=len(self.all))
