"""Intake attempts on SQLite and PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select

from gateway.adapters.db.json_values import as_object, dump_map, load_map
from gateway.adapters.db.tables import intake_attempts
from gateway.adapters.db.transactions import Transactions
from gateway.domain.events import IntakeAttempt

_PLAIN = (
    "at",
    "channel",
    "printer",
    "address",
    "requested_name",
    "owner",
    "document_name",
    "outcome",
    "text",
    "job_id",
)
_NEWEST = (
    select(intake_attempts)
    .where(intake_attempts.c.at >= bindparam("since"))
    .order_by(intake_attempts.c.at.desc(), intake_attempts.c.id.desc())
    .limit(bindparam("row_limit"))
)
_PURGE = delete(intake_attempts).where(
    intake_attempts.c.id.in_(
        select(intake_attempts.c.id)
        .where(intake_attempts.c.at <= bindparam("before"))
        .order_by(intake_attempts.c.at, intake_attempts.c.id)
        .limit(bindparam("row_limit"))
    )
)


class SqlAttemptStore:
    """gateway.services.ports.AttemptStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def record_attempts(self, attempts: Sequence[IntakeAttempt]) -> None:
        rows = [as_object(attempt, _PLAIN) | {"extra": dump_map(attempt.extra)} for attempt in attempts]

        def work(connection: Connection) -> None:
            connection.execute(insert(intake_attempts), rows)

        if rows:
            await self._transactions.write(work)

    async def attempts(self, *, since: float = 0.0, limit: int = 100) -> list[IntakeAttempt]:
        def work(connection: Connection) -> list[IntakeAttempt]:
            found = connection.execute(_NEWEST, {"since": since, "row_limit": limit})
            return [attempt_of(row) for row in found.mappings()]

        return await self._transactions.read(work)

    async def purge_attempts(self, *, before: float, limit: int = 5000) -> int:
        values = {"before": before, "row_limit": limit}
        return await self._transactions.write(lambda connection: connection.execute(_PURGE, values).rowcount)


def attempt_of(row: RowMapping) -> IntakeAttempt:
    return IntakeAttempt(**{name: row[name] for name in _PLAIN}, extra=load_map(row["extra"]))
