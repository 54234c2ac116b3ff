"""The values that cross the border of the jail: what is asked of a worker and what it found.

Lengths are 1/100 mm as in IPP's media-col. Whatever comes out of a worker is parsed field by field: it may be hostile.
"""

from dataclasses import dataclass
from typing import Literal

from sandbox.protocol import ProtocolError

PDF = "application/pdf"
JPEG = "image/jpeg"
PNG = "image/png"
PWG = "image/pwg-raster"
URF = "image/urf"
POSTSCRIPT = "application/postscript"
PCLXL = "application/vnd.hp-PCLXL"

INPUT_FORMATS = (PDF, JPEG, PNG, PWG, URF, POSTSCRIPT)
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
