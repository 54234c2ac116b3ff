"""One running worker seen from outside: frames in, frames out, a watchdog, and an end.

The loop never waits for a worker that doesn't answer: every exchange stands under a wall-clock limit, and whatever goes
wrong ends in a kill of the whole jail and one of the kinds of `sandbox.errors`.
"""

import asyncio
import contextlib
from asyncio.streams import FlowControlMixin
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import IO, Protocol

from sandbox import protocol
from sandbox.errors import Crashed, TimedOut, TooLarge, from_wire
from sandbox.handed import Handed
from sandbox.memory import Guard
from sandbox.policy import wall_seconds
from sandbox.protocol import DATA, END, HEADER, Decoder, Frame, ProtocolError
from sandbox.settings import Limits
from sandbox.spawner import Spawned

Header = dict[str, object]
Sink = Callable[[bytes], Awaitable[None]]

_READ = 256 * 1024
_POLL_SECONDS = 0.1


class Sinks(Protocol):
    """Where the streams that a worker announces go."""

    def open(self, header: Header) -> Sink:
        """The sink of the announced stream. ProtocolError for one that nobody asked for."""

    async def close(self) -> None:
        """The stream that was opened last has ended."""

    def next(self) -> None:
        """The worker is ready for the next of several documents. ProtocolError when nobody has one."""


