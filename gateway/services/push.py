"""Notices on the phone's screen (row 95): where a person wants them, and sending them behind everything else.

A message is a help, never the record: what could not be told after some tries is let go, the page and the mail have it.
"""

import asyncio
import base64
import binascii
import hashlib
import json
import logging
from collections import deque
from dataclasses import dataclass, replace
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from gateway.domain.phone import PushSubscription
from gateway.domain.user import User
from gateway.errors import BadRequest, NotFound, PapertapError
from gateway.services.ports import Clock, PushAnswer, PushSender, PushStore

MOST = 10  # browsers of one user: the oldest goes first
QUEUED = 1000  # messages that wait to be sent; more would be news of yesterday
AT_ONCE = 8
DELAYS = (0.0, 20.0, 120.0)
TURN_SECONDS = 0.5
USEFUL_SECONDS = 4 * 3600.0
LONGEST_ENDPOINT = 1000
_POINT, _SECRET = 65, 16  # octets: an uncompressed P-256 point, and the auth secret (RFC 8291 section 3.2)
STRANGE = "This browser's subscription cannot be read. Turn notices off and on again."

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class PushText:
    """What the phone shows; `url` is where a tap leads, `tag` makes a newer one take the place of an older one."""

    title: str
    body: str
    url: str
    tag: str

    @property
    def payload(self) -> bytes:
        return json.dumps({"title": self.title, "body": self.body, "url": self.url, "tag": self.tag}).encode()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sending:
    user: UUID
    text: PushText
    to: PushSubscription
    tries: int = 0
    due: float = 0.0


class Push:
    def __init__(self, *, store: PushStore, sender: PushSender, clock: Clock) -> None:
        self._store = store
        self._sender = sender
        self._clock = clock
        self._queue: deque[_Sending] = deque(maxlen=QUEUED)

    @property
    def key(self) -> str:
        return self._sender.public_key

    async def of(self, user: User) -> list[PushSubscription]:
        return await self._store.subscriptions_of(user.uuid)

    async def subscribe(
        self, user: User, *, endpoint: str, p256dh: str, auth: str, name: str, language: str
    ) -> PushSubscription:
        """BadRequest for what no browser gives."""
        _check(endpoint, p256dh, auth)
        row = PushSubscription(
            id=uuid4(),
            user=user.uuid,
            endpoint=endpoint,
            p256dh=p256dh,
            auth=auth,
            name=name[:100],
            language=language,
            created_at=self._clock.now(),
        )
        await self._store.save_subscription(row)
        for old in (await self.of(user))[:-MOST]:
            await self._store.remove_subscription(old.id, user=user.uuid)
        return row

    async def unsubscribe(self, user: User, subscription: UUID) -> None:
        if not await self._store.remove_subscription(subscription, user=user.uuid):
            raise NotFound("Notices are off on this device already.")

    async def unsubscribe_endpoint(self, user: User, endpoint: str) -> None:
        """By what the browser itself knows; harmless when it is gone."""
        for row in await self.of(user):
            if row.endpoint == endpoint:
                await self._store.remove_subscription(row.id, user=user.uuid)

    async def revoke_all(self, user: User) -> None:
        for row in await self.of(user):
            await self._store.remove_subscription(row.id, user=user.uuid)

    async def tell(self, user: User, text: PushText) -> int:
        """Puts it into line for each browser of the user; how many there are."""
        rows = await self.of(user)
        self._queue.extend(_Sending(user=user.uuid, text=text, to=row) for row in rows)
        return len(rows)

    async def run(self) -> None:
        """For as long as the process serves."""
        while True:
            await self.send_due()
            await self._clock.sleep(TURN_SECONDS)

    async def send_due(self) -> None:
        """One turn: everything whose time has come."""
        now = self._clock.monotonic()
        due = [one for one in self._queue if one.due <= now]
        self._queue = deque((one for one in self._queue if one.due > now), maxlen=QUEUED)
        for at in range(0, len(due), AT_ONCE):
            await asyncio.gather(*(self._send(one) for one in due[at : at + AT_ONCE]))

    async def _send(self, one: _Sending) -> None:
        topic = hashlib.sha256(one.text.tag.encode()).hexdigest()[:32]  # RFC 8030 section 5.4: at most 32 signs
        answer = await self._sender.send(one.to, one.text.payload, topic=topic, seconds=USEFUL_SECONDS)
        if answer is PushAnswer.GONE:
            try:
                await self._store.remove_subscription(one.to.id, user=one.user)
            except PapertapError as error:  # the next message finds it gone again
                log.warning("a push subscription that is gone could not be removed: %s", error)
        elif answer is PushAnswer.LATER and one.tries + 1 < len(DELAYS):
            due = self._clock.monotonic() + DELAYS[one.tries + 1]
            self._queue.append(replace(one, tries=one.tries + 1, due=due))


def _check(endpoint: str, p256dh: str, auth: str) -> None:
    parts = urlsplit(endpoint)
    try:
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        port_fits = False
    plain = endpoint.isascii() and endpoint.isprintable() and " " not in endpoint and len(endpoint) <= LONGEST_ENDPOINT
    if not plain or parts.scheme != "https" or not parts.hostname or parts.username is not None or not port_fits:
        raise BadRequest(STRANGE)
    point, secret = octets_of(p256dh), octets_of(auth)
    if len(point) != _POINT or point[0] != 4 or len(secret) != _SECRET:
        raise BadRequest(STRANGE)


def octets_of(text: str) -> bytes:
    """Of base64url without padding; b"" for anything else."""
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return b""
