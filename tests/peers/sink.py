"""A receiver of webhooks that misbehaves as it is told: fails, redirects, is slow, talks without end, and lies."""

import asyncio
import queue
import ssl
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Sink:
    """`manner` is the path: /ok, /fail, /gone, /redirect, /slow, /endless, /packed, /hangup, /nonsense.

    `seen` are (path, headers, body) in the order of their coming; `connections` counts also those that said nothing.
    """

    port: int = 0
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            path = head[0].split(" ")[1]
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.seen.append((path, headers, body))
            await self._answer(path.partition("?")[0], writer)
        writer.close()

    async def _answer(self, path: str, writer: asyncio.StreamWriter) -> None:
        if path == "/slow":
            await asyncio.sleep(60)
        elif path == "/hangup":
            return
        elif path == "/nonsense":
            writer.write(b"220 mail.example ESMTP\r\n")
        elif path == "/endless":
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                await writer.drain()
        elif path == "/packed":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbomb")
        elif path == "/redirect":
            writer.write(
                b"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:%d/ok\r\nContent-Length: 0\r\n\r\n" % self.port
            )
        else:
            status = {"/fail": b"500 Broken", "/gone": b"410 Gone"}.get(path, b"200 OK")
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 6\r\n\r\nsecret")
        await writer.drain()


@asynccontextmanager
async def sink(*, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[Sink]:
    """On a free port; who still waits for an answer is left when the block ends."""
    made = Sink()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await made.serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(serve, host, 0, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def sink_beside() -> Iterator[Sink]:
    """In a loop of a thread of its own, for tests that wait for other programs."""
    ready: queue.SimpleQueue[Sink] = queue.SimpleQueue()
    loop, ends = asyncio.new_event_loop(), asyncio.Event()

    async def live() -> None:
        async with sink() as made:
            ready.put(made)
            await ends.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()), daemon=True)
    thread.start()
    try:
        yield ready.get(timeout=60)
    finally:
        loop.call_soon_threadsafe(ends.set)
        thread.join(60)
        loop.close()
