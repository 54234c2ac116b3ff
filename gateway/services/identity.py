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

from gateway.domain.rights import Role, Standing
from gateway.domain.second_factor import DONE, Step
from gateway.domain.user import Actor, Session, User
from gateway.errors import BadRequest, NotAuthenticated, NotPossible, Unavailable
from gateway.services.accounts import Accounts
from gateway.services.app_passwords import AppPasswords
from gateway.services.limits import Familiar, Kind, Limit, Limits, pin_alone_anywhere, policies, subscriber
from gateway.services.ports import Clock, Hasher, LeakedPasswords, PasswordElsewhere, UserStore
from gateway.services.proofs import SECRET_LONGEST, normal_password
from gateway.services.second_factor import SecondFactors
from gateway.services.standing import Standings
from gateway.services.whereabouts import Whereabouts
from gateway.settings import Identity as IdentitySettings

BASIC_SECONDS = 300.0  # a verified password is believed that long without argon2id
BASIC_ENTRIES = 10_000
SEEN_STEP = 30.0  # a session's last use is written at most this often
CLOCK_SLACK = 60.0  # a clock that ran back further than this ends the session
STRONG = frozenset({"password", "passkey", "mail", "oidc"})  # what counts as a proof for Access.RECENT; of "oidc:x" x
WRONG = "The name, password or PIN is not right. Check it and try again."


