"""Webhooks in memory, and a carrier that a test tells what to answer."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from gateway.domain.webhook import Delivery, DeliveryState, Webhook, after_try
from gateway.errors import Conflict
from gateway.services.ports.webhooks import Answer, NotReached, Told


class MemoryWebhookStore:
    """gateway.services.ports.webhooks.WebhookStore."""

    def __init__(self) -> None:
        self._hooks: dict[UUID, Webhook] = {}
        self._rows: dict[int, Delivery] = {}
        self._marks: dict[str, tuple[str, bool, float]] = {}
        self._last = 0

    async def webhooks(self) -> list[Webhook]:
        return sorted(self._hooks.values(), key=lambda hook: (hook.name, str(hook.id)))

    async def webhook(self, webhook: UUID) -> Webhook | None:
        await asyncio.sleep(0)
        return self._hooks.get(webhook)

    async def save_webhook(self, webhook: Webhook) -> Webhook:
        stored = self._hooks.get(webhook.id)
        if (stored.version if stored else 0) != webhook.version:
            raise Conflict(f"{webhook.name} was changed by somebody else. Read it again and repeat the change.")
        self._hooks[webhook.id] = saved = replace(webhook, version=webhook.version + 1)
        return saved

    async def delete_webhook(self, webhook: UUID) -> bool:
        self._rows = {number: row for number, row in self._rows.items() if row.webhook != webhook}
        return self._hooks.pop(webhook, None) is not None

    async def marks(self, subjects: Sequence[str]) -> dict[str, str]:
        return {subject: self._marks[subject][0] for subject in subjects if subject in self._marks}

    async def tell(self, told: Sequence[Told], *, now: float) -> int:
        await asyncio.sleep(0)
        news = [each for each in told if self._marks.get(each.subject, ("",))[0] != each.mark]
        for each in news:
            self._marks[each.subject] = (each.mark, each.final, now)
            for delivery in each.deliveries:
                self._add(delivery)
        return len(news)

    async def forget_marks(self, *, before: float, limit: int = 500) -> int:
        old = [subject for subject, (_, final, at) in self._marks.items() if final and at < before][:limit]
        for subject in old:
            del self._marks[subject]
        return len(old)

    async def put(self, delivery: Delivery) -> Delivery:
        return self._add(delivery)

    async def claim(self, worker: str, *, now: float, lease: float, limit: int) -> list[Delivery]:
        await asyncio.sleep(0)
        waiting = [row for row in self._rows.values() if row.state is DeliveryState.WAITING]
        busy = {row.webhook for row in waiting if (row.claimed_until or 0.0) > now}
        oldest: dict[UUID, Delivery] = {}
        for row in waiting:
            if row.due_at <= now and row.webhook not in busy and self._hooks[row.webhook].active:
                oldest.setdefault(row.webhook, row)
        claimed = []
        for row in sorted(oldest.values(), key=lambda row: row.id)[:limit]:
            after = replace(row, tries=row.tries + 1, claimed_by=worker, claimed_until=now + lease)
            self._rows[row.id] = after
            claimed.append(after)
        return claimed

    async def settle(
        self,
        delivery: Delivery,
        worker: str,
        *,
        state: DeliveryState,
        now: float,
        status: int | None,
        answer: str,
        due_at: float | None = None,
    ) -> Webhook | None:
        row = self._rows.get(delivery.id)
        if row is None or row.claimed_by != worker:
            return None
        self._rows[row.id] = replace(
            row,
            state=state,
            status=status,
            answer=answer,
            claimed_by=None,
            claimed_until=None,
            due_at=row.due_at if due_at is None else due_at,
            ended_at=None if state is DeliveryState.WAITING else now,
        )
        hook = self._hooks[row.webhook]
        delivered = state is DeliveryState.DELIVERED
        self._hooks[row.webhook] = after_try(hook, now=now, status=status, delivered=delivered, why=answer)
        return self._hooks[row.webhook]

    async def release_claims(self) -> int:
        held = [row for row in self._rows.values() if row.claimed_by is not None]
        for row in held:
            self._rows[row.id] = replace(row, claimed_by=None, claimed_until=None)
        return len(held)

    async def deliveries(self, webhook: UUID, *, before_id: int | None = None, limit: int = 50) -> list[Delivery]:
        rows = [row for row in self._rows.values() if row.webhook == webhook]
        rows = [row for row in rows if before_id is None or row.id < before_id]
        return sorted(rows, key=lambda row: -row.id)[:limit]

    async def delivery(self, delivery: int) -> Delivery | None:
        return self._rows.get(delivery)

    async def purge_deliveries(self, *, before: float, limit: int = 500) -> int:
        old = [row.id for row in self._rows.values() if row.ended_at is not None and row.ended_at <= before][:limit]
        for number in old:
            del self._rows[number]
        return len(old)

    def _add(self, delivery: Delivery) -> Delivery:
        self._last += 1
        self._rows[self._last] = row = replace(delivery, id=self._last)
        return row


@dataclass(kw_only=True)
class FakeCarrier:
    """Answers with `status`, or with what `reply` says or raises; keeps what it was given."""

    status: int = 204
    forbidden: str = ""
    reply: Callable[[str], int] | None = None
    sent: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    async def check(self, url: str) -> None:
        if self.forbidden and self.forbidden in url:
            raise NotReached(message="That leads inside.")

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        await asyncio.sleep(0)
        self.sent.append((url, headers, body))
        return Answer(status=self.status if self.reply is None else self.reply(url))
