"""Proofs of people in memory: rows, an OpenID provider and an authenticator that a test owns."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from gateway.domain.credential import AppPassword, LinkedIdentity, Passkey, PendingKind, PendingSignIn
from gateway.errors import Conflict, NotAuthenticated, Refusal
from gateway.services.app_passwords import AppPasswords
from gateway.services.identity import Identity
from gateway.services.passkeys import Passkeys
from gateway.services.ports import Assertion, Authenticators, Claims, Clock, Exchange, NewCredential, Party, UserStore
from gateway.services.sign_in_begun import Begun
from gateway.services.sign_in_links import SignInLinks
from gateway.services.signin_methods import SignInMethods
from gateway.services.signin_oidc import OidcSignIn
from gateway.settings import Identity as IdentitySettings
from gateway.settings import OpenId
from tests.fake_spool import FakeHasher
from tests.fakes_personal import FakeMailer

Row = TypeVar("Row", LinkedIdentity, Passkey, AppPassword)


class MemoryCredentialStore:
    """gateway.services.ports.CredentialStore."""

    def __init__(self) -> None:
        self._identities: dict[UUID, LinkedIdentity] = {}
        self._passkeys: dict[UUID, Passkey] = {}
        self._app_passwords: dict[UUID, AppPassword] = {}

    async def identity(self, issuer: str, subject: str) -> LinkedIdentity | None:
        await asyncio.sleep(0)
        return next((row for row in self._identities.values() if (row.issuer, row.subject) == (issuer, subject)), None)

    async def identities_of(self, user: UUID) -> list[LinkedIdentity]:
        return _of(self._identities, user)

    async def add_identity(self, identity: LinkedIdentity) -> None:
        if await self.identity(identity.issuer, identity.subject):
            raise Conflict("This account is linked already.")
        self._identities[identity.id] = identity

    async def identity_used(self, identity: UUID, *, at: float) -> None:
        self._identities[identity] = replace(self._identities[identity], used_at=at)

    async def remove_identity(self, identity: UUID, *, user: UUID) -> bool:
        return _removed(self._identities, identity, user)

    async def passkey(self, credential: bytes) -> Passkey | None:
        await asyncio.sleep(0)
        return next((row for row in self._passkeys.values() if row.credential == credential), None)

    async def passkeys_of(self, user: UUID) -> list[Passkey]:
        return _of(self._passkeys, user)

    async def add_passkey(self, passkey: Passkey) -> None:
        if await self.passkey(passkey.credential):
            raise Conflict("This passkey is known already.")
        self._passkeys[passkey.id] = passkey

    async def passkey_used(self, passkey: UUID, *, sign_count: int, at: float) -> bool:
        row = self._passkeys.get(passkey)
        if row is None or not (row.sign_count < sign_count or row.sign_count == sign_count == 0):
            return False
        self._passkeys[passkey] = replace(row, sign_count=sign_count, used_at=at)
        return True

    async def rename_passkey(self, passkey: UUID, *, user: UUID, name: str) -> bool:
        row = self._passkeys.get(passkey)
        if row is None or row.user != user:
            return False
        self._passkeys[passkey] = replace(row, name=name)
        return True

    async def remove_passkey(self, passkey: UUID, *, user: UUID) -> bool:
        return _removed(self._passkeys, passkey, user)

    async def app_password(self, lookup: str) -> AppPassword | None:
        await asyncio.sleep(0)
        return next((row for row in self._app_passwords.values() if row.lookup == lookup), None)

    async def app_passwords_of(self, user: UUID) -> list[AppPassword]:
        return _of(self._app_passwords, user)

    async def add_app_password(self, password: AppPassword) -> None:
        if await self.app_password(password.lookup):
            raise Conflict("This password exists already.")
        self._app_passwords[password.id] = password

    async def app_password_used(self, password: UUID, *, at: float) -> None:
        self._app_passwords[password] = replace(self._app_passwords[password], used_at=at)

    async def remove_app_password(self, password: UUID, *, user: UUID) -> bool:
        return _removed(self._app_passwords, password, user)


def _of(rows: dict[UUID, Row], user: UUID) -> list[Row]:
    return sorted((row for row in rows.values() if row.user == user), key=lambda row: (row.created_at, str(row.id)))


def _removed(rows: dict[UUID, Row], row: UUID, user: UUID) -> bool:
    if row not in rows or rows[row].user != user:
        return False
    del rows[row]
    return True


class MemoryPendingStore:
    """gateway.services.ports.PendingStore."""

    def __init__(self) -> None:
        self.rows: dict[str, PendingSignIn] = {}

    async def add(self, pending: PendingSignIn) -> None:
        await asyncio.sleep(0)
        self.rows[pending.id_hash] = pending

    async def look(self, kind: PendingKind, id_hash: str) -> PendingSignIn | None:
        await asyncio.sleep(0)
        found = self.rows.get(id_hash)
        return found if found is not None and found.kind is kind else None

    async def take(self, kind: PendingKind, id_hash: str) -> PendingSignIn | None:
        await asyncio.sleep(0)
        found = self.rows.get(id_hash)
        return self.rows.pop(id_hash) if found is not None and found.kind is kind else None

    async def purge(self, now: float) -> int:
        await asyncio.sleep(0)
        old = [key for key, row in self.rows.items() if row.expires_at <= now]
        for key in old:
            del self.rows[key]
        return len(old)


@dataclass(kw_only=True)
class FakeProvider:
    """gateway.services.ports.OpenIdProvider: `codes` maps what the browser brings back to whom it stands for."""

    issuer: str = "https://login.example"
    codes: dict[str, Claims] = field(default_factory=dict)
    asked: list[tuple[Exchange, bool]] = field(default_factory=list)
    refusal: Refusal | None = None

    async def authorization_url(self, exchange: Exchange, *, fresh: bool = False) -> str:
        if self.refusal:
            raise self.refusal
        self.asked.append((exchange, fresh))
        return f"{self.issuer}/authorize?" + urlencode({"state": exchange.state, "redirect_uri": exchange.redirect_uri})

    async def claims(self, exchange: Exchange, *, code: str, issuer: str | None) -> Claims:
        """Each code is worth something once, and only to the exchange that was asked for last."""
        if self.refusal:
            raise self.refusal
        if issuer not in {None, self.issuer} or exchange not in [one for one, _ in self.asked]:
            raise NotAuthenticated("This provider was not asked.")
        if code not in self.codes:
            raise NotAuthenticated("The provider does not know this code.")
        return self.codes.pop(code)


@dataclass(kw_only=True)
class FakeAuthenticators:
    """gateway.services.ports.Authenticators: an answer is JSON of `challenge`, `credential` and more, unsigned."""

    def creation_options(
        self, party: Party, *, challenge: bytes, handle: bytes, user: str, full_name: str, known: Sequence[bytes]
    ) -> str:
        return json.dumps(
            {"challenge": challenge.hex(), "rp": party.rp_id, "user": user, "known": [one.hex() for one in known]}
        )

    def request_options(self, party: Party, *, challenge: bytes, known: Sequence[bytes] = ()) -> str:
        return json.dumps({"challenge": challenge.hex(), "rp": party.rp_id, "known": [one.hex() for one in known]})

    def read(self, answer: str) -> Assertion:
        told = self._told(answer)
        handle = told.get("handle")
        return Assertion(
            credential=bytes.fromhex(told["credential"]),
            challenge=bytes.fromhex(told["challenge"]),
            user_handle=None if handle is None else bytes.fromhex(handle),
        )

    def verify_creation(self, answer: str, party: Party, *, challenge: bytes) -> NewCredential:
        told = self._checked(answer, party, challenge)
        return NewCredential(
            credential=bytes.fromhex(told["credential"]), public_key=b"public", sign_count=0, backed_up=False
        )

    def verify_assertion(
        self, answer: str, party: Party, *, challenge: bytes, public_key: bytes, sign_count: int
    ) -> tuple[int, bool]:
        told = self._checked(answer, party, challenge)
        return int(told.get("count", 0)), False

    def _told(self, answer: str) -> dict[str, str]:
        try:
            told: dict[str, str] = json.loads(answer)
        except ValueError as error:
            raise NotAuthenticated("The passkey's answer cannot be read.") from error
        return told

    def _checked(self, answer: str, party: Party, challenge: bytes) -> dict[str, str]:
        told = self._told(answer)
        if told.get("rp") != party.rp_id or bytes.fromhex(told["challenge"]) != challenge or "forged" in told:
            raise NotAuthenticated("The passkey's answer does not hold.")
        return told


@dataclass(kw_only=True)
class FakeSignIn:
    """The ways to sign in over ports in memory, and these ports to look at."""

    identity: Identity
    users: UserStore
    clock: Clock
    settings: IdentitySettings = field(default_factory=IdentitySettings)
    authenticators: Authenticators = field(default_factory=FakeAuthenticators)
    mailer: FakeMailer = field(default_factory=FakeMailer)
    credentials: MemoryCredentialStore = field(default_factory=MemoryCredentialStore)
    pending: MemoryPendingStore = field(default_factory=MemoryPendingStore)
    provider: Callable[[OpenId], Any] = lambda one: FakeProvider(issuer=one.issuer)
    providers: dict[str, Any] = field(init=False)
    methods: SignInMethods = field(init=False)

    def __post_init__(self) -> None:
        self.providers = {one.name: self.provider(one) for one in self.settings.providers}
        limits, users, clock = self.identity.limits, self.users, self.clock
        begun = Begun(store=self.pending, clock=clock, limits=limits, seconds=self.settings.link_seconds)
        self.methods = SignInMethods(
            oidc=OidcSignIn(
                settings=self.settings.providers,
                providers=self.providers,
                store=self.credentials,
                users=users,
                identity=self.identity,
                begun=begun,
                clock=clock,
                owner_of=users.user_by_email,
                is_taken=self.is_taken,
            ),
            passkeys=Passkeys(
                store=self.credentials,
                users=users,
                authenticators=self.authenticators,
                begun=begun,
                limits=limits,
                clock=clock,
            ),
            links=SignInLinks(
                users=users,
                mailer=self.mailer,
                begun=begun,
                limits=limits,
                familiar=self.identity.familiar,
                owner_of=users.user_by_email,
            ),
            app_passwords=AppPasswords(store=self.credentials, users=users, hasher=FakeHasher(), clock=clock),
            mailer=self.mailer,
        )

    async def is_taken(self, address: str) -> bool:
        wanted = address.strip().casefold()
        return any((user.email or "").casefold() == wanted for user in await self.users.users(limit=10_000))
