"""The Converter port on the sandbox, whose refusals become ours."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

import sandbox.errors
import sandbox.probe
from gateway.adapters.converter.found import document_facts
from gateway.adapters.converter.recipes import recipe
from gateway.domain.capabilities import Capabilities
from gateway.domain.conversion import AS_AUTHORED, ConversionChoice
from gateway.domain.document import DocumentFacts
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
from gateway.services.ports import ConverterCrashed, Listed, MailPart, Particulars, Prepared, Rendered, Sink, Take
from gateway.settings import Sandbox as Settings
from sandbox.client import Sandbox
from sandbox.conversion import Conversion
from sandbox.model import Thumbnails
from sandbox.settings import Limits, SandboxSettings
from sandbox.unpacking import Part

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
        raw: bool = False,
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
                raw=raw,
            )
        return Prepared(facts=document_facts(made.facts, conversion), thumbnails=made.thumbnails)

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
            return document_facts(await self._sandbox.merge(sources, sink, batch=batch))

    async def open_mail(
        self, source: AsyncIterator[bytes], listed: Listed, take: Take, *, option_line: str = ""
    ) -> None:
        """gateway.services.ports.MailOpener."""

        async def told(parts: Sequence[Part]) -> frozenset[int]:
            return await listed([_mail_part(part) for part in parts])

        with _refusals():
            await self._sandbox.unpack(
                source, told, lambda part, body: take(_mail_part(part), body), option_line=option_line
            )


def _mail_part(part: Part) -> MailPart:
    return MailPart(**asdict(part))


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