class Worker:
    """A jailed worker. `documents` counts what it has served; `key` is the batch it belongs to once it has served one."""

    def __init__(self, jail: Spawned, guard: Guard, limits: Limits) -> None:
        self.jail = jail
        self.guard = guard
        self.documents = 0
        self.key: str | None = None
        self._limits = limits
        self._decoder = Decoder()
        self._frames: deque[Frame] = deque()
        self._complaint = b""
        self._out = asyncio.StreamReader(limit=_READ)
        self._in: asyncio.StreamWriter | None = None
        self._transports: list[asyncio.BaseTransport] = []
        self._listener: asyncio.Task[None] | None = None
        self._watchdog: _Watchdog | None = None

    @property
    def alive(self) -> bool:
        """Whether the jail still runs and nothing was heard from it since its last document."""
        return self.jail.outer.poll() is None and not self._out.at_eof() and self._decoder.idle and not self._frames

    async def connect(self) -> None:
        """Join the pipes to the running loop."""
        loop = asyncio.get_running_loop()
        self._out = await self._reader(self.jail.stdout)
        assert self.jail.outer.stderr is not None
        error = await self._reader(self.jail.outer.stderr)
        transport, flow = await loop.connect_write_pipe(FlowControlMixin, Handed(self.jail.stdin, loop))
        self._in = asyncio.StreamWriter(transport, flow, None, loop)
        self._transports.append(transport)
        self._listener = asyncio.create_task(self._listen(error))

    async def ready(self, seconds: float) -> None:
        """Wait until the worker has everything imported. Crashed or TimedOut when it never gets there."""
        try:
            async with asyncio.timeout(seconds):
                if (await self._header()).get("event") != "ready":
                    raise Crashed("the worker did not report for work")
        except TimeoutError as error:
            raise TimedOut(f"the worker was not ready after {seconds} s") from error

    async def exchange(
        self,
        request: Header,
        sources: Iterable[AsyncIterator[bytes]],
        sinks: Sinks,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> Header:
        """Stream documents in, one after another, and the results out; returns the worker's closing header.

        `sources` may be endless: none is asked for after the closing header. `progress` is told how many pages there are.
        Any SandboxError. An error of the source or of a sink passes through unchanged. After any error the worker must
        be destroyed: it may still be in the middle of the document.
        """
        watchdog = self._watchdog = _Watchdog(self._limits, progress)
        try:
            async with watchdog.timeout:
                return await self._converse(request, sources, sinks, watchdog)
        except TimeoutError as error:
            if watchdog.timeout.expired():
                raise TimedOut("the wall-clock limit passed") from error
            raise
        finally:
            self._watchdog = None

    async def _converse(
        self, request: Header, sources: Iterable[AsyncIterator[bytes]], sinks: Sinks, watchdog: "_Watchdog"
    ) -> Header:
        self.documents += 1
        feeding = asyncio.create_task(self._feed(request, sources))
        listening = asyncio.create_task(self._answers(sinks, watchdog))
        watching = asyncio.create_task(self._watch())
        tasks = {feeding, listening, watching}
        try:
            while not listening.done():
                done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done - {listening}:
                    task.result()
            return listening.result()
        except (Crashed, ProtocolError) as error:
            if self.guard.exceeded():
                raise TooLarge("the jail's memory limit", limit="memory") from error
            raise error if isinstance(error, Crashed) else Crashed(f"the worker broke the protocol: {error}") from error
        finally:
            for task in (feeding, listening, watching):
                task.cancel()
            await asyncio.gather(feeding, listening, watching, return_exceptions=True)

    def extend(self, pages: int) -> None:
        """Grant the document in work the time of that many pages: somebody else found them."""
        if self._watchdog is not None:
            self._watchdog.extend(pages)

    async def _feed(self, request: Header, sources: Iterable[AsyncIterator[bytes]]) -> None:
        size = 0
        listening = await self._write(protocol.header(request))
        for source in sources:
            async for chunk in source:
                size += len(chunk)
                if size > self._limits.max_source_bytes:
                    raise TooLarge("the source", limit="bytes", allowed=self._limits.max_source_bytes)
                for frame in protocol.data(chunk):
                    listening = listening and await self._write(frame)
                if not listening:
                    return
            await self._write(protocol.end())

    async def _answers(self, sinks: Sinks, watchdog: "_Watchdog") -> Header:
        while True:
            header = await self._header()
            match header.get("event"):
                case "pages":
                    pages = header.get("count")
                    watchdog.extend(pages if isinstance(pages, int) else 0)
                case "stream":
                    await self._stream(sinks.open(header), watchdog)
                    async with watchdog.paused():
                        await sinks.close()
                case "next":
                    sinks.next()
                case "done":
                    return header
                case "error":
                    raise from_wire(header)
                case _:
                    raise ProtocolError("an unknown event at offset 0")

    async def _stream(self, sink: Sink, watchdog: "_Watchdog") -> None:
        while (frame := await self._frame()).kind == DATA:
            async with watchdog.paused():
                await sink(frame.payload)
        if frame.kind == END:
            return
        # The only thing that may come in the middle is that something went wrong there.
        header = protocol.parse_header(frame.payload)
        if header.get("event") != "error":
            raise ProtocolError("a stream was not ended at offset 0")
        raise from_wire(header)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            if await asyncio.to_thread(self.guard.exceeded):
                raise TooLarge("the jail's memory limit", limit="memory")

    async def _header(self) -> Header:
        frame = await self._frame()
        if frame.kind != HEADER:
            raise ProtocolError("bytes where a header was due at offset 0")
        return protocol.parse_header(frame.payload)

    async def _frame(self) -> Frame:
        while not self._frames:
            chunk = await self._out.read(_READ)
            if not chunk:
                # bwrap's and the interpreter's last words arrive beside the end of the frames.
                assert self._listener is not None
                await asyncio.wait({self._listener}, timeout=1)
                raise Crashed(f"the worker ended: {self.complaint}")
            self._frames.extend(self._decoder.feed(chunk))
        return self._frames.popleft()

    async def _write(self, data: bytes) -> bool:
        """Send; returns False when the worker has ended or has heard enough: the other pipe tells which."""
        assert self._in is not None
        try:
            self._in.write(data)
            await self._in.drain()
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    @property
    def complaint(self) -> str:
        return self._complaint.decode(errors="replace").strip()

    async def _listen(self, error: asyncio.StreamReader) -> None:
        """Keep the last words of the worker, and keep its standard error from filling up."""
        while chunk := await error.read(4096):
            self._complaint = (self._complaint + chunk)[-2000:]

    async def _reader(self, pipe: IO[bytes]) -> asyncio.StreamReader:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_READ)
        handed = Handed(pipe, loop)
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), handed)
        self._transports.append(transport)
        return reader

    async def disconnect(self) -> None:
        """Let go of the pipes; the jail is killed by whoever owns the spawning thread."""
        for transport in self._transports:
            # One that the worker's end has closed already would raise.
            if isinstance(transport, asyncio.WriteTransport) and not transport.is_closing():
                transport.abort()
            elif not transport.is_closing():
                transport.close()
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
        # The transports close their pipes in the loop's next turn.
        await asyncio.sleep(0)


class _Watchdog:
    """The wall-clock limit of one document. It stands still while the caller's sink is busy: a slow receiver, a printer
    out of paper for instance, is no fault of the document's.
    """

    def __init__(self, limits: Limits, progress: Callable[[int], None] | None) -> None:
        self._limits = limits
        self._progress = progress
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + limits.wall_seconds
        self._pages = 0
        self.timeout = asyncio.timeout_at(self._deadline)

    def extend(self, pages: int) -> None:
        """Grant the time of that many pages, once for each."""
        granted = wall_seconds(self._limits, self._pages)
        self._pages = max(self._pages, pages)
        self._deadline += wall_seconds(self._limits, self._pages) - granted
        # While it stands still it gets the new deadline when it goes on.
        if self.timeout.when() is not None and not self.timeout.expired():
            self.timeout.reschedule(self._deadline)
        if self._progress is not None:
            self._progress(pages)

    @contextlib.asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        start = self._loop.time()
        self.timeout.reschedule(None)
        try:
            yield
        finally:
            self._deadline += self._loop.time() - start
            if not self.timeout.expired():
                self.timeout.reschedule(self._deadline)
