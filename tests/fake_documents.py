"""A converter that looks at a few marks in the bytes and keeps every promise of the real one."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace

from gateway.domain.capabilities import Capabilities
from gateway.domain.conversion import AS_AUTHORED, ConversionChoice
from gateway.domain.document import Asks, DocumentFacts, PageFacts
from gateway.domain.formats import PCL
from gateway.domain.ticket import JobTicket
from gateway.errors import DocumentPasswordRequired, FormatError, FormatMismatch, FormatNotSupported, PrintForbidden
from gateway.services.counting import Counts, count
from gateway.services.ports import Particulars, Prepared, Rendered, Sink

PAGE = b"/Type /Page\n"
COLOR = b"/DeviceRGB\n"
LOCKED = b"/Encrypt\n"
FORBIDDEN = b"/NoPrint\n"
END = b"%%EOF\n"
PRINT_FILE = b"\x1bE"
ASKS = b"asks"
OFFICE = b"PK\x03\x04"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PASSWORD = "open sesame"
MAGIC = {b"%PDF": "application/pdf", b"\xff\xd8": "image/jpeg", b"RaS2": "image/pwg-raster", b"UNIRAST": "image/urf"}


def fake_pdf(
    pages: int = 1, *, color: bool = False, locked: bool = False, no_print: bool = False, pad: int = 0
) -> bytes:
    """Bytes that FakeConverter takes for a PDF of that many pages; `pad` makes them that much longer."""
    marks = COLOR * color + LOCKED * locked + FORBIDDEN * no_print
    return b"%PDF-1.7\n" + marks + PAGE * pages + b"%" * pad + END


def fake_xlsx(sheets: int = 3, *, kind: str = XLSX) -> bytes:
    """Bytes that FakeConverter takes for an office document of that kind with a page for each sheet."""
    return OFFICE + kind.encode() + b"\n" + PAGE * sheets + END


class FakeConverter:
    """`failure` is raised by the next calls until it is None again; `calls` names what was asked, `batches` for whom."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.calls: list[str] = []
        self.batches: list[str | None] = []
        self.particulars: list[Particulars] = []
        self.conversions: list[ConversionChoice] = []

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
        self.batches.append(batch)
        self.conversions.append(conversion)
        data = await self._read("prepare", source)
        found = next((name for magic, name in MAGIC.items() if data.startswith(magic)), "")
        if data.startswith(PRINT_FILE):
            if not raw:
                raise FormatNotSupported("This is a print file for printers of a certain kind.")
            await printable(data)
            page = PageFacts(width=21000, height=29700, color=False)
            asks = Asks(copies=2, sides="two-sided-long-edge") if ASKS in data else Asks()
            facts = DocumentFacts(format=PCL, pages=(page,) * data.count(b"\x0c"), asks=asks)
            return Prepared(facts=facts, thumbnails=0)
        if data.startswith(OFFICE):
            found = data.removeprefix(OFFICE).partition(b"\n")[0].decode()
            data = _of_sheets(data, conversion)
        if not found:
            raise FormatError("The document is damaged.")
        if declared_format not in {found, "application/octet-stream"}:
            raise FormatMismatch(f"The document is {found}, not {declared_format}.")
        _check_rights(data, password)
        facts = _facts(data, found)
        await printable(fake_pdf(len(facts.pages), color=facts.color))
        for number in range(1, len(facts.pages) + 1):
            await thumbnail(number, b"\x89PNG\r\n\x1a\n page %d" % number)
        return Prepared(facts=facts, thumbnails=len(facts.pages))

    async def render(
        self,
        source: AsyncIterator[bytes],
        sink: Sink,
        *,
        ticket: JobTicket,
        capabilities: Capabilities,
        format: str,  # noqa: A002 - the port's word
        copies: int,
        particulars: Particulars | None = None,
    ) -> Rendered:
        data = await self._read("render", source)
        self.particulars.append(particulars or Particulars())
        made = _counted(data, ticket, capabilities, copies, self.particulars[-1])
        once = _counted(data, ticket, capabilities, 1, self.particulars[-1])
        await sink(b"%s %d copies\n" % (format.encode(), copies) + fake_pdf(once.impressions))
        return Rendered(format=format, impressions=made.impressions, media_sheets=made.media_sheets)

    async def preview(
        self,
        source: AsyncIterator[bytes],
        picture: Callable[[int, bytes], Awaitable[None]],
        *,
        ticket: JobTicket,
        capabilities: Capabilities,
        format: str,  # noqa: A002 - the port's word
        copies: int,
        sides: Sequence[int],
        width: int = 800,
        particulars: Particulars | None = None,
    ) -> Rendered:
        data = await self._read("preview", source)
        self.particulars.append(particulars or Particulars())
        made = _counted(data, ticket, capabilities, copies, self.particulars[-1])
        for side in sorted(set(sides) & set(range(1, made.impressions + 1))):
            await picture(side, b"\x89PNG\r\n\x1a\n side %d, %d wide" % (side, width))
        return Rendered(format=format, impressions=made.impressions, media_sheets=made.media_sheets)

    async def merge(
        self, sources: Sequence[AsyncIterator[bytes]], sink: Sink, *, batch: str | None = None
    ) -> DocumentFacts:
        self.batches.append(batch)
        parts = [await self._read("merge", source) for source in sources]
        merged = fake_pdf(sum(part.count(PAGE) for part in parts), color=any(COLOR in part for part in parts))
        await sink(merged)
        return _facts(merged, "application/pdf")

    async def _read(self, call: str, source: AsyncIterator[bytes]) -> bytes:
        self.calls.append(call)
        data = b"".join([chunk async for chunk in source])
        if self.failure is not None:
            raise self.failure
        return data


def _check_rights(data: bytes, password: str | None) -> None:
    if LOCKED in data and password != PASSWORD:
        raise DocumentPasswordRequired("The document needs its password.")
    if FORBIDDEN in data:
        raise PrintForbidden("The document's author forbids printing.")
    if data.startswith(b"%PDF") and END not in data:
        raise FormatError("The document ends too early.")


def _of_sheets(data: bytes, conversion: ConversionChoice) -> bytes:
    """The pages of the chosen sheets alone, one a sheet."""
    sheets = data.count(PAGE)
    kept = sum(1 <= number <= sheets for number in conversion.sheets) if conversion.sheets else sheets
    if not kept:
        raise FormatError(f"The workbook has {sheets} sheets.")
    return data.replace(PAGE, b"", sheets - kept)


def _facts(data: bytes, found: str) -> DocumentFacts:
    pages = 1 if found.startswith("image/") else data.count(PAGE)
    page = PageFacts(width=21000, height=29700, color=COLOR in data)
    return DocumentFacts(format=found, pages=(page,) * max(1, pages))


def _counted(
    data: bytes, ticket: JobTicket, capabilities: Capabilities, copies: int, particulars: Particulars
) -> Counts:
    sides = ticket.sides if capabilities.duplex else "one-sided"
    return count(data.count(PAGE), replace(ticket, copies=copies, sides=sides), particulars.documents)
