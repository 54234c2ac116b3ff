"""The Converter port on the sandbox: tickets become recipes, the sandbox's refusals become ours."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TypeVar, get_args

import sandbox.errors
import sandbox.probe
from gateway.domain.capabilities import Capabilities
from gateway.domain.conversion import AS_AUTHORED, ConversionChoice
from gateway.domain.document import DocumentFacts, PageFacts
from gateway.domain.ticket import JobTicket
from gateway.domain.ticket import Stamp as TicketStamp
from gateway.errors import (
    BadRequest,
    DocumentPasswordRequired,
    FormatError,
    FormatNotSupported,
    PrintForbidden,
    Refusal,
    TooLarge,
    Unavailable,
)
from gateway.services.ports import ConverterCrashed, Particulars, Prepared, Rendered, Sink
from gateway.settings import Sandbox as Settings
from sandbox.client import Sandbox
from sandbox.conversion import Conversion
from sandbox.model import Facts, Thumbnails
from sandbox.recipe import (
    NUMBER_UP,
    Color,
    Cover,
    Direction,
    Media,
    Orientation,
    Pick,
    Recipe,
    Scaling,
    SheetBack,
    Stamp,
)
from sandbox.settings import Limits, SandboxSettings

OCTETS = "application/octet-stream"
PDF = "application/pdf"

_REFUSALS: dict[type[sandbox.errors.SandboxError], type[Refusal]] = {
    sandbox.errors.Broken: FormatError,
    sandbox.errors.Encrypted: DocumentPasswordRequired,
    sandbox.errors.PrintForbidden: PrintForbidden,
    sandbox.errors.FormatUnsupported: FormatNotSupported,
    sandbox.errors.NothingSelected: FormatError,
    sandbox.errors.TooLarge: TooLarge,
    sandbox.errors.TimedOut: TooLarge,
    sandbox.errors.Unavailable: Unavailable,
}
# orientation-requested, RFC 8011 section 5.2.10.
_ORIENTATIONS: dict[int, Orientation] = {
    3: "portrait",
    4: "landscape",
    5: "reverse-landscape",
    6: "reverse-portrait",
}
# print-color-mode, PWG 5100.13; what else there is, is left to the document.
_COLORS: dict[str, Color] = {
    "auto": "auto",
    "color": "color",
    "monochrome": "monochrome",
    "auto-monochrome": "monochrome",
    "process-monochrome": "monochrome",
    "bi-level": "bi-level",
    "process-bi-level": "bi-level",
}
_SCALINGS: tuple[Scaling, ...] = ("auto", "auto-fit", "fit", "fill", "none")
_COVER = Cover(title="{user}", lines=("{name}", "Job {job}", "{date} {time}"))
_LONGEST = 200

T = TypeVar("T")


class SandboxConverter:
    """Owns the pool of jails: start it before the first document, stop it after the last."""

    def __init__(self, settings: Settings) -> None:
        self._thumbnails = settings.thumbnails
        self._sandbox = Sandbox(_sandbox_settings(settings))

    async def start(self) -> None:
        """Unavailable when this machine gives no jail; `papertap check` says what is missing."""
        try:
            await self._sandbox.start()
        except sandbox.errors.Unavailable as error:
            raise Unavailable(f"{error} ({error.detail})") from error

    async def stop(self) -> None:
        await self._sandbox.close()

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
    ) -> Prepared:
        with _refusals():
            made = await self._sandbox.prepare(
                source,
                None if declared_format == OCTETS else declared_format,
                printable,
                thumbnails=Thumbnails(count=self._thumbnails),
                thumbnail_sink=thumbnail,
                password=password,
                batch=batch,
                conversion=Conversion(**asdict(conversion)),
            )
        return Prepared(facts=_facts(made.facts), thumbnails=made.thumbnails)

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
        said = particulars or Particulars()
        with _refusals():
            wanted = recipe(ticket, capabilities, format, copies, said)
            made = await self._sandbox.render(source, wanted, sink, batch=said.batch)
        return Rendered(format=made.format, impressions=made.impressions, media_sheets=made.sheets)

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
        said = particulars or Particulars()
        with _refusals():
            wanted = recipe(ticket, capabilities, format, copies, said)
            made = await self._sandbox.preview(source, wanted, picture, sides=sides, width=width, batch=said.batch)
        return Rendered(format=made.format, impressions=made.impressions, media_sheets=made.sheets)

    async def merge(
        self, sources: Sequence[AsyncIterator[bytes]], sink: Sink, *, batch: str | None = None
    ) -> DocumentFacts:
        with _refusals():
            return _facts(await self._sandbox.merge(sources, sink, batch=batch))


def recipe(
    ticket: JobTicket,
    capabilities: Capabilities,
    output_format: str,
    copies: int,
    particulars: Particulars | None = None,
) -> Recipe:
    """What the sandbox is to make of a ticket for a device; `copies` are those that the device does not make.

    BadRequest when the ticket asks for what can't be on paper.
    """
    said = particulars or Particulars()
    sides = ticket.printed_sides or "one-sided"
    try:
        return Recipe(
            format=output_format,
            resolution=_resolution(ticket, capabilities),
            color=_color(ticket, capabilities),
            picks=tuple(Pick(page=pick.page, rotate=pick.rotate) for pick in ticket.page_picks),
            page_ranges=ticket.page_ranges,
            page_words=ticket.page_words,
            documents=said.documents,
            copies=copies,
            collated=ticket.collated,
            number_up=ticket.number_up if ticket.number_up in NUMBER_UP else 1,
            direction=_known(ticket.presentation_direction_number_up, get_args(Direction), "toright-tobottom"),
            borders=ticket.page_border,
            imposition="signature" if ticket.booklet else "none",
            media=_media(ticket, capabilities),
            scaling="percent" if ticket.scaling_percent else _known(ticket.print_scaling, _SCALINGS, "auto"),
            percent=ticket.scaling_percent or 100,
            orientation=_ORIENTATIONS.get(ticket.orientation_requested or 0, "auto"),
            sides=sides if capabilities.duplex else "one-sided",  # type: ignore[arg-type]  # Recipe checks it
            sheet_back=_known(capabilities.sheet_back, get_args(SheetBack), "normal"),
            quality=ticket.print_quality or 4,  # type: ignore[arg-type]  # Recipe checks it
            stamps=tuple(_stamp(stamp) for stamp in ticket.stamps),
            cover=_COVER if ticket.covered else None,
            variables=tuple((name, text[:_LONGEST]) for name, text in said.variables),
            toner=ticket.toner_save or "normal",
            as_image=ticket.as_image,
        )
    except ValueError as error:
        raise BadRequest(f"This cannot be printed as asked: {error}.") from error


def _known(value: str | None, known: tuple[T, ...], other: T) -> T:
    return next((each for each in known if each == value), other)


def _stamp(stamp: TicketStamp) -> Stamp:
    return Stamp(text=stamp.text, position=stamp.position, angle=stamp.angle, opacity=stamp.opacity, size=stamp.size)


def _color(ticket: JobTicket, capabilities: Capabilities) -> Color:
    asked: Color = _COLORS.get(ticket.print_color_mode or "auto", "auto")
    return "monochrome" if not capabilities.color and asked != "bi-level" else asked


def _resolution(ticket: JobTicket, capabilities: Capabilities) -> int:
    """What was asked when the device has it, else its nearest to 300 dpi."""
    asked = ticket.printer_resolution[0] if ticket.printer_resolution else 0
    if asked in capabilities.resolutions:
        return asked
    return min(capabilities.resolutions, key=lambda dpi: abs(dpi - 300), default=300)


def _media(ticket: JobTicket, capabilities: Capabilities) -> Media | None:
    """The sheet with the margins that were asked for, else those of the device's sheet of this size."""
    column = ticket.media_col
    if column is None:
        named = capabilities.find_media(ticket.media) if ticket.media else None
        return _sheet(named.x, named.y, (named.margin,) * 4) if named else None
    same = (media.margin for media in capabilities.media if (media.x, media.y) == (column.x, column.y))
    least = min(same, default=0)
    asked = (column.top_margin, column.right_margin, column.bottom_margin, column.left_margin)
    return _sheet(column.x, column.y, tuple(least if margin is None else margin for margin in asked))


