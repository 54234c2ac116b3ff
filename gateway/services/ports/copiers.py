"""The rows of copier sessions, and the counters of devices."""

from typing import Protocol

from gateway.domain.copier import CopierSession
from gateway.domain.credit import Entry
from gateway.domain.device import Device


class CopierStore(Protocol):
    async def begin(self, session: CopierSession) -> CopierSession:
        """As it is kept, with its id and the newest receipt; that of the same terminal and key if there is one."""

    async def session(self, terminal: str, key: str) -> CopierSession | None: ...
    async def open_sessions(self) -> list[CopierSession]:
        """Oldest first."""

    async def printed(self, session: CopierSession) -> int:
        """Impressions of the receipts of its device that came since it began."""

    async def settle(self, session: CopierSession, charge: Entry | None = None) -> bool:
        """Keeps state, counts and end, and charges, in one transaction; False when it was settled before."""

    async def sessions_of(self, owner: str, *, limit: int) -> list[CopierSession]:
        """Newest first; names are compared without case."""


class Meter(Protocol):
    async def impressions(self, device: Device) -> int | None:
        """All sides that the device ever marked (prtMarkerLifeCount, RFC 3805); None where it does not tell."""
