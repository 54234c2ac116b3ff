"""Passes office documents from a light worker to an office worker and the PDF back, through bounded memory alone.

The light worker looks at a document first; what only LibreOffice reads it sends out again as a stream named "office"
and then reads the PDF as one more document. Both jails distrust what comes from the other: to them it is a document.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

from sandbox import crew
from sandbox.errors import FormatUnsupported, TooLarge, Unavailable
from sandbox.lull import Lull
from sandbox.policy import Tools
from sandbox.pool import Pool
from sandbox.protocol import ProtocolError
from sandbox.settings import SandboxSettings
from sandbox.worker import Header, Sink, Worker

_log = logging.getLogger(__name__)
_HELD = 4

RequestMaker = Callable[[str], Header]
"""Makes the office worker's request for a document of this media type."""


class OfficeWorkers:
    """The pool of office workers, which starts with the first document that needs one or when it is told to."""

    def __init__(self, settings: SandboxSettings, *, tools: Tools | None = None, lull: Lull | None = None) -> None:
        self._settings = settings
        self._lull = lull
        self._tools = tools
        self._starting: asyncio.Task[Pool] | None = None
        self._closed = False
        self.max_output_bytes = settings.limits.max_output_bytes
        self.installed = settings.office_workers > 0 and crew.office_installed()

    def start(self) -> None:
        """Begin to start workers in the background, for those who would otherwise wait for them."""
        if self.installed:
            self._start()

    async def close(self) -> None:
        """Destroy every worker; returns when no process is left."""
        self._closed = True
        if self._starting is None:
            return
        self._starting.cancel()
        found = (await asyncio.gather(self._starting, return_exceptions=True))[0]
        if isinstance(found, Pool):
            await found.close()

    @property
    def pool(self) -> Pool | None:
        """The pool, once it has started."""
        starting = self._starting
        if starting is None or not starting.done() or starting.cancelled() or starting.exception() is not None:
            return None
        return starting.result()

    @contextlib.asynccontextmanager
    async def worker(self, key: str | None) -> AsyncIterator[Worker]:
        """A warm worker. FormatUnsupported without LibreOffice, Unavailable when it does not start."""
        if not self.installed:
            raise FormatUnsupported("LibreOffice is not installed", limit="office")
        pool = await asyncio.shield(self._start())
        async with pool.worker(key) as worker:
            yield worker

    def _start(self) -> asyncio.Task[Pool]:
        """The one start that all wait for; after a failed one the next document tries again."""
        if self._closed:
            raise Unavailable("the sandbox is closed")
        if self._starting is None or (self._starting.done() and self.pool is None):
            self._starting = asyncio.create_task(self._started())
            self._starting.add_done_callback(_told)
        return self._starting

    async def _started(self) -> Pool:
        pool = Pool(self._settings, workers=crew.office(self._settings), tools=self._tools, lull=self._lull)
        try:
            await pool.start()
        except BaseException:
            await pool.close()
            raise
        return pool


def _told(start: asyncio.Task[Pool]) -> None:
    if not start.cancelled() and (error := start.exception()) is not None:
        _log.warning("no office worker: %s", getattr(error, "detail", error))


class Pipe:
    """Chunks from one task to another, a few at most in between. Either side may end it with an error for the other."""

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._changed = asyncio.Condition()
        self._ended = False
        self._error: BaseException | None = None

    async def write(self, chunk: bytes) -> None:
        """Wait for room and put the chunk; raises what the pipe was ended with."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._chunks) < _HELD or self._error is not None)
            if self._error is not None:
                raise self._error
            self._chunks.append(chunk)
            self._changed.notify_all()

    async def end(self, error: BaseException | None = None) -> None:
        async with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: bool(self._chunks) or self._ended)
                if self._error is not None:
                    raise self._error
                if not self._chunks:
                    return
                chunk = self._chunks.popleft()
                self._changed.notify_all()
            yield chunk


class Passage:
    """The office documents of one exchange with a light worker, one after another."""

    def __init__(self, workers: OfficeWorkers, light: Worker, request: RequestMaker, batch: str | None) -> None:
        self._workers = workers
        self._light = light
        self._request = request
        self._batch = batch
        self._turns: asyncio.Queue[AsyncIterator[bytes]] = asyncio.Queue()
        self._waiting: deque[AsyncIterator[bytes]] = deque()
        self._document: Pipe | None = None
        self._begun = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def open(self, header: Header) -> Sink:
        """Begin with a document that the light worker announces. ProtocolError while another one is under way."""
        media_type = header.get("format")
        if not isinstance(media_type, str) or (self._task is not None and not self._task.done()):
            raise ProtocolError("an office document out of turn at offset 0")
        self._document, self._begun = Pipe(), asyncio.Event()
        result = Pipe()
        self._turns.put_nowait(aiter(result))
        self._task = asyncio.create_task(self._convert(self._request(media_type[:200]), self._document, result))
        return self._give

    async def ended(self) -> None:
        """The document has been sent to its end."""
        assert self._document is not None
        await self._document.end()

    def feed(self, sources: Sequence[AsyncIterator[bytes]], *, asked: bool) -> Iterator[AsyncIterator[bytes]]:
        """Everything that is fed to the light worker: its documents, and the PDF of each that it sends out.

        `asked`: it says `next` before each of its own documents but the first, so that a PDF can come between them.
        """
        at_once = sources[:1] if asked else sources
        self._waiting.extend(sources[len(at_once) :])
        yield from at_once
        while True:
            yield self._turn()

    def next(self) -> None:
        """The light worker wants its next own document. ProtocolError when there is none."""
        if not self._waiting:
            raise ProtocolError("a document was asked for that nobody has at offset 0")
        self._turns.put_nowait(self._waiting.popleft())

    async def close(self) -> None:
        """Stop a conversion that nobody waits for any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _turn(self) -> AsyncIterator[bytes]:
        source = await self._turns.get()
        async for chunk in source:
            yield chunk

    async def _give(self, chunk: bytes) -> None:
        """Called with the light worker's watchdog stopped: waiting for an office worker is no fault of the document."""
        assert self._document is not None
        await self._begun.wait()
        await self._document.write(chunk)

    async def _convert(self, request: Header, document: Pipe, result: Pipe) -> None:
        try:
            async with self._workers.worker(self._batch) as office:
                self._begun.set()
                sinks = _Result(result, self._workers.max_output_bytes)
                await office.exchange(request, [aiter(document)], sinks, progress=self._light.extend)
        except Exception as error:  # noqa: BLE001 - raised again on both ends of the passage
            await document.end(error)
            await result.end(error)
        else:
            await result.end()
        finally:
            self._begun.set()


class _Result:
    """Takes the one stream that an office worker has to give."""

    def __init__(self, pipe: Pipe, cap: int) -> None:
        self._pipe = pipe
        self._cap = cap
        self._size = 0

    def open(self, header: Header) -> Sink:
        if header.get("name") != "result" or self._size:
            raise ProtocolError("a stream that nobody asked for at offset 0")
        return self._take

    async def _take(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > self._cap:
            raise TooLarge("the converted document", limit="output", allowed=self._cap)
        await self._pipe.write(chunk)

    async def close(self) -> None:
        """The pipe is ended with the exchange, when it is known that all went well."""

    def next(self) -> None:
        raise ProtocolError("a document was asked for that nobody has at offset 0")
