"""One connection, read with patience that has an end: silence and slowness are bounded, and nothing is kept in memory.

A sender may be silent for `idle` seconds, and on the whole it must bring `rate` octets a second after `grace` seconds.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass

CHUNK = 64 * 1024
_LINGER = 5.0  # seconds in which the rest of a refused job is read, so that the answer is not lost


class BrokenOff(Exception):
    """Nothing more comes: the connection broke, or was broken."""


class Silent(BrokenOff):
    """The sender said nothing for too long; the connection is still there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    idle: float
    grace: float
    rate: int


class Line:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience: Patience) -> None:
        self._reader, self._writer, self._patience = reader, writer, patience
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._received = 0
        self._stopped = False

    @property
    def address(self) -> str:
        return str((self._writer.get_extra_info("peername") or ("",))[0])

    @property
    def begun(self) -> bool:
        """Whether anything has come."""
        return self._received > 0

    async def some(self, most: int = CHUNK, *, seconds: float | None = None) -> bytes:
        """What has come, b"" at the end; `seconds` of patience with a silence. Silent, BrokenOff."""
        data = await self._patiently(self._reader.read(min(most, CHUNK)), seconds)
        self._received += len(data)
        return data

    async def line(self, most: int) -> bytes:
        """With its line feed; b"" at the end. BrokenOff also for one of more than `most` octets."""
        try:
            line = await self._patiently(self._reader.readuntil(b"\n"))
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise BrokenOff from error
            return b""
        except asyncio.LimitOverrunError as error:
            raise BrokenOff from error
        self._received += len(line)
        if len(line) > most:
            raise BrokenOff
        return line

    async def exactly(self, count: int) -> bytes:
        try:
            data = await self._patiently(self._reader.readexactly(count))
        except asyncio.IncompleteReadError as error:
            raise BrokenOff from error
        self._received += len(data)
        return data

    async def say(self, octets: bytes) -> None:
        try:
            async with asyncio.timeout(self._patience.idle):
                self._writer.write(octets)
                await self._writer.drain()
        except (OSError, RuntimeError) as error:  # uvloop raises the second between the loss and telling of it
            raise BrokenOff from error

    async def hear_out(self) -> None:
        """Reads what is still coming and forgets it, for a little while: a reset would take our last words away."""
        with suppress(OSError, RuntimeError, TimeoutError):
            async with asyncio.timeout(_LINGER):
                if self._writer.can_write_eof():
                    self._writer.write_eof()
                while await self._reader.read(CHUNK):
                    pass

    def stop(self) -> None:
        """From our side: whoever reads now learns that it is broken, never that it is at its end."""
        self._stopped = True
        self._writer.transport.abort()

    async def close(self) -> None:
        self._writer.close()
        with suppress(OSError, RuntimeError, TimeoutError):
            async with asyncio.timeout(_LINGER):
                await self._writer.wait_closed()
        self._writer.transport.abort()

    async def _patiently(self, reading: Awaitable[bytes], seconds: float | None = None) -> bytes:
        left = self._began + self._patience.grace + self._received / self._patience.rate - self._loop.time()
        try:
            async with asyncio.timeout(max(0.0, min(left, self._patience.idle if seconds is None else seconds))):
                data = await reading
        except TimeoutError as error:
            raise Silent from error
        except (OSError, RuntimeError) as error:
            raise BrokenOff from error
        if self._stopped:
            raise BrokenOff
        return data
