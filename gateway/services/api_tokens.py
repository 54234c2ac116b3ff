"""Tokens for programs that use the API (row 149): made by a person, for some of what that person may do.

A token is random, shown once, kept as a keyed hash, and worth at each request what its maker may do then: whoever is
disabled or loses a permission takes it away from all tokens at once.
"""

import secrets
from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID, uuid4

from gateway.domain.api_token import OWN, SCOPES, ApiToken
from gateway.domain.rights import Permission
from gateway.domain.site import parse_network
from gateway.domain.user import Actor
from gateway.errors import BadRequest, Forbidden, LimitReached, NotAuthenticated, NotFound
from gateway.services.audit import Audit
from gateway.services.identity import Identity
from gateway.services.limits import Kind, Limit, subscriber
from gateway.services.ports import ApiTokenStore, Clock, Hasher, UserStore
from gateway.services.proofs import check_label

__all__ = ["OWN", "PREFIX", "ApiTokens"]

PREFIX = "papertap_"  # so that scanners of published secrets know one when they see it
LONGEST = 100  # characters; a longer text is no token of ours
MOST = 50  # a maker
MOST_NETWORKS = 20
USED_STEP = 60.0  # the last use is written at most this often, seconds
UNKNOWN = "This token is not valid here: it is unknown, was revoked, has expired, or may not be used from this address."


class ApiTokens:
    """Raises NotAuthenticated, Throttled, and what its methods name."""

    def __init__(
        self,
        *,
        store: ApiTokenStore,
        users: UserStore,
        identity: Identity,
        hasher: Hasher,
        audit: Audit,
        clock: Clock,
    ) -> None:
        self._store = store
        self._users = users
        self._identity = identity
        self._hasher = hasher
        self._audit = audit
        self._clock = clock

    async def add(
        self,
        maker: Actor,
        name: str,
        scopes: Iterable[str],
        *,
        seconds: float | None = None,
        networks: Iterable[str] = (),
    ) -> tuple[str, ApiToken]:
        """(the token, which nobody can show again; its row).

        Forbidden for a permission that the maker has not got; BadRequest for what is no scope or network.
        """
        user = await self._users.user(maker.user or "")
        if user is None:
            raise NotAuthenticated("Sign in to make a token.")
        wanted = _checked(scopes, maker)
        ranges = tuple(parse_network(text) for text in networks)
        if len(ranges) > MOST_NETWORKS:
            raise LimitReached(f"A token takes at most {MOST_NETWORKS} networks.")
        if len(await self._store.tokens(user=user.uuid)) >= MOST:
            raise LimitReached(f"There are {MOST} tokens already. Revoke one that is no longer used.")
        if seconds is not None and seconds <= 0:
            raise BadRequest("The token would have expired already. Give a time from now on, or none.")
        token, now = PREFIX + secrets.token_urlsafe(32), self._clock.now()
        row = ApiToken(
            id=uuid4(),
            user=user.uuid,
            name=check_label(name),
            lookup=self._lookup(token),
            scopes=wanted,
            networks=ranges,
            created_at=now,
            expires_at=None if seconds is None else now + seconds,
        )
        await self._store.add_token(row)
        await self._audit.note(maker, "token.made", f"token {row.name}", scopes=" ".join(wanted), id=row.id)
        return token, row

    async def of(self, actor: Actor) -> list[tuple[str, ApiToken]]:
        """(the maker's name, its row): the actor's own, with the permission for settings everybody's."""
        if actor.may(Permission.SETTINGS):
            rows = await self._store.tokens()
        else:
            user = await self._users.user(actor.user or "")
            rows = [] if user is None else await self._store.tokens(user=user.uuid)
        names: dict[UUID, str] = {}
        for row in rows:
            if row.user not in names:
                maker = await self._users.user_by_uuid(row.user)
                names[row.user] = maker.name if maker else ""
        return [(names[row.user], row) for row in rows]

    async def revoke(self, actor: Actor, token: UUID) -> tuple[str, ApiToken]:
        """One's own; with the permission for settings anybody's. NotFound otherwise."""
        found = next((each for each in await self.of(actor) if each[1].id == token), None)
        if found is None or not await self._store.remove_token(token):
            raise NotFound("There is no such token, or it was revoked already.")
        await self._audit.note(actor, "token.revoked", f"token {found[1].name}", maker=found[0], id=token)
        return found

    async def actor_of(self, token: str, *, address: str) -> tuple[ApiToken, Actor]:
        """Who sends it, able to do what the token and its maker both may; NotAuthenticated in one sentence for all."""
        row = await self._row(token)
        if row is None or not row.lives(self._clock.now()) or not row.good_from(address):
            raise NotAuthenticated(UNKNOWN)
        user = await self._users.user_by_uuid(row.user)
        if user is None or user.disabled:
            raise NotAuthenticated(UNKNOWN)
        self._identity.limits.take(Limit(kind=Kind.API, key=(subscriber(address), str(row.id))))
        now = self._clock.now()
        if row.used_at is None or abs(now - row.used_at) >= USED_STEP:
            await self._store.token_used(row.id, at=now, address=address)
        actor = await self._identity.actor_of(user, address=address, via="api")
        return row, replace(actor, scopes=row.permissions)

    async def _row(self, token: str) -> ApiToken | None:
        if not token.startswith(PREFIX) or len(token) > LONGEST or not token.isascii():
            return None
        return await self._store.token(self._lookup(token))

    def _lookup(self, token: str) -> str:
        return self._hasher.lookup("api-token", token)


def _checked(scopes: Iterable[str], maker: Actor) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(scopes))
    unknown = sorted(set(wanted) - set(SCOPES))
    if unknown or not wanted:
        raise BadRequest(f"Say what the token is for: some of {', '.join(SCOPES)}.")
    lacking = [scope for scope in wanted if scope != OWN and not maker.may_somewhere(Permission(scope))]
    if lacking:
        raise Forbidden(f"A token can do no more than you can, and you may not: {', '.join(lacking)}.")
    return wanted
