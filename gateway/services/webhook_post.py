"""Carries what is queued to webhooks: signed, one at a time to each, again until a day is over, at least once.

A delivery is claimed, sent and settled; a process that dies in between leaves a claim that lapses, and the event goes out
again under the same id.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from gateway.domain.letter import one_line
from gateway.domain.webhook import GIVE_UP_SECONDS, GONE, Delivery, DeliveryState, Webhook, delay_after, signature
from gateway.errors import PapertapError
from gateway.services.ports import Clock, Keyring
from gateway.services.ports.webhooks import NotReached, WebhookCarrier, WebhookStore

POLL_SECONDS = 2.0  # those whose time has come, and those of other processes
LEASE = 60.0
AT_ONCE = 8  # webhooks told side by side
KEPT_SECONDS = 7 * 24 * 3600.0  # so long a delivery can be seen, and sent again
PURGE_SECONDS = 3600.0
AGENT = "Papertap-Webhooks"

log = logging.getLogger(__name__)


class WebhookPost:
    """`run` carries; `stopped` hears of a webhook that was stopped since nothing came through for days."""

    def __init__(
        self,
        *,
        store: WebhookStore,
        carrier: WebhookCarrier,
        keyring: Keyring,
        clock: Clock,
        name: str,
        stopped: Callable[[Webhook], Awaitable[None]],
    ) -> None:
        self._store = store
        self._carrier = carrier
        self._keyring = keyring
        self._clock = clock
        self._name = name
        self._stopped = stopped
        self._purged_at: float | None = None
        self.delivered = 0
        self.failed = 0

    async def run(self) -> None:
        """For as long as the process serves."""
        while True:
            try:
                while await self.run_once():
                    pass
                await self._purge()
            except PapertapError as error:
                log.warning("webhooks are told later: %s", error)
            await self._clock.sleep(POLL_SECONDS)

    async def run_once(self) -> int:
        """One delivery to each webhook for which one is due; how many there were."""
        if self._keyring.locked:
            return 0
        claimed = await self._store.claim(self._name, now=self._clock.now(), lease=LEASE, limit=AT_ONCE)
        await asyncio.gather(*(self._one(delivery) for delivery in claimed))
        return len(claimed)

    async def recover(self, *, alone: bool) -> None:
        """At the start: what a process that died had claimed goes back in line."""
        if alone:
            await self._store.release_claims()

    async def _one(self, delivery: Delivery) -> None:
        webhook = await self._store.webhook(delivery.webhook)
        if webhook is None:
            return
        body = delivery.body.encode()
        try:
            answer = await self._carrier.post(webhook.url, self._headers(webhook, delivery), body)
        except NotReached as error:
            await self._failed(delivery, None, error.message)
            return
        if 200 <= answer.status < 300:
            self.delivered += 1
            await self._settle(delivery, DeliveryState.DELIVERED, status=answer.status, answer="")
            return
        await self._failed(delivery, answer.status, _meaning(answer.status))

    def _headers(self, webhook: Webhook, delivery: Delivery) -> dict[str, str]:
        seconds = int(self._clock.now())
        keys = [self._keyring.unwrap(webhook.secret)]
        if webhook.old_secret is not None and (webhook.old_until or 0.0) > self._clock.now():
            keys.append(self._keyring.unwrap(webhook.old_secret))
        return {
            "content-type": "application/json",
            "user-agent": AGENT,
            "webhook-id": str(delivery.event),
            "webhook-timestamp": str(seconds),
            "webhook-signature": signature(keys, delivery.event, seconds, delivery.body),
        }

    async def _failed(self, delivery: Delivery, status: int | None, why: str) -> None:
        self.failed += 1
        now = self._clock.now()
        due = now + delay_after(delivery.tries)
        over = due > delivery.created_at + GIVE_UP_SECONDS or status == GONE
        state = DeliveryState.GIVEN_UP if over else DeliveryState.WAITING
        log.info("webhook %s was not told (try %d): %s", delivery.webhook, delivery.tries, one_line(why))
        await self._settle(delivery, state, status=status, answer=why, due_at=None if over else due)

    async def _settle(
        self,
        delivery: Delivery,
        state: DeliveryState,
        *,
        status: int | None,
        answer: str,
        due_at: float | None = None,
    ) -> None:
        webhook = await self._store.settle(
            delivery,
            self._name,
            state=state,
            now=self._clock.now(),
            status=status,
            answer=one_line(answer, 300),
            due_at=due_at,
        )
        if webhook is not None and not webhook.active and webhook.stopped:
            log.warning("webhook %s is stopped: %s", webhook.id, webhook.stopped)
            await self._stopped(webhook)

    async def _purge(self) -> None:
        now = self._clock.monotonic()
        if self._purged_at is not None and now - self._purged_at < PURGE_SECONDS:
            return
        self._purged_at = now
        while await self._store.purge_deliveries(before=self._clock.now() - KEPT_SECONDS, limit=500) == 500:
            pass


def _meaning(status: int) -> str:
    text = f"It answered {status}."
    if 300 <= status < 400:
        text = f"It answered {status}, a redirect, which is not followed. Give its final address."
    return text
