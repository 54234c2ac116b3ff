"""How a document is to come out: everything that layout and rendering need, and nothing that the device does itself.

Lengths are 1/100 mm as in IPP's media-col, angles are degrees counter-clockwise unless said otherwise. A recipe crosses
the border of the jail as JSON and is checked again on the other side.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from sandbox.model import OUTPUT_FORMATS, PDF

Color = Literal["auto", "color", "monochrome", "bi-level"]
Scaling = Literal["auto", "auto-fit", "fit", "fill", "none", "percent"]
Orientation = Literal["auto", "portrait", "landscape", "reverse-landscape", "reverse-portrait"]
Sides = Literal["one-sided", "two-sided-long-edge", "two-sided-short-edge"]
SheetBack = Literal["normal", "flipped", "rotated", "manual-tumble"]
PageWord = Literal["odd", "even", "last"]
Imposition = Literal["none", "signature"]
Toner = Literal["normal", "light", "outline"]
Position = Literal["center", "top-left", "top", "top-right", "bottom-left", "bottom", "bottom-right"]
Direction = Literal[
    "toright-tobottom",
    "toleft-tobottom",
    "toright-totop",
    "toleft-totop",
    "tobottom-toright",
    "tobottom-toleft",
    "totop-toright",
    "totop-toleft",
]

NUMBER_UP = (1, 2, 4, 6, 9, 16)
PERCENT = (5, 1000)
_MOST_TEXT = 500
_MOST_STAMPS = 16
_MOST_PICKS = 50_000
_MOST_LINES = 30
_MOST_MODULES = 57


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
class Pick:
    """One page of the document (1-based) taken in its turn, turned clockwise as PDF's Rotate turns."""

    page: int
    rotate: int = 0

    def __post_init__(self) -> None:
        if self.page < 1:
            raise ValueError("a picked page is 1 or later: 1 is the first page of a document")
        _member("rotation of a page", self.rotate, (0, 90, 180, 270))


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """A line of text on every printed side, over what is printed there: watermark, header, footer, page number.

    `{name}` stands for one of the recipe's `variables`, or for `{page}` and `{pages}`: the printed side of the copy and
    how many there are. `size` is in points; 0 fits a text in the middle to the sheet and makes one at an edge 9 points.
    `opacity` is in percent.
    """

    text: str
    position: Position = "center"
    angle: int = 0
    opacity: int = 100
    size: float = 0

    def __post_init__(self) -> None:
        _text("a stamp", self.text)
        _member("position", self.position, get_args(Position))
        if not (-360 <= self.angle <= 360 and 1 <= self.opacity <= 100 and 0 <= self.size <= 500):
            raise ValueError(
                "a stamp is turned by up to 360 degrees, 1 to 100 percent opaque and up to 500 points large"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbering:
    """What `{bates}` stands for in stamps: `prefix` and, padded with zeros to `digits`, `first` on the first side of a
    copy and one more on each further side.
    """

    prefix: str = ""
    first: int = 1
    digits: int = 6

    def __post_init__(self) -> None:
        _text("the prefix of a number", self.prefix)
        if not (0 <= self.first < 10**15 and 1 <= self.digits <= 15):
            raise ValueError("numbers of sides are 0 or more and have 1 to 15 digits")

    def of(self, side: int) -> str:
        """Of a side of one copy, counted from 1."""
        return f"{self.prefix}{self.first + side - 1:0{self.digits}d}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cover:
    """A sheet before all copies that says whose they are; variables as in stamps, no `{page}`."""

    title: str
    lines: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.lines) > _MOST_LINES:
            raise ValueError(f"a cover page has room for {_MOST_LINES} lines")
        for text in (self.title, *self.lines):
            _text("a line of the cover page", text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """The whole of it.

    Which pages: `picks` (in their order, turned; none: all pages), of these `page_ranges` (inclusive, 1-based, pairs
    beyond the last page select nothing) and `page_words` together, in document order. `documents` are the pages of each
    document that the printable was joined from: a new one starts on a new side, and two-sided on a new sheet.

    Where: `number_up` in the order of `direction` (presentation-direction-number-up, PWG 5100.3) with `borders`, or
    `imposition` signature: a booklet to fold in the middle. `media` None keeps each page's own size; `percent` is for
    scaling percent alone.

    How: `resolution` is dots per inch for the raster formats, PCL-XL and `as_image`, which makes pictures of all sides;
    `toner` light prints paler, outline leaves of dark areas their edges (as pictures). `text_only` leaves of each page its
    text. `mark` are the rows of a square code, "1" for each dark module, drawn small in a corner of each side. `sheet_back` is how a device
    wants the back side's raster (pwg-raster-document-sheet-back). Copies are made here; ask for one when the device
    makes them.
    """

    format: str = PDF
    resolution: int = 300
    color: Color = "auto"
    picks: tuple[Pick, ...] = ()
    page_ranges: tuple[tuple[int, int], ...] = ()
    page_words: tuple[PageWord, ...] = ()
    documents: tuple[int, ...] = ()
    copies: int = 1
    collated: bool = True
    number_up: int = 1
    direction: Direction = "toright-tobottom"
    borders: bool = False
    imposition: Imposition = "none"
    media: Media | None = None
    scaling: Scaling = "auto"
    percent: int = 100
    orientation: Orientation = "auto"
    sides: Sides = "one-sided"
    sheet_back: SheetBack = "normal"
    quality: Literal[3, 4, 5] = 4
    stamps: tuple[Stamp, ...] = ()
    cover: Cover | None = None
    variables: tuple[tuple[str, str], ...] = ()
    toner: Toner = "normal"
    as_image: bool = False
    text_only: bool = False
    mark: tuple[str, ...] = ()
    numbering: Numbering | None = None

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            _member(name, getattr(self, name), allowed)
        for word in self.page_words:
            _member("page word", word, get_args(PageWord))
        if not 36 <= self.resolution <= 2400:
            raise ValueError(f"a resolution of {self.resolution} dpi is not possible; 36 to 2400 is")
        if not 1 <= self.copies <= 9999:
            raise ValueError(f"{self.copies} copies are not possible; 1 to 9999 are")
        if any(first < 1 or last < first for first, last in self.page_ranges):
            raise ValueError("a page range starts at 1 or later and never runs backwards")
        if not PERCENT[0] <= self.percent <= PERCENT[1]:
            raise ValueError(f"a scaling of {self.percent} percent is not possible; {PERCENT[0]} to {PERCENT[1]} is")
        if any(count < 0 for count in self.documents):
            raise ValueError("a document's number of pages is never negative; it is 0 or more in the range of pages")
        if len(self.stamps) > _MOST_STAMPS or len(self.picks) > _MOST_PICKS:
            raise ValueError(f"at most {_MOST_STAMPS} stamps and {_MOST_PICKS} picked pages are possible")
        if len(self.mark) > _MOST_MODULES or any(
            len(row) != len(self.mark) or set(row) - {"0", "1"} for row in self.mark
        ):
            raise ValueError(f"a mark is a square of 0 and 1 of at most {_MOST_MODULES} rows")
        for name, text in self.variables:
            _text("a variable's name", name)
            _text("a variable", text)

    @property
    def two_sided(self) -> bool:
        return self.sides != "one-sided"

    @property
    def booklet(self) -> bool:
        return self.imposition == "signature"

    @property
    def gray(self) -> bool:
        return self.color in {"monochrome", "bi-level"}

    @property
    def drawn_over(self) -> bool:
        """Whether something is put on sides beside the pages, so that no page can be taken as it is."""
        return bool(self.stamps or self.mark) or self.toner == "light"

    @property
    def pictured(self) -> bool:
        """Whether sides become pictures before they are written: lines and letters can't be thinned otherwise."""
        return self.as_image or self.toner == "outline"


_CHOICES: dict[str, tuple[object, ...]] = {
    "format": OUTPUT_FORMATS,
    "color": get_args(Color),
    "scaling": get_args(Scaling),
    "orientation": get_args(Orientation),
    "sides": get_args(Sides),
    "sheet_back": get_args(SheetBack),
    "number_up": NUMBER_UP,
    "direction": get_args(Direction),
    "imposition": get_args(Imposition),
    "toner": get_args(Toner),
    "quality": (3, 4, 5),
}


def recipe_to_wire(recipe: Recipe) -> dict[str, object]:
    """Only what differs from the plainest recipe: a request stays small."""
    wire = asdict(recipe)
    return {name: value for name, value in wire.items() if getattr(recipe, name) != getattr(_PLAIN, name)}


def recipe_from_wire(value: Mapping[str, Any]) -> Recipe:
    """Rebuild a recipe inside the jail. ValueError, KeyError or TypeError when it is not one of ours."""
    known = {field.name for field in fields(Recipe)}
    arguments = {name: item for name, item in value.items() if name in known}
    for name in ("page_words", "documents", "mark"):
        arguments[name] = tuple(value.get(name) or ())
    for name in ("page_ranges", "variables"):
        arguments[name] = tuple((first, second) for first, second in value.get(name) or ())
    arguments["picks"] = tuple(Pick(**item) for item in value.get("picks") or ())
    arguments["stamps"] = tuple(Stamp(**item) for item in value.get("stamps") or ())
    media, cover, numbering = (value.get(name) for name in ("media", "cover", "numbering"))
    arguments["numbering"] = Numbering(**numbering) if numbering else None
    arguments["media"] = Media(**media) if media else None
    arguments["cover"] = Cover(title=cover["title"], lines=tuple(cover["lines"])) if cover else None
    return Recipe(**arguments)


def _text(name: str, text: str) -> None:
    if len(text) > _MOST_TEXT:
        raise ValueError(f"{name} of {len(text)} characters is not possible; {_MOST_TEXT} are")


def _member(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} {value!r} is unknown; it is one of {', '.join(map(str, allowed))}")


_PLAIN = Recipe()
