"""Signing in with an account elsewhere: which user it stands for, and how it comes to be one's own.

An account is known by issuer and subject. The first time it belongs to the user whose verified address the provider
vouches for, or to who links it while signed in, or, where the provider may make users, to a new one. An address that
the provider did not verify proves nothing, and an account never takes over a user who has that name by chance.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

from gateway.domain.credential import LinkedIdentity, PendingKind, PendingSignIn, Purpose
from gateway.domain.user import User
from gateway.errors import BadRequest, Conflict, NotAuthenticated, NotFound
from gateway.services.identity import Identity
from gateway.services.limits import Kind, Limit, subscriber
from gateway.services.ports import Claims, Clock, CredentialStore, Exchange, OpenIdProvider, UserStore
from gateway.services.proofs import check_email, check_name
from gateway.services.sign_in_begun import Begun
from gateway.settings import OpenId

FRESH_SKEW = 120.0  # seconds that a provider's clock may be behind ours
UNKNOWN = (
    "Nobody here is known by this account. Sign in another way and link it under Account, Security, "
    "or ask the people who run the printers."
)
DISABLED = "This user is disabled here. Ask the people who run the printers."

OwnerOf = Callable[[str], Awaitable[User | None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderWay:
    """A button of the sign-in page."""

    name: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the browser brought back from a provider (RFC 6749 section 4.1.2, RFC 9207)."""

    state: str
    code: str = ""
    issuer: str | None = None
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """Who it is, and what the sign-in was begun for; `name` is what people call the account elsewhere."""

    user: User
    pending: PendingSignIn
    method: str
    name: str = ""


