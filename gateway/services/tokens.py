"""Links that are good for one thing, once: random, kept as a hash, bound to a user, a purpose and a time."""

import hashlib
import secrets
from uuid import UUID

from gateway.domain.personal import OneTimeToken
from gateway.services.ports import Clock, PersonalStore

LONGEST = 100  # characters; a longer text is no token of ours


class Tokens:
    def __init__(self, *, store: PersonalStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def make(self, user: UUID, purpose: str, subject: str, *, seconds: float) -> str:
        """256 random bits; an older one for the same is void from now on."""
        token, now = secrets.token_urlsafe(32), self._clock.now()
        kept = OneTimeToken(purpose=purpose, user=user, subject=subject, created_at=now, expires_at=now + seconds)
        await self._store.put_token(_digest(token), kept)
        return token

    async def look(self, token: str, purpose: str) -> OneTimeToken | None:
        """What it is good for, without using it; None unless it is live and for that."""
        found = await self._store.token(_digest(token)) if fits(token) else None
        live = found is not None and found.purpose == purpose and found.expires_at > self._clock.now()
        return found if live else None

    async def use(self, token: str, purpose: str) -> OneTimeToken | None:
        """Of any number at once one gets it."""
        return await self._store.use_token(_digest(token), purpose, self._clock.now()) if fits(token) else None


def fits(token: str) -> bool:
    return 0 < len(token) <= LONGEST and token.isascii()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
