"""Webhooks on SQLite and PostgreSQL: each method is one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, and_, delete, func, insert, or_, select, text, update

from gateway.adapters.db.saving import save
from gateway.adapters.db.transactions import Transactions
from gateway.adapters.db.webhook_tables import webhook_deliveries, webhook_marks, webhooks
from gateway.domain.webhook import Delivery, DeliveryState, Webhook, after_try
from gateway.services.ports.webhooks import Told

# Of several hosts one looks at a time, so that no webhook is told two things at once.
_ONE_CLAIMER = text("SELECT pg_advisory_xact_lock(7052310204)")
_ONE_TELLER = text("SELECT pg_advisory_xact_lock(7052310205)")
_HOOK = (
    "name",
    "url",
    "secret",
    "old_secret",
    "old_until",
    "made_by",
    "active",
    "stopped",
    "created_at",
    "told_at",
    "failing_since",
    "version",
)
_DELIVERY = (
    "kind",
    "body",
    "created_at",
    "due_at",
    "tries",
    "status",
    "answer",
    "ended_at",
    "claimed_by",
    "claimed_until",
)
_rows = webhook_deliveries.c
_WAITS = _rows.state == DeliveryState.WAITING.value


class SqlWebhookStore:
    """gateway.services.ports.webhooks.WebhookStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def webhooks(self) -> list[Webhook]:
        statement = select(webhooks).order_by(webhooks.c.name, webhooks.c.uuid)
        return await self._transactions.read(
            lambda connection: [_hook(row) for row in connection.execute(statement).mappings()]
        )

    async def webhook(self, webhook: UUID) -> Webhook | None:
        return await self._transactions.read(lambda connection: _find(connection, str(webhook)))

    async def save_webhook(self, webhook: Webhook) -> Webhook:
        row = {name: getattr(webhook, name) for name in _HOOK} | {
            "uuid": str(webhook.id),
            "kinds": " ".join(webhook.kinds),
        }
        version = await self._transactions.write(lambda connection: save(connection, webhooks, row))
        return replace(webhook, version=version)

    async def delete_webhook(self, webhook: UUID) -> bool:
        statement = delete(webhooks).where(webhooks.c.uuid == str(webhook))
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount) == 1

    async def marks(self, subjects: Sequence[str]) -> dict[str, str]:
        statement = select(webhook_marks.c.subject, webhook_marks.c.mark).where(
            webhook_marks.c.subject.in_(list(subjects))
        )
        return await self._transactions.read(
            lambda connection: {row.subject: row.mark for row in connection.execute(statement)}
        )

    async def tell(self, told: Sequence[Told], *, now: float) -> int:
        return await self._transactions.write(lambda connection: _tell(connection, told, now))

    async def forget_marks(self, *, before: float, limit: int = 500) -> int:
        old = select(webhook_marks.c.subject).where(webhook_marks.c.final, webhook_marks.c.at < before).limit(limit)
        statement = delete(webhook_marks).where(webhook_marks.c.subject.in_(old))
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount)

    async def put(self, delivery: Delivery) -> Delivery:
        def work(connection: Connection) -> int:
            made = connection.execute(insert(webhook_deliveries).returning(_rows.id), _row(delivery))
            return int(made.scalar_one())

        return replace(delivery, id=await self._transactions.write(work))

    async def claim(self, worker: str, *, now: float, lease: float, limit: int) -> list[Delivery]:
        def due(connection: Connection) -> bool:
            return bool(_due(connection, now, 1))

        if not await self._transactions.read(due):  # looking costs no disk; most looks find nothing
            return []
        return await self._transactions.write(lambda connection: _claim(connection, worker, now, now + lease, limit))

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
        values: dict[str, Any] = {
            "state": state.value,
            "status": status,
            "answer": answer,
            "claimed_by": None,
            "claimed_until": None,
            "ended_at": None if state is DeliveryState.WAITING else now,
        }
        if due_at is not None:
            values["due_at"] = due_at
        mine = and_(_rows.id == delivery.id, _rows.claimed_by == worker)
        delivered = state is DeliveryState.DELIVERED

        def work(connection: Connection) -> Webhook | None:
            if connection.execute(update(webhook_deliveries).where(mine).values(values)).rowcount != 1:
                return None
            hook = _find(connection, str(delivery.webhook))
            if hook is None:
                return None
            after = after_try(hook, now=now, status=status, delivered=delivered, why=answer)
            changed = {
                name: getattr(after, name)
                for name in ("told_at", "failing_since", "active", "stopped")
                if getattr(after, name) != getattr(hook, name)
            }
            if changed:  # without another version: nobody who edits it has to read it again for this
                connection.execute(update(webhooks).where(webhooks.c.uuid == str(hook.id)).values(changed))
            return after

        return await self._transactions.write(work)

    async def release_claims(self) -> int:
        statement = (
            update(webhook_deliveries)
            .where(_WAITS, _rows.claimed_by.isnot(None))
            .values(claimed_by=None, claimed_until=None)
        )
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount)

    async def deliveries(self, webhook: UUID, *, before_id: int | None = None, limit: int = 50) -> list[Delivery]:
        statement = select(webhook_deliveries).where(_rows.webhook == str(webhook)).order_by(_rows.id.desc())
        if before_id is not None:
            statement = statement.where(_rows.id < before_id)
        return await self._transactions.read(
            lambda connection: [_delivery(row) for row in connection.execute(statement.limit(limit)).mappings()]
        )

    async def delivery(self, delivery: int) -> Delivery | None:
        statement = select(webhook_deliveries).where(_rows.id == delivery)

        def work(connection: Connection) -> Delivery | None:
            row = connection.execute(statement).mappings().one_or_none()
            return None if row is None else _delivery(row)

        return await self._transactions.read(work)

    async def purge_deliveries(self, *, before: float, limit: int = 500) -> int:
        old = select(_rows.id).where(_rows.ended_at <= before).order_by(_rows.ended_at).limit(limit)
        statement = delete(webhook_deliveries).where(_rows.id.in_(old))
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount)


