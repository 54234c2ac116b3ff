"""The values that cross the border of the jail: what is asked of a worker and what it found.

Lengths are 1/100 mm as in IPP's media-col. Whatever comes out of a worker is parsed field by field: it may be hostile.
"""

from dataclasses import asdict, dataclass, fields
from typing import Literal, get_args

from sandbox.protocol import ProtocolError

Color = Literal["auto", "color", "monochrome", "bi-level"]
Scaling = Literal["auto", "auto-fit", "fit", "fill", "none"]
Orientation = Literal["auto", "portrait", "landscape", "reverse-landscape", "reverse-portrait"]
Sides = Literal["one-sided", "two-sided-long-edge", "two-sided-short-edge"]
SheetBack = Literal["normal", "flipped", "rotated", "manual-tumble"]

PDF = "application/pdf"
JPEG = "image/jpeg"
PNG = "image/png"
PWG = "image/pwg-raster"
URF = "image/urf"
POSTSCRIPT = "application/postscript"
PCLXL = "application/vnd.hp-PCLXL"

INPUT_FORMATS = (PDF, JPEG, PNG, PWG, URF, POSTSCRIPT)
OUTPUT_FORMATS = (PDF, PWG, URF, POSTSCRIPT, PCLXL)
NUMBER_UP = (1, 2, 4, 6, 9, 16)


@dataclass(frozen=True, kw_only=True, slots=True)
class Media:
    """A sheet, portrait or landscape as it runs; lengths in 1/100 mm. Margins are where the device can't print."""

    width: int = 21000
    height: int = 29700
    top: int = 0
    right: int = 0
    bottom: int = 0
    left: int = 0

    def __post_init__(self) -> None:
        if not (100 <= self.width <= 200_000 and 100 <= self.height <= 200_000):
            raise ValueError(f"a sheet of {self.width} by {self.height} (1/100 mm) is not possible; 1 mm to 2 m is")
        if min(self.top, self.right, self.bottom, self.left) < 0:
            raise ValueError("a margin is never negative")
        if self.left + self.right >= self.width or self.top + self.bottom >= self.height:
            raise ValueError("the margins leave nothing of the sheet to print on")


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """How the document is to come out.

    `page_ranges` are inclusive and 1-based, pairs beyond the last page select nothing; `media` None keeps each page's own
    size; `resolution` is dots per inch for the raster formats and PCL-XL; `sheet_back` is how a device wants the back
    side's raster (pwg-raster-document-sheet-back). Copies are made here; ask for one when the device makes them.
    """

    format: str = PDF
    resolution: int = 300
    color: Color = "auto"
    page_ranges: tuple[tuple[int, int], ...] = ()
    copies: int = 1
    collated: bool = True
    number_up: int = 1
    media: Media | None = None
    scaling: Scaling = "auto"
    orientation: Orientation = "auto"
    sides: Sides = "one-sided"
    sheet_back: SheetBack = "normal"
    quality: Literal[3, 4, 5] = 4

    def __post_init__(self) -> None:
        _member("format", self.format, OUTPUT_FORMATS)
        _member("color", self.color, get_args(Color))
        _member("scaling", self.scaling, get_args(Scaling))
        _member("orientation", self.orientation, get_args(Orientation))
        _member("sides", self.sides, get_args(Sides))
        _member("sheet_back", self.sheet_back, get_args(SheetBack))
        _member("number_up", self.number_up, NUMBER_UP)
        _member("quality", self.quality, (3, 4, 5))
        if not 36 <= self.resolution <= 2400:
            raise ValueError(f"a resolution of {self.resolution} dpi is not possible; 36 to 2400 is")
        if not 1 <= self.copies <= 9999:
            raise ValueError(f"{self.copies} copies are not possible; 1 to 9999 are")
        if any(first < 1 or last < first for first, last in self.page_ranges):
            raise ValueError("a page range starts at 1 or later and never runs backwards")

    @property
    def two_sided(self) -> bool:
        return self.sides != "one-sided"


