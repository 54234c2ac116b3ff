"""Accepts connections and gives each to uvicorn's protocol, over TLS or not as its first octet says.

uvicorn's own server knows one socket list and one kind of transport. IPP wants plain and TLS on the same port, since
clients take 631 for both (cupsd and ippeveprinter do so, too), and limits have to hold before a handshake costs time.
"""

import asyncio
import contextlib
import socket
import ssl
from email.utils import formatdate
from typing import Any, Literal, Protocol

import structlog
from uvicorn.config import Config
from uvicorn.server import ServerState

from gateway.adapters.http.connection import Connection, tasks_of
from gateway.adapters.http.limits import Admission, Limits, Slot
from gateway.adapters.http.sockets import BACKLOG, listen
from gateway.services.ports import Clock

_TLS_HANDSHAKE = b"\x16"  # the record type of a ClientHello (RFC 8446 section 5.1)
_ACCEPT_BATCH = 64  # so that a flood of connections leaves time for requests
_TICK_SECONDS = 1.0

log = structlog.get_logger(__name__)

TlsMode = Literal["never", "always", "detect"]


class TlsSource(Protocol):
    """Whoever keeps the certificate: the context stays the same object, its certificate may be replaced."""

    @property
    def context(self) -> ssl.SSLContext: ...


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
        if tls != "never" and certificates is None:
            raise ValueError("TLS needs certificates.")
        self._host, self._wanted_port, self._reuse_port = host, port, reuse_port
        self._tls, self._certificates = tls, certificates
        self._limits, self._clock = limits, clock
        self.admission = admission or Admission(limits)
        self._config = _config(app, limits)
        self._plain_config = _config(_speak_tls, limits) if tls == "always" else self._config
        self._state = ServerState()
        self._sockets: list[socket.socket] = []
        self._paused = False
        self._knocking: dict[socket.socket, tuple[Slot, float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self.dropped: dict[str, int] = {}

    @property
    def port(self) -> int:
        """The real port once started."""
        return int(self._sockets[0].getsockname()[1]) if self._sockets else self._wanted_port

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        return tuple((str(s.getsockname()[0]), int(s.getsockname()[1])) for s in self._sockets)

    @property
    def connections(self) -> int:
        return len(self._state.connections)

    @property
    def requests(self) -> int:
        """Answered since the start."""
        return self._state.total_requests

    async def start(self) -> None:
        """Binds and serves; StartupError when an address is not to be had."""
        self._sockets = await asyncio.to_thread(listen, self._host, self._wanted_port, reuse_port=self._reuse_port)
        self._refresh_date()
        self._accept_again()
        self._watch = asyncio.create_task(self._tick_for_ever(), name="http-listener-watch")

    async def stop(self, grace: float) -> None:
        """No new connections; running requests have `grace` seconds to end, then they are cancelled."""
        self._stop_accepting()
        if self._watch is not None:
            handshakes = [self._watch, *self._tasks]
            for task in handshakes:
                task.cancel()
            await asyncio.gather(*handshakes, return_exceptions=True)
        for connection in self._open_connections():
            connection.shutdown()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wait_idle(), grace)
        for connection in self._open_connections():
            connection.abort()
        await self._cancel_requests()

    # --- accepting ---------------------------------------------------------------------------------------------

    def _accept_again(self) -> None:
        loop = asyncio.get_running_loop()
        self._paused = False
        for sock in self._sockets:
            loop.add_reader(sock.fileno(), self._accept, sock)

    def _pause_accepting(self) -> None:
        loop = asyncio.get_running_loop()
        self._paused = True
        for sock in self._sockets:
            loop.remove_reader(sock.fileno())

    def _stop_accepting(self) -> None:
        self._pause_accepting()
        for sock in self._sockets:
            sock.close()
        self._sockets = []
        for sock in list(self._knocking):
            self._forget(sock)

    def _accept(self, server: socket.socket) -> None:
        for _ in range(_ACCEPT_BATCH):
            try:
                sock, address = server.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # out of descriptors or memory: the next tick tries again
                log.warning("http.accept-failed", error=str(error), backlog=BACKLOG)
                self._pause_accepting()
                return
            sock.setblocking(False)
            slot = self.admission.take(str(address[0]))
            if slot is None:
                self._count("limit")
                sock.close()
            else:
                self._admit(sock, slot)

    def _admit(self, sock: socket.socket, slot: Slot) -> None:
        if self._tls == "never":
            self._connect(sock, slot, None)
        elif not self._peek(sock, slot):
            self._knocking[sock] = (slot, self._clock.monotonic())
            asyncio.get_running_loop().add_reader(sock.fileno(), self._on_first_octet, sock)

    def _on_first_octet(self, sock: socket.socket) -> None:
        slot, _ = self._knocking[sock]
        asyncio.get_running_loop().remove_reader(sock.fileno())
        del self._knocking[sock]
        self._peek(sock, slot)

    def _peek(self, sock: socket.socket, slot: Slot) -> bool:
        """Goes on with the connection if its first octet is there; False while it is not."""
        try:
            first = sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            first = b""
        if first:
            self._connect(sock, slot, self._context() if first == _TLS_HANDSHAKE else None)
        else:
            _close(sock, slot)
        return True

    def _forget(self, sock: socket.socket) -> None:
        slot, _ = self._knocking.pop(sock)
        asyncio.get_running_loop().remove_reader(sock.fileno())
        _close(sock, slot)

    def _context(self) -> ssl.SSLContext:
        assert self._certificates is not None
        return self._certificates.context

    def _connect(self, sock: socket.socket, slot: Slot, context: ssl.SSLContext | None) -> None:
        task = asyncio.get_running_loop().create_task(self._hand_over(sock, slot, context))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hand_over(self, sock: socket.socket, slot: Slot, context: ssl.SSLContext | None) -> None:
        loop = asyncio.get_running_loop()
        seconds = {"ssl_handshake_timeout": self._limits.header_seconds} if context else {}
        try:
            config = self._config if context else self._plain_config
            await loop.connect_accepted_socket(lambda: self._protocol(slot, config), sock, ssl=context, **seconds)
        except (OSError, TimeoutError) as error:  # also ssl.SSLError: the client spoke no TLS of ours, or went away
            log.debug("http.handshake-failed", address=slot.address, error=str(error))
            self._count("handshake")
            _close(sock, slot)
        except asyncio.CancelledError:
            _close(sock, slot)
            raise

    def _protocol(self, slot: Slot, config: Config) -> Connection:
        return Connection(
            config=config,
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
            reason = connection.check(now)
            if reason is not None:
                self._count(reason)
        for sock, (_, since) in list(self._knocking.items()):
            if now - since > self._limits.header_seconds:
                self._count("header")
                self._forget(sock)
        if self._paused and self._sockets:
            self._accept_again()

    def _refresh_date(self) -> None:
        date = formatdate(self._clock.now(), usegmt=True).encode()
        self._state.default_headers = [(b"date", date), (b"server", b"Papertap")]

    def _count(self, reason: str) -> None:
        self.dropped[reason] = self.dropped.get(reason, 0) + 1

    # --- stopping ----------------------------------------------------------------------------------------------

    def _open_connections(self) -> list[Connection]:
        return [connection for connection in list(self._state.connections) if isinstance(connection, Connection)]

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


def _close(sock: socket.socket, slot: Slot) -> None:
    sock.close()
    slot.release()


def _config(app: Any, limits: Limits) -> Config:
    config = Config(
        app,
        interface="asgi3",
        http="httptools",
        ws="none",
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