def _sheet(width: int, height: int, margins: tuple[int, ...]) -> Media:
    top, right, bottom, left = margins
    return Media(width=width, height=height, top=top, right=right, bottom=bottom, left=left)


def _facts(facts: Facts) -> DocumentFacts:
    # A PDF that was made here of something else holds only what its making put in: nobody needs to know.
    sent = facts.format == PDF
    notes = [f"Removed for safety: {', '.join(facts.removed)}."] if facts.removed and sent else []
    if facts.repaired:
        notes.append("The file was damaged and has been repaired: check the pages.")
    notes.extend(facts.notes)
    return DocumentFacts(
        format=facts.format,
        pages=tuple(PageFacts(width=p.width, height=p.height, color=p.color) for p in facts.pages),
        notes=tuple(notes),
    )


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except sandbox.errors.Crashed as error:
        raise ConverterCrashed(str(error)) from error
    except sandbox.errors.SandboxError as error:
        raise _REFUSALS.get(type(error), FormatError)(str(error)) from error


def machine_findings(settings: Settings) -> list[sandbox.probe.Finding]:
    """What this machine gives for the jails; starts one for real, so it takes a moment. Blocks."""
    return sandbox.probe.probe(_sandbox_settings(settings))


def _sandbox_settings(settings: Settings) -> SandboxSettings:
    return SandboxSettings(
        workers=settings.workers,
        ready=settings.workers,
        office_workers=settings.office_workers,
        office_ready=max(1, settings.office_workers),
        office_at_start=settings.office_at_start,
        limits=Limits(
            wall_seconds=settings.seconds,
            page_seconds=settings.seconds_per_page,
            max_pages=settings.max_pages,
            max_pixels=settings.max_pixels,
            memory_bytes=settings.memory,
        ),
    )
