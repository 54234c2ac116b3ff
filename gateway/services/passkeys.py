"""Passkeys (row 96): made while signed in, used without a name, each challenge good once in one browser."""

import logging
import secrets
from dataclasses import dataclass
from uuid import UUID, uuid4

from gateway.domain.credential import Passkey, PendingKind, PendingSignIn, Purpose
from gateway.domain.user import User
from gateway.errors import LimitReached, NotAuthenticated, NotFound
from gateway.services.limits import Kind, Limit, Limits, subscriber
from gateway.services.ports import Assertion, Authenticators, Clock, CredentialStore, Party, UserStore
from gateway.services.proofs import check_label
from gateway.services.sign_in_begun import Begun

MOST = 20  # a user
LONGEST = 32 * 1024  # characters of an authenticator's answer
UNKNOWN = "This passkey is not known here. It may have been removed: sign in another way and make a new one."
COPIED = "This passkey was refused, since a copy of it may exist. Sign in another way, remove it and make a new one."

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class PasskeySignIn:
    """Who it is, and what the sign-in was begun for."""

    user: User
    pending: PendingSignIn


class Passkeys:
    """Raises NotAuthenticated for an answer that does not hold, Throttled after too many of them."""

    def __init__(
        self,
        *,
        store: CredentialStore,
        users: UserStore,
        authenticators: Authenticators,
        begun: Begun,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self._store = store
        self._users = users
        self._authenticators = authenticators
        self._begun = begun
        self._limits = limits
        self._clock = clock

    async def of(self, user: User) -> list[Passkey]:
        return await self._store.passkeys_of(user.uuid)

    # --- making ------------------------------------------------------------------------------------------------

    async def begin_making(self, user: User, party: Party, *, browser: str, address: str) -> str:
        """Options for `navigator.credentials.create`, JSON."""
        known = await self.of(user)
        if len(known) >= MOST:
            raise LimitReached(f"There are {MOST} passkeys already. Remove one that is no longer used.")
        challenge = secrets.token_bytes(32)
        await self._begun.begin(PendingKind.NEW_PASSKEY, challenge, browser=browser, address=address, user=user.uuid)
        return self._authenticators.creation_options(
            party,
            challenge=challenge,
            handle=user.uuid.bytes,
            user=user.name,
            full_name=user.full_name,
            known=[one.credential for one in known if one.rp_id == party.rp_id],
        )

    async def finish_making(self, user: User, party: Party, answer: str, *, name: str, browser: str) -> Passkey:
        name = check_label(name or "Passkey")
        challenge = self._read(answer).challenge
        pending = await self._begun.finish(PendingKind.NEW_PASSKEY, challenge, browser=browser)
        if pending.user != user.uuid:
            raise NotAuthenticated("Somebody else is signed in here by now. Start again.")
        made = self._authenticators.verify_creation(answer, party, challenge=challenge)
        passkey = Passkey(
            id=uuid4(),
            user=user.uuid,
            credential=made.credential,
            public_key=made.public_key,
            sign_count=made.sign_count,
            rp_id=party.rp_id,
            name=name,
            backed_up=made.backed_up,
            created_at=self._clock.now(),
        )
        await self._store.add_passkey(passkey)
        return passkey

    async def rename(self, user: User, passkey: UUID, name: str) -> None:
        if not await self._store.rename_passkey(passkey, user=user.uuid, name=check_label(name)):
            raise NotFound("This passkey is gone already.")

    async def remove(self, user: User, passkey: UUID) -> Passkey:
        found = next((one for one in await self.of(user) if one.id == passkey), None)
        if found is None or not await self._store.remove_passkey(passkey, user=user.uuid):
            raise NotFound("This passkey is gone already.")
        return found

    # --- using -------------------------------------------------------------------------------------------------

    async def begin(
        self, party: Party, *, browser: str, address: str, user: User | None = None, to: str = "", stay: bool = False
    ) -> str:
        """Options for `navigator.credentials.get`, JSON; with `user` to confirm that it is that one."""
        challenge = secrets.token_bytes(32)
        await self._begun.begin(
            PendingKind.PASSKEY,
            challenge,
            browser=browser,
            address=address,
            purpose=Purpose.CONFIRM if user else Purpose.SIGN_IN,
            user=user.uuid if user else None,
            next=to,
            stay=stay,
        )
        known = [one.credential for one in await self.of(user) if one.rp_id == party.rp_id] if user else []
        return self._authenticators.request_options(party, challenge=challenge, known=known)

    async def finish(self, party: Party, answer: str, *, browser: str, address: str) -> PasskeySignIn:
        limit = Limit(kind=Kind.PASSKEY_ADDRESS, key=(subscriber(address),))
        self._limits.take(limit)
        told = self._read(answer)
        pending = await self._begun.finish(PendingKind.PASSKEY, told.challenge, browser=browser)
        passkey = await self._store.passkey(told.credential)
        user = await self._users.user_by_uuid(passkey.user) if passkey else None
        if passkey is None or user is None or user.disabled or passkey.rp_id != party.rp_id:
            raise NotAuthenticated(UNKNOWN)
        if told.user_handle not in {None, user.uuid.bytes} or pending.user not in {None, user.uuid}:
            raise NotAuthenticated(UNKNOWN)
        await self._verify(passkey, party, answer, told.challenge)
        self._limits.give_back(limit)
        return PasskeySignIn(user=user, pending=pending)

    async def _verify(self, passkey: Passkey, party: Party, answer: str, challenge: bytes) -> None:
        """The counter is judged where it is written, so that of two uses of the same count one fails."""
        count, _backed_up = self._authenticators.verify_assertion(
            answer, party, challenge=challenge, public_key=passkey.public_key, sign_count=0
        )
        if not await self._store.passkey_used(passkey.id, sign_count=count, at=self._clock.now()):
            log.warning("passkey %s: its counter did not grow (%d after %d)", passkey.id, count, passkey.sign_count)
            raise NotAuthenticated(COPIED)

    def _read(self, answer: str) -> Assertion:
        if len(answer) > LONGEST:
            raise NotAuthenticated("The passkey's answer is too long.")
        return self._authenticators.read(answer)
