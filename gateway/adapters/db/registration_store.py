"""People who registered by themselves, on SQLite and PostgreSQL."""

from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, Select, and_, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from gateway.adapters.db.json_values import as_object
from gateway.adapters.db.registration_tables import registrations as table
from gateway.adapters.db.transactions import Transactions
from gateway.domain.letter import folded
from gateway.domain.registration import Registration, RegistrationState

_FIELDS = tuple(field.name for field in fields(Registration))
_BY_UUID = select(table).where(table.c.uuid == bindparam("wanted"))
_BY_TOKEN = select(table).where(table.c.token_hash == bindparam("wanted"))
_IS_WAITING = table.c.state == RegistrationState.WAITING.value
_ENDED = table.c.state.in_([RegistrationState.APPROVED.value, RegistrationState.REFUSED.value])
_COUNT = select(func.count()).select_from(table).where(_IS_WAITING)


class SqlRegistrationStore:
    """gateway.services.ports.RegistrationStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def ask(self, registration: Registration) -> bool:
        return await self._transactions.write(lambda connection: _ask(connection, registration))

    async def registration(self, uuid: UUID) -> Registration | None:
        return await self._one(_BY_UUID, str(uuid))

    async def by_token(self, token_hash: str) -> Registration | None:
        return await self._one(_BY_TOKEN, token_hash)

    async def move(self, registration: Registration, *, was: RegistrationState) -> bool:
        mine = and_(table.c.uuid == str(registration.uuid), table.c.state == was.value)
        statement = update(table).where(mine).values(_row(registration))
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount == 1)

    async def waiting(self, *, limit: int = 100) -> list[Registration]:
        statement = select(table).where(_IS_WAITING).order_by(table.c.confirmed_at, table.c.uuid).limit(limit)

        def work(connection: Connection) -> list[Registration]:
            return [_registration_of(row) for row in connection.execute(statement).mappings()]

        return await self._transactions.read(work)

    async def waiting_count(self) -> int:
        return await self._transactions.read(lambda connection: int(connection.execute(_COUNT).scalar_one()))

    async def purge(self, *, before: float) -> int:
        over = or_(and_(_ENDED, table.c.decided_at <= before), and_(_ENDED.is_not(True), table.c.expires_at <= before))
        statement = delete(table).where(over)
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount)

    async def _one(self, statement: Select[Any], wanted: str) -> Registration | None:
        def work(connection: Connection) -> Registration | None:
            row = connection.execute(statement, {"wanted": wanted}).mappings().one_or_none()
            return None if row is None else _registration_of(row)

        return await self._transactions.read(work)


def _ask(connection: Connection, registration: Registration) -> bool:
    mine = table.c.email_folded == folded(registration.email)
    connection.execute(delete(table).where(mine, table.c.state == RegistrationState.ASKED.value))
    try:
        with connection.begin_nested():
            connection.execute(insert(table), _row(registration))
    except IntegrityError:
        return False
    return True


def _row(registration: Registration) -> dict[str, Any]:
    return as_object(registration, _FIELDS) | {
        "uuid": str(registration.uuid),
        "state": registration.state.value,
        "email_folded": folded(registration.email),
    }


def _registration_of(row: RowMapping) -> Registration:
    values = {name: row[name] for name in _FIELDS}
    return Registration(**values | {"uuid": UUID(row["uuid"]), "state": RegistrationState(row["state"])})
