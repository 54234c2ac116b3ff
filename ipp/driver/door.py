"""Who may connect, and how many at once: each connection costs a task and its buffers, and nobody here signs in."""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial

from gateway.domain.site import parse_address
from gateway.services.limits import subscriber
from gateway.services.printers import sees
from gateway.settings import Lpd, Raw
from ipp.driver.line import CHUNK, BrokenOff, Line, Patience

log = logging.getLogger(__name__)

Serve = Callable[[Line], Awaitable[None]]


class Door:
    """`away` is said to whoever may not come in, who is counted in `refused`. Several ports may share one."""

    def __init__(self, *, settings: Lpd | Raw, away: bytes = b"") -> None:
        self._settings = settings
        self._patience = Patience(idle=settings.idle_seconds, grace=settings.grace_seconds, rate=settings.min_body_rate)
        self._away = away
        self._open: Counter[str] = Counter()
        self._lines: dict[Line, asyncio.Task[None]] = {}
        self.refused = 0

    @property
    def count(self) -> int:
        """Connections that are open now."""
        return self._open.total()

    async def listen(self, sockets: Sequence[socket.socket], serve: Serve) -> list[asyncio.Server]:
        return [
            await asyncio.start_server(partial(self._connected, serve), sock=one, limit=CHUNK, backlog=2048)
            for one in sockets
        ]

    async def close(self, grace: float) -> None:
        """Whoever has begun may come to an end within `grace` seconds. Call it when nothing listens any more."""
        for line in self._lines:
            if not line.begun:
                line.stop()
        if self._lines:
            await asyncio.wait(self._lines.values(), timeout=grace)
        for line in self._lines:
            line.stop()
        if self._lines:
            await asyncio.wait(self._lines.values(), timeout=grace)
        for task in self._lines.values():
            task.cancel()

    def _connected(self, serve: Serve, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(reader, writer, self._patience)
        party = subscriber(line.address)
        if not self._may_come(line.address, party):
            self.refused += 1
            writer.write(self._away)
            writer.close()
            return
        self._open[party] += 1
        task = asyncio.get_running_loop().create_task(self._run(serve, line, party))
        self._lines[line] = task
        task.add_done_callback(lambda _: self._lines.pop(line, None))

    def _may_come(self, address: str, party: str) -> bool:
        given = self._settings
        if parse_address(address) is None or not sees(address, given.networks):
            return False
        return self.count < given.max_connections and self._open[party] < given.max_connections_per_address

    async def _run(self, serve: Serve, line: Line, party: str) -> None:
        try:
            with suppress(BrokenOff):
                await serve(line)
        except Exception:
            log.exception("a connection of a printer driver failed")
        finally:
            await line.close()
            self._open[party] -= 1
            if not self._open[party]:
                del self._open[party]
