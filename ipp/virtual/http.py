"""The little of HTTP/1.1 (RFC 9112) that an IPP printer needs: POST with a streamed body, keep-alive, 100-continue."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

_CHUNK = 64 * 1024
_MAX_HEADER = 32 * 1024
_IDLE = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """`body` must be read to its end before the answer goes out."""

    method: str
    path: str
    headers: dict[str, str]
    body: AsyncIterator[bytes]
    writer: asyncio.StreamWriter


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    body: bytes
    status: str = "200 OK"
    content_type: str = "application/ipp"


Handler = Callable[[Request], Awaitable[Response]]


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler) -> None:
    """Answer requests until the client goes away or talks nonsense."""
    try:
        while (request := await _request(reader, writer)) is not None:
            response = await handler(request)
            async for _ in request.body:
                pass
            writer.write(_head(response) + response.body)
            await writer.drain()
            if request.headers.get("connection", "").lower() == "close":
                return
    except (ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        writer.write(_head(Response(body=b"", status="400 Bad Request", content_type="text/plain")))
        await writer.drain()


async def _request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    try:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _IDLE)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    except TimeoutError:
        return None
    if len(head) > _MAX_HEADER:
        raise ValueError("the header is too long")
    line, *fields = head.decode("latin-1").split("\r\n")
    method, path, _version = line.split(" ")
    pairs = (field.partition(":") for field in fields if field)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return Request(method=method, path=path, headers=headers, body=_body(reader, headers), writer=writer)


def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> AsyncIterator[bytes]:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return _chunked(reader)
    return _counted(reader, int(headers.get("content-length", "0")))


async def _counted(reader: asyncio.StreamReader, left: int) -> AsyncIterator[bytes]:
    while left > 0:
        data = await reader.read(min(left, _CHUNK))
        if not data:
            raise asyncio.IncompleteReadError(b"", left)
        left -= len(data)
        yield data


async def _chunked(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while (size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)) > 0:
        async for data in _counted(reader, size):
            yield data
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass


def _head(response: Response) -> bytes:
    return (
        f"HTTP/1.1 {response.status}\r\nContent-Type: {response.content_type}\r\n"
        f"Content-Length: {len(response.body)}\r\n\r\n"
    ).encode("latin-1")
