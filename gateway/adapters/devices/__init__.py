"""Drivers, one a device-URI scheme: socket (RAW), lpd, ipp and ipps."""

from gateway.adapters.devices.egress import Egress
from gateway.adapters.devices.ipp import IppDriver
from gateway.adapters.devices.limits import Limits, OnPin, World
from gateway.adapters.devices.lpd import LpdDriver
from gateway.adapters.devices.socket import SocketDriver
from gateway.adapters.snmp import Snmp
from gateway.services.ports import Clock, DeviceDriver, SnmpAccess

__all__ = ["Egress", "IppDriver", "Limits", "LpdDriver", "OnPin", "SocketDriver", "drivers"]


def drivers(
    *,
    clock: Clock,
    on_pin: OnPin,
    limits: Limits | None = None,
    egress: Egress | None = None,
    snmp: Snmp | None = None,
    snmp_access: SnmpAccess | None = None,
) -> dict[str, DeviceDriver]:
    """Every driver by its scheme; `on_pin(device name, SHA-256)` stores a certificate seen for the first time."""
    world = World(
        clock=clock,
        limits=limits or Limits(),
        egress=egress or Egress(),
        snmp=snmp or Snmp(),
        snmp_access=snmp_access or SnmpAccess(),
    )
    ipp = IppDriver(world, on_pin)
    return {"socket": SocketDriver(world), "lpd": LpdDriver(world), "ipp": ipp, "ipps": ipp}
