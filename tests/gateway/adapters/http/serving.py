"""Helpers of the listener's tests: an application that shows what it sees, and
raw sockets, because a client library would hide the very octets that are tested.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from gateway.adapters.http import Limits, Listener
from tests.fakes import FakeClock


class Mirror:
    """Answers with what it saw, as JSON. Paths: / reads the body, /early answers 413 without, /wait waits for `go`,
    /hang reads until the client is gone, /big sends 24 MiB at once.
    """

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.entered = asyncio.Event()
        self.gone = asyncio.Event()
        self.received = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.entered.set()
        path = scope["path"]
        status, body = 200, b""
        if path == "/early":
            status, body = 413, b"too large"
        elif path == "/big":
            body = bytes(24 * 1024 * 1024)
        else:
            if path == "/wait":
                await self.go.wait()
            size = await self._read(receive)
            body = json.dumps(
                {"octets": size, "scheme": scope["scheme"], "client": scope["client"], "method": scope["method"]}
            ).encode()
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _read(self, receive: Any) -> int:
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone.set()
                return size
            size += len(message["body"])
            self.received = size
            if not message["more_body"]:
                return size


@asynccontextmanager
async def serving(
    app: Any, *, host: str = "127.0.0.1", tls: Any = "never", certificates: Any = None, clock: Any = None, **limits: Any
) -> AsyncIterator[Listener]:
    listener = Listener(
        app, host=host, port=0, tls=tls, certificates=certificates, limits=Limits(**limits),
        clock=clock or FakeClock(),
    )  # fmt: skip
    await listener.start()
    try:
        yield listener
    finally:
        await listener.stop(grace=0.0)


class Wire:
    """A client that sends and reads exact octets, with a limit on every wait."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self) -> bytes:
        return await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 60)

    async def exactly(self, count: int) -> bytes:
        return await asyncio.wait_for(self.reader.readexactly(count), 60)

    async def rest(self) -> bytes:
        """Everything up to the end of the stream; a reset is an end, too."""
        collected = b""
        try:
            while data := await asyncio.wait_for(self.reader.read(65536), 60):
                collected += data
        except ConnectionError:
            pass
        return collected

    async def answer(self) -> tuple[int, dict[str, Any]]:
        head = await self.head()
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        return int(head[9:12]), json.loads(await self.exactly(length))


@asynccontextmanager
async def connected(listener: Listener, host: str = "127.0.0.1", **options: Any) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection(host, listener.port, **options)
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


async def until(condition: Callable[[], bool]) -> None:
    """Lets the loop run until the condition holds; fails after ten seconds."""

    async def turn() -> None:
        while not condition():
            await asyncio.sleep(0.001)

    await asyncio.wait_for(turn(), 60)