@dataclass(frozen=True, kw_only=True, slots=True)
class Thumbnails:
    """Pictures of the first `count` pages, `width` pixels wide."""

    count: int = 8
    width: int = 240
    format: Literal["image/png", "image/jpeg"] = "image/png"

    def __post_init__(self) -> None:
        _member("format", self.format, (PNG, JPEG))
        if not (0 <= self.count <= 10_000 and 16 <= self.width <= 2_000):
            raise ValueError("thumbnails are 16 to 2000 pixels wide and at most 10,000")


@dataclass(frozen=True, kw_only=True, slots=True)
class PageFacts:
    """One page as it is seen: width and height in 1/100 mm after rotation, and whether anything on it has colour."""

    width: int
    height: int
    color: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What the document is. `removed` names what was taken out of it (JavaScript, embedded files, ...)."""

    format: str
    pages: tuple[PageFacts, ...]
    encrypted: bool = False
    print_permitted: bool = True
    repaired: bool = False
    removed: tuple[str, ...] = ()

    @property
    def page_count(self) -> int:
        return len(self.pages)

    @property
    def color_pages(self) -> int:
        return sum(page.color for page in self.pages)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """What came out: printed sides (impressions), media sheets, of the sides those with colour, and bytes."""

    format: str
    impressions: int
    sheets: int
    color_impressions: int
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """The facts of the document and the size of its printable PDF in bytes."""

    facts: Facts
    size: int
    thumbnails: int


def recipe_to_wire(recipe: Recipe) -> dict[str, object]:
    return asdict(recipe)


def recipe_from_wire(value: dict[str, object]) -> Recipe:
    """Rebuild a recipe inside the jail. ValueError or TypeError when it is not one of ours."""
    known = {field.name for field in fields(Recipe)}
    arguments: dict[str, object] = {name: item for name, item in value.items() if name in known}
    ranges, media = value.get("page_ranges") or (), value.get("media")
    arguments["page_ranges"] = tuple((first, last) for first, last in ranges)  # type: ignore[attr-defined]  # JSON lists
    arguments["media"] = Media(**media) if isinstance(media, dict) else None
    return Recipe(**arguments)  # type: ignore[arg-type]  # __post_init__ checks each value


def facts_to_wire(facts: Facts) -> dict[str, object]:
    return {
        "format": facts.format,
        "pages": [[page.width, page.height, int(page.color)] for page in facts.pages],
        "encrypted": facts.encrypted,
        "print_permitted": facts.print_permitted,
        "repaired": facts.repaired,
        "removed": list(facts.removed),
    }


def facts_from_wire(value: object) -> Facts:
    """Parse the facts of an untrusted worker. ProtocolError for any field out of place."""
    if not isinstance(value, dict) or not isinstance(value.get("pages"), list):
        raise ProtocolError("the worker's facts are out of shape at offset 0")
    removed = value.get("removed")
    if not isinstance(removed, list) or len(removed) > 32 or not all(isinstance(item, str) for item in removed):
        raise ProtocolError("the worker's list of removals is out of shape at offset 0")
    return Facts(
        format=_member("format", value.get("format"), INPUT_FORMATS),
        pages=tuple(_page(item) for item in value["pages"]),
        encrypted=value.get("encrypted") is True,
        print_permitted=value.get("print_permitted") is True,
        repaired=value.get("repaired") is True,
        removed=tuple(item[:40] for item in removed if item.isprintable()),
    )


def rendered_from_wire(value: object, *, size: int) -> Rendered:
    """Parse the totals of an untrusted worker; the size is what was counted outside."""
    if not isinstance(value, dict):
        raise ProtocolError("the worker's totals are out of shape at offset 0")
    return Rendered(
        format=_member("format", value.get("format"), OUTPUT_FORMATS),
        impressions=_count(value.get("impressions")),
        sheets=_count(value.get("sheets")),
        color_impressions=_count(value.get("color_impressions")),
        size=size,
    )


def _page(value: object) -> PageFacts:
    if not isinstance(value, list) or len(value) != 3:
        raise ProtocolError("a page's facts are out of shape at offset 0")
    width, height, color = (_count(item) for item in value)
    return PageFacts(width=width, height=height, color=bool(color))


def _count(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < 2**31:
        raise ProtocolError("a number of the worker is out of range at offset 0")
    return value


def _member(name: str, value: object, allowed: tuple[object, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"{name} {value!r} is unknown; it is one of {', '.join(map(str, allowed))}")
    return str(value)
