"""Whose a print driver's job is (row 44): drivers sign nobody in, they only say a name.

Such a name is a claim and makes nobody an owner, but where a Printer lists the sender's network: a print server, or a
subnet of machines that are looked after. There it is taken for the user's. It never gives a right of staff.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from gateway.domain.printer import Printer
from gateway.domain.rights import Role
from gateway.domain.user import Actor, User
from gateway.services.identity import Identity
from gateway.services.ports import UserStore
from gateway.services.printers import sees

MOST_NAMES = 5  # of one job


class DriverNames:
    """`owner_of` tells whose verified mail address something is."""

    def __init__(
        self, *, users: UserStore, owner_of: Callable[[str], Awaitable[User | None]], identity: Identity
    ) -> None:
        self._users = users
        self._owner_of = owner_of
        self._identity = identity

    def trusts(self, printer: Printer, address: str) -> bool:
        """Whether a name that comes from there is taken for the user's."""
        return bool(printer.name_networks) and sees(address, printer.name_networks)

    async def actor(self, printer: Printer, names: Sequence[str], *, address: str, via: str) -> Actor:
        """Who sends it: nobody, under the first of `names`; where names are trusted the first that is somebody's, else
        whoever alone uses the pages from that address, if the house wants that.
        """
        claimed = next(iter(names), "") or "anonymous"
        stranger = Actor(address=address, claimed=claimed, via=via)
        if not self.trusts(printer, address):
            return stranger
        user = await self._named(names) or await self._identity.alone_at(address)
        if user is None or user.disabled:
            return stranger
        known = await self._identity.actor_of(user, address=address, via=via)
        return replace(known, role=Role.USER, grants=(), claimed=claimed)

    async def _named(self, names: Sequence[str]) -> User | None:
        for name in names[:MOST_NAMES]:
            user = await self._user(name)
            if user is not None:
                return user
        return None

    async def _user(self, name: str) -> User | None:
        """By login, with or without a Windows domain, else by a mail address that is theirs."""
        login = name.rpartition("\\")[2].strip()
        if not login:
            return None
        user = await self._users.user(login)
        if user is None and "@" in login:
            user = await self._owner_of(login)
        return None if user is None or user.disabled else user
