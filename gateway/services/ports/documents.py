"""The only way to look inside a document."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.domain.capabilities import Capabilities
from gateway.domain.conversion import AS_AUTHORED, ConversionChoice
from gateway.domain.document import DocumentFacts
from gateway.domain.house import Bates
from gateway.domain.ticket import JobTicket
from gateway.errors import PapertapError


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """What preparation found and made: the printable PDF and thumbnails were written to the sinks."""

    facts: DocumentFacts
    thumbnails: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """A device-ready document: its format, and what it makes of paper (all copies that are in it)."""

    format: str
    impressions: int
    media_sheets: int


Sink = Callable[[bytes], Awaitable[None]]


class ConverterCrashed(PapertapError):
    """The worker ended or misbehaved while it had the document: the document may be the cause, so tries are counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Particulars:
    """What the sheets of a job may say of it (names and values of variables), the pages of each of its documents that
    starts on a sheet of its own, and its submitter's key: documents under the same one may share a worker. `bates` are
    the numbers of its sides.
    """

    variables: tuple[tuple[str, str], ...] = ()
    documents: tuple[int, ...] = ()
    batch: str | None = None
    bates: Bates | None = None


class Converter(Protocol):
    """The only way to look inside a document: every method works in the sandbox.

    A Refusal is about the document; Unavailable is about the machine, and says nothing of the document.
    """

    async def prepare(
        self,
        source: AsyncIterator[bytes],
        declared_format: str,
        *,
        printable: Sink,
        thumbnail: Callable[[int, bytes], Awaitable[None]],
        password: str | None = None,
        batch: str | None = None,
        conversion: ConversionChoice = AS_AUTHORED,
        raw: bool = False,
    ) -> Prepared:
        """Inspect, repair and make the printable PDF; `thumbnail(page number, PNG octets)`.

        `conversion` says what of an office document is printed; other formats have no use for it. With `raw` a print
        file in a printer's language is only counted, and freed of the job language around it; else it is refused.

        `batch`: one submitter's documents may share a worker under one key; nobody else's may have it.
        """

    async def render(
        self,
        source: AsyncIterator[bytes],
        sink: Sink,
        *,
        ticket: JobTicket,
        capabilities: Capabilities,
        format: str,  # noqa: A002 - the standard's word
        copies: int,
        particulars: Particulars | None = None,
    ) -> Rendered:
        """The printable PDF as `format`, with all of `ticket` applied except what the device does itself."""

    async def preview(
        self,
        source: AsyncIterator[bytes],
        picture: Callable[[int, bytes], Awaitable[None]],
        *,
        ticket: JobTicket,
        capabilities: Capabilities,
        format: str,  # noqa: A002 - the standard's word
        copies: int,
        sides: Sequence[int],
        width: int = 800,
        particulars: Particulars | None = None,
    ) -> Rendered:
        """Pictures of what `render` makes of the same: `picture(side, PNG octets)`, `width` pixels wide, in order.

        `sides` count from 1 over all that comes out, blank backs and all; those beyond the last are left out. At most
        200 at once. The counts are of the whole.
        """

    async def merge(
        self, sources: Sequence[AsyncIterator[bytes]], sink: Sink, *, batch: str | None = None
    ) -> DocumentFacts:
        """Several printable PDFs as one, in order."""
