"""Who has which role, and where: giving and taking (row 103).

Nobody gives, takes or touches more than they have themselves, and the last administrator stays one: a house that
nobody can look after any more could only be opened from the machine's shell.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.domain.letter import one_line
from gateway.domain.rights import EVERYWHERE, PERMISSIONS, GivenRole, Grant, Permission, Role, Standing
from gateway.domain.user import Actor, User
from gateway.errors import BadRequest, Forbidden, NotFound, NotPossible
from gateway.services.audit import Audit
from gateway.services.ports import Clock, GroupStore, RoleStore, UserStore
from gateway.services.standing import Standings

LONGEST_SITE = 63


class Roles:
    """`changing` guards what must not happen twice at once: taking the rights of the last two administrators."""

    def __init__(
        self,
        *,
        store: RoleStore,
        users: UserStore,
        groups: GroupStore,
        standings: Standings,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._store = store
        self._users = users
        self._groups = groups
        self._standings = standings
        self._audit = audit
        self._clock = clock
        self._changing = asyncio.Lock()

    # -- who has what

    async def grants_of(self, user: User) -> tuple[Grant, ...]:
        """The role of the row, and all that was given to the user or to one of its groups."""
        return (Grant(role=user.role), *(await self._standings.of(user)).grants)

    async def standing_of(self, user: User) -> Standing:
        """All groups, also those above the own, and all that was given to the user or to one of these."""
        return await self._standings.of(user)

    async def given_to(self, holder: str, *, group: bool = False) -> list[GivenRole]:
        """To exactly this user or group."""
        return await self._store.roles_of(holder, group=group)

    async def given(self, actor: Actor, *, after: int = 0, limit: int = 100) -> list[GivenRole]:
        _check(actor)
        return await self._store.roles(after=after, limit=limit)

    async def staff(self, actor: Actor, *, after: str = "", limit: int = 100) -> list[User]:
        """Users who have a role everywhere by their own row."""
        _check(actor)
        return await self._store.staff(after=after, limit=limit)

    # -- giving and taking

    async def give(
        self, actor: Actor, holder: str, role: Role, *, site: str = EVERYWHERE, group: bool = False
    ) -> GivenRole:
        """Forbidden for more than the actor has; NotFound for an unknown holder; a second time is harmless."""
        self._may_give(actor, Grant(role=role, site=_site(site)))
        name = await self._holder(holder, group=group)
        if not PERMISSIONS[role]:
            raise BadRequest(f"{role.value} is no role that has to be given: everybody has it.")
        given = await self._store.add_role(
            GivenRole(
                holder=name,
                role=role,
                group=group,
                site=site,
                given_by=actor.user or "",
                given_at=self._clock.now(),
            )
        )
        await self._audit.note(actor, "role.given", _subject(given), role=role.value, site=site or "everywhere")
        return given

    async def take(self, actor: Actor, role_id: int) -> None:
        given = await self._store.role(role_id)
        if given is None:
            raise NotFound("This role was taken away already.")
        self._may_give(actor, given.grant)
        async with self._guarding(given):
            await self._store.take_role(role_id)
        await self._audit.note(
            actor, "role.taken", _subject(given), role=given.role.value, site=given.site or "everywhere"
        )

    async def check_may_touch(self, actor: Actor, user: User) -> None:
        """Forbidden unless the actor has all that the user has: whose PIN one can set, as whom one can sign in."""
        if not actor.may(Permission.USERS):
            raise Forbidden("Only who manages users of the whole house may change this.")
        if not all(actor.covers(grant) for grant in await self.grants_of(user)):
            raise Forbidden(f"{user.name} has rights that you do not have. Ask somebody who has them.")

    def check_may_give(self, actor: Actor, role: Role) -> None:
        """As a user's own role, which holds everywhere."""
        self._may_give(actor, Grant(role=role))

    @asynccontextmanager
    async def keeping_an_administrator(self, user: User, after: User | None) -> AsyncIterator[None]:
        """Around a change of `user` to `after` (None: deleted): NotPossible when nobody would be left."""
        async with self._changing:
            loses = after is None or after.disabled or after.role is not Role.ADMINISTRATOR
            if loses and await self._is_last(user.name):
                given = [] if after is None or after.disabled else await self._store.roles_of(user.name)
                if Grant(role=Role.ADMINISTRATOR) not in {role.grant for role in given}:
                    raise NotPossible(LAST.format(name=user.name))
            yield

    # -- within

    @asynccontextmanager
    async def _guarding(self, given: GivenRole) -> AsyncIterator[None]:
        async with self._changing:
            top = given.grant == Grant(role=Role.ADMINISTRATOR) and not given.group
            if top and await self._is_last(given.holder):
                user = await self._users.user(given.holder)
                if user is not None and user.role is not Role.ADMINISTRATOR:
                    raise NotPossible(LAST.format(name=given.holder))
            yield

    async def _is_last(self, name: str) -> bool:
        """Groups do not count: who is in them may be decided elsewhere, and change over night."""
        return {found.casefold() for found in await self._store.administrators()} == {name.casefold()}

    def _may_give(self, actor: Actor, grant: Grant) -> None:
        if not actor.may(Permission.USERS, grant.site or None):
            raise Forbidden("You may not give or take roles there.")
        if not actor.covers(grant):
            raise Forbidden("Nobody can give or take more rights than they have themselves.")

    async def _holder(self, name: str, *, group: bool) -> str:
        name = one_line(name, 80)
        found = await (self._groups.group(name) if group else self._users.user(name))
        if found is None:
            raise NotFound(f'There is no group "{name}".' if group else f'There is no user "{name}".')
        return found.name


LAST = "{name} is the last administrator. Make somebody else administrator first."


def _subject(given: GivenRole) -> str:
    return f"{'group' if given.group else 'user'} {given.holder}"


def _site(text: str) -> str:
    if len(text) > LONGEST_SITE or not text.isprintable():
        raise BadRequest("Choose one of the sites.")
    return text


def _check(actor: Actor) -> None:
    if not actor.may_somewhere(Permission.USERS):
        raise Forbidden("Only who manages users sees who has which role.")