class OidcSignIn:
    """Raises NotAuthenticated, NotFound for a provider that is none, Unavailable when one does not answer."""

    def __init__(
        self,
        *,
        settings: tuple[OpenId, ...],
        providers: Mapping[str, OpenIdProvider],
        store: CredentialStore,
        users: UserStore,
        identity: Identity,
        begun: Begun,
        clock: Clock,
        owner_of: OwnerOf,
        is_taken: Callable[[str], Awaitable[bool]],
    ) -> None:
        """`owner_of` tells whose verified address one is; `is_taken` whether anybody has it, disabled or not."""
        self._settings = {one.name: one for one in settings}
        self._providers = providers
        self._store = store
        self._users = users
        self._identity = identity
        self._begun = begun
        self._clock = clock
        self._owner_of = owner_of
        self._is_taken = is_taken

    @property
    def ways(self) -> tuple[ProviderWay, ...]:
        return tuple(ProviderWay(name=one.name, label=one.label or one.name) for one in self._settings.values())

    async def identities_of(self, user: User) -> list[LinkedIdentity]:
        return await self._store.identities_of(user.uuid)

    async def begin(
        self,
        name: str,
        *,
        redirect_uri: str,
        browser: str,
        address: str,
        purpose: Purpose = Purpose.SIGN_IN,
        user: User | None = None,
        to: str = "",
        stay: bool = False,
    ) -> str:
        """Where to send the browser."""
        provider = self._provider(name)
        exchange = Exchange(
            redirect_uri=redirect_uri,
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
        )
        url = await provider.authorization_url(exchange, fresh=purpose is Purpose.CONFIRM)
        await self._begun.begin(
            PendingKind.OIDC,
            exchange.state,
            browser=browser,
            address=address,
            purpose=purpose,
            user=user.uuid if user else None,
            next=to,
            stay=stay,
            values={
                "provider": name,
                "redirect_uri": redirect_uri,
                "nonce": exchange.nonce,
                "verifier": exchange.verifier,
                "begun_at": repr(self._clock.now()),
            },
        )
        return url

    async def finish(self, name: str, answer: Answer, *, browser: str, address: str, user: User | None) -> Finished:
        """Who signed in; `user` is who is signed in here already."""
        provider = self._provider(name)
        limit = Limit(kind=Kind.ANSWER_ADDRESS, key=(subscriber(address),))
        self._identity.limits.take(limit)
        pending = await self._begun.finish(PendingKind.OIDC, answer.state, browser=browser)
        if pending.values["provider"] != name:
            raise NotAuthenticated("The answer came back to the address of another provider. Start the sign-in again.")
        if answer.error or not answer.code:
            raise NotAuthenticated(f"{self._label(name)} did not sign you in. Try again, or sign in another way.")
        exchange = Exchange(
            redirect_uri=pending.values["redirect_uri"],
            state=answer.state,
            nonce=pending.values["nonce"],
            verifier=pending.values["verifier"],
        )
        claims = await provider.claims(exchange, code=answer.code, issuer=answer.issuer)
        found = await self._user(name, pending, claims, user=user, address=address)
        if found.disabled:
            raise NotAuthenticated(DISABLED)
        self._identity.limits.give_back(limit)
        return Finished(user=found, pending=pending, method=f"oidc:{name}", name=claims.email or self._label(name))

    async def unlink(self, user: User, identity: UUID) -> LinkedIdentity:
        found = next((one for one in await self.identities_of(user) if one.id == identity), None)
        if found is None or not await self._store.remove_identity(identity, user=user.uuid):
            raise NotFound("This account is not linked any more.")
        return found

    # --- within ------------------------------------------------------------------------------------------------

    def _provider(self, name: str) -> OpenIdProvider:
        if name not in self._settings:
            raise NotFound("There is no such sign-in service here.")
        return self._providers[name]

    def _label(self, name: str) -> str:
        return self._settings[name].label or name

    async def _user(
        self, name: str, pending: PendingSignIn, claims: Claims, *, user: User | None, address: str
    ) -> User:
        known = await self._store.identity(claims.issuer, claims.subject)
        owner = await self._users.user_by_uuid(known.user) if known else None
        if pending.purpose is not Purpose.SIGN_IN and (user is None or user.uuid != pending.user):
            raise NotAuthenticated("Somebody else is signed in here by now. Start again.")
        if pending.purpose is Purpose.LINK:
            assert user is not None
            return await self._linked(name, user, owner, claims)
        if owner is None and pending.purpose is Purpose.SIGN_IN:
            return await self._first_time(name, claims, address)
        if owner is None or known is None or (pending.purpose is Purpose.CONFIRM and owner.uuid != pending.user):
            raise NotAuthenticated(f"This is not the account at {self._label(name)} that is linked to you here.")
        if pending.purpose is Purpose.CONFIRM:
            self._check_fresh(name, claims, float(pending.values["begun_at"]))
        await self._store.identity_used(known.id, at=self._clock.now())
        return owner

    def _check_fresh(self, name: str, claims: Claims, begun_at: float) -> None:
        """A provider may ignore max_age=0; then its answer proves nothing about this moment."""
        if claims.auth_time is None or claims.auth_time < begun_at - FRESH_SKEW:
            raise NotAuthenticated(f"{self._label(name)} did not ask you anew. Confirm in another way.")

    async def _linked(self, name: str, user: User, owner: User | None, claims: Claims) -> User:
        if owner is not None and owner.uuid != user.uuid:
            raise Conflict(f"This account at {self._label(name)} is linked to another user here.")
        if owner is None:
            await self._store.add_identity(self._identity_of(name, user, claims))
        return user

    async def _first_time(self, name: str, claims: Claims, address: str) -> User:
        owner = await self._owner_of(claims.email) if claims.email_verified and claims.email else None
        if owner is not None:
            if owner.disabled:
                raise NotAuthenticated(DISABLED)
            return await self._tied(name, owner, claims)
        if not self._settings[name].create_users or (claims.email and await self._has_somebody(claims.email)):
            raise NotAuthenticated(UNKNOWN)
        self._identity.limits.take(Limit(kind=Kind.REGISTRATION, key=(subscriber(address),)))
        made = await self._made(name, claims)
        try:
            return await self._tied(name, made, claims)
        except Conflict:
            await self._identity.delete_user(made.name)  # two browsers came at once, and the other one was first
            raise

    async def _has_somebody(self, email: str) -> bool:
        """Nobody gets a second account, least of all who was disabled here."""
        try:
            return await self._is_taken(email)
        except BadRequest:
            return False

    async def _tied(self, name: str, owner: User, claims: Claims) -> User:
        await self._store.add_identity(self._identity_of(name, owner, claims))
        return owner

    async def _made(self, name: str, claims: Claims) -> User:
        """A new user under the name that the provider prefers, else under the address; never an existing one's."""
        email = claims.email if claims.email_verified else ""
        for wanted in (claims.preferred_username, email):
            try:
                return await self._identity.add_user(
                    check_name(wanted), full_name=claims.name[:100], email=check_email(email)
                )
            except (BadRequest, Conflict):
                continue
        raise NotAuthenticated(
            f"Your name at {self._label(name)} is another user's here. Ask the people who run the printers for an "
            "account, and link this one under Account, Security."
        )

    def _identity_of(self, name: str, user: User, claims: Claims) -> LinkedIdentity:
        now = self._clock.now()
        return LinkedIdentity(
            id=uuid4(),
            user=user.uuid,
            issuer=claims.issuer,
            subject=claims.subject,
            provider=name,
            email=claims.email,
            created_at=now,
            used_at=now,
        )
