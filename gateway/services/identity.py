"""Who is asking: sign-in by password, PIN and card, and web sessions.

Whatever the reason, a failed sign-in reads the same and takes as long: an unknown name is verified against a
hash that nothing matches. What may be tried how often is in limits.py, what a proof looks like in proofs.py, the
users themselves in accounts.py.
"""

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from dataclasses import replace
from weakref import WeakValueDictionary

from gateway.domain.user import Actor, Session, User
from gateway.errors import BadRequest, NotAuthenticated
from gateway.services.accounts import Accounts
from gateway.services.limits import Kind, Limit, Limits, policies, subscriber
from gateway.services.ports import Clock, Hasher, UserStore
from gateway.services.proofs import SECRET_LONGEST, normal_password
from gateway.settings import Identity as IdentitySettings

BASIC_SECONDS = 300.0  # a verified password is believed that long without argon2id
BASIC_ENTRIES = 10_000
SEEN_STEP = 30.0  # a session's last use is written at most this often
CLOCK_SLACK = 60.0  # a clock that ran back further than this ends the session
WRONG = "The name, password or PIN is not right. Check it and try again."


class Identity(Accounts):
    """Raises NotAuthenticated for a wrong proof, Throttled (with retry_after) after too many of them."""

    def __init__(self, *, users: UserStore, hasher: Hasher, clock: Clock, settings: IdentitySettings) -> None:
        super().__init__(users=users, hasher=hasher, clock=clock, settings=settings)
        self.limits = Limits(clock=clock, table=policies(settings))
        self._dummy: str | None = None
        self._basic_key = secrets.token_bytes(32)
        self._basic: OrderedDict[bytes, tuple[str, int, float]] = OrderedDict()
        self._verifying: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    # --- sign-in -----------------------------------------------------------------------------------------------

    async def sign_in_password(self, name: str, password: str, *, address: str, terminal: str | None = None) -> User:
        limits = self._limits_of(address, terminal, name)
        self.limits.take(*limits)
        user = await self._users.user(name)
        proof = user.password_hash if user else None
        return await self._decide(user, proof, normal_password(password), limits)

    async def sign_in_pin(
        self, pin: str, *, address: str, name: str | None = None, terminal: str | None = None
    ) -> User:
        """With `name` the PIN of that user, else the user whose PIN it is."""
        limits = self._limits_of(address, terminal, name)
        if name is None:
            limits = (*limits, Limit(kind=Kind.PIN_ALONE_ADDRESS, key=(subscriber(address),)))
        self.limits.take(*limits)
        if name is None:
            user = await self._users.user_by_pin(self._hasher.lookup("pin", pin))
        else:
            user = await self._users.user(name)
        return await self._decide(user, user.pin_hash if user else None, pin, limits)

    async def sign_in_card(self, card: str, *, address: str, terminal: str | None = None) -> User:
        """Any common writing of the number; a malformed one is refused like an unknown one."""
        limits = self._limits_of(address, terminal, None)
        self.limits.take(*limits)
        try:
            user = await self._users.user_by_card(self._card_hash(card))
        except BadRequest:
            user = None
        if user is None or user.disabled:
            raise NotAuthenticated("This card is not known here. Sign in another way and add it.")
        self.limits.give_back(*limits)
        return user

    async def basic(self, name: str, password: str, *, address: str) -> Actor:
        """HTTP Basic credentials (RFC 7617), sent with each request: argon2id runs only now and then.

        A remembered verification is void as soon as the user's row has another version or is disabled.
        """
        key = self._basic_digest(name, password)
        user = await self._remembered(key)
        if user is None:
            # A client's many connections start at once: one verifies, the others wait and are not counted as tries.
            async with self._verifying.setdefault(key, asyncio.Lock()):
                user = await self._remembered(key) or await self._verified(key, name, password, address)
        return self.actor_of(user, address=address, via="basic")

    def actor_of(self, user: User, *, address: str, via: str) -> Actor:
        return Actor(user=user.name, role=user.role, groups=user.groups, address=address, claimed=user.name, via=via)

    def unlock(self, name: str) -> int:
        """An administrator forgives the failed tries for `name`, from everywhere; how many addresses had some."""
        return self.limits.forget_all(Kind.SIGN_IN_NAME, name.casefold())

    # --- sessions ----------------------------------------------------------------------------------------------

    async def open_session(
        self, user: User, *, method: str, address: str, seconds: float | None = None
    ) -> tuple[str, Session]:
        """(the cookie's value, 256 random bits; the session). Always a new one: nobody can fix it beforehand."""
        cookie, now = secrets.token_urlsafe(32), self._clock.now()
        session = Session(
            id_hash=_digest(cookie),
            user=user.name,
            csrf=secrets.token_urlsafe(32),
            method=method,
            address=address,
            created_at=now,
            seen_at=now,
            expires_at=now + (self._settings.session_seconds if seconds is None else seconds),
        )
        await self._users.delete_expired_sessions(now)
        await self._users.save_session(session)
        return cookie, session

    async def session(self, cookie: str, *, touch: bool = True) -> tuple[Session, Actor] | None:
        """The live session of a cookie; None, and the row gone, once idle, expired, or its user was disabled.

        Without `touch` this is no sign of life: what a page asks by itself must not keep its session from ending.
        """
        found = await self._users.session(_digest(cookie))
        if found is None:
            return None
        now, user = self._clock.now(), await self._users.user(found.user)
        if user is None or user.disabled or not self._alive(found, now):
            await self._users.delete_session(found.id_hash)
            return None
        if touch and now - found.seen_at >= SEEN_STEP:
            found = replace(found, seen_at=now)
            await self._users.save_session(found)
        return found, self.actor_of(user, address=found.address, via=found.method)

    async def rotate_session(self, cookie: str, *, method: str, address: str) -> tuple[str, Session] | None:
        """A new cookie for the same user, as when rights grow; the old one is void. None if it was not alive."""
        found = await self.session(cookie)
        user = await self._users.user(found[0].user) if found else None
        if user is None:
            return None
        await self.close_session(cookie)
        return await self.open_session(user, method=method, address=address)

    async def close_session(self, cookie: str) -> None:
        await self._users.delete_session(_digest(cookie))

    async def close_sessions_of(self, name: str) -> int:
        return await self._users.delete_sessions_of((await self.get(name)).name)

    # --- within ------------------------------------------------------------------------------------------------

    def _limits_of(self, address: str, terminal: str | None, name: str | None) -> tuple[Limit, ...]:
        party = subscriber(address)
        limits = [Limit(kind=Kind.SIGN_IN_ADDRESS, key=(party,))]
        if terminal is not None:
            limits.append(Limit(kind=Kind.SIGN_IN_TERMINAL, key=(terminal,)))
        if name is not None:
            limits.append(Limit(kind=Kind.SIGN_IN_NAME, key=(name.strip().casefold()[:200], party)))
        return tuple(limits)

    async def _decide(self, user: User | None, proof: str | None, secret: str, limits: tuple[Limit, ...]) -> User:
        """The user if `secret` matches `proof`. Every way to fail runs one verification and says the same."""
        fit = bool(secret) and len(secret) <= SECRET_LONGEST
        matches = await self._hasher.verify(proof or await self._nobody(), secret if fit else "x")
        if user is None or proof is None or not (fit and matches) or user.disabled:
            raise NotAuthenticated(WRONG)
        self.limits.give_back(*(limit for limit in limits if limit.kind is not Kind.SIGN_IN_NAME))
        self.limits.forget(*(limit for limit in limits if limit.kind is Kind.SIGN_IN_NAME))
        return user

    async def _nobody(self) -> str:
        """A hash that no secret matches, made with the same cost as all others."""
        if self._dummy is None:
            self._dummy = await self._hasher.hash(secrets.token_urlsafe(32))
        return self._dummy

    async def _remembered(self, key: bytes) -> User | None:
        name, version, until = self._basic.get(key, ("", 0, 0.0))
        if not name:
            return None
        user = await self._users.user(name)
        if user is None or user.disabled or user.version != version or self._clock.monotonic() >= until:
            self._basic.pop(key, None)
            return None
        return user

    async def _verified(self, key: bytes, name: str, password: str, address: str) -> User:
        user = await self.sign_in_password(name, password, address=address)
        self._basic[key] = (user.name, user.version, self._clock.monotonic() + BASIC_SECONDS)
        while len(self._basic) > BASIC_ENTRIES:
            self._basic.popitem(last=False)
        return user

    def _basic_digest(self, name: str, password: str) -> bytes:
        # The length keeps ("a", "bc") and ("ab", "c") apart.
        text = f"{len(name)}:{name.casefold()}:{password}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._basic_key, digest_size=32).digest()

    def _alive(self, session: Session, now: float) -> bool:
        ends = min(session.expires_at, session.seen_at + self._settings.idle_seconds)
        return session.seen_at - CLOCK_SLACK <= now < ends


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).hexdigest()
