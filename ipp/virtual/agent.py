"""The SNMP agent's port: taken at the start; the library that talks SNMP is loaded when the first request comes."""

import asyncio
import contextlib
import importlib
import logging
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ipp.virtual.mib import Oid, Told

log = logging.getLogger(__name__)

_LIBRARY = "ipp.virtual.responder"
_LEAST = 8  # characters of a passphrase (RFC 3414 section 11.2)


@dataclass(frozen=True, kw_only=True, slots=True)
class SnmpAccess:
    """Who may read: v1 and v2c by `community`, none if it is empty; v3 by `user` with SHA, and with AES if `privacy` is set.

    ValueError for passphrases that are missing or too short.
    """

    community: str = field(default="public", repr=False)
    user: str = ""
    authentication: str = field(default="", repr=False)
    privacy: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if self.user and not self.authentication:
            raise ValueError("An SNMP user needs an authentication passphrase. Give one of 8 characters or more.")
        if (self.authentication or self.privacy) and not self.user:
            raise ValueError("SNMP passphrases belong to a user. Name the user, or leave the passphrases out.")
        if any(0 < len(passphrase) < _LEAST for passphrase in (self.authentication, self.privacy)):
            raise ValueError(f"SNMP passphrases have {_LEAST} characters or more. Give longer ones.")


class Agent:
    """Answers SNMP at UDP `port`, 0 is any free one, with what `told` gives for each request."""

    def __init__(
        self, host: str, port: int, access: SnmpAccess, identity: bytes, told: Callable[[], Mapping[Oid, Told]]
    ) -> None:
        self.port = port
        self._host, self._access, self._identity, self._told = host, access, identity, told
        self._silent = False
        self._socket: socket.socket | None = None
        self._loading: asyncio.Task[None] | None = None
        self._responder: Any = None

    async def open(self) -> None:
        """Requests wait in the socket until the library is loaded. OSError when the port is taken."""
        self._silent = False
        if self._socket is None:
            self._socket = _bound(self._host, self.port)
            self.port = self._socket.getsockname()[1]
            asyncio.get_running_loop().add_reader(self._socket, self._load_for, self._socket)

    async def refuse(self) -> None:
        """Say nothing, but keep the port."""
        self._silent = True

    async def close(self) -> None:
        if self._loading is not None:
            self._loading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loading
        if self._responder is not None:
            await self._responder.close()
            self._responder = None
        elif self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
        self._loading = self._socket = None

    def _load_for(self, bound: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(bound)
        self._loading = loop.create_task(self._load(bound))

    async def _load(self, bound: socket.socket) -> None:
        try:
            responder = await asyncio.to_thread(self._made)
            await responder.serve(bound)
        except Exception:
            # A printer without SNMP still prints.
            log.exception("the virtual printer answers no SNMP")
        else:
            self._responder = responder

    def _made(self) -> Any:
        # 20 MB and up to half a second, for those alone who ask for it.
        return importlib.import_module(_LIBRARY).Responder(
            self._access, self._identity, told=self._told, silent=lambda: self._silent
        )


def _bound(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
