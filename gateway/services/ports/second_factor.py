"""The rows and the arithmetic of second steps."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from gateway.domain.second_factor import NewSecret, SecondFactor


class SecondFactorStore(Protocol):
    """At most one secret a user, and recovery codes by their keyed hashes."""

    async def factor(self, user: UUID) -> SecondFactor | None: ...
    async def save_factor(self, factor: SecondFactor) -> None:
        """In place of one that is there."""

    async def delete_factor(self, user: UUID) -> bool:
        """With all recovery codes; False when there was none."""

    async def use_step(self, user: UUID, step: int) -> bool:
        """Of several with one step, one gets True; an earlier step never does."""

    async def keep_codes(self, user: UUID, hashes: Sequence[str]) -> None:
        """In place of all that are there."""

    async def use_code(self, user: UUID, hashed: str) -> bool:
        """Takes it away; of several at once, one gets True."""

    async def codes_left(self, user: UUID) -> int: ...


class OneTimeCodes(Protocol):
    """Codes of RFC 6238, of a secret that is kept sealed. Locked without the key-encryption key."""

    def new(self, account: str, issuer: str) -> tuple[bytes, NewSecret]: ...
    def shown(self, sealed: bytes, account: str, issuer: str) -> NewSecret: ...
    def step_of(self, sealed: bytes, code: str, at: float) -> int | None:
        """The time step that the code belongs to, one before or after now at most; None for a wrong code."""
