"""The rows of people who registered by themselves."""

from typing import Protocol
from uuid import UUID

from gateway.domain.registration import Registration, RegistrationState


class RegistrationStore(Protocol):
    """One open row (asked or waiting) an address; addresses compare without case."""

    async def ask(self, registration: Registration) -> bool:
        """Takes the place of an older ASKED one of the same address; False, and nothing kept, while one is WAITING."""

    async def registration(self, uuid: UUID) -> Registration | None: ...
    async def by_token(self, token_hash: str) -> Registration | None: ...
    async def move(self, registration: Registration, *, was: RegistrationState) -> bool:
        """Writes it if its row still is in the state `was`: of two at once one gets it."""

    async def waiting(self, *, limit: int = 100) -> list[Registration]:
        """Those that staff decides on, oldest first."""

    async def waiting_count(self) -> int: ...
    async def purge(self, *, before: float) -> int:
        """Open ones that expired and ended ones that were decided before that time; how many."""
