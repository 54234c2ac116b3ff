"""Asking a device by SNMP v1, v2c or v3 (RFC 3416): one engine for all addresses."""

import asyncio
import importlib
from collections.abc import Mapping
from typing import Any

from gateway.services.ports import SnmpAccess

SECONDS = 1.5
# RFC 3805 of the first marker: prtMarkerCounterUnit and prtMarkerLifeCount.
LIFE_COUNT = {"unit": "1.3.6.1.2.1.43.10.2.1.3.1.1", "pages": "1.3.6.1.2.1.43.10.2.1.4.1.1"}
_IMPRESSIONS = 7
_ABSENT = frozenset({"NoSuchObject", "NoSuchInstance", "EndOfMibView", "Null"})
_LIBRARY = "pysnmp.hlapi.v3arch.asyncio"


class Snmp:
    """The library is loaded at the first question, beside the event loop: it takes 20 MB and half a second."""

    def __init__(self, *, port: int = 161) -> None:
        self._port = port
        self._engine: Any = None
        self._loading = asyncio.Lock()

    async def read(
        self, address: str, access: SnmpAccess, objects: Mapping[str, str], *, port: int = 0
    ) -> dict[str, int | bytes]:
        """Values by the names in `objects`, whose values are object identifiers; without those that are not there.

        `port` 0 is the one of all devices. Empty where nothing answers in time or refuses these credentials.
        """
        async with self._loading:
            library = await asyncio.to_thread(importlib.import_module, _LIBRARY)
            if self._engine is None:
                self._engine = library.SnmpEngine()
        udp = library.Udp6TransportTarget if ":" in address else library.UdpTransportTarget
        error_type = importlib.import_module("pysnmp.error").PySnmpError
        try:
            target = await udp.create((address, port or self._port), timeout=SECONDS, retries=1)
            return await self._values(library, target, access, objects)
        except (error_type, OSError, ValueError):
            return {}

    def close(self) -> None:
        """Lets go of its sockets; the next question opens new ones."""
        if self._engine is not None:
            self._engine.close_dispatcher()
            self._engine = None

    async def _values(
        self, library: Any, target: Any, access: SnmpAccess, objects: Mapping[str, str]
    ) -> dict[str, int | bytes]:
        wanted = list(objects.items())
        # A v1 agent refuses all objects of a request for one that it lacks: there one goes at a time.
        parts = [[one] for one in wanted] if access.version == "1" else [wanted]
        found: dict[str, int | bytes] = {}
        for part in parts:
            rows = [library.ObjectType(library.ObjectIdentity(number)) for _, number in part]
            error, status, _, values = await library.get_cmd(
                self._engine, _credentials(library, access), target, library.ContextData(), *rows
            )
            if error:
                break  # it does not answer; an object that is not there comes as a status or an empty value
            if not status:
                known = ((name, row[1]) for (name, _), row in zip(part, values, strict=True))
                found |= {name: _plain(value) for name, value in known if type(value).__name__ not in _ABSENT}
        return found


def impressions(found: Mapping[str, int | bytes]) -> int | None:
    """All that the device ever put on paper, of what LIFE_COUNT asked; None where it counts nothing, or sheets, or feet."""
    pages = found.get("pages")
    counted = found.get("unit", _IMPRESSIONS) == _IMPRESSIONS and isinstance(pages, int) and pages >= 0
    return pages if counted and isinstance(pages, int) else None


def text(value: int | bytes | None) -> str:
    """One printable line of at most 200 characters."""
    plain = value.decode("utf-8", "replace") if isinstance(value, bytes) else "" if value is None else str(value)
    return " ".join("".join(sign if sign.isprintable() else " " for sign in plain).split())[:200]


def _plain(value: Any) -> int | bytes:
    octets = getattr(value, "asOctets", None)
    if octets is not None:
        return bytes(octets())
    try:
        return int(value)
    except (TypeError, ValueError):
        return str(value.prettyPrint()).encode()


def _credentials(library: Any, access: SnmpAccess) -> Any:
    if access.version != "3":
        return library.CommunityData(access.community, mpModel=0 if access.version == "1" else 1)
    return library.UsmUserData(
        access.user,
        authKey=access.authentication or None,
        privKey=access.privacy or None,
        authProtocol=library.usmHMACSHAAuthProtocol if access.authentication else library.usmNoAuthProtocol,
        privProtocol=library.usmAesCfb128Protocol if access.privacy else library.usmNoPrivProtocol,
    )