class Identity(Accounts):
    """Raises NotAuthenticated for a wrong proof, Throttled (with retry_after) after too many of them."""

    def __init__(
        self,
        *,
        users: UserStore,
        hasher: Hasher,
        clock: Clock,
        settings: IdentitySettings,
        app_passwords: AppPasswords | None = None,
        standings: Standings | None = None,
        second: SecondFactors | None = None,
        elsewhere: PasswordElsewhere | None = None,
        leaked: LeakedPasswords | None = None,
    ) -> None:
        super().__init__(users=users, hasher=hasher, clock=clock, settings=settings, leaked=leaked)
        self.limits = Limits(clock=clock, table=policies(settings))
        self.familiar = Familiar()
        self.whereabouts = Whereabouts(clock)
        self._app_passwords = app_passwords
        self._standings = standings
        self._second = second
        self._elsewhere = elsewhere
        self._dummy: str | None = None
        self._basic_key = secrets.token_bytes(32)
        self._basic: OrderedDict[bytes, tuple[str, int, float]] = OrderedDict()
        self._verifying: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    # --- sign-in -----------------------------------------------------------------------------------------------

    async def sign_in_password(self, name: str, password: str, *, address: str, terminal: str | None = None) -> User:
        limits = self._limits_of(address, terminal, name)
        self.limits.take(*limits)
        user = await self._users.user(name)
        if user is not None and self._elsewhere is not None and await self._elsewhere.covers(user):
            return await self._ask_elsewhere(self._elsewhere, user, password, limits, address)
        proof = user.password_hash if user else None
        return await self._decide(user, proof, normal_password(password), limits, address)

    async def sign_in_pin(
        self, pin: str, *, address: str, name: str | None = None, terminal: str | None = None
    ) -> User:
        """With `name` the PIN of that user, else the user whose PIN it is."""
        limits = self._limits_of(address, terminal, name)
        if name is None:
            self.limits.table[Kind.PIN_ALONE_ANYWHERE] = pin_alone_anywhere(await self._users.user_count())
            anywhere = Limit(kind=Kind.PIN_ALONE_ANYWHERE, key=())
            limits = (*limits, Limit(kind=Kind.PIN_ALONE_ADDRESS, key=(subscriber(address),)), anywhere)
        self.limits.take(*limits)
        if name is None:
            user = await self._users.user_by_pin(self._hasher.lookup("pin", pin))
        else:
            user = await self._users.user(name)
        if user is not None and user.pin_hash is None and user.pin_lookup is not None:
            user = await self._with_slow_hash(user, pin)
        return await self._decide(user, user.pin_hash if user else None, pin, limits, address)

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
        if self._app_passwords is not None and (user := await self._app_passwords.user_of(name, password)):
            return await self.one_step_of(user, address=address, via="basic")
        key = self._basic_digest(name, password)
        user = await self._remembered(key)
        if user is None:
            # A client's many connections start at once: one verifies, the others wait and are not counted as tries.
            async with self._verifying.setdefault(key, asyncio.Lock()):
                user = await self._remembered(key) or await self._verified(key, name, password, address)
        return await self.one_step_of(user, address=address, via="basic")

    async def actor_of(self, user: User, *, address: str, via: str) -> Actor:
        """With all groups and roles that the user has now. Every Actor of a user is made here."""
        standing = Standing(groups=user.groups) if self._standings is None else await self._standings.of(user)
        return Actor(
            user=user.name,
            role=user.role,
            groups=standing.groups,
            address=address,
            claimed=user.name,
            via=via,
            grants=standing.grants,
        )

    async def one_step_of(self, user: User, *, address: str, via: str) -> Actor:
        """Where no second step can be asked for: whoever must make one, or chose to, has no right of staff here."""
        actor = await self.actor_of(user, address=address, via=via)
        if self._second is None or not actor.is_staff:
            return actor
        if self._second.asked_of(actor) or await self._second.has_code(user):
            return replace(actor, role=Role.USER, grants=())
        return actor

    def unlock(self, name: str) -> int:
        """An administrator forgives the failed tries for `name`, from everywhere; how many addresses had some."""
        self.limits.forget_all(Kind.SIGN_IN_ACCOUNT, name.casefold())
        return self.limits.forget_all(Kind.SIGN_IN_NAME, name.casefold())

    async def set_password(self, name: str, password: str | None, *, by_staff: bool = False) -> User:
        """As above; NotPossible for one that somebody else keeps.

        `by_staff`: whose password RADIUS knows may be given one here, which takes over; one's own choice would outlive
        what is blocked over there.
        """
        user = await self.get(name)
        taken_over = by_staff and not user.source
        if password is not None and not taken_over and self._elsewhere and await self._elsewhere.covers(user):
            keeper = user.source or "RADIUS"
            raise NotPossible(f"This password is kept by {keeper}. Change it there.")
        return await super().set_password(name, password)

    # --- sessions ----------------------------------------------------------------------------------------------

    async def open_session(
        self,
        user: User,
        *,
        method: str,
        address: str,
        seconds: float | None = None,
        browser: str = "",
        phone: str = "",
        second: str | None = None,
    ) -> tuple[str, Session]:
        """(the cookie's value, 256 random bits; the session). Always a new one: nobody can fix it beforehand.

        `method`: password, pin, card, passkey, mail, or oidc:<provider>. `phone`: what will renew it, see Staying.
        `second` goes on from a session before; else it opens nothing until a second step that is due was made.
        """
        cookie, now = secrets.token_urlsafe(32), self._clock.now()
        second = await self._second_at_opening(user, method) if second is None else second
        usual = self._settings.session_seconds
        session = Session(
            id_hash=_digest(cookie),
            user=user.name,
            csrf=secrets.token_urlsafe(32),
            method=method,
            address=address,
            created_at=now,
            seen_at=now,
            expires_at=now + (usual if seconds is None else seconds),
            proved_at=now if method.partition(":")[0] in STRONG else 0.0,
            browser=browser[:100],
            phone=phone,
            second=second,
        )
        await self._users.delete_expired_sessions(now)
        await self._users.save_session(session)
        self.familiar.note(user.name, address)
        return cookie, session

    async def continue_session(
        self, user: User, *, cookie: str, method: str, address: str, browser: str, phone: str
    ) -> Session:
        """For a phone that stays signed in: a session under a cookie that only it can know; it proves nothing anew."""
        now = self._clock.now()
        session = Session(
            id_hash=_digest(cookie),
            user=user.name,
            csrf=secrets.token_urlsafe(32),
            method=method,
            address=address,
            created_at=now,
            seen_at=now,
            expires_at=now + self._settings.session_seconds,
            browser=browser[:100],
            phone=phone,
            second=await self._second_at_opening(user, method),
        )
        await self._users.delete_expired_sessions(now)
        await self._users.save_session(session)
        return session

    async def session(self, cookie: str, *, touch: bool = True) -> tuple[Session, Actor] | None:
        """The session of a cookie that is live and opens something: no second step is due any more."""
        found = await self.begun(cookie, touch=touch)
        if found is None or await self.second_step(*found) is not Step.NONE:
            return None
        return found

    async def _second_at_opening(self, user: User, method: str) -> str:
        return "" if self._second is None else await self._second.at_opening(user, method)

    async def second_step(self, session: Session, actor: Actor) -> Step:
        return Step.NONE if self._second is None else await self._second.step(session, actor)

    async def begun(self, cookie: str, *, touch: bool = True) -> tuple[Session, Actor] | None:
        """The live session of a cookie, also one whose second step is due: its actor must be let do nothing then.

        None, and the row gone, once idle, expired, or its user was disabled.
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
        return found, await self.actor_of(user, address=found.address, via=found.method)

    async def alone_at(self, address: str) -> User | None:
        """The one person who uses the pages from exactly that address now; None for nobody, and for several.

        As far back as `driver_session_minutes` of the settings: 0 is never anybody.
        """
        names, now = set[str](), self._clock.now()
        for id_hash in self.whereabouts.at(address, self._settings.driver_session_minutes * 60.0):
            session = await self._users.session(id_hash)
            if session is not None and self._alive(session, now):
                names.add(session.user)
        return await self._users.user(names.pop()) if len(names) == 1 else None

    async def rotate_session(
        self, cookie: str, *, address: str, second: str | None = None
    ) -> tuple[str, Session] | None:
        """The same session proved anew, under a new cookie; the old one is void. None if it was not alive.

        `second`: what the proof says of the second step, as before if None.
        """
        found = await self.begun(cookie)
        if found is None:
            return None
        await self.close_session(cookie)
        new, now = secrets.token_urlsafe(32), self._clock.now()
        session = replace(
            found[0],
            id_hash=_digest(new),
            csrf=secrets.token_urlsafe(32),
            address=address,
            seen_at=now,
            proved_at=now,
            second=found[0].second if second is None else second,
        )
        await self._users.save_session(session)
        return new, session

    async def make_second_step(self, cookie: str, code: str, *, address: str) -> tuple[str, Session]:
        """The session under a new cookie, open from now on; NotAuthenticated, Throttled."""
        found = await self.begun(cookie)
        if found is None or self._second is None:
            raise NotAuthenticated("Sign in again: this took too long.")
        user = await self.get(found[0].user)
        limit = Limit(kind=Kind.SECOND_STEP, key=(user.name.casefold(),))
        self.limits.take(limit)
        await self._second.check(user, code)
        self.limits.forget(limit)
        rotated = await self.rotate_session(cookie, address=address, second=DONE)
        if rotated is None:
            raise NotAuthenticated("Sign in again: this took too long.")
        return rotated

    async def sessions_of(self, name: str) -> list[Session]:
        """Those that are alive, the one seen last first."""
        now = self._clock.now()
        return [session for session in await self._users.sessions_of(name) if self._alive(session, now)]

    async def revoke_session(self, name: str, tag: str) -> bool:
        """False when that user has no such session."""
        found = [session for session in await self._users.sessions_of(name) if session.tag == tag]
        for session in found:
            await self._users.delete_session(session.id_hash)
        return bool(found)

    async def revoke_others(self, mine: Session) -> int:
        """All sessions of the user but this one end."""
        others = [one for one in await self._users.sessions_of(mine.user) if one.id_hash != mine.id_hash]
        for session in others:
            await self._users.delete_session(session.id_hash)
        return len(others)

    async def close_sessions_of_phone(self, name: str, phone: str) -> None:
        for session in await self._users.sessions_of(name):
            if session.phone == phone:
                await self._users.delete_session(session.id_hash)

    async def close_session(self, cookie: str) -> None:
        await self._users.delete_session(_digest(cookie))

    async def close_sessions_of(self, name: str) -> int:
        return await self._sign_out(await self.get(name))

    # --- within ------------------------------------------------------------------------------------------------

    def _limits_of(self, address: str, terminal: str | None, name: str | None) -> tuple[Limit, ...]:
        party = subscriber(address)
        limits = [Limit(kind=Kind.SIGN_IN_ADDRESS, key=(party,))]
        if terminal is not None:
            limits.append(Limit(kind=Kind.SIGN_IN_TERMINAL, key=(terminal,)))
        if name is not None:
            folded = name.strip().casefold()[:200]
            limits.append(Limit(kind=Kind.SIGN_IN_NAME, key=(folded, party)))
            if not self.familiar.knows(folded, address):
                limits.append(Limit(kind=Kind.SIGN_IN_ACCOUNT, key=(folded,)))
        return tuple(limits)

    async def _decide(
        self, user: User | None, proof: str | None, secret: str, limits: tuple[Limit, ...], address: str
    ) -> User:
        """The user if `secret` matches `proof`. Every way to fail runs one verification and says the same."""
        fit = bool(secret) and len(secret) <= SECRET_LONGEST
        matches = await self._hasher.verify(proof or await self._nobody(), secret if fit else "x")
        if user is None or proof is None or not (fit and matches) or user.disabled:
            raise NotAuthenticated(WRONG)
        self._welcome(user, limits, address)
        return user

    async def _ask_elsewhere(
        self, keeper: PasswordElsewhere, user: User, password: str, limits: tuple[Limit, ...], address: str
    ) -> User:
        """Whoever keeps the password says; while nobody can, this was no wrong try."""
        fit = bool(password) and len(password) <= SECRET_LONGEST and not user.disabled
        try:
            right = fit and await keeper.verify(user, password)
        except Unavailable:
            self.limits.give_back(*limits)
            raise
        if not right:
            raise NotAuthenticated(WRONG)
        self._welcome(user, limits, address)
        return user

    def _welcome(self, user: User, limits: tuple[Limit, ...], address: str) -> None:
        self.limits.give_back(*(limit for limit in limits if limit.kind is not Kind.SIGN_IN_NAME))
        self.limits.forget(*(limit for limit in limits if limit.kind is Kind.SIGN_IN_NAME))
        self.familiar.note(user.name, address)

    async def _with_slow_hash(self, user: User, pin: str) -> User:
        """A directory's hundred thousand PINs come as keyed hashes alone; the slow one is made when a PIN is used."""
        if not secrets.compare_digest(self._hasher.lookup("pin", pin), user.pin_lookup or ""):
            return user
        return await self._users.save_user(replace(user, pin_hash=await self._hasher.hash(pin)))

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
