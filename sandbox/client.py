"""The sandbox as the gateway uses it: a document streams in, facts and printable bytes stream out.

Every call takes the document as an async iterator of bytes of any chunking, up to `Limits.max_source_bytes`, and raises
one of `sandbox.errors`. What a call has put into a sink before it raised is worthless: write to a temporary place.
A `batch` names one submitter's documents that belong together (one multiple-document job, one person's uploads); they
may go through the same worker, one after another, and nobody else's ever do.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Self, TypeVar

from sandbox.conversion import Conversion, conversion_to_wire
from sandbox.errors import Crashed, NothingSelected, TooLarge
from sandbox.lull import Lull
from sandbox.model import Facts, Prepared, Rendered, Thumbnails, facts_from_wire, rendered_from_wire
from sandbox.passing import OfficeWorkers, Passage
from sandbox.policy import Tools
from sandbox.pool import Pool
from sandbox.protocol import ProtocolError
from sandbox.recipe import Recipe, recipe_to_wire
from sandbox.settings import SandboxSettings
from sandbox.unpacking import Listed, Parts, Take
from sandbox.worker import Header, Sink

ThumbnailSink = Callable[[int, bytes], Awaitable[None]]
"""Called once a page with its 1-based number and the whole picture."""

T = TypeVar("T")

MOST_PREVIEWS = 200
"""Sides in one call: more is a document to be printed, not looked at."""
_MAX_THUMBNAIL = 16 * 1024 * 1024


class Sandbox:
    """Pools of jails behind seven calls. Start it once in each process that prepares or delivers."""

    def __init__(self, settings: SandboxSettings | None = None, *, tools: Tools | None = None) -> None:
        self.settings = settings or SandboxSettings()
        self._lull = Lull()
        self.pool = Pool(self.settings, tools=tools, lull=self._lull)
        self.office = OfficeWorkers(self.settings, tools=tools, lull=self._lull)

    async def start(self) -> None:
        """Make the first jail. Unavailable when this machine gives none: nothing is ever opened outside of one."""
        await self.pool.start()
        if self.settings.office_at_start:
            self.office.start()

    async def close(self) -> None:
        """Destroy all jails; documents in work fail with Crashed."""
        await asyncio.gather(self.pool.close(), self.office.close())

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def inspect(
        self,
        source: AsyncIterator[bytes],
        declared: str | None = None,
        *,
        password: str | None = None,
        batch: str | None = None,
    ) -> Facts:
        """Say what the document is. A document that forbids printing is described, not refused."""
        answer = await self._run(
            self._request("inspect", declared, password), [source], _Sinks(self.settings, None, None), batch
        )
        return _parsed(facts_from_wire, answer.get("facts"))

    async def prepare(
        self,
        source: AsyncIterator[bytes],
        declared: str | None,
        sink: Sink,
        *,
        thumbnails: Thumbnails | None = None,
        thumbnail_sink: ThumbnailSink | None = None,
        password: str | None = None,
        batch: str | None = None,
        conversion: Conversion | None = None,
        raw: bool = False,
    ) -> Prepared:
        """Inspect the document, stream a clean, unencrypted, printable PDF of all its pages, and picture the first ones.

        `conversion` says what of an office document is printed; other formats have no use for it. With `raw` a document
        in a printer's language (PCL) is streamed as it is, without the job language around it; else it is refused.
        """
        wanted = thumbnails if thumbnail_sink is not None else None
        request = self._request("prepare", declared, password, thumbnails=wanted or Thumbnails(count=0)) | {"raw": raw}
        sinks = _Sinks(self.settings, sink, thumbnail_sink)
        answer = await self._run(request, [source], sinks, batch, conversion)
        facts = _parsed(facts_from_wire, answer.get("facts"))
        return Prepared(facts=facts, size=sinks.size, thumbnails=sinks.thumbnails)

    async def render(
        self,
        source: AsyncIterator[bytes],
        recipe: Recipe,
        sink: Sink,
        *,
        declared: str | None = None,
        password: str | None = None,
        batch: str | None = None,
    ) -> Rendered:
        """Stream the document in the recipe's format with its ticket applied; what was counted is counted on the result."""
        request = self._request("render", declared, password) | {"recipe": recipe_to_wire(recipe)}
        sinks = _Sinks(self.settings, sink, None)
        answer = await self._run(request, [source], sinks, batch)
        return _parsed(lambda value: rendered_from_wire(value, size=sinks.size), answer.get("rendered"))

    async def preview(
        self,
        source: AsyncIterator[bytes],
        recipe: Recipe,
        picture_sink: ThumbnailSink,
        *,
        sides: Sequence[int],
        width: int = 800,
        declared: str | None = None,
        password: str | None = None,
        batch: str | None = None,
    ) -> Rendered:
        """Picture what `render` makes of the recipe: the sink gets those of the `sides` (1-based, blank backs counted,
        over all copies) that there are, in order, as PNG of `width` pixels. Returns the totals; colour is not looked for.
        """
        if len(sides) > MOST_PREVIEWS:
            raise TooLarge(f"{len(sides)} previews", limit="pages", allowed=MOST_PREVIEWS)
        request = self._request("preview", declared, password, thumbnails=Thumbnails(count=0, width=width))
        request |= {"recipe": recipe_to_wire(recipe), "sides": list(sides)}
        sinks = _Sinks(self.settings, None, picture_sink, wanted=frozenset(sides))
        answer = await self._run(request, [source], sinks, batch)
        return _parsed(lambda value: rendered_from_wire(value, size=0), answer.get("rendered"))

    async def thumbnails(
        self,
        source: AsyncIterator[bytes],
        thumbnail_sink: ThumbnailSink,
        *,
        thumbnails: Thumbnails | None = None,
        declared: str | None = None,
        password: str | None = None,
        batch: str | None = None,
    ) -> int:
        """Picture the first pages; returns how many pictures there were."""
        request = self._request("thumbnails", declared, password, thumbnails=thumbnails or Thumbnails())
        sinks = _Sinks(self.settings, None, thumbnail_sink)
        await self._run(request, [source], sinks, batch)
        return sinks.thumbnails

    async def merge(
        self,
        sources: Sequence[AsyncIterator[bytes]],
        sink: Sink,
        *,
        password: str | None = None,
        batch: str | None = None,
    ) -> Facts:
        """Stream several documents, of any formats, as one printable PDF in their order; the limits hold for the sum."""
        if not sources:
            raise NothingSelected("no document was given")
        request = self._request("merge", None, password) | {"documents": len(sources)}
        answer = await self._run(request, sources, _Sinks(self.settings, sink, None), batch)
        return _parsed(facts_from_wire, answer.get("facts"))

    async def unpack(self, source: AsyncIterator[bytes], listed: Listed, take: Take, *, option_line: str = "") -> None:
        """Take a mail apart: `listed` hears of all parts and says which it wants, and `take` gets those, one by one.

        `option_line` is a regular expression: the lines at the top of the text that match are told and not printed.
        """
        parts = Parts(listed, take, cap=self.settings.limits.max_output_bytes)
        async with self.pool.worker(None) as worker:
            try:
                with self._lull.working():
                    request = self._request("unpack", None, None) | {"option_line": option_line}
                    await worker.exchange(request, [source], parts)
            finally:
                await parts.abandon()

    async def _run(
        self,
        request: Header,
        sources: Sequence[AsyncIterator[bytes]],
        sinks: "_Sinks",
        batch: str | None,
        conversion: Conversion | None = None,
    ) -> Header:
        def converting(media_type: str) -> Header:
            """The office worker's request. It gets no more of the first one than it needs."""
            wanted = conversion_to_wire(conversion or Conversion())
            kept = {name: request[name] for name in ("password", "max_pages", "max_stored_bytes")}
            return {"operation": "convert", "format": media_type, "conversion": wanted, **kept}

        async with self.pool.worker(batch) as worker:
            passage = sinks.passage = Passage(self.office, worker, converting, batch)
            try:
                with self._lull.working():
                    return await worker.exchange(request, passage.feed(sources, asked=bool(request["office"])), sinks)
            finally:
                await passage.close()

    def _request(
        self, operation: str, declared: str | None, password: str | None, *, thumbnails: Thumbnails | None = None
    ) -> Header:
        limits = self.settings.limits
        pictures = thumbnails or Thumbnails(count=0)
        return {
            "operation": operation,
            "declared": declared or "",
            "password": password or "",
            "office": self.office.installed,
            "max_pages": limits.max_pages,
            "max_pixels": limits.max_pixels,
            "max_impressions": limits.max_impressions,
            "max_output_bytes": limits.max_output_bytes,
            "max_stored_bytes": limits.max_stored_bytes,
            "thumbnails": {"count": pictures.count, "width": pictures.width, "format": pictures.format},
        }


