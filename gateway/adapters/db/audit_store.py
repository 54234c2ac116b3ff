"""The rows of the audit log, on SQLite and PostgreSQL: added one after the other, and never changed."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, select, text

from gateway.adapters.db.house_tables import audit_anchor, audit_log
from gateway.adapters.db.job_queries import like_pattern
from gateway.adapters.db.json_values import dump, load
from gateway.adapters.db.transactions import Transactions
from gateway.domain.audit import AuditEntry, AuditPoint, AuditQuery

_TEXTS = ("at", "actor", "via", "address", "action", "subject", "text", "previous", "digest")
_LAST = select(audit_log.c.id, audit_log.c.digest).order_by(audit_log.c.id.desc()).limit(1)
_FROM = (
    select(audit_log).where(audit_log.c.id > bindparam("after")).order_by(audit_log.c.id).limit(bindparam("row_limit"))
)
_FIRST_YOUNG = select(func.min(audit_log.c.id)).where(audit_log.c.at > bindparam("before"))
# SQLite has one writer anyway; PostgreSQL would read the same last row for two at once.
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7052310203)")


class SqlAuditStore:
    """gateway.services.ports.AuditStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def append(self, make: Callable[[AuditPoint | None], AuditEntry]) -> AuditEntry:
        def work(connection: Connection) -> AuditEntry:
            _alone(connection)
            entry = make(_last(connection))
            connection.execute(insert(audit_log), _row(entry))
            return entry

        return await self._transactions.write(work)

    async def entries(self, *, after_id: int = 0, limit: int = 1000) -> list[AuditEntry]:
        return await self._entries(_FROM, {"after": after_id, "row_limit": limit})

    async def find_entries(self, query: AuditQuery) -> list[AuditEntry]:
        statement = select(audit_log).order_by(audit_log.c.id.desc()).limit(query.limit)
        if query.before_id is not None:
            statement = statement.where(audit_log.c.id < query.before_id)
        if query.actor:
            statement = statement.where(audit_log.c.actor_folded == query.actor.casefold())
        if query.action:
            statement = statement.where(audit_log.c.action == query.action)
        if query.contains:
            statement = statement.where(audit_log.c.searched.like(like_pattern(query.contains), escape="\\"))
        return await self._entries(statement, {})

    async def anchor(self) -> tuple[AuditPoint, str] | None:
        def work(connection: Connection) -> tuple[AuditPoint, str] | None:
            row = connection.execute(select(audit_anchor)).one_or_none()
            return None if row is None else (AuditPoint(id=row.entry, digest=row.digest), row.seal)

        return await self._transactions.read(work)

    async def purge_entries(self, *, before: float, limit: int, seal: Callable[[AuditPoint], str]) -> int:
        def work(connection: Connection) -> int:
            _alone(connection)
            last = _last(connection)
            if last is None:
                return 0
            young = connection.execute(_FIRST_YOUNG, {"before": before}).scalar() or last.id
            old = select(audit_log.c.id, audit_log.c.digest).where(audit_log.c.id < young).order_by(audit_log.c.id)
            rows = connection.execute(old.limit(limit)).all()
            if not rows:
                return 0
            end = AuditPoint(id=rows[-1].id, digest=rows[-1].digest)
            connection.execute(delete(audit_anchor))
            anchor = {"id": 1, "entry": end.id, "digest": end.digest, "seal": seal(end)}
            connection.execute(insert(audit_anchor), anchor)
            return connection.execute(delete(audit_log).where(audit_log.c.id <= end.id)).rowcount

        return await self._transactions.write(work)

    async def _entries(self, statement: Any, values: dict[str, Any]) -> list[AuditEntry]:
        def work(connection: Connection) -> list[AuditEntry]:
            return [_entry(row) for row in connection.execute(statement, values).mappings()]

        return await self._transactions.read(work)


def _alone(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_AT_A_TIME)


def _last(connection: Connection) -> AuditPoint | None:
    row = connection.execute(_LAST).one_or_none()
    return None if row is None else AuditPoint(id=row.id, digest=row.digest)


def _row(entry: AuditEntry) -> dict[str, Any]:
    searched = f"{entry.actor}\n{entry.subject}\n{entry.text}\n{entry.action}".casefold()
    return {name: getattr(entry, name) for name in _TEXTS} | {
        "id": entry.id,
        "values": dump(dict(entry.values)),
        "actor_folded": entry.actor.casefold(),
        "searched": searched,
    }


def _entry(row: RowMapping) -> AuditEntry:
    return AuditEntry(id=row["id"], values=load(row["values"]), **{name: row[name] for name in _TEXTS})
