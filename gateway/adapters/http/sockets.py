"""Listening sockets for a host and a port: IPv4 and IPv6 apart, so that an address is never a mapped one."""

import errno
import socket
from typing import Any

from gateway.errors import StartupError

BACKLOG = 2048
_EPHEMERAL_TRIES = 20  # a free port of one family may be taken in the other


def listen(host: str, port: int, *, reuse_port: bool = False) -> list[socket.socket]:
    """Bound, listening, non-blocking sockets. "" is every address; a port of 0 is one free port for all families.

    Blocks on name look-up: call it from a thread. StartupError says which address is taken or unknown.
    """
    for _ in range(_EPHEMERAL_TRIES):
        try:
            return _listen_all(host, port, reuse_port=reuse_port)
        except OSError as error:
            if port or error.errno != errno.EADDRINUSE:
                raise StartupError(_explain(host, port, error)) from error
    raise StartupError(f"Found no free port on {host or 'this machine'}.")


def _listen_all(host: str, port: int, *, reuse_port: bool) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for family, address in _addresses(host, port):
            chosen = port or (sockets[0].getsockname()[1] if sockets else 0)
            sockets += _listen_one(family, address, chosen, reuse_port=reuse_port, optional=not host)
    except OSError:
        for sock in sockets:
            sock.close()
        raise
    if not sockets:
        raise OSError(errno.EADDRNOTAVAIL, "no usable address")
    return sockets


def _addresses(host: str, port: int) -> list[tuple[int, str]]:
    if not host:
        return [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]  # noqa: S104 - the setting "" means all of them
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((int(family), _scoped(address)) for family, _, _, _, address in found))


def _scoped(address: tuple[Any, ...]) -> str:
    host = str(address[0])
    return f"{host}%{address[3]}" if len(address) == 4 and address[3] and "%" not in host else host


def _listen_one(family: int, address: str, port: int, *, reuse_port: bool, optional: bool) -> list[socket.socket]:
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError:
        if optional and family == socket.AF_INET6:  # a kernel without IPv6
            return []
        raise
    try:
        _configure(sock, family, reuse_port=reuse_port)
        sock.bind((address, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        if optional and family == socket.AF_INET6 and error.errno == errno.EADDRNOTAVAIL:
            return []
        raise
    sock.setblocking(False)
    return [sock]


def _configure(sock: socket.socket, family: int, *, reuse_port: bool) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted sockets inherit it
    if reuse_port:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)


def _explain(host: str, port: int, error: OSError) -> str:
    where = f"port {port} of {host or 'this machine'}"
    if error.errno == errno.EADDRINUSE:
        return f"Another program already listens on {where}. Stop it, or set another port."
    if error.errno == errno.EACCES:
        return f"May not listen on {where}: ports below 1024 need the capability CAP_NET_BIND_SERVICE."
    return f"Cannot listen on {where}: {error.strerror or error}."
