"""A listening port that can refuse connections for a while and keeps its number all the time."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """`port` 0 is any free port. A second socket, bound but never listening, holds the number while it is closed."""

    def __init__(self, host: str, port: int, serve: Serve, tls: ssl.SSLContext | None) -> None:
        self.port = port
        self._host, self._serve, self._tls = host, serve, tls
        self._holder: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen, unless it does already."""
        if self._server is not None:
            return
        if self._holder is None:
            self._holder = self._bound()
            self.port = self._holder.getsockname()[1]
        self._server = await asyncio.start_server(self._connected, sock=self._bound(), ssl=self._tls, limit=128 * 1024)

    async def refuse(self) -> None:
        """Stop listening; connections that are open stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def close(self) -> None:
        await self.refuse()
        if self._holder is not None:
            self._holder.close()
            self._holder = None
        for task in tuple(self._open):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _bound(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            bound.bind((self._host, self.port))
        except OSError:
            bound.close()
            raise
        return bound

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._run(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        finally:
            if not writer.is_closing():
                writer.transport.abort()
