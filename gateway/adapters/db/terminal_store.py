"""Terminals and used codes on SQLite and PostgreSQL."""

from dataclasses import fields, replace
from uuid import UUID

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import ColumnElement

from gateway.adapters.db.json_values import as_object
from gateway.adapters.db.saving import save
from gateway.adapters.db.terminal_tables import terminals, used_codes
from gateway.adapters.db.transactions import Transactions
from gateway.domain.terminal import CodeFor, OnTap, Terminal
from gateway.errors import Conflict

_FIELDS = tuple(field.name for field in fields(Terminal))


class SqlTerminalStore:
    """gateway.services.ports.TerminalStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def terminals(self) -> list[Terminal]:
        statement = select(terminals).order_by(terminals.c.name)
        return await self._transactions.read(lambda one: [_terminal(row) for row in one.execute(statement).mappings()])

    async def terminal(self, name: str) -> Terminal | None:
        return await self._one(terminals.c.name == name)

    async def by_key(self, key_hash: str) -> Terminal | None:
        return await self._one(terminals.c.key_hash == key_hash)

    async def by_screen(self, screen_hash: str) -> Terminal | None:
        return await self._one(terminals.c.screen_hash == screen_hash)

    async def by_code(self, code_hash: str) -> Terminal | None:
        return await self._one(terminals.c.code_hash == code_hash)

    async def save_terminal(self, terminal: Terminal) -> Terminal:
        row = as_object(terminal, _FIELDS) | {
            "uuid": str(terminal.uuid),
            "on_tap": terminal.on_tap.value,
            "code_for": terminal.code_for.value,
        }
        version = await self._transactions.write(lambda connection: save(connection, terminals, row))
        return replace(terminal, version=version)

    async def seen(self, uuid: UUID, *, at: float, address: str) -> None:
        statement = update(terminals).where(terminals.c.uuid == str(uuid)).values(seen_at=at, seen_address=address)
        await self._transactions.write(lambda connection: connection.execute(statement))

    async def delete_terminal(self, name: str) -> None:
        statement = delete(terminals).where(terminals.c.name == name)
        await self._transactions.write(lambda connection: connection.execute(statement))

    async def _one(self, condition: ColumnElement[bool]) -> Terminal | None:
        statement = select(terminals).where(condition)

        def work(connection: Connection) -> Terminal | None:
            row = connection.execute(statement).mappings().one_or_none()
            return None if row is None else _terminal(row)

        return await self._transactions.read(work)


class SqlUsedCodes:
    """gateway.services.ports.UsedCodes; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def use(self, nonce: str, *, expires_at: float, now: float) -> bool:
        def work(connection: Connection) -> None:
            connection.execute(delete(used_codes).where(used_codes.c.expires_at <= now))
            try:
                connection.execute(insert(used_codes), {"nonce": nonce, "expires_at": expires_at})
            except IntegrityError as error:
                raise Conflict("This was used already.") from error

        try:
            await self._transactions.write(work)
        except Conflict:
            return False
        return True


def _terminal(row: RowMapping) -> Terminal:
    values = {name: row[name] for name in _FIELDS}
    return Terminal(
        **values | {"uuid": UUID(row["uuid"]), "on_tap": OnTap(row["on_tap"]), "code_for": CodeFor(row["code_for"])}
    )
