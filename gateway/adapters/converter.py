"""The Converter port on the sandbox: tickets become recipes, the sandbox's refusals become ours."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

import sandbox.errors
import sandbox.probe
from gateway.domain.capabilities import Capabilities
from gateway.domain.document import DocumentFacts, PageFacts
from gateway.domain.ticket import JobTicket
from gateway.errors import (
    DocumentPasswordRequired,
    FormatError,
    FormatNotSupported,
    PrintForbidden,
    Refusal,
    TooLarge,
    Unavailable,
)
from gateway.services.ports import ConverterCrashed, Prepared, Rendered, Sink
from gateway.settings import Sandbox as Settings
from sandbox.client import Sandbox
from sandbox.model import Facts, Thumbnails
from sandbox.recipe import NUMBER_UP, Media, Orientation, Recipe, Scaling
from sandbox.settings import Limits, SandboxSettings

OCTETS = "application/octet-stream"

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
_COLORS = ("auto", "color", "monochrome", "bi-level")
_SCALINGS: tuple[Scaling, ...] = ("auto", "auto-fit", "fit", "fill", "none")


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
    ) -> Prepared:
        with _refusals():
            made = await self._sandbox.prepare(
                source,
                None if declared_format == OCTETS else declared_format,
                printable,
                thumbnails=Thumbnails(count=self._thumbnails),
                thumbnail_sink=thumbnail,
                password=password,
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
    ) -> Rendered:
        with _refusals():
            made = await self._sandbox.render(source, recipe(ticket, capabilities, format, copies), sink)
        return Rendered(format=made.format, impressions=made.impressions, media_sheets=made.sheets)

    async def merge(self, sources: Sequence[AsyncIterator[bytes]], sink: Sink) -> DocumentFacts:
        with _refusals():
            return _facts(await self._sandbox.merge(sources, sink))


def recipe(ticket: JobTicket, capabilities: Capabilities, output_format: str, copies: int) -> Recipe:
    """What the sandbox is to make of a ticket for a device; `copies` are those that the device does not make."""
    color = ticket.print_color_mode if ticket.print_color_mode in _COLORS else "auto"
    if not capabilities.color and color != "bi-level":
        color = "monochrome"
    return Recipe(
        format=output_format,
        resolution=_resolution(ticket, capabilities),
        color=color,  # type: ignore[arg-type]  # Recipe checks it
        page_ranges=ticket.page_ranges,
        copies=copies,
        collated=ticket.collated,
        number_up=ticket.number_up if ticket.number_up in NUMBER_UP else 1,
        media=_media(ticket, capabilities),
        scaling=next((s for s in _SCALINGS if s == ticket.print_scaling), "auto"),
        orientation=_ORIENTATIONS.get(ticket.orientation_requested or 0, "auto"),
        sides=ticket.sides or "one-sided",  # type: ignore[arg-type]  # Recipe checks it
        quality=ticket.print_quality or 4,  # type: ignore[arg-type]  # Recipe checks it
    )


def _resolution(ticket: JobTicket, capabilities: Capabilities) -> int:
    """What was asked when the device has it, else its nearest to 300 dpi."""
    asked = ticket.printer_resolution[0] if ticket.printer_resolution else 0
    if asked in capabilities.resolutions:
        return asked
    return min(capabilities.resolutions, key=lambda dpi: abs(dpi - 300), default=300)


def _media(ticket: JobTicket, capabilities: Capabilities) -> Media | None:
    named = capabilities.find_media(ticket.media) if ticket.media else None
    if ticket.media_col is not None:
        return Media(width=ticket.media_col.x, height=ticket.media_col.y)
    return Media(width=named.x, height=named.y) if named else None


def _facts(facts: Facts) -> DocumentFacts:
    notes = [f"Removed for safety: {', '.join(facts.removed)}."] if facts.removed else []
    if facts.repaired:
        notes.append("The file was damaged and has been repaired: check the pages.")
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
        limits=Limits(
            wall_seconds=settings.seconds,
            page_seconds=settings.seconds_per_page,
            max_pages=settings.max_pages,
            max_pixels=settings.max_pixels,
            memory_bytes=settings.memory,
        ),
    )
