"""SNMP v1, v2c and v3 (RFC 3416, 3414, 3415) by pysnmp's command responders, over the objects of `mib`; read-only.

Imported by the agent alone, in a thread: the library is heavy.
"""

import asyncio
import logging
import socket
from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Any

from pysnmp.carrier.asyncio.dgram.udp import DOMAIN_NAME, UdpTransport  # type: ignore[import-untyped]  # no types
from pysnmp.entity import config  # type: ignore[import-untyped]  # no types
from pysnmp.entity.engine import SnmpEngine  # type: ignore[import-untyped]  # no types
from pysnmp.entity.rfc3413 import cmdrsp  # type: ignore[import-untyped]  # no types
from pysnmp.entity.rfc3413.context import SnmpContext  # type: ignore[import-untyped]  # no types
from pysnmp.proto import rfc1902, rfc1905  # type: ignore[import-untyped]  # no types
from pysnmp.smi.error import NotWritableError  # type: ignore[import-untyped]  # no types
from pysnmp.smi.instrum import AbstractMibInstrumController  # type: ignore[import-untyped]  # no types

from ipp.virtual.agent import SnmpAccess
from ipp.virtual.mib import Kind, Oid, Told, object_of

log = logging.getLogger(__name__)

_ALL: Oid = (1, 3, 6, 1)
# RFC 3417 section 3.2.1 recommends that so much is taken. Longer ones are dropped: decoding them takes its time.
_LONGEST = 1472
_TICK_SECONDS = 1.0
# RFC 3411, SnmpEngineID: the library's own enterprise, then format 5, octets: the identity.
_ENGINE = bytes.fromhex("80004fb805")
_TYPES = {
    Kind.INTEGER: rfc1902.Integer32,
    Kind.OCTETS: rfc1902.OctetString,
    Kind.OID: rfc1902.ObjectIdentifier,
    Kind.COUNTER: rfc1902.Counter32,
    Kind.TICKS: rfc1902.TimeTicks,
}


class Responder:
    """`identity`: up to 27 octets that no other agent has. `told` gives the objects of the moment for each datagram;
    while `silent()` none is answered.
    """

    def __init__(
        self,
        access: SnmpAccess,
        identity: bytes,
        *,
        told: Callable[[], Mapping[Oid, Told]],
        silent: Callable[[], bool],
    ) -> None:
        self._told, self._silent = told, silent
        self._objects = _Objects()
        self._engine = SnmpEngine()
        self._identify(_ENGINE + identity)
        _admit(self._engine, access)
        scope = SnmpContext(self._engine)
        scope.unregister_context_name(b"")
        scope.register_context_name(b"", self._objects)
        for responder in (
            cmdrsp.GetCommandResponder,
            cmdrsp.NextCommandResponder,
            cmdrsp.BulkCommandResponder,
            cmdrsp.SetCommandResponder,
        ):
            responder(self._engine, scope)

    async def serve(self, bound: socket.socket) -> None:
        """Takes over the socket and answers until `close`."""
        loop = asyncio.get_running_loop()
        self._port = _Port(loop, self._taken)
        config.add_transport(self._engine, DOMAIN_NAME, self._port)
        self._engine.transport_dispatcher.set_timer_resolution(_TICK_SECONDS)
        await loop.create_datagram_endpoint(lambda: self._port, sock=bound)

    async def close(self) -> None:
        self._engine.close_dispatcher()
        await self._port.closed.wait()

    def _taken(self, datagram: bytes) -> bool:
        """Whether it is to be answered, with the objects as they are now."""
        if self._silent() or len(datagram) > _LONGEST:
            return False
        self._objects.renew(self._told())
        return True

    def _identify(self, engine_id: bytes) -> None:
        """Not by SnmpEngine's own argument, which leaves a folder in /tmp for each identity."""
        (kept,) = self._engine.get_mib_builder().import_symbols("__SNMP-FRAMEWORK-MIB", "snmpEngineID")
        kept.syntax = kept.syntax.clone(engine_id)
        self._engine.snmpEngineID = kept.syntax


class _Port(UdpTransport):  # type: ignore[misc]  # no types
    """The library's own, but nothing that somebody sends ends up as an error of the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, taken: Callable[[bytes], bool]) -> None:
        super().__init__(loop=loop)
        self.closed = asyncio.Event()
        self._taken = taken

    def datagram_received(self, datagram: bytes, address: Any) -> None:
        try:
            if self._taken(datagram):
                self._callback_function(self, address, datagram)
        except Exception:  # noqa: BLE001 - whatever the library makes of nonsense
            log.debug("a datagram from %s is no request that can be answered", address[0])

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.closed.set()


class _Objects(AbstractMibInstrumController):  # type: ignore[misc]  # no types
    """What the responders read, as the library asks for it: pairs of name and value in, pairs out."""

    def __init__(self) -> None:
        self._told: Mapping[Oid, Told] = {}
        self._order: list[Oid] = []

    def renew(self, told: Mapping[Oid, Told]) -> None:
        self._told, self._order = told, sorted(told)

    def read_variables(self, *asked: Any, **request: Any) -> list[tuple[Any, Any]]:
        _check(request)
        return [(name, self._value(tuple(name))) for name, _ in asked]

    def read_next_variables(self, *asked: Any, **request: Any) -> list[tuple[Any, Any]]:
        _check(request)
        return [self._after(name) for name, _ in asked]

    def write_variables(self, *asked: Any, **request: Any) -> list[tuple[Any, Any]]:
        _check(request)
        raise NotWritableError(name=asked[0][0] if asked else None, idx=0)

    def _value(self, name: Oid) -> Any:
        told = self._told.get(name)
        if told is not None:
            return _TYPES[told.kind](told.value)
        known = any(object_of(instance) == object_of(name) for instance in self._order)
        return rfc1905.noSuchInstance if known else rfc1905.noSuchObject

    def _after(self, name: Any) -> tuple[Any, Any]:
        at = bisect_right(self._order, tuple(name))
        if at == len(self._order):
            return name, rfc1905.endOfMibView
        following = self._order[at]
        return rfc1902.ObjectName(following), self._value(following)


def _check(request: Mapping[str, Any]) -> None:
    """Raises the library's refusal unless whoever asks may read: there is one view for all, so that one name will do."""
    request["acFun"]("read", (rfc1902.ObjectName(_ALL), None), **request)


def _admit(engine: Any, access: SnmpAccess) -> None:
    if access.community:
        config.add_v1_system(engine, "readers", access.community)
        for version in (1, 2):
            config.add_vacm_user(engine, version, "readers", "noAuthNoPriv", readSubTree=_ALL)
    if access.user:
        cipher = config.USM_PRIV_CFB128_AES if access.privacy else config.USM_PRIV_NONE
        config.add_v3_user(
            engine,
            access.user,
            config.USM_AUTH_HMAC96_SHA,
            access.authentication,
            cipher,
            access.privacy or None,
        )
        level = "authPriv" if access.privacy else "authNoPriv"
        config.add_vacm_user(engine, 3, access.user, level, readSubTree=_ALL)
