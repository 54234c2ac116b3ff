"""A peer for the client: a socket on loopback whose every answer, or lack of one, the test writes itself."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ipp.wire import Group, GroupTag, Message, Status, build, decode, encode

Script = Callable[["Line"], Awaitable[None]]


@dataclass
class Request:
    head: str
    message: Message
    document: bytes

    def field(self, name: str) -> str | None:
        lines = (line.partition(": ") for line in self.head.split("\r\n")[1:])
        return next((value for key, _, value in lines if key == name), None)

    def operation_attributes(self) -> list[str]:
        return [attribute.name for attribute in self.message.groups[0].attributes]


@dataclass
class Line:
    """One accepted connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def head(self) -> str:
        return (await self.reader.readuntil(b"\r\n\r\n")).decode()

    async def request(self) -> Request:
        head = await self.head()
        octets = await self.attributes(head) if "Expect: 100-continue" in head else b""
        return await self.body(head, octets)

    async def attributes(self, head: str) -> bytes:
        """Take what comes before the document and ask for that, as ippeveprinter does."""
        assert "Expect: 100-continue" in head
        octets = await self.chunk()
        await self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return octets

    async def body(self, head: str, octets: bytes = b"") -> Request:
        if "Transfer-Encoding: chunked" in head:
            while chunk := await self.chunk():
                octets += chunk
        else:
            length = int(head.partition("Content-Length: ")[2].partition("\r\n")[0])
            octets = await self.reader.readexactly(length)
        return Request(head, *decode(octets))

    async def chunk(self) -> bytes:
        length = int(await self.reader.readuntil(b"\r\n"), 16)
        octets = await self.reader.readexactly(length)
        assert await self.reader.readexactly(2) == b"\r\n"
        return octets

    async def send(self, octets: bytes) -> None:
        self.writer.write(octets)
        await self.writer.drain()

    async def answer(self, status: int = Status.SUCCESSFUL_OK, *groups: Group) -> None:
        await self.send(http(ipp(status, *groups)))

    def reset(self) -> None:
        self.writer.transport.abort()

    async def until_closed(self) -> bytes:
        """Give what still comes until the client closes or resets the connection."""
        octets = b""
        try:
            while piece := await self.reader.read(65536):
                octets += piece
        except ConnectionError:
            pass
        return octets


@dataclass
class Peer:
    port: int = 0
    lines: int = 0
    failures: list[BaseException] = field(default_factory=list)

    @property
    def uri(self) -> str:
        return f"ipp://127.0.0.1:{self.port}/ipp/print"

    @property
    def secure_uri(self) -> str:
        return f"ipps://127.0.0.1:{self.port}/ipp/print"


@asynccontextmanager
async def peer(script: Script, context: ssl.SSLContext | None = None) -> AsyncIterator[Peer]:
    """Listen, and play `script` on each connection; what the script raises comes out at the end."""
    state = Peer()
    running: set[asyncio.Task[None]] = set()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.lines += 1
        try:
            await script(Line(reader, writer))
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised again at the end
            state.failures.append(error)
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(play(reader, writer))
        running.add(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        if running:
            _, stuck = await asyncio.wait(running, timeout=60)
            state.failures += [TimeoutError("the peer's script did not come to its end")] * len(stuck)
        await server.wait_closed()
    if state.failures:
        raise state.failures[0]


def ipp(status: int = Status.SUCCESSFUL_OK, *groups: Group, request_id: int = 1) -> bytes:
    operation = Group(
        GroupTag.OPERATION,
        (build.charset("attributes-charset", "utf-8"), build.language("attributes-natural-language", "en")),
    )
    return encode(Message((2, 0), status, request_id, (operation, *groups)))


def http(body: bytes, *fields: str, status: str = "200 OK", media_type: str = "application/ipp") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {media_type}", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(lines).encode() + body


class Sheets:
    """A document of so many pieces that knows how many were taken."""

    def __init__(self, *pieces: bytes, times: int = 1) -> None:
        self._pieces = pieces * times
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            self.taken += 1
            yield piece
