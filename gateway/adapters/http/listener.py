"""Serves one ASGI application with uvicorn's protocol, but without uvicorn's server.

That one knows one kind of transport. IPP wants plain and TLS on the same port, since clients take 631 for both (cupsd
and ippeveprinter do so, too), and it sets no deadline for a header or a body.
"""

import asyncio
import contextlib
from email.utils import formatdate
from typing import Any

import structlog
from uvicorn.config import Config
from uvicorn.server import ServerState

from gateway.adapters.http.connection import Connection, tasks_of
from gateway.adapters.http.door import Door, TlsMode, TlsSource
from gateway.adapters.http.limits import Admission, Limits, Slot
from gateway.adapters.http.sockets import BACKLOG, listen
from gateway.adapters.http.websocket import WebSocket
from gateway.services.ports import Clock

__all__ = ["Listener", "TlsMode", "TlsSource"]

_TICK_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Listener:
    """Serves `app` on `host` ("": every address) and `port` (0: any free one, then read `port`).

    `admission` may be shared by several listeners, so that the limits on connections hold for all of them together.
    """

    def __init__(
        self,
        app: Any,
        *,
        host: str,
        port: int,
        tls: TlsMode,
        certificates: TlsSource | None = None,
        limits: Limits,
        clock: Clock,
        admission: Admission | None = None,
        reuse_port: bool = False,
    ) -> None:
        self._host, self._wanted_port, self._reuse_port = host, port, reuse_port
        self._limits, self._clock = limits, clock
        self.admission = admission or Admission(limits)
        self._config = _config(app, limits)
        self._plain_config = _config(_speak_tls, limits) if tls == "always" else self._config
        self._state = ServerState()
        self._door = Door(
            tls=tls,
            certificates=certificates,
            limits=limits,
            clock=clock,
            admission=self.admission,
            protocol=self._protocol,
            count=self._count,
        )
        self._watch: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self.dropped: dict[str, int] = {}

    @property
    def port(self) -> int:
        """The real port once started."""
        return self.addresses[0][1] if self.addresses else self._wanted_port

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        return self._door.addresses

    @property
    def connections(self) -> int:
        return len(self._state.connections)

    @property
    def requests(self) -> int:
        """Answered since the start."""
        return self._state.total_requests

    async def start(self) -> None:
        """Binds and serves; StartupError when an address is not to be had."""
        sockets = await asyncio.to_thread(listen, self._host, self._wanted_port, reuse_port=self._reuse_port)
        self._refresh_date()
        self._door.open(sockets)
        self._watch = asyncio.create_task(self._tick_for_ever(), name="http-listener-watch")

    async def stop(self, grace: float) -> None:
        """No new connections; running requests have `grace` seconds to end, then they are cancelled."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        await self._door.close()
        for connection in self._open_connections():
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wait_idle(), grace)
        for connection in self._open_connections():
            connection.abort()
        await self._cancel_requests()

    def _protocol(self, slot: Slot, secure: bool) -> Connection:
        return Connection(
            config=self._config if secure else self._plain_config,
            state=self._state,
            slot=slot,
            limits=self._limits,
            clock=self._clock,
            on_lost=self._on_lost,
        )

    # --- once a second -----------------------------------------------------------------------------------------

    async def _tick_for_ever(self) -> None:
        while True:
            await self._clock.sleep(_TICK_SECONDS)
            self.tick()

    def tick(self) -> None:
        """Drops whoever is overdue and keeps the Date header right."""
        self._refresh_date()
        now = self._clock.monotonic()
        for connection in self._open_connections():
            try:
                reason = connection.check(now)
            except Exception:  # the deadlines of all others must go on
                log.exception("http.check-failed")
                connection.abort()
                reason = "error"
            if reason is not None:
                self._count(reason)
        self._door.tick(now)

    def _refresh_date(self) -> None:
        date = formatdate(self._clock.now(), usegmt=True).encode()
        self._state.default_headers = [(b"date", date), (b"server", b"Papertap")]

    def _count(self, reason: str) -> None:
        self.dropped[reason] = self.dropped.get(reason, 0) + 1

    # --- stopping ----------------------------------------------------------------------------------------------

    def _open_connections(self) -> list[Connection | WebSocket]:
        return [one for one in list(self._state.connections) if isinstance(one, Connection | WebSocket)]

    async def _wait_idle(self) -> None:
        while self._state.connections:
            self._idle.clear()
            await self._idle.wait()
        await asyncio.gather(*tasks_of(self._state), return_exceptions=True)

    def _on_lost(self) -> None:
        if not self._state.connections:
            self._idle.set()

    async def _cancel_requests(self) -> None:
        running = tasks_of(self._state)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _speak_tls(_scope: Any, _receive: Any, send: Any) -> None:
    """For plain HTTP on a port that is for TLS alone."""
    text = b"This port speaks HTTPS only. Write https:// in front of the address.\n"
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def _config(app: Any, limits: Limits) -> Config:
    config = Config(
        app,
        interface="asgi3",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=limits.max_message,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=limits.keep_alive_seconds,  # type: ignore[arg-type]  # goes to call_later, which takes floats
        backlog=BACKLOG,
    )
    config.load()
    return config
