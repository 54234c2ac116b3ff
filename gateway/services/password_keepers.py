"""Whoever else keeps passwords: directories first, then a RADIUS server for people who have none here (row 106)."""

import asyncio
from collections.abc import Sequence

from gateway.domain.user import User
from gateway.errors import Busy
from gateway.services.ports import PasswordElsewhere, Radius
from gateway.services.standing import Standings

AT_ONCE = 8  # each waits in a thread of its own
WAITING = 64


class PasswordKeepers:
    """gateway.services.ports.PasswordElsewhere: the first that covers somebody is asked, and no other."""

    def __init__(self, *keepers: PasswordElsewhere) -> None:
        self._keepers: Sequence[PasswordElsewhere] = keepers

    async def covers(self, user: User) -> bool:
        return await self._of(user) is not None

    async def verify(self, user: User, password: str) -> bool:
        keeper = await self._of(user)
        return keeper is not None and await keeper.verify(user, password)

    async def _of(self, user: User) -> PasswordElsewhere | None:
        for keeper in self._keepers:
            if await keeper.covers(user):
                return keeper
        return None


class RadiusSignIn:
    """gateway.services.ports.PasswordElsewhere. A password that was given to somebody here counts, and no other.

    So whoever runs the house gets in while no RADIUS server answers. `groups`: only their members, also by groups below.
    """

    def __init__(self, radius: Radius, *, groups: Sequence[str], standings: Standings) -> None:
        self._radius = radius
        self._groups = {group.casefold() for group in groups}
        self._standings = standings
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def covers(self, user: User) -> bool:
        if user.password_hash is not None or user.source:
            return False
        if not self._groups:
            return True
        standing = await self._standings.of(user)
        return any(group.casefold() in self._groups for group in standing.groups)

    async def verify(self, user: User, password: str) -> bool:
        """Unavailable while no server answers."""
        if not password:
            return False
        if self._waiting >= WAITING:
            raise Busy("Too many people sign in at this moment. Try again in a few seconds.")
        self._waiting += 1
        try:
            async with self._turns:
                return await self._radius.accepts(user.name, password)
        finally:
            self._waiting -= 1
