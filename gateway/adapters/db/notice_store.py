"""Notices and the log of who looked at what, on SQLite and PostgreSQL."""

from uuid import UUID

from sqlalchemy import Connection, RowMapping, Table, bindparam, delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from gateway.adapters.db.json_values import as_object, dump_map, load_map
from gateway.adapters.db.personal_tables import access_log, notices
from gateway.adapters.db.transactions import Transactions
from gateway.domain.personal import Look, Notice, NoticeKind

# Word for word the condition of the index, so that SQLite takes it.
_UNREAD = text("read_at IS NULL AND kind <> ''")
_TOLD = select(notices.c.id).where(
    notices.c.job_id == bindparam("job"), notices.c.occasion == bindparam("occasion_told")
)
_COUNT = select(func.count()).where(notices.c.user_uuid == bindparam("user"), _UNREAD)
_NEWEST = (
    select(notices)
    .where(notices.c.user_uuid == bindparam("user"), notices.c.kind != "")
    .order_by(notices.c.id.desc())
    .limit(bindparam("row_limit"))
)
_LOOK = ("at", "owner", "by", "via", "address", "what", "job_id", "job_name", "reason")
_LOOKS = (
    select(access_log)
    .where(access_log.c.owner_folded == bindparam("wanted"))
    .order_by(access_log.c.id.desc())
    .limit(bindparam("row_limit"))
)


class SqlNoticeStore:
    """gateway.services.ports.NoticeStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def told(self, job_id: int, occasion: str) -> bool:
        values = {"job": job_id, "occasion_told": occasion}
        return await self._transactions.read(lambda connection: connection.execute(_TOLD, values).first() is not None)

    async def add_notice(self, notice: Notice) -> bool:
        row = {
            "user_uuid": str(notice.user),
            "job_id": notice.job_id,
            "occasion": notice.occasion,
            "kind": "" if notice.kind is None else notice.kind.value,
            "at": notice.at,
            "values": dump_map(notice.values),
            "read_at": notice.read_at,
        }

        def work(connection: Connection) -> bool:
            try:
                with connection.begin_nested():
                    connection.execute(insert(notices), row)
            except IntegrityError:
                return False
            return True

        return await self._transactions.write(work)

    async def notices(self, user: UUID, *, limit: int = 100) -> list[Notice]:
        values = {"user": str(user), "row_limit": limit}

        def work(connection: Connection) -> list[Notice]:
            return [_notice_of(row) for row in connection.execute(_NEWEST, values).mappings()]

        return await self._transactions.read(work)

    async def unread(self, user: UUID) -> int:
        values = {"user": str(user)}
        return await self._transactions.read(lambda connection: int(connection.execute(_COUNT, values).scalar_one()))

    async def mark_read(self, user: UUID, *, up_to: int, now: float) -> None:
        mine = (notices.c.user_uuid == str(user), _UNREAD, notices.c.id <= up_to)
        statement = update(notices).where(*mine).values(read_at=now)
        await self._transactions.write(lambda connection: connection.execute(statement))

    async def purge_notices(self, *, before: float, limit: int = 500) -> int:
        return await self._transactions.write(lambda connection: _purge(connection, notices, before, limit))


class SqlAccessLog:
    """gateway.services.ports.AccessLogStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def record_look(self, look: Look) -> None:
        row = as_object(look, _LOOK) | {"owner_folded": look.owner.casefold(), "by_folded": look.by.casefold()}
        await self._transactions.write(lambda connection: connection.execute(insert(access_log), row))

    async def looks_at(self, owner: str, *, limit: int = 100) -> list[Look]:
        values = {"wanted": owner.casefold(), "row_limit": limit}

        def work(connection: Connection) -> list[Look]:
            rows = connection.execute(_LOOKS, values).mappings()
            return [Look(**{name: row[name] for name in _LOOK}) for row in rows]

        return await self._transactions.read(work)

    async def purge_looks(self, *, before: float, limit: int = 500) -> int:
        return await self._transactions.write(lambda connection: _purge(connection, access_log, before, limit))


def _purge(connection: Connection, table: Table, before: float, limit: int) -> int:
    oldest = select(table.c.id).where(table.c.at <= before).order_by(table.c.at, table.c.id).limit(limit)
    return connection.execute(delete(table).where(table.c.id.in_(oldest))).rowcount


def _notice_of(row: RowMapping) -> Notice:
    return Notice(
        id=row["id"],
        user=UUID(row["user_uuid"]),
        job_id=row["job_id"],
        occasion=row["occasion"],
        kind=NoticeKind(row["kind"]) if row["kind"] else None,
        at=row["at"],
        values=load_map(row["values"]),
        read_at=row["read_at"],
    )
