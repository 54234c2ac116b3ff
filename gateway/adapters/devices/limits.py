"""How long a driver waits for a device, all in seconds, and with which clock it paces itself."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gateway.adapters.devices.egress import Egress
from gateway.adapters.snmp import Snmp
from gateway.services.ports import Clock, SnmpAccess

OnPin = Callable[[str, str], Awaitable[None]]
"""on_pin(device name, SHA-256 of the certificate): told at the first sight of a certificate."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """`connect`: until connected, TLS included. `answer`: for a short request. `stall`: for the device to take a
    byte. `close`: for a RAW device to close after the last byte, when it may still be printing from its memory.
    `poll`: between two looks at a job; `lost`: the same while the device does not answer. `settle`: how long a counter
    must stand still on an idle device before it is taken as final.
    """

    connect: float = 10.0
    answer: float = 15.0
    stall: float = 60.0
    close: float = 300.0
    poll: float = 1.0
    lost: float = 10.0
    settle: float = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """What every driver shares."""

    clock: Clock
    limits: Limits = Limits()
    egress: Egress = field(default_factory=Egress)
    snmp: Snmp = field(default_factory=Snmp)
    snmp_access: SnmpAccess = field(default_factory=SnmpAccess)
