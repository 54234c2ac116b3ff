"""What an Output Device can do, and the union that a Printer may honestly promise (row 17)."""

from collections.abc import Iterable
from dataclasses import dataclass

A4 = "iso_a4_210x297mm"
LETTER = "na_letter_8.5x11in"


@dataclass(frozen=True, kw_only=True, slots=True)
class Media:
    """One kind of sheet: PWG 5101.1 name, exact size and margins in hundredths of a millimetre."""

    name: str
    x: int
    y: int
    source: str = "main"
    type: str = "stationery"
    margin: int = 423
    ready: bool = True


def _standard_media() -> tuple[Media, ...]:
    return (
        Media(name=A4, x=21000, y=29700, source="tray-1"),
        Media(name=LETTER, x=21590, y=27940, source="tray-2"),
        Media(name="iso_a3_297x420mm", x=29700, y=42000, source="tray-3", ready=False),
        Media(name="iso_a5_148x210mm", x=14800, y=21000, source="by-pass-tray", ready=False),
        Media(name="na_legal_8.5x14in", x=21590, y=35560, source="tray-2", ready=False),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Capabilities:
    """`formats`: media types the device takes, best first. `finishings`: IPP enum values. `resolutions`: dpi.

    `sheet_back`: how the raster of a back side must lie (pwg-raster-document-sheet-back).
    """

    formats: tuple[str, ...] = ("application/pdf", "image/pwg-raster", "image/urf", "image/jpeg")
    media: tuple[Media, ...] = _standard_media()
    color: bool = True
    duplex: bool = True
    copies: int = 999
    resolutions: tuple[int, ...] = (300, 600)
    finishings: tuple[int, ...] = (3,)
    output_bins: tuple[str, ...] = ("face-down",)
    media_types: tuple[str, ...] = ("stationery",)
    pages_per_minute: int = 30
    pages_per_minute_color: int = 30
    make_and_model: str = "Papertap Virtual Printer"
    sheet_back: str = "normal"

    def find_media(self, name: str) -> Media | None:
        return next((media for media in self.media if media.name == name), None)


def union(several: tuple[Capabilities, ...]) -> Capabilities:
    """What some device among `several` can do; the empty union is the default set."""
    if not several:
        return Capabilities()
    return Capabilities(
        formats=_merged(c.formats for c in several),
        media=tuple({(m.name, m.source, m.type): m for c in reversed(several) for m in reversed(c.media)}.values())[
            ::-1
        ],
        color=any(c.color for c in several),
        duplex=any(c.duplex for c in several),
        copies=max(c.copies for c in several),
        resolutions=tuple(sorted({r for c in several for r in c.resolutions})),
        finishings=tuple(sorted({f for c in several for f in c.finishings})),
        output_bins=_merged(c.output_bins for c in several),
        media_types=_merged(c.media_types for c in several),
        pages_per_minute=max(c.pages_per_minute for c in several),
        pages_per_minute_color=max(c.pages_per_minute_color for c in several),
        make_and_model=several[0].make_and_model if len(several) == 1 else "Papertap Print Gateway",
    )


def _merged(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for items in lists for item in items))
