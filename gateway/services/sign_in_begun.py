"""Sign-ins in two steps: what is begun in one browser is finished there, once, and soon.

What comes back (a provider's state, a passkey's challenge, a link out of a mail) is 256 random bits of which only the
hash is kept, so that the rows open nothing.
"""

import hashlib
import secrets
from typing import Any

from gateway.domain.credential import PendingKind, PendingSignIn
from gateway.errors import NotAuthenticated
from gateway.services.limits import Kind, Limit, Limits, subscriber
from gateway.services.ports import Clock, PendingStore

OVER = "This sign-in was begun too long ago, in another browser, or was finished already. Start it again."


def digest(secret: str | bytes) -> str:
    octets = secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret
    return hashlib.sha256(octets).hexdigest()


class Begun:
    """`browser` is always a digest of a secret that one browser alone has."""

    def __init__(self, *, store: PendingStore, clock: Clock, limits: Limits, seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._limits = limits
        self.seconds = seconds

    async def begin(self, kind: PendingKind, secret: str | bytes, *, browser: str, address: str, **more: Any) -> None:
        """`more` are fields of PendingSignIn. Throttled when an address begins many."""
        self._limits.take(Limit(kind=Kind.SIGN_IN_BEGUN, key=(subscriber(address),)))
        now = self._clock.now()
        await self._store.purge(now)
        await self._store.add(
            PendingSignIn(id_hash=digest(secret), kind=kind, browser=browser, expires_at=now + self.seconds, **more)
        )

    async def look(self, kind: PendingKind, secret: str | bytes) -> PendingSignIn | None:
        """What was begun and is still to be finished."""
        found = await self._store.look(kind, digest(secret))
        return found if found is not None and self._alive(found) else None

    async def finish(self, kind: PendingKind, secret: str | bytes, *, browser: str | None) -> PendingSignIn:
        """What was begun; NotAuthenticated when it was not, not in this browser, or is over. None: in any browser."""
        found = await self._store.take(kind, digest(secret))
        if found is None or not self._alive(found):
            raise NotAuthenticated(OVER)
        if browser is not None and not secrets.compare_digest(found.browser, browser):
            raise NotAuthenticated(OVER)
        return found

    def _alive(self, found: PendingSignIn) -> bool:
        """Also when the clock was set back: a sign-in fails closed."""
        now = self._clock.now()
        return now < found.expires_at <= now + self.seconds
