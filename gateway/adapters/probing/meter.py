"""How many sides a device has marked in its life, asked by SNMP at the address that its device URI leads to."""

import asyncio
import logging
from typing import Protocol
from urllib.parse import urlsplit

from gateway.adapters.snmp import LIFE_COUNT, Snmp, impressions
from gateway.domain.device import Device, snmp_port
from gateway.services.ports import DeviceError, SnmpAccess

log = logging.getLogger(__name__)


class Resolver(Protocol):
    """Which address a host may stand for: the policy of device addresses."""

    async def resolve(self, host: str, port: int) -> str: ...


class SnmpMeter:
    """gateway.services.ports.Meter; its promises are written there."""

    def __init__(self, *, resolver: Resolver, access: SnmpAccess, port: int) -> None:
        self._resolver = resolver
        self._access = access
        self._port = port
        self._snmp = Snmp(port=port)
        self._turn = asyncio.Lock()  # one at a time: its sockets are let go of after each

    async def impressions(self, device: Device) -> int | None:
        host = urlsplit(device.uri).hostname
        if host is None:
            return None
        port = snmp_port(device.uri) or self._port
        try:
            address = await self._resolver.resolve(host, port)
        except DeviceError as error:
            log.info("the counter of %s cannot be asked for: %s", device.name, error)
            return None
        async with self._turn:
            try:
                found = await self._snmp.read(address, self._access, LIFE_COUNT, port=port)
            finally:
                self._snmp.close()
        return impressions(found)
