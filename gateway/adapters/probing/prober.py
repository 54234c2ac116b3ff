"""One address, asked in all ways at once; each has a short patience, since most addresses of a range answer nothing."""

import asyncio
from contextlib import suppress

from gateway.adapters.probing.ipp import ask_ipp
from gateway.adapters.probing.snmp import ask_snmp
from gateway.adapters.snmp import Snmp
from gateway.domain.discovered import Discovered, merged
from gateway.services.ports import SnmpAccess

CONNECT_SECONDS = 1.5
IPP_PORT, RAW_PORT, LPD_PORT = 631, 9100, 515


class NetworkProber:
    """gateway.services.ports.Prober. The ports are the protocols' own but for tests."""

    def __init__(self, *, ipp_port: int = IPP_PORT, snmp_port: int = 161) -> None:
        self._ipp_port = ipp_port
        self._snmp = Snmp(port=snmp_port)

    async def probe(self, address: str, access: SnmpAccess | None) -> Discovered | None:
        found = await asyncio.gather(
            ask_ipp(address, self._ipp_port, CONNECT_SECONDS),
            _open(address, RAW_PORT, "socket"),
            _open(address, LPD_PORT, "lpd"),
            ask_snmp(self._snmp, address, access) if access is not None else _nothing(),
        )
        known = [one for one in found if one is not None]
        # A web server or a switch that answers SNMP is no printer.
        if not any(one.uris or "snmp" in one.told_by for one in known):
            return None
        return merged(known)[0]

    def close(self) -> None:
        self._snmp.close()


async def _open(address: str, port: int, scheme: str) -> Discovered | None:
    """Connecting is all that is done: whatever one sends to a RAW port is printed."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(address, port)
    except (OSError, TimeoutError):
        return None
    writer.close()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(CONNECT_SECONDS):
            await writer.wait_closed()
    host = f"[{address}]" if ":" in address else address
    uri = f"socket://{host}:{port}" if scheme == "socket" else f"lpd://{host}/lp"
    return Discovered(addresses=(address,), uris=(uri,), told_by=("port",))


async def _nothing() -> None:
    return None
