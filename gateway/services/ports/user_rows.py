"""Rows of users by the hundred: what a directory or a file with all of a house's people needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from gateway.domain.user import User


@dataclass(frozen=True, kw_only=True, slots=True)
class UserChange:
    """`before` None adds `after`; else it is the row as it was read."""

    before: User | None
    after: User


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """Whose a card or a PIN is."""

    uuid: UUID
    name: str


class UserRows(Protocol):
    """Names compare without case."""

    async def of_source(self, source: str, *, after: str = "", limit: int = 2000) -> list[User]:
        """Those that come from `source`, by their external id, beginning behind `after`."""

    async def by_names(self, names: Sequence[str]) -> list[User]: ...
    async def by_uuids(self, uuids: Sequence[UUID]) -> list[User]: ...
    async def holders(self, *, cards: Sequence[str], pins: Sequence[str]) -> dict[str, Holder]:
        """Whose each of these keyed hashes is; those of nobody are left out."""

    async def save_users(self, changes: Sequence[UserChange]) -> list[UserChange]:
        """In one transaction all that can be; returns those that cannot: changed meanwhile, or name, PIN or card taken.

        A user with another name keeps the jobs, receipts, credit and delegations. Who is disabled is signed out everywhere.
        Addresses that the directory gave are verified ones, unless they are another's; those it gives no more go.
        """

    async def without_pin(self, source: str, *, limit: int = 100) -> list[User]:
        """Enabled users of `source` who have a mail address and no PIN."""
