"""The sockets of the name server: UDP and TCP on one port.

UDP is read with recvmsg, not by asyncio's datagram transport: on a machine with several addresses an answer must leave
from the very one that was asked, or resolvers throw it away.
"""

import asyncio
import contextlib
import errno
import socket
from collections import Counter
from typing import Final, Protocol

import structlog

from gateway.errors import StartupError

QUERY_MAX: Final = 4096  # octets over TCP; questions are short
IDLE_SECONDS: Final = 10.0
CONNECTIONS_MAX: Final = 200
CONNECTIONS_PER_ADDRESS_MAX: Final = 20
_BATCH: Final = 64  # datagrams before others get their turn
_RECEIVE_BUFFER: Final = 1 << 20
_IP_PKTINFO: Final = 8  # Linux; the socket module names it since 3.14 only
_PKTINFO_ROOM: Final = 64
_EPHEMERAL_TRIES: Final = 20

log = structlog.get_logger(__name__)


class Answering(Protocol):
    """discovery.unicast.Authority."""

    def answer(self, packet: bytes, address: str, *, tcp: bool = False) -> bytes | None: ...


class DnsServer:
    """Serves on `host` ("": every address) and `port` (0: any free one, then read `port`)."""

    def __init__(self, authority: Answering, *, host: str, port: int) -> None:
        self._authority, self._host, self._wanted_port = authority, host, port
        self._datagrams: list[socket.socket] = []
        self._servers: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[None]] = set()
        self._by_address: Counter[str] = Counter()

    @property
    def port(self) -> int:
        """The real port once started."""
        return int(self._datagrams[0].getsockname()[1]) if self._datagrams else self._wanted_port

    async def start(self) -> None:
        """Binds and serves; StartupError when an address is not to be had."""
        datagrams, streams = await asyncio.to_thread(_bind, self._host, self._wanted_port)
        self._datagrams = datagrams
        for sock in datagrams:
            asyncio.get_running_loop().add_reader(sock.fileno(), self._receive, sock)
        self._servers = [await asyncio.start_server(self._converse, sock=sock) for sock in streams]

    async def stop(self) -> None:
        for sock in self._datagrams:
            asyncio.get_running_loop().remove_reader(sock.fileno())
            sock.close()
        for server in self._servers:
            server.close()
        for task in tuple(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _receive(self, sock: socket.socket) -> None:
        for _ in range(_BATCH):
            try:
                packet, ancillary, _flags, sender = sock.recvmsg(QUERY_MAX, _PKTINFO_ROOM)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:  # such as "port unreachable" for an earlier answer
                log.debug("dns.receive-failed", error=str(error))
                continue
            answer = self._answer(packet, str(sender[0]))
            if answer is not None and sender[1]:
                with contextlib.suppress(OSError):  # a full buffer or an unreachable sender: it will ask again
                    sock.sendmsg([answer], _reply_from(ancillary), 0, sender)

    def _answer(self, packet: bytes, address: str, *, tcp: bool = False) -> bytes | None:
        try:
            return self._authority.answer(packet, address, tcp=tcp)
        except Exception:  # a defect must not end the service of all others
            log.exception("dns.failed", address=address, octets=packet[:512].hex())
            return None

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        address, task = str(peer[0]) if peer else "", asyncio.current_task()
        full = len(self._connections) >= CONNECTIONS_MAX or self._by_address[address] >= CONNECTIONS_PER_ADDRESS_MAX
        if full or not address or task is None:
            writer.close()
            return
        self._connections.add(task)
        self._by_address[address] += 1
        try:
            await self._questions(reader, writer, address)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            log.debug("dns.connection-ended", address=address)
        finally:
            self._connections.discard(task)
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]
            writer.close()

    async def _questions(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str) -> None:
        """RFC 7766: one after the other on one connection, until the asker is silent or sends what is no query."""
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                size = int.from_bytes(await reader.readexactly(2), "big")
                if not 0 < size <= QUERY_MAX:
                    return
                packet = await reader.readexactly(size)
                answer = self._answer(packet, address, tcp=True)
                if answer is None:
                    return
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()


def _reply_from(ancillary: list[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
    """The address that was asked, as the one to answer from; the interface is left to the routes."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO):
            # struct in_pktinfo: ipi_ifindex(4) ipi_spec_dst(4) ipi_addr(4)
            return [(level, kind, b"\0\0\0\0" + data[4:8] + b"\0\0\0\0")]
        if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
            return [(level, kind, data)]  # with the interface, which link-local addresses need
    return []


def _bind(host: str, port: int) -> tuple[list[socket.socket], list[socket.socket]]:
    """Datagram and stream sockets on the same port; a port of 0 is one that is free for all of them."""
    for _ in range(_EPHEMERAL_TRIES):
        made: list[socket.socket] = []
        try:
            return _bind_all(host, port, made)
        except OSError as error:
            for sock in made:
                sock.close()
            if port or error.errno != errno.EADDRINUSE:
                raise StartupError(_explain(host, port, error)) from error
    raise StartupError(f"Found no free port for DNS on {host or 'this machine'}.")


def _bind_all(host: str, port: int, made: list[socket.socket]) -> tuple[list[socket.socket], list[socket.socket]]:
    datagrams: list[socket.socket] = []
    streams: list[socket.socket] = []
    for family, address in _addresses(host):
        for kind, into in ((socket.SOCK_DGRAM, datagrams), (socket.SOCK_STREAM, streams)):
            try:
                sock = socket.socket(family, kind)
            except OSError:
                if not host and family == socket.AF_INET6:  # a kernel without IPv6
                    continue
                raise
            made.append(sock)
            _configure(sock, family, kind)
            sock.bind((address, port or (made[0].getsockname()[1] if len(made) > 1 else 0)))
            if kind == socket.SOCK_STREAM:
                sock.listen(128)
            into.append(sock)
    return datagrams, streams


def _addresses(host: str) -> list[tuple[int, str]]:
    if not host:
        return [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]  # noqa: S104 - the setting "" means all of them
    found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((int(family), str(address[0])) for family, _, _, _, address in found))


def _configure(sock: socket.socket, family: int, kind: int) -> None:
    sock.setblocking(False)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if kind == socket.SOCK_STREAM:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)


def _explain(host: str, port: int, error: OSError) -> str:
    where = f"port {port} of {host or 'this machine'} for DNS"
    if error.errno == errno.EADDRINUSE:
        return f"Another program already listens on {where}. Stop it, or set dns.port."
    if error.errno == errno.EACCES:
        return f"May not listen on {where}: ports below 1024 need the capability CAP_NET_BIND_SERVICE."
    return f"Cannot listen on {where}: {error.strerror or error}."
