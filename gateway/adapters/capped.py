"""HTTP answers of others, bounded: what is read into memory has a limit, whatever the other side sends."""

from collections.abc import AsyncIterator

import httpx2

MAX_OCTETS = 512 * 1024


class TooMuch(Exception):
    """The answer is larger than anything that is expected there."""


class CappedTransport(httpx2.AsyncBaseTransport):
    """Passes requests on; answers are cut off with TooMuch. Compressed ones are not read: they could unfold."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, *, most: int = MAX_OCTETS) -> None:
        self._inner = inner
        self._most = most

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise TooMuch("the answer is compressed though it was asked not to be")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _CappedStream(response.stream, self._most)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


class _CappedStream(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, most: int) -> None:
        self._inner = inner
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for chunk in self._inner:
            read += len(chunk)
            if read > self._most:
                raise TooMuch(f"the answer is longer than {self._most} octets")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()