def _find(connection: Connection, webhook: str) -> Webhook | None:
    row = connection.execute(select(webhooks).where(webhooks.c.uuid == webhook)).mappings().one_or_none()
    return None if row is None else _hook(row)


def _tell(connection: Connection, told: Sequence[Told], now: float) -> int:
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_TELLER)
    subjects = [each.subject for each in told]
    known = {
        row.subject: row.mark
        for row in connection.execute(
            select(webhook_marks.c.subject, webhook_marks.c.mark).where(webhook_marks.c.subject.in_(subjects))
        )
    }
    news = [each for each in told if known.get(each.subject) != each.mark]
    for each in news:
        values = {"mark": each.mark, "final": each.final, "at": now}
        if each.subject in known:
            connection.execute(update(webhook_marks).where(webhook_marks.c.subject == each.subject).values(values))
        else:
            connection.execute(insert(webhook_marks), values | {"subject": each.subject})
    rows = [_row(delivery) for each in news for delivery in each.deliveries]
    if rows:
        connection.execute(insert(webhook_deliveries), rows)
    return len(news)


def _due(connection: Connection, now: float, limit: int) -> list[int]:
    """Of each active webhook that is not being told something now, the oldest delivery that is due."""
    busy = select(_rows.webhook).where(_WAITS, _rows.claimed_until > now)
    free = and_(_WAITS, _rows.due_at <= now, or_(_rows.claimed_until.is_(None), _rows.claimed_until <= now))
    oldest = (
        select(func.min(_rows.id))
        .join(webhooks, webhooks.c.uuid == _rows.webhook)
        .where(free, webhooks.c.active, _rows.webhook.not_in(busy))
        .group_by(_rows.webhook)
        .limit(limit)
    )
    return list(connection.execute(oldest).scalars())


def _claim(connection: Connection, worker: str, now: float, until: float, limit: int) -> list[Delivery]:
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_CLAIMER)
    ids = _due(connection, now, limit)
    if not ids:
        return []
    claimed = {"tries": _rows.tries + 1, "claimed_by": worker, "claimed_until": until}
    connection.execute(update(webhook_deliveries).where(_rows.id.in_(ids)).values(claimed))
    statement = select(webhook_deliveries).where(_rows.id.in_(ids)).order_by(_rows.id)
    return [_delivery(row) for row in connection.execute(statement).mappings()]


def _hook(row: RowMapping) -> Webhook:
    plain = {name: row[name] for name in _HOOK}
    return Webhook(**plain, id=UUID(row["uuid"]), kinds=tuple(row["kinds"].split()))


def _row(delivery: Delivery) -> dict[str, Any]:
    return {name: getattr(delivery, name) for name in _DELIVERY} | {
        "webhook": str(delivery.webhook),
        "event": str(delivery.event),
        "state": delivery.state.value,
    }


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(
        **{name: row[name] for name in _DELIVERY},
        id=row["id"],
        webhook=UUID(row["webhook"]),
        event=UUID(row["event"]),
        state=DeliveryState(row["state"]),
    )