class _Sinks:
    """Hands a worker's streams to the caller's sinks and counts what passes: its lengths are not believed."""

    def __init__(
        self,
        settings: SandboxSettings,
        result: Sink | None,
        thumbnail: ThumbnailSink | None,
        *,
        wanted: frozenset[int] | None = None,
    ) -> None:
        self._cap = settings.limits.max_output_bytes
        self._result = result
        self._thumbnail = thumbnail
        self._picture = bytearray()
        self._passing = False
        self.passage: Passage | None = None
        self._wanted = wanted
        self._page = 0
        self.size = 0
        self.thumbnails = 0

    def open(self, header: Header) -> Sink:
        match header.get("name"):
            case "result" if self._result is not None and self.size == 0:
                return self._take_result
            case "thumbnail" if self._thumbnail is not None and self._due(header.get("page")):
                return self._take_thumbnail
            case "office" if self.passage is not None:
                self._passing = True
                return self.passage.open(header)
        raise ProtocolError("a stream that nobody asked for at offset 0")

    def _due(self, page: object) -> bool:
        """Whether a picture of this page may come now: the next one, or a later one of those that were asked for."""
        due = isinstance(page, int) and (page == self._page + 1 if self._wanted is None else page in self._wanted)
        if not (due and isinstance(page, int) and page > self._page):
            return False
        self._page = page
        return True

    async def _take_result(self, chunk: bytes) -> None:
        assert self._result is not None
        self.size += len(chunk)
        if self.size > self._cap:
            raise TooLarge("the result", limit="output", allowed=self._cap)
        await self._result(chunk)

    async def _take_thumbnail(self, chunk: bytes) -> None:
        self._picture += chunk
        if len(self._picture) > _MAX_THUMBNAIL:
            raise TooLarge("a thumbnail", limit="output", allowed=_MAX_THUMBNAIL)

    async def close(self) -> None:
        """The open stream has ended: a picture, or an office document on its way, is whole now."""
        if self._passing and self.passage is not None:
            self._passing = False
            await self.passage.ended()
        elif self._picture and self._thumbnail is not None:
            self.thumbnails += 1
            picture = bytes(self._picture)
            self._picture.clear()
            await self._thumbnail(self._page, picture)

    def next(self) -> None:
        """The worker asks for the next of several documents."""
        if self.passage is None:
            raise ProtocolError("a document was asked for that nobody has at offset 0")
        self.passage.next()


def _parsed(parse: Callable[[object], T], value: object) -> T:
    try:
        return parse(value)
    except (ProtocolError, ValueError, TypeError) as error:
        raise Crashed(f"the worker's answer is out of shape: {error}") from error
