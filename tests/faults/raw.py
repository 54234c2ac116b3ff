"""HTTP/1.1 by hand: what no decent client library would send, and the answer octet by octet."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Self

from ipp.wire import Attribute, Group, GroupTag, Message, Operation, build, encode

ANSWER_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_ipp(self) -> bool:
        return self.headers.get("content-type") == "application/ipp"

    @property
    def ipp_status(self) -> int:
        """The status-code of the IPP message."""
        assert self.is_ipp, self
        return struct.unpack_from(">H", self.body, 2)[0]  # type: ignore[no-any-return]  # reason: struct has no types


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, octets: bytes) -> None:
        """A peer that has hung up meanwhile may still have answered."""
        with suppress(ConnectionError):
            self.writer.write(octets)
            await self.writer.drain()

    async def answer(self, seconds: float = ANSWER_SECONDS) -> Answer | None:
        """None when the connection ended without one; final ones only."""
        async with asyncio.timeout(seconds):
            while True:
                try:
                    head = await self.reader.readuntil(b"\r\n\r\n")
                except (asyncio.IncompleteReadError, ConnectionError):
                    return None
                first, *lines = head.decode("latin-1").split("\r\n")
                status = int(first.split()[1])
                if status == 100:
                    continue
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}
                return Answer(status=status, headers=headers, body=await self._body(headers))

    async def _body(self, headers: dict[str, str]) -> bytes:
        if "content-length" in headers:
            return await self.reader.readexactly(int(headers["content-length"]))
        if "chunked" not in headers.get("transfer-encoding", ""):
            return await self.reader.read()
        body = b""
        while size := int(await self.reader.readline(), 16):
            body += await self.reader.readexactly(size)
            await self.reader.readline()
        await self.reader.readline()
        return body

    async def closed(self, seconds: float) -> bool:
        """Whether the peer ends the connection within that time, whatever it says before."""
        try:
            async with asyncio.timeout(seconds):
                while await self.reader.read(65536):
                    pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True

    def reset(self) -> None:
        """Goes away by RST."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def head(path: str = "/ipp/print/ipp", *headers: str, kind: str = "application/ipp") -> bytes:
    lines = (f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {kind}", *headers)
    return "\r\n".join((*lines, "", "")).encode("latin-1")


def request(body: bytes, path: str = "/ipp/print/ipp") -> bytes:
    return head(path, f"Content-Length: {len(body)}") + body


def message(
    operation: Operation, *attributes: Attribute, job: Iterable[Attribute] = (), printer: str = "ipp", number: int = 1
) -> bytes:
    """An IPP request as a careful client makes it; `attributes` follow the target."""
    leading = (
        build.charset("attributes-charset", "utf-8"),
        build.language("attributes-natural-language", "en"),
        build.uri("printer-uri", f"ipp://127.0.0.1/ipp/print/{printer}"),
    )
    groups = [Group(GroupTag.OPERATION, (*leading, *attributes))]
    job = tuple(job)
    if job:
        groups.append(Group(GroupTag.JOB, job))
    return encode(Message((2, 0), operation, number, tuple(groups)))


async def asked(port: int, octets: bytes) -> Answer | None:
    """One request on a connection of its own."""
    async with connected(port) as wire:
        await wire.send(octets)
        return await wire.answer()


class Healthy:
    """A decent client that asks all the time; `slowest` is what it had to wait at most, in seconds."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._octets = request(message(Operation.GET_PRINTER_ATTRIBUTES))
        self.waits: list[float] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._ask())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        if self._task.done():
            self._task.result()
        self._task.cancel()
        await asyncio.wait([self._task])

    @property
    def slowest(self) -> float:
        assert self.waits, "it never got an answer"
        return max(self.waits)

    async def _ask(self) -> None:
        while True:
            began = time.monotonic()
            answer = await asked(self._port, self._octets)
            assert answer is not None
            assert (answer.status, answer.ipp_status) == (200, 0), answer
            self.waits.append(time.monotonic() - began)
            await asyncio.sleep(0.05)
