"""Guests on SQLite and PostgreSQL."""

from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.adapters.db.json_values import as_object
from gateway.adapters.db.transactions import Transactions
from gateway.adapters.db.upload_tables import guests
from gateway.domain.guest import Guest
from gateway.errors import Conflict

_FIELDS = tuple(f.name for f in fields(Guest))
_BY = {
    name: select(guests).where(guests.c[name] == bindparam("wanted")) for name in ("name", "cookie_hash", "code_lookup")
}
_PROLONG = (
    update(guests)
    .where(guests.c.name == bindparam("wanted"), guests.c.expires_at < bindparam("until"))
    .values(expires_at=bindparam("until"))
)
_RECODE = (
    update(guests)
    .where(guests.c.name == bindparam("wanted"))
    .values(code_lookup=bindparam("lookup"), code_masked=bindparam("masked"))
)
_PURGE = delete(guests).where(guests.c.expires_at <= bindparam("before"))


class SqlGuestStore:
    """gateway.services.ports.GuestStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def add(self, guest: Guest) -> None:
        row = as_object(guest, _FIELDS)

        def work(connection: Connection) -> None:
            try:
                connection.execute(insert(guests), row)
            except IntegrityError as error:
                raise Conflict("Another guest has this code. Take another.") from error

        await self._transactions.write(work)

    async def guest(self, name: str) -> Guest | None:
        return await self._one("name", name)

    async def by_cookie(self, cookie_hash: str) -> Guest | None:
        return await self._one("cookie_hash", cookie_hash)

    async def by_code(self, code_lookup: str) -> Guest | None:
        return await self._one("code_lookup", code_lookup)

    async def prolong(self, name: str, until: float) -> None:
        values = {"wanted": name, "until": until}
        await self._transactions.write(lambda connection: connection.execute(_PROLONG, values))

    async def recode(self, name: str, code_lookup: str, code_masked: int) -> None:
        values = {"wanted": name, "lookup": code_lookup, "masked": code_masked}

        def work(connection: Connection) -> None:
            try:
                connection.execute(_RECODE, values)
            except IntegrityError as error:
                raise Conflict("Another guest has this code. Take another.") from error

        await self._transactions.write(work)

    async def purge(self, before: float) -> int:
        values = {"before": before}
        return await self._transactions.write(lambda connection: connection.execute(_PURGE, values).rowcount)

    async def _one(self, column: str, wanted: str) -> Guest | None:
        def work(connection: Connection) -> Guest | None:
            row: Any = connection.execute(_BY[column], {"wanted": wanted}).mappings().one_or_none()
            return None if row is None else Guest(**row)

        return await self._transactions.read(work)
