"""Numbers on printed sides, on SQLite and PostgreSQL: one short transaction for each release."""

from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, text

from gateway.adapters.db.number_tables import side_numbers
from gateway.adapters.db.transactions import Transactions

# Two takers that look at the same moment would otherwise find the same end; SQLite has one writer anyway.
_ONE_TAKER = text("SELECT pg_advisory_xact_lock(7052310204)")
_OF_RELEASE = select(side_numbers.c.first).where(side_numbers.c.release_id == bindparam("release"))
_LAST = (
    select(side_numbers.c.first + side_numbers.c.count)
    .where(side_numbers.c.printer == bindparam("name"))
    .order_by(side_numbers.c.first.desc())
    .limit(1)
)


class SqlSideNumbers:
    """gateway.services.ports.SideNumbers; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def take(self, printer: str, release_id: UUID, count: int) -> int:
        return await self._transactions.write(lambda connection: _take(connection, printer, str(release_id), count))

    async def upcoming(self, printer: str) -> int:
        return await self._transactions.read(lambda connection: _upcoming(connection, printer))


def _take(connection: Connection, printer: str, release: str, count: int) -> int:
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_TAKER)
    known = connection.execute(_OF_RELEASE, {"release": release}).scalar_one_or_none()
    if known is not None:
        return int(known)
    first = _upcoming(connection, printer)
    row = {"release_id": release, "printer": printer, "first": first, "count": count}
    connection.execute(insert(side_numbers), row)
    return first


def _upcoming(connection: Connection, printer: str) -> int:
    return int(connection.execute(_LAST, {"name": printer}).scalar_one_or_none() or 1)
