"""Drivers, one a device-URI scheme: socket (RAW), lpd, ipp and ipps."""

from gateway.adapters.devices.egress import Egress
from gateway.adapters.devices.ipp import IppDriver
from gateway.adapters.devices.limits import Limits, OnPin, World
from gateway.adapters.devices.lpd import LpdDriver
from gateway.adapters.devices.socket import SocketDriver
from gateway.adapters.snmp import Snmp
from gateway.services.ports import Clock, DeviceDriver, SnmpAccess

__all__ = ["DriverSet", "Egress", "IppDriver", "Limits", "LpdDriver", "OnPin", "SocketDriver", "drivers"]


class DriverSet(dict[str, DeviceDriver]):
    """Every driver by its scheme. Whoever made it lets go of what it keeps open with `aclose`."""

    def __init__(self, world: World, on_pin: OnPin) -> None:
        self._ipp, self._snmp = IppDriver(world, on_pin), world.snmp
        super().__init__(socket=SocketDriver(world), lpd=LpdDriver(world), ipp=self._ipp, ipps=self._ipp)

    async def aclose(self) -> None:
        """Connections to devices that wait for their next use; a later use opens new ones."""
        await self._ipp.aclose()
        self._snmp.close()


def drivers(
    *,
    clock: Clock,
    on_pin: OnPin,
    limits: Limits | None = None,
    egress: Egress | None = None,
    snmp: Snmp | None = None,
    snmp_access: SnmpAccess | None = None,
) -> DriverSet:
    """`on_pin(device name, SHA-256)` stores a certificate seen for the first time."""
    world = World(
        clock=clock,
        limits=limits or Limits(),
        egress=egress or Egress(),
        snmp=snmp or Snmp(),
        snmp_access=snmp_access or SnmpAccess(),
    )
    return DriverSet(world, on_pin)
