"""The values that cross the border of the jail: what is asked of a worker and what it found.

Lengths are 1/100 mm as in IPP's media-col. Whatever comes out of a worker is parsed field by field: it may be hostile.
"""

from dataclasses import dataclass, field
from typing import Literal

from sandbox import kinds
from sandbox.inspection import Inspection, inspection_from_wire, inspection_to_wire
from sandbox.kinds import INPUT_FORMATS
from sandbox.protocol import ProtocolError

PDF, JPEG, PNG, PWG, URF = kinds.PDF, kinds.JPEG, kinds.PNG, kinds.PWG, kinds.URF
POSTSCRIPT, PCLXL = kinds.POSTSCRIPT, kinds.PCLXL

_SIDES = ("", "one-sided", "two-sided-long-edge", "two-sided-short-edge")
OUTPUT_FORMATS = (PDF, PWG, URF, POSTSCRIPT, PCLXL)


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
class Coverage:
    """How much of a page each colorant covers, in 1/100 per cent of the page's area (0 to 10,000).

    Of a picture of the page with R, G, B from 0 to 1: K = 1 - max(R, G, B), C = max(R, G, B) - R, and M and Y alike,
    each averaged over all pixels: full grey component replacement, no device profile.
    """

    cyan: int
    magenta: int
    yellow: int
    black: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PageFacts:
    """One page as it is seen: width and height in 1/100 mm after rotation, and whether anything on it has colour."""

    width: int
    height: int
    color: bool
    coverage: Coverage | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asks:
    """What a driver wrote around a document in a printer's language; 0, "" and False where it said nothing."""

    copies: int = 0
    sides: str = ""
    gray: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What the document is. `removed` names what was taken out of it (JavaScript, embedded files, ...).

    `notes` are sentences for the sender; `fonts` the names of those on the pages, `missing_fonts` those that another one
    stands in for. `inspection` is of office documents: the whole of it when the document was only inspected (it is not
    converted then and has no page yet), and what people choose of it when it was prepared. A document in a printer's
    language has pages as far as they could be counted, none when they are unknown; `asks` is what its driver wished.
    """

    format: str
    pages: tuple[PageFacts, ...]
    encrypted: bool = False
    print_permitted: bool = True
    repaired: bool = False
    removed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    missing_fonts: tuple[str, ...] = ()
    inspection: Inspection | None = None
    asks: Asks = field(default_factory=Asks)

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


def facts_to_wire(facts: Facts) -> dict[str, object]:
    return {
        "format": facts.format,
        "pages": [_page_to_wire(page) for page in facts.pages],
        "encrypted": facts.encrypted,
        "print_permitted": facts.print_permitted,
        "repaired": facts.repaired,
        "removed": list(facts.removed),
        "notes": list(facts.notes),
        "fonts": list(facts.fonts),
        "missing_fonts": list(facts.missing_fonts),
        "inspection": inspection_to_wire(facts.inspection) if facts.inspection is not None else None,
        "asks": [facts.asks.copies, facts.asks.sides, facts.asks.gray],
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
        notes=_texts(value.get("notes"), 300),
        fonts=_texts(value.get("fonts"), 80),
        missing_fonts=_texts(value.get("missing_fonts"), 80),
        inspection=inspection_from_wire(value.get("inspection")),
        asks=_asks(value.get("asks")),
    )


def rendered_to_wire(rendered: Rendered) -> dict[str, object]:
    """The totals; the size is counted by whoever receives the bytes."""
    return {
        "format": rendered.format,
        "impressions": rendered.impressions,
        "sheets": rendered.sheets,
        "color_impressions": rendered.color_impressions,
    }


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


def _texts(value: object, length: int) -> tuple[str, ...]:
    """Texts that are shown to people; what can't be printed is left out."""
    if not isinstance(value, list) or len(value) > 256 or not all(isinstance(item, str) for item in value):
        raise ProtocolError("a list of the worker's is out of shape at offset 0")
    return tuple(item[:length] for item in value if item.isprintable())


def _asks(value: object) -> Asks:
    if not isinstance(value, list) or len(value) != 3:
        raise ProtocolError("the worker's wishes are out of shape at offset 0")
    copies, sides, gray = value
    return Asks(copies=min(_count(copies), 9999), sides=_member("sides", sides, _SIDES), gray=gray is True)


def _page_to_wire(page: PageFacts) -> list[int]:
    found = page.coverage
    measures = [page.width, page.height, int(page.color)]
    return measures if found is None else [*measures, found.cyan, found.magenta, found.yellow, found.black]


def _page(value: object) -> PageFacts:
    if not isinstance(value, list) or len(value) not in {3, 7}:
        raise ProtocolError("a page's facts are out of shape at offset 0")
    width, height, color, *ink = (_count(item) for item in value)
    coverage = None
    if ink:
        cyan, magenta, yellow, black = (min(item, 10_000) for item in ink)
        coverage = Coverage(cyan=cyan, magenta=magenta, yellow=yellow, black=black)
    return PageFacts(width=width, height=height, color=bool(color), coverage=coverage)


def _count(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < 2**31:
        raise ProtocolError("a number of the worker is out of range at offset 0")
    return value


def _member(name: str, value: object, allowed: tuple[object, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"{name} {value!r} is unknown; it is one of {', '.join(map(str, allowed))}")
    return str(value)
