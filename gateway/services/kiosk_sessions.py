"""Short sessions of release stations, apart from those of the portal.

The row's id is a hash with a prefix of its own: the cookie of a station is no portal session, and the other way round,
whatever a browser does with either. Each lives `identity.kiosk_seconds` after the last touch, at the address where it
was opened.
"""

import hashlib
import secrets
from dataclasses import replace

from gateway.domain.user import Actor, Session, is_guest
from gateway.services.identity import Identity
from gateway.services.ports import Clock, UserStore
from gateway.settings import Settings

METHOD = "kiosk"
CARD = "card:"  # begins what a held card is kept under until its holder has said who they are
CARD_SECONDS = 90.0
CLOCK_SLACK = 60.0  # a clock that ran back further than this ends the session


class KioskSessions:
    """What a station's cookies stand for."""

    def __init__(self, *, users: UserStore, identity: Identity, clock: Clock, settings: Settings) -> None:
        self._users = users
        self._identity = identity
        self._clock = clock
        self._settings = settings

    @property
    def idle_seconds(self) -> float:
        return self._settings.identity.kiosk_seconds

    async def open(self, name: str, *, address: str, device: str = "") -> tuple[str, Session]:
        """(the cookie's value; the session) of a user or a guest. `device`: the phone that approved it."""
        return await self._open(name, address=address, seconds=self._settings.kiosk.longest_seconds, device=device)

    async def find(self, cookie: str, *, address: str, touch: bool = True) -> tuple[Session, Actor] | None:
        """None, and the row gone, once idle, too long, elsewhere, or its user was disabled.

        Without `touch` this is no sign of life: what a page asks by itself must not keep anybody signed in.
        """
        session = await self._users.session(_digest(cookie))
        if session is None or session.method != METHOD:
            return None
        now = self._clock.now()
        ends = min(session.expires_at, session.seen_at + self.idle_seconds)
        alive = session.seen_at - CLOCK_SLACK <= now < ends and session.address == address
        actor = await self._actor(session) if alive else None
        if actor is None:
            await self._users.delete_session(session.id_hash)
            return None
        if touch and session.seen_at != now:
            session = replace(session, seen_at=now)
            await self._users.save_session(session)
        return session, actor

    async def close(self, cookie: str) -> None:
        await self._users.delete_session(_digest(cookie))

    async def keep_card(self, hashed: str, *, address: str) -> str:
        """A ticket for the card that was just held to the reader: who holds it says so next, or adds it."""
        cookie, _ = await self._open(CARD + hashed, address=address, seconds=CARD_SECONDS)
        return cookie

    async def card(self, ticket: str, *, address: str) -> str | None:
        """The card's hash; None once it is too long ago."""
        session = await self._users.session(_digest(ticket))
        if session is None or not session.user.startswith(CARD) or session.address != address:
            return None
        if not session.seen_at - CLOCK_SLACK <= self._clock.now() < session.expires_at:
            return None
        return session.user.removeprefix(CARD)

    async def _open(self, name: str, *, address: str, seconds: float, device: str = "") -> tuple[str, Session]:
        cookie, now = secrets.token_urlsafe(32), self._clock.now()
        session = Session(
            id_hash=_digest(cookie),
            user=name,
            csrf=secrets.token_urlsafe(32),
            method=METHOD,
            address=address,
            created_at=now,
            seen_at=now,
            expires_at=now + seconds,
            browser=device[:100],
        )
        await self._users.delete_expired_sessions(now)
        await self._users.save_session(session)
        return cookie, session

    async def _actor(self, session: Session) -> Actor | None:
        if session.user.startswith(CARD):
            return None
        if is_guest(session.user):
            return Actor(user=session.user, address=session.address, claimed="Guest", via=METHOD)
        user = await self._users.user(session.user)
        if user is None or user.disabled:
            return None
        return await self._identity.one_step_of(user, address=session.address, via=METHOD)


def _digest(cookie: str) -> str:
    return hashlib.sha256(b"kiosk\0" + cookie.encode("utf-8", "surrogatepass")).hexdigest()
