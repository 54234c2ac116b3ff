"""Letters on SQLite and PostgreSQL: each method is one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, or_, select, text, update
from sqlalchemy.exc import IntegrityError

from gateway.adapters.db.json_values import dump_map, load_map
from gateway.adapters.db.mail_tables import WAITING, outbox
from gateway.adapters.db.transactions import Transactions
from gateway.domain.letter import Post, PostState, folded

MINUTE = 60.0
# Of several hosts one looks at a time, so that together they keep the rate.
_ONE_CLAIMER = text("SELECT pg_advisory_xact_lock(7052310203)")
_PLAIN = (
    "id",
    "kind",
    "to",
    "language",
    "key",
    "created_at",
    "due_at",
    "useful_until",
    "tries",
    "answer",
    "ended_at",
    "claimed_by",
    "claimed_until",
)
_free = or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= bindparam("now"))
_DUE = (
    select(outbox)
    .where(WAITING, outbox.c.due_at <= bindparam("now"), _free)
    .order_by(outbox.c.id)
    .limit(bindparam("row_limit"))
)
_SENT_SINCE = select(func.count()).where(outbox.c.state == "sent", outbox.c.ended_at > bindparam("since"))
_CLAIMED = select(func.count()).where(WAITING, outbox.c.claimed_until > bindparam("now"))
_PURGE = delete(outbox).where(
    outbox.c.id.in_(
        select(outbox.c.id)
        .where(outbox.c.ended_at <= bindparam("before"))
        .order_by(outbox.c.ended_at)
        .limit(bindparam("row_limit"))
    )
)


class SqlOutbox:
    """gateway.services.ports.Outbox; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def put(self, post: Post) -> bool:
        return await self._transactions.write(lambda connection: _put(connection, post))

    async def claim(self, worker: str, *, now: float, lease: float, limit: int, per_minute: int) -> list[Post]:
        def due(connection: Connection) -> bool:
            return connection.execute(_DUE, {"now": now, "row_limit": 1}).first() is not None

        if not await self._transactions.read(due):  # looking costs no disk; most looks find nothing
            return []
        return await self._transactions.write(
            lambda connection: _claim(connection, worker, now=now, until=now + lease, limit=limit, rate=per_minute)
        )

    async def settle(
        self, uuid: UUID, worker: str, *, state: PostState, now: float, answer: str, due_at: float | None = None
    ) -> bool:
        changed: dict[str, Any] = {"state": state.value, "answer": answer, "claimed_by": None, "claimed_until": None}
        if state is PostState.WAITING:
            changed["due_at"] = now if due_at is None else due_at
        else:
            changed |= {"ended_at": now, "values": "{}"}
        statement = update(outbox).where(outbox.c.uuid == str(uuid), outbox.c.claimed_by == worker).values(changed)
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount == 1)

    async def release_claims(self) -> int:
        statement = (
            update(outbox).where(WAITING, outbox.c.claimed_by.isnot(None)).values(claimed_by=None, claimed_until=None)
        )
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount)

    async def posts(self, *, states: Sequence[PostState] = (), limit: int = 100) -> list[Post]:
        statement = select(outbox).order_by(outbox.c.id.desc()).limit(limit)
        if states:
            statement = statement.where(outbox.c.state.in_([state.value for state in states]))

        def work(connection: Connection) -> list[Post]:
            return [_post_of(row) for row in connection.execute(statement).mappings()]

        return await self._transactions.read(work)

    async def purge_posts(self, *, before: float, limit: int = 500) -> int:
        values = {"before": before, "row_limit": limit}
        return await self._transactions.write(lambda connection: connection.execute(_PURGE, values).rowcount)


def _put(connection: Connection, post: Post) -> bool:
    """Two at once under one key: the constraint decides, in a savepoint, so that the transaction goes on."""
    row = {name: getattr(post, name) for name in _PLAIN if name != "id"} | {
        "uuid": str(post.uuid),
        "to_folded": folded(post.to),
        "values": dump_map(post.values),
        "state": post.state.value,
    }
    try:
        with connection.begin_nested():
            connection.execute(insert(outbox), row)
    except IntegrityError:
        return False
    return True


def _claim(connection: Connection, worker: str, *, now: float, until: float, limit: int, rate: int) -> list[Post]:
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_CLAIMER)
    spent = connection.execute(_SENT_SINCE, {"since": now - MINUTE}).scalar_one()
    spent += connection.execute(_CLAIMED, {"now": now}).scalar_one()
    free = min(limit, rate - spent)
    if free <= 0:
        return []
    rows = connection.execute(_DUE, {"now": now, "row_limit": free}).mappings().all()
    claimed = [
        replace(post, tries=post.tries + 1, claimed_by=worker, claimed_until=until) for post in map(_post_of, rows)
    ]
    if claimed:
        connection.execute(
            update(outbox)
            .where(outbox.c.id.in_([post.id for post in claimed]))
            .values(tries=outbox.c.tries + 1, claimed_by=worker, claimed_until=until)
        )
    return claimed


def _post_of(row: RowMapping) -> Post:
    return Post(
        **{name: row[name] for name in _PLAIN},
        uuid=UUID(row["uuid"]),
        values=load_map(row["values"]),
        state=PostState(row["state"]),
    )
