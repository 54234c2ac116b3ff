"""The Output Device: the machine that makes paper, with its device URI, and what is known of its state."""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from gateway.domain.capabilities import Capabilities
from gateway.domain.phone import Presence


class DeviceState(StrEnum):
    """printer-state of the machine; UNKNOWN where the protocol cannot tell (RAW, LPD)."""

    IDLE = "idle"
    PROCESSING = "processing"
    STOPPED = "stopped"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceStatus:
    """A reading at `at`: state, printer-state-reasons and the device's own sentence."""

    state: DeviceState = DeviceState.UNKNOWN
    reasons: tuple[str, ...] = ()
    message: str = ""
    at: float = 0.0

    @property
    def can_print(self) -> bool:
        return self.state not in {DeviceState.STOPPED, DeviceState.UNREACHABLE}


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """`uri`: socket://, ipp://, ipps:// or lpd://. `pinned_certificate`: SHA-256 of the certificate first seen.

    `failover` names the device that takes over when this one stays unreachable before the first byte.
    `site` is where it stands, "" where there is but one. `presence` is what proves that somebody stands in front of it
    before a phone prints there.
    """

    name: str
    uuid: UUID
    uri: str
    info: str = ""
    location: str = ""
    capabilities: Capabilities = field(default_factory=Capabilities)
    status: DeviceStatus = field(default_factory=DeviceStatus)
    pinned_certificate: str | None = None
    failover: str | None = None
    site: str = ""
    presence: Presence = Presence.NONE
    created_at: float = 0.0
    version: int = 0

    @property
    def mark(self) -> str:
        """Changes with what people set, and not with what the device tells: a form that was open too long is known by it."""
        told = (self.uri, self.info, self.location, self.failover, self.pinned_certificate, self.capabilities.formats)
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def snmp_port(uri: str) -> int | None:
    """What `?snmp=` in a device URI says: a UDP port; 0 for `true`, the port of all devices; None for anything else."""
    given = parse_qs(urlsplit(uri).query).get("snmp", [])
    if given == ["true"]:
        return 0
    word = given[0] if len(given) == 1 else ""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 6 and 0 < int(word) < 65536 else None
