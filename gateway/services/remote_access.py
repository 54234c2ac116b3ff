"""Who may print from outside: browsers made known while signed in, and what they send through a relay.

A message counts only if it was signed by a known browser of a user who may still sign in, for this gateway, just now
and for the first time. Nonces are remembered in this process for as long as a message is fresh; what was signed before
the process began is refused, so that a restart forgets nothing that could be used again.
"""

import hashlib
import hmac
import secrets
from base64 import b64encode
from collections import OrderedDict
from dataclasses import dataclass

from gateway.domain.letter import one_line
from gateway.domain.remote import IceServer, RemoteBrowser
from gateway.domain.user import Actor, User
from gateway.errors import BadRequest, LimitReached, NotAuthenticated, NotFound
from gateway.services.identity import Identity
from gateway.services.limits import Kind, Limit, remote_policies
from gateway.services.ports import Clock, RemoteBrowserStore, RemoteKeys, UserStore
from gateway.services.remote_messages import Envelope, Payload, gateway_id, read_envelope, read_payload
from gateway.settings import Remote as RemoteSettings

FRESH_SECONDS = 120.0  # phones' clocks are off by seconds, seldom by more
NONCES = 20_000
MOST_BROWSERS = 10  # a user
NAME = 60
SEEN_STEP = 60.0
STRANGE = "This browser may not print here from outside, or not any more. Sign in at the house and add it again."


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """A message that counts, and whose it is."""

    envelope: Envelope
    payload: Payload
    browser: RemoteBrowser
    actor: Actor


class RemoteAccess:
    def __init__(
        self,
        *,
        store: RemoteBrowserStore,
        users: UserStore,
        identity: Identity,
        keys: RemoteKeys,
        clock: Clock,
        settings: RemoteSettings,
    ) -> None:
        self._store = store
        self._users = users
        self._identity = identity
        self._keys = keys
        self._clock = clock
        self._settings = settings
        self._began = clock.now()
        self._nonces: OrderedDict[tuple[str, str], float] = OrderedDict()
        identity.limits.table |= remote_policies()

    @property
    def gateway(self) -> str:
        return gateway_id(self._keys.public_key)

    @property
    def public_key(self) -> bytes:
        return self._keys.public_key

    def sign(self, text: str) -> bytes:
        return self._keys.sign(text.encode())

    # -- browsers

    async def add(self, user: User, public_key: bytes, *, name: str) -> RemoteBrowser:
        """BadRequest for what is no P-256 key; LimitReached with as many browsers as one can have."""
        if not self._keys.is_key(public_key):
            raise BadRequest("The browser made no key that can be used here. Update it, or take another one.")
        if len(await self._store.browsers_of(user.uuid)) >= MOST_BROWSERS:
            raise LimitReached(f"{MOST_BROWSERS} browsers print from outside already. Remove one that you do not use.")
        browser = RemoteBrowser(
            id=secrets.token_urlsafe(16),
            user=user.uuid,
            name=one_line(name, NAME),
            public_key=public_key,
            created_at=self._clock.now(),
        )
        await self._store.add_browser(browser)
        return browser

    async def of(self, user: User) -> list[RemoteBrowser]:
        return await self._store.browsers_of(user.uuid)

    async def remove(self, user: User, browser_id: str) -> None:
        if not await self._store.delete_browser(browser_id[:64], user.uuid):
            raise NotFound("This is none of your browsers.")

    async def still(self, admitted: Admitted) -> bool:
        """Whether the browser and its user may still print; asked again before each document."""
        browser, user = await self._store.browser(admitted.browser.id), await self._owner(admitted.browser)
        return browser is not None and user is not None

    # -- what comes through a relay

    async def admit(self, raw: str | bytes) -> Admitted:
        """BadRequest, NotAuthenticated or Throttled."""
        envelope = read_envelope(raw)
        browser = await self._store.browser(envelope.browser)
        user = await self._owner(browser) if browser else None
        if browser is None or user is None:
            raise NotAuthenticated(STRANGE)
        if not self._keys.verify(browser.public_key, envelope.payload.encode(), envelope.signature):
            raise NotAuthenticated(STRANGE)
        self._identity.limits.take(Limit(kind=Kind.REMOTE, key=(browser.id,)))
        payload = read_payload(envelope.payload)
        self._check_once(browser.id, payload)
        await self._note_seen(browser)
        actor = await self._identity.actor_of(user, address="", via="remote")
        return Admitted(envelope=envelope, payload=payload, browser=browser, actor=actor)

    async def _owner(self, browser: RemoteBrowser) -> User | None:
        user = await self._users.user_by_uuid(browser.user)
        return None if user is None or user.disabled else user

    def _check_once(self, browser: str, payload: Payload) -> None:
        now = self._clock.now()
        if not hmac.compare_digest(payload.gateway, self.gateway):
            raise NotAuthenticated("This message is for another gateway.")
        if not abs(now - payload.at) <= FRESH_SECONDS:  # what is no number is not fresh either
            raise NotAuthenticated(
                "The clock of this device is wrong, or the message is old. Set the clock, and retry."
            )
        while self._nonces and next(iter(self._nonces.values())) < now - 2 * FRESH_SECONDS:
            self._nonces.popitem(last=False)
        key = (browser, payload.nonce)
        if key in self._nonces or payload.at < self._began or len(self._nonces) >= NONCES:
            raise NotAuthenticated("This message was used before. Try again.")
        self._nonces[key] = now

    async def _note_seen(self, browser: RemoteBrowser) -> None:
        now = self._clock.now()
        if browser.seen_at is None or now - browser.seen_at >= SEEN_STEP:
            await self._store.note_browser_seen(browser.id, now)

    # -- what helps through firewalls

    def servers(self, name: str) -> tuple[IceServer, ...]:
        """STUN as it is; TURN with a name that expires and its HMAC (coturn's use-auth-secret)."""
        settings, found = self._settings, list[IceServer]()
        if settings.stun:
            found.append(IceServer(urls=settings.stun))
        secret = settings.turn_secret.get_secret_value()
        if settings.turn and secret:
            username = f"{round(self._clock.now() + settings.turn_seconds)}:{name}"
            digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
            found.append(IceServer(urls=settings.turn, username=username, credential=b64encode(digest).decode()))
        return tuple(found)
