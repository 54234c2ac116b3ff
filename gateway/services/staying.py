"""Staying signed in on one's own phone: refresh tokens that change with each use (row 96).

A session is short. When it is over, the browser's refresh token opens the next one, and is replaced. A token that comes
back after that was copied: nobody can tell who of the two is the thief, so that both are signed out and the owner is
told. For some seconds the last one may come again, since two tabs ask at the same moment, and get the same session.
"""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from gateway.domain.phone import Phone
from gateway.domain.user import Session, User
from gateway.errors import NotFound
from gateway.services.identity import Identity
from gateway.services.ports import Clock, PhoneStore, UserStore
from gateway.settings import Identity as IdentitySettings

GRACE_SECONDS = 20.0
CLOCK_SLACK = 60.0  # a clock that ran back further than this opens nothing
LONGEST = 100
Told = Callable[[User, Phone, str], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Renewed:
    """The cookie of the session that goes on; `token` is the browser's next refresh token, None: it has it already."""

    cookie: str
    session: Session
    token: str | None
    seconds: float


class Staying:
    """`copied` is told when a token came back: (the owner, the phone, the address that used it)."""

    def __init__(
        self,
        *,
        store: PhoneStore,
        users: UserStore,
        identity: Identity,
        clock: Clock,
        settings: IdentitySettings,
        copied: Told,
    ) -> None:
        self._store = store
        self._users = users
        self._identity = identity
        self._clock = clock
        self._settings = settings
        self._copied = copied

    @property
    def seconds(self) -> float:
        """How long a phone stays signed in; 0: nobody may."""
        return self._settings.stay_seconds

    async def of(self, user: User) -> list[Phone]:
        now = self._clock.now()
        return [phone for phone in await self._store.phones_of(user.uuid) if phone.expires_at > now]

    async def begin(self, user: User, *, name: str, method: str, address: str) -> tuple[str, Phone]:
        """(the refresh token, the phone's row)."""
        secret, now = secrets.token_urlsafe(32), self._clock.now()
        phone = Phone(
            id=uuid4(),
            user=user.uuid,
            name=name[:100],
            method=method,
            address=address,
            token=_digest(secret),
            created_at=now,
            seen_at=now,
            expires_at=now + self.seconds,
        )
        await self._store.purge_phones(now)
        await self._store.add_phone(phone)
        return _written(phone, secret), phone

    async def renew(self, token: str, *, address: str) -> Renewed | None:
        """None when it opens nothing any more."""
        found = await self._phone(token)
        user = None if found is None else await self._users.user_by_uuid(found[0].user)
        if found is None or user is None:
            return None
        phone, digest = found
        now = self._clock.now()
        if user.disabled or not phone.seen_at - CLOCK_SLACK <= now < phone.expires_at:
            await self.end(user, phone.id)
            return None
        if hmac.compare_digest(digest, phone.token):
            rotated = await self._rotated(phone, user, token, address)
            if rotated is not None:
                return rotated
            phone = await self._store.phone(phone.id) or phone  # another tab was faster
        if hmac.compare_digest(digest, phone.previous) and now < phone.grace_until:
            return await self._going_on(phone, user, token, address)
        await self._end_copied(phone, user, address)
        return None

    async def end(self, user: User, phone: UUID) -> Phone:
        """NotFound when that user has no such phone. Its sessions end with it."""
        found = await self._store.phone(phone)
        if found is None or not await self._store.remove_phone(phone, user=user.uuid):
            raise NotFound("This device is signed out already.")
        await self._identity.close_sessions_of_phone(user.name, str(phone))
        return found

    async def end_token(self, token: str) -> None:
        """Signing out on the phone itself."""
        found = await self._phone(token)
        if found is not None and hmac.compare_digest(found[1], found[0].token):
            await self._store.remove_phone(found[0].id, user=found[0].user)

    async def end_all(self, user: User, *, but: str = "") -> None:
        """All phones of the user, but the one that a session belongs to."""
        for phone in await self._store.phones_of(user.uuid):
            if str(phone.id) != but:
                await self._store.remove_phone(phone.id, user=user.uuid)

    # -- within

    async def _phone(self, token: str) -> tuple[Phone, str] | None:
        """(the row that the token names, the hash of its secret)."""
        name, _dot, secret = token.partition(".")
        if not secret or len(token) > LONGEST:
            return None
        try:
            phone = await self._store.phone(UUID(name))
        except ValueError:
            return None
        return None if phone is None else (phone, _digest(secret))

    async def _rotated(self, phone: Phone, user: User, token: str, address: str) -> Renewed | None:
        """None when the row changed meanwhile."""
        secret, now = secrets.token_urlsafe(32), self._clock.now()
        rotated = replace(
            phone,
            token=_digest(secret),
            previous=phone.token,
            grace_until=now + GRACE_SECONDS,
            seen_at=now,
            address=address,
        )
        if not await self._store.rotate_phone(rotated, expected=phone.token):
            return None
        gone_on = await self._going_on(rotated, user, token, address)
        return replace(gone_on, token=_written(rotated, secret))

    async def _going_on(self, phone: Phone, user: User, token: str, address: str) -> Renewed:
        """The session's cookie follows from the token that asks: who comes with the same one is in the same session."""
        cookie = hashlib.sha256(b"session of\0" + token.encode()).hexdigest()
        found = await self._identity.session(cookie)
        session = found[0] if found else None
        if session is None:
            session = await self._identity.continue_session(
                user, cookie=cookie, method=phone.method, address=address, browser=phone.name, phone=str(phone.id)
            )
        return Renewed(cookie=cookie, session=session, token=None, seconds=phone.expires_at - self._clock.now())

    async def _end_copied(self, phone: Phone, user: User, address: str) -> None:
        await self._store.remove_phone(phone.id, user=user.uuid)
        await self._identity.close_sessions_of_phone(user.name, str(phone.id))
        await self._copied(user, phone, address)


def _written(phone: Phone, secret: str) -> str:
    return f"{phone.id.hex}.{secret}"


def _digest(secret: str) -> str:
    return hashlib.sha256(b"refresh\0" + secret.encode("utf-8", "surrogatepass")).hexdigest()
