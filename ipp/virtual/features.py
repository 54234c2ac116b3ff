"""What the virtual printer says it can do, and how fast it makes paper."""

from dataclasses import dataclass, field
from uuid import UUID, uuid4


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One size in the tray `source`: PWG 5101.1 name, width and height in hundredths of a millimetre."""

    name: str
    x: int
    y: int
    source: str = "main"


KNOWN_SHEETS = {
    sheet.name: sheet
    for sheet in (
        Sheet(name="iso_a4_210x297mm", x=21000, y=29700, source="tray-1"),
        Sheet(name="na_letter_8.5x11in", x=21590, y=27940, source="tray-2"),
        Sheet(name="iso_a3_297x420mm", x=29700, y=42000, source="tray-3"),
        Sheet(name="iso_a5_148x210mm", x=14800, y=21000, source="by-pass-tray"),
        Sheet(name="na_legal_8.5x14in", x=21590, y=35560, source="tray-2"),
    )
}

FORMATS = (
    "application/pdf",
    "image/pwg-raster",
    "image/urf",
    "application/postscript",
    "application/vnd.hp-PCLXL",
    "image/jpeg",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Features:
    """`formats`: media types taken; `speed`: impressions a second, 0 is at once; `resolutions`: dpi.

    `sheets`: what each tray holds until it is refilled, None is a tray that never ends; `toner`: the impressions that
    a cartridge is good for.
    """

    name: str = "Papertap Virtual Printer"
    location: str = ""
    uuid: UUID = field(default_factory=uuid4)
    formats: tuple[str, ...] = FORMATS
    media: tuple[Sheet, ...] = tuple(KNOWN_SHEETS.values())[:2]
    color: bool = True
    duplex: bool = True
    copies: int = 99
    resolutions: tuple[int, ...] = (300, 600)
    finishings: tuple[int, ...] = (3, 4)
    output_bins: tuple[str, ...] = ("face-down",)
    speed: float = 2.0
    sheets: int | None = None
    toner: int = 5000
