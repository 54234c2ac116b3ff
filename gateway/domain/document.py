"""A Document as the spool and the row know it, and what was found out about its pages."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One sealed object in the spool.

    `id` is the spool's name for it (never a client's); `format` the media type as declared at first and as found
    after preparation; `size` plain octets; `sha256` of the plain octets, hexadecimal; `pages` once they are counted.
    """

    id: str
    number: int = 1
    format: str
    declared_format: str | None = None
    name: str = ""
    size: int
    sha256: str
    compression: str = "none"
    language: str | None = None
    pages: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """How much of a page each colorant covers, in hundredths of a percent of its area (0 to 10,000)."""

    cyan: int = 0
    magenta: int = 0
    yellow: int = 0
    black: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class PageFacts:
    """One page: `width` and `height` in hundredths of a millimetre, whether it carries colour, how much of it is ink."""

    width: int
    height: int
    color: bool
    coverage: Coverage | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A sheet of a workbook; `print_area` as the workbook writes it, empty for everything."""

    name: str
    hidden: bool = False
    print_area: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """What an office document says of itself; counts are of what stands in the file, printed or not."""

    sheets: tuple[Sheet, ...] = ()
    slides: int = 0
    hidden_slides: int = 0
    comments: int = 0
    tracked_changes: int = 0
    external_links: int = 0
    macros: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Asks:
    """What a printer's driver wrote around its document for the device; None where it said nothing."""

    copies: int | None = None
    sides: str | None = None
    print_color_mode: str | None = None


NOTHING_ASKED = Asks()


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentFacts:
    """What inspection found: the true media type, every page, the fonts on them, what an office document says.

    `missing_fonts` are those that others stand in for; `notes` are sentences for the sender. A document whose author
    does not permit printing has no facts: it is refused with PrintForbidden. A print file that nothing here can draw
    has no pages where they could not be counted.
    """

    format: str
    pages: tuple[PageFacts, ...]
    notes: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    missing_fonts: tuple[str, ...] = ()
    inspection: Inspection | None = None
    asks: Asks = NOTHING_ASKED

    @property
    def color(self) -> bool:
        return any(page.color for page in self.pages)
