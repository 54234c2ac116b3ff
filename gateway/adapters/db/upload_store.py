"""Uploads under way on SQLite and PostgreSQL."""

from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from gateway.adapters.db.json_values import as_object, dump_documents, load_documents
from gateway.adapters.db.transactions import Transactions
from gateway.adapters.db.upload_tables import uploads
from gateway.domain.upload import Upload

_FIELDS = tuple(f.name for f in fields(Upload))
_ONE = select(uploads).where(uploads.c.id == bindparam("wanted"))
_BATCH = (
    select(uploads)
    .where(uploads.c.owner == bindparam("of_owner"), uploads.c.batch == bindparam("of_batch"))
    .order_by(uploads.c.created_at, uploads.c.id)
)
_EXPIRED = (
    select(uploads)
    .where(uploads.c.expires_at <= bindparam("now"))
    .order_by(uploads.c.expires_at)
    .limit(bindparam("row_limit"))
)
_PIECES = select(uploads.c.pieces)
_SAVE = update(uploads).where(uploads.c.id == bindparam("wanted"))
_DELETE = delete(uploads).where(uploads.c.id == bindparam("wanted"))


class SqlUploadStore:
    """gateway.services.ports.UploadStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def add(self, upload: Upload) -> None:
        row = _row(upload)
        await self._transactions.write(lambda connection: connection.execute(insert(uploads), row))

    async def upload(self, upload_id: str) -> Upload | None:
        found = await self._many(_ONE, {"wanted": upload_id})
        return found[0] if found else None

    async def of_batch(self, owner: str, batch: str) -> list[Upload]:
        return await self._many(_BATCH, {"of_owner": owner, "of_batch": batch})

    async def save(self, upload: Upload) -> None:
        row = {name: value for name, value in _row(upload).items() if name != "id"}
        await self._transactions.write(lambda connection: connection.execute(_SAVE.values(row), {"wanted": upload.id}))

    async def delete(self, upload_id: str) -> None:
        await self._transactions.write(lambda connection: connection.execute(_DELETE, {"wanted": upload_id}))

    async def expired(self, now: float, *, limit: int = 100) -> list[Upload]:
        return await self._many(_EXPIRED, {"now": now, "row_limit": limit})

    async def spool_objects(self) -> frozenset[str]:
        def work(connection: Connection) -> frozenset[str]:
            rows = connection.execute(_PIECES).scalars()
            return frozenset(piece.id for text in rows for piece in load_documents(text))

        return await self._transactions.read(work)

    async def _many(self, statement: Any, values: dict[str, Any]) -> list[Upload]:
        def work(connection: Connection) -> list[Upload]:
            return [_upload_of(row) for row in connection.execute(statement, values).mappings()]

        return await self._transactions.read(work)


def _row(upload: Upload) -> dict[str, Any]:
    return as_object(upload, _FIELDS) | {"pieces": dump_documents(upload.pieces)}


def _upload_of(row: RowMapping) -> Upload:
    return Upload(**{name: row[name] for name in _FIELDS} | {"pieces": load_documents(row["pieces"])})
