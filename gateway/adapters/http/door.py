"""The door: accepts connections, counts them, looks at the first octet and hands them to a protocol.

Limits hold before a handshake costs time, and a client that says nothing costs a socket and no more.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Literal, Protocol

import structlog

from gateway.adapters.http.limits import Admission, Limits, Slot
from gateway.services.ports import Clock

_TLS_HANDSHAKE = b"\x16"  # the record type of a ClientHello (RFC 8446 section 5.1)
_ACCEPT_BATCH = 64  # so that a flood of connections leaves time for requests

log = structlog.get_logger(__name__)

TlsMode = Literal["never", "always", "detect"]


class TlsSource(Protocol):
    """Whoever keeps the certificate: the context stays the same object, its certificate may be replaced."""

    @property
    def context(self) -> ssl.SSLContext: ...


class Door:
    """`protocol(slot, secure)` makes what serves a connection; `count(reason)` is told of every one that is dropped."""

    def __init__(
        self,
        *,
        tls: TlsMode,
        certificates: TlsSource | None,
        limits: Limits,
        clock: Clock,
        admission: Admission,
        protocol: Callable[[Slot, bool], asyncio.Protocol],
        count: Callable[[str], None],
    ) -> None:
        if tls != "never" and certificates is None:
            raise ValueError("TLS needs certificates.")
        self._tls, self._certificates = tls, certificates
        self._limits, self._clock, self._admission = limits, clock, admission
        self._protocol, self._count = protocol, count
        self._sockets: list[socket.socket] = []
        self._paused = False
        self._knocking: dict[socket.socket, tuple[Slot, float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        return tuple((str(s.getsockname()[0]), int(s.getsockname()[1])) for s in self._sockets)

    def open(self, sockets: list[socket.socket]) -> None:
        """Takes the listening sockets over."""
        self._sockets = sockets
        self._accept_again()

    async def close(self) -> None:
        """Nobody new; who has not got through the handshake is sent away."""
        self._pause_accepting()
        for sock in self._sockets:
            sock.close()
        self._sockets = []
        for sock in list(self._knocking):
            self._forget(sock)
        handshakes = list(self._tasks)
        for task in handshakes:
            task.cancel()
        await asyncio.gather(*handshakes, return_exceptions=True)

    def tick(self, now: float) -> None:
        """Sends away who says nothing; accepts again after a lack of descriptors."""
        for sock, (_, since) in list(self._knocking.items()):
            if now - since > self._limits.header_seconds:
                self._count("header")
                self._forget(sock)
        if self._paused and self._sockets:
            self._accept_again()

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

    def _accept(self, server: socket.socket) -> None:
        for _ in range(_ACCEPT_BATCH):
            try:
                sock, address = server.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # out of descriptors or memory: the next tick tries again
                log.warning("http.accept-failed", error=str(error))
                self._pause_accepting()
                return
            sock.setblocking(False)
            slot = self._admission.take(str(address[0]))
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
            await loop.connect_accepted_socket(
                lambda: self._protocol(slot, context is not None), sock, ssl=context, **seconds
            )
        except (OSError, TimeoutError) as error:  # also ssl.SSLError: the client spoke no TLS of ours, or went away
            log.debug("http.handshake-failed", address=slot.address, error=str(error))
            self._count("handshake")
            _close(sock, slot)
        except asyncio.CancelledError:
            _close(sock, slot)
            raise


def _close(sock: socket.socket, slot: Slot) -> None:
    sock.close()
    slot.release()
