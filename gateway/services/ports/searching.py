"""What finds printers in a network, and what says whether an address may be one."""

from dataclasses import dataclass, field
from typing import Protocol

from gateway.domain.discovered import Discovered


@dataclass(frozen=True, kw_only=True, slots=True)
class SnmpAccess:
    """How devices answer SNMP: "1", "2c" with a community, or "3" with a user and passphrases; nothing is kept."""

    version: str = "2c"
    community: str = field(default="public", repr=False)
    user: str = ""
    authentication: str = field(default="", repr=False)
    privacy: str = field(default="", repr=False)


class Announcements(Protocol):
    """What printers say of themselves unasked. Nobody vouches for it: it is shown, and nothing else."""

    async def heard(self, seconds: float) -> tuple[Discovered, ...]: ...


class Prober(Protocol):
    async def probe(self, address: str, access: SnmpAccess | None) -> Discovered | None:
        """What is at that address, if it looks like a printer; never raises, and ends within some seconds."""

    def close(self) -> None:
        """After a search: lets go of what it opened."""


class AddressCheck(Protocol):
    async def check(self, uri: str) -> None:
        """BadRequest when devices may not be at the address that a device URI leads to now."""

    def permits(self, address: str) -> bool: ...
