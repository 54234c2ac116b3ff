"""Permanent delegates (row 65): whoever may see, release or delete the jobs of somebody else, as that one chose.

Nothing is kept in memory: a grant that is taken back is gone with the next request.
"""

from collections.abc import Collection
from dataclasses import replace

from gateway.domain.delegation import Delegation, Right
from gateway.domain.rights import Permission
from gateway.domain.user import Actor
from gateway.errors import BadRequest, LimitReached, NotAuthenticated, NotFound
from gateway.services.ports import Clock, DelegationStore, UserStore

MOST = 50  # delegations of one owner: each is a list of jobs that somebody's page asks for
LONGEST_GROUP = 100


class Delegates:
    def __init__(self, *, store: DelegationStore, users: UserStore, clock: Clock) -> None:
        self._store = store
        self._users = users
        self._clock = clock

    async def acting(self, actor: Actor) -> Actor:
        """The actor with what was delegated to them. Who sees all jobs needs none; strangers have none."""
        if actor.user is None or actor.may(Permission.JOBS):
            return actor
        return replace(actor, acts_for=await self.received(actor))

    async def received(self, actor: Actor) -> tuple[Delegation, ...]:
        """What others granted to the actor, by name or through a group; never by oneself."""
        if actor.user is None:
            return ()
        found = await self._store.delegations_to(actor.user, actor.groups)
        own = actor.user.casefold()
        return tuple(grant for grant in found if grant.owner.casefold() != own)

    async def granted(self, actor: Actor) -> list[Delegation]:
        return await self._store.delegations_of(_name(actor))

    async def grant(
        self, actor: Actor, delegate: str, *, group: bool = False, rights: Collection[Right] = ()
    ) -> Delegation:
        """Seeing is always part of it. NotFound for an unknown user, LimitReached for too many."""
        owner, delegate = _name(actor), delegate.strip()
        if group:
            delegate = _group(delegate)
        else:
            user = await self._users.user(delegate)
            if user is None or user.disabled:
                raise NotFound(f'There is no user "{delegate[:80]}". Write the name with which they sign in.')
            delegate = user.name
        if not group and delegate.casefold() == owner.casefold():
            raise BadRequest("You need no delegation for your own jobs. Write the name of somebody else.")
        known = await self._store.delegations_of(owner)
        same = any((d.group, d.delegate.casefold()) == (group, delegate.casefold()) for d in known)
        if len(known) >= MOST and not same:
            raise LimitReached(f"You have {len(known)} delegates already. Take one off first.")
        return await self._store.save_delegation(
            Delegation(
                owner=owner,
                delegate=delegate,
                group=group,
                rights=frozenset({Right.SEE, *rights}),
                created_at=self._clock.now(),
            )
        )

    async def revoke(self, actor: Actor, delegation_id: int) -> None:
        if not await self._store.delete_delegation(delegation_id, _name(actor)):
            raise NotFound("This delegation is gone already.")

    async def forget(self, user: str) -> int:
        """All that a user granted or was granted by name; how many there were. For users that are deleted."""
        return await self._store.delete_delegations_of(user)


def _name(actor: Actor) -> str:
    if actor.user is None:
        raise NotAuthenticated("Sign in to choose delegates.")
    return actor.user


def _group(text: str) -> str:
    if not text or len(text) > LONGEST_GROUP or not text.isprintable():
        raise BadRequest(f"Write the name of a group, at most {LONGEST_GROUP} characters.")
    return text
