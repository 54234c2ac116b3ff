"""IPP event subscriptions on SQLite and PostgreSQL."""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, delete, exists, insert, or_, select, update

from gateway.adapters.db.job_rows import fold
from gateway.adapters.db.json_values import as_object, dump_texts, load_texts
from gateway.adapters.db.subscription_tables import ipp_subscriptions as rows
from gateway.adapters.db.tables import jobs
from gateway.adapters.db.transactions import Transactions
from gateway.domain.subscription import KeptSubscription

_PLAIN = tuple(f.name for f in fields(KeptSubscription) if f.name not in {"id", "events"})


class SqlSubscriptionStore:
    """gateway.services.ports.subscriptions.SubscriptionStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def add(self, subscription: KeptSubscription) -> KeptSubscription:
        values = as_object(subscription, _PLAIN)
        values |= {"events": dump_texts(subscription.events), "user_folded": fold(subscription.user)}
        statement = insert(rows).values(values).returning(rows.c.id)
        new_id = await self._transactions.write(lambda connection: int(connection.execute(statement).scalar_one()))
        return replace(subscription, id=new_id)

    async def subscriptions(self) -> list[KeptSubscription]:
        def work(connection: Connection) -> list[KeptSubscription]:
            return [_kept(row) for row in connection.execute(select(rows).order_by(rows.c.id)).mappings()]

        return await self._transactions.read(work)

    async def renew(self, subscription_id: int, *, lease: int, lease_ends: float) -> bool:
        statement = update(rows).where(rows.c.id == subscription_id).values(lease=lease, lease_ends=lease_ends)
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount == 1)

    async def remove(self, subscription_id: int) -> None:
        statement = delete(rows).where(rows.c.id == subscription_id)
        await self._transactions.write(lambda connection: connection.execute(statement).rowcount)

    async def reserve(self, ids: Sequence[int], count: int) -> dict[int, int]:
        statement = update(rows).where(rows.c.id.in_(ids)).values(sequence=rows.c.sequence + count)
        returning = statement.returning(rows.c.id, rows.c.sequence)

        def work(connection: Connection) -> dict[int, int]:
            return {int(row.id): int(row.sequence) for row in connection.execute(returning)}

        return await self._transactions.write(work)

    async def purge(self, *, now: float, ended_before: float) -> int:
        alive = exists().where(
            jobs.c.id == rows.c.job_id, or_(jobs.c.ended_at.is_(None), jobs.c.ended_at > ended_before)
        )
        statement = delete(rows).where(or_(rows.c.lease_ends <= now, and_(rows.c.job_id.is_not(None), ~alive)))
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount)


def _kept(row: RowMapping) -> KeptSubscription:
    plain: dict[str, Any] = {name: row[name] for name in _PLAIN}
    return KeptSubscription(id=row["id"], events=load_texts(row["events"]), **plain)
