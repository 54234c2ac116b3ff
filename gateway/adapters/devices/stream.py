"""A plain TCP connection to a device that knows how much went out and never waits without a limit."""

import asyncio
import contextlib
import fcntl
import socket
import struct
import termios
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Self

from gateway.adapters.devices.limits import World
from gateway.services.ports import DeviceError


class DeviceStream:
    """Use `DeviceStream.connected`. Every failure is a DeviceError with the octets of the document sent so far."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, world: World, peer: str) -> None:
        self.sent = 0
        self._reader, self._writer, self._limits, self._peer = reader, writer, world.limits, peer

    @classmethod
    @asynccontextmanager
    async def connected(cls, world: World, host: str, port: int) -> AsyncIterator[Self]:
        """Connect; leaving by an error resets the connection, so that no device takes a part for the whole."""
        peer = f"{host} port {port}"
        address = await world.egress.resolve(host, port)
        try:
            async with asyncio.timeout(world.limits.connect):
                reader, writer = await asyncio.open_connection(address, port)
        except TimeoutError as error:
            raise DeviceError(f"{peer} does not answer within {world.limits.connect:g} s.") from error
        except OSError as error:
            raise DeviceError(f"No connection to {peer}: {error.strerror or error}.") from error
        stream = cls(reader, writer, world, peer)
        try:
            yield stream
        except BaseException:
            stream.abort()
            raise
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def abort(self) -> None:
        """Close with RST: on a RAW connection a plain end would say that the document is whole."""
        raw = self._writer.get_extra_info("socket")
        if raw is not None:
            with contextlib.suppress(OSError):  # the device was faster and has closed it
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def write(self, octets: bytes) -> None:
        """Octets that are no part of the document."""
        async with self._failing():
            self._writer.write(octets)
            await self._writer.drain()

    async def send(self, body: AsyncIterator[bytes], on_progress: Callable[[int], Awaitable[None]]) -> None:
        """The document, with `on_progress(octets so far)` after each piece."""
        async for chunk in body:
            # Counted before the write: what was handed over may have gone out, whatever happens then.
            self.sent += len(chunk)
            await self.write(chunk)
            await on_progress(self.sent)

    async def read(self, size: int, seconds: float) -> bytes:
        """Up to `size` octets; b"" at the end."""
        async with self._failing(seconds):
            return await self._reader.read(size)

    async def read_all(self, limit: int, seconds: float) -> bytes:
        """What comes until the peer closes, the first `limit` octets of it."""
        data = b""
        while len(data) < limit and (more := await self.read(4096, seconds)):
            data += more
        return data[:limit]

    async def end(self, *, wait: bool) -> None:
        """Say that nothing more comes. With `wait`, until the device closes too; else until it has taken all."""
        async with self._failing(self._limits.close):
            self._writer.write_eof()
            if not wait:
                await self._until_taken()
                return
            while await self._reader.read(4096):
                pass

    async def _until_taken(self) -> None:
        raw = self._writer.get_extra_info("socket")
        # TIOCOUTQ on a socket: octets that the peer's TCP has not acknowledged.
        while struct.unpack("i", fcntl.ioctl(raw.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0]:  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(0.05)

    @asynccontextmanager
    async def _failing(self, seconds: float | None = None) -> AsyncIterator[None]:
        limit = self._limits.stall if seconds is None else seconds
        try:
            async with asyncio.timeout(limit):
                yield
        except TimeoutError as error:
            raise DeviceError(f"{self._peer} took nothing for {limit:g} s.", bytes_sent=self.sent) from error
        except OSError as error:
            text = f"{self._peer} broke the connection: {error.strerror or error}."
            raise DeviceError(text, bytes_sent=self.sent) from error
        except RuntimeError as error:
            # What uvloop raises between the loss of a connection and telling of it; asyncio leaves it to `drain`.
            if not self._writer.transport.is_closing():
                raise
            raise DeviceError(f"{self._peer} broke the connection.", bytes_sent=self.sent) from error
