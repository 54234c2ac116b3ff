"""Whose turn it is when an upload comes over several connections: the newest goes on, the older ones are dead."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from gateway.errors import Busy, Conflict, TooLarge


class Turns:
    """Belongs to one process: a client that resumes elsewhere meets the row, which only grows piece by piece."""

    def __init__(self, *, at_once: int) -> None:
        self._at_once = at_once
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._writers: dict[str, asyncio.Event] = {}
        self._sending: dict[str, int] = {}

    def busy(self, upload_id: str) -> bool:
        return upload_id in self._writers

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[None]:
        async with self._locks.setdefault(name, asyncio.Lock()):
            yield

    @asynccontextmanager
    async def taken_over(self, upload_id: str) -> AsyncIterator[asyncio.Event]:
        """Alone with an upload; the event says that a newer connection wants to be."""
        before = self._writers.get(upload_id)
        if before is not None:
            before.set()
        stop = self._writers[upload_id] = asyncio.Event()
        try:
            async with self.alone(upload_id):
                yield stop
        finally:
            if self._writers.get(upload_id) is stop:
                del self._writers[upload_id]

    @asynccontextmanager
    async def counted(self, who: str) -> AsyncIterator[None]:
        """Busy when somebody sends too many files at once."""
        if self._sending.get(who, 0) >= self._at_once:
            raise Busy("Several files of yours are on their way already. This one follows when they are here.")
        self._sending[who] = self._sending.get(who, 0) + 1
        try:
            yield
        finally:
            self._sending[who] -= 1
            if not self._sending[who]:
                del self._sending[who]


async def until(body: AsyncIterator[bytes], stop: asyncio.Event) -> AsyncIterator[bytes]:
    """`body` until it ends, or Conflict as soon as somebody else goes on with the upload."""
    stopped = asyncio.ensure_future(stop.wait())
    try:
        while True:
            chunk = asyncio.ensure_future(anext(body, None))
            await asyncio.wait({chunk, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not chunk.done():
                chunk.cancel()
                raise Conflict("This upload goes on over another connection.")
            data = chunk.result()
            if data is None:
                return
            yield data
    finally:
        stopped.cancel()


async def measured(
    body: AsyncIterator[bytes], left: int, message: str = "More of this file arrived than was announced. Start again."
) -> AsyncIterator[bytes]:
    """TooLarge for more than `left` octets."""
    async for data in body:
        left -= len(data)
        if left < 0:
            raise TooLarge(message)
        yield data
