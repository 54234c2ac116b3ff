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
class PageFacts:
    """One page: `width` and `height` in hundredths of a millimetre, whether it carries colour."""

    width: int
    height: int
    color: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentFacts:
    """What inspection found: the true media type and every page."""

    format: str
    pages: tuple[PageFacts, ...]
    notes: tuple[str, ...] = ()

    @property
    def color(self) -> bool:
        return any(page.color for page in self.pages)
