"""Phones that stay signed in, personal queues, push, short numbers and codes on screens, on SQLite and PostgreSQL."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import ColumnElement

from gateway.adapters.db.json_values import as_object
from gateway.adapters.db.phone_tables import (
    personal_queues,
    phones,
    place_numbers,
    presence_codes,
    push_subscriptions,
    screens,
)
from gateway.adapters.db.transactions import Transactions
from gateway.domain.phone import PersonalQueue, Phone, PushSubscription, Screen
from gateway.errors import Conflict

_PHONE = (
    *("name", "method", "address", "token", "previous"),
    *("grace_until", "created_at", "seen_at", "expires_at"),
)
_QUEUE = ("name", "lookup", "printer", "created_at", "used_at")
_PUSH = ("endpoint", "p256dh", "auth", "name", "language", "created_at")
_SCREEN = ("id_hash", "station", "by", "created_at", "seen_at")


class _Rows:
    """What the stores below have in common."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def _rows(self, table: Table, condition: ColumnElement[bool]) -> list[RowMapping]:
        statement = select(table).where(condition).order_by(table.c.created_at, table.c.id)
        return await self._transactions.read(lambda connection: list(connection.execute(statement).mappings()))

    async def _write(self, statement: Any, row: dict[str, Any] | None = None) -> int:
        def work(connection: Connection) -> int:
            return connection.execute(statement, row).rowcount if row else connection.execute(statement).rowcount

        return await self._transactions.write(work)

    async def _remove(self, table: Table, row: UUID, user: UUID) -> bool:
        return await self._write(delete(table).where(table.c.id == str(row), table.c.user_uuid == str(user))) == 1


class SqlPhoneStore(_Rows):
    """gateway.services.ports.PhoneStore; its promises are written and tested there."""

    async def phone(self, phone: UUID) -> Phone | None:
        rows = await self._rows(phones, phones.c.id == str(phone))
        return Phone(**_value(rows[0], _PHONE)) if rows else None

    async def phones_of(self, user: UUID) -> list[Phone]:
        return [Phone(**_value(row, _PHONE)) for row in await self._rows(phones, phones.c.user_uuid == str(user))]

    async def add_phone(self, phone: Phone) -> None:
        await self._write(insert(phones), _row(phone, _PHONE))

    async def rotate_phone(self, phone: Phone, *, expected: str) -> bool:
        mine = (phones.c.id == str(phone.id), phones.c.token == expected)
        return await self._write(update(phones).where(*mine).values(as_object(phone, _PHONE))) == 1

    async def remove_phone(self, phone: UUID, *, user: UUID) -> bool:
        return await self._remove(phones, phone, user)

    async def purge_phones(self, now: float) -> int:
        return await self._write(delete(phones).where(phones.c.expires_at <= now))


class SqlQueueStore(_Rows):
    """gateway.services.ports.QueueStore; its promises are written and tested there."""

    async def queue(self, lookup: str) -> PersonalQueue | None:
        rows = await self._rows(personal_queues, personal_queues.c.lookup == lookup)
        return PersonalQueue(**_value(rows[0], _QUEUE)) if rows else None

    async def queues_of(self, user: UUID) -> list[PersonalQueue]:
        rows = await self._rows(personal_queues, personal_queues.c.user_uuid == str(user))
        return [PersonalQueue(**_value(row, _QUEUE)) for row in rows]

    async def add_queue(self, queue: PersonalQueue) -> None:
        await self._write(insert(personal_queues), _row(queue, _QUEUE))

    async def queue_used(self, queue: UUID, *, at: float) -> None:
        await self._write(update(personal_queues).where(personal_queues.c.id == str(queue)).values(used_at=at))

    async def renew_queue(self, queue: UUID, *, user: UUID, lookup: str) -> bool:
        mine = (personal_queues.c.id == str(queue), personal_queues.c.user_uuid == str(user))
        return await self._write(update(personal_queues).where(*mine).values(lookup=lookup)) == 1

    async def remove_queue(self, queue: UUID, *, user: UUID) -> bool:
        return await self._remove(personal_queues, queue, user)


class SqlPushStore(_Rows):
    """gateway.services.ports.PushStore; its promises are written and tested there."""

    async def subscriptions_of(self, user: UUID) -> list[PushSubscription]:
        rows = await self._rows(push_subscriptions, push_subscriptions.c.user_uuid == str(user))
        return [PushSubscription(**_value(row, _PUSH)) for row in rows]

    async def save_subscription(self, subscription: PushSubscription) -> None:
        row, same = _row(subscription, _PUSH), push_subscriptions.c.endpoint == subscription.endpoint

        def work(connection: Connection) -> None:
            connection.execute(delete(push_subscriptions).where(same))
            connection.execute(insert(push_subscriptions), row)

        await self._transactions.write(work)

    async def remove_subscription(self, subscription: UUID, *, user: UUID) -> bool:
        return await self._remove(push_subscriptions, subscription, user)


class SqlPlaceNumbers(_Rows):
    """gateway.services.ports.PlaceNumberStore; its promises are written and tested there."""

    async def numbers(self) -> dict[UUID, int]:
        statement = select(place_numbers)
        rows = await self._transactions.read(lambda connection: connection.execute(statement).all())
        return {UUID(row.of_uuid): row.number for row in rows}

    async def take_number(self, of: UUID, number: int) -> bool:
        def work(connection: Connection) -> None:
            try:
                connection.execute(insert(place_numbers), {"number": number, "of_uuid": str(of)})
            except IntegrityError as error:
                raise Conflict("This number is taken.") from error

        try:
            await self._transactions.write(work)
        except Conflict:
            return False
        return True


class SqlScreenStore(_Rows):
    """gateway.services.ports.ScreenStore; its promises are written and tested there."""

    async def screen(self, id_hash: str) -> Screen | None:
        return next((screen for screen in await self.screens() if screen.id_hash == id_hash), None)

    async def screens(self) -> list[Screen]:
        statement = select(screens).order_by(screens.c.created_at, screens.c.id_hash)
        rows = await self._transactions.read(lambda connection: list(connection.execute(statement).mappings()))
        return [Screen(**row) for row in rows]  # a house has a handful of them

    async def save_screen(self, screen: Screen) -> None:
        row = as_object(screen, _SCREEN)

        def work(connection: Connection) -> None:
            connection.execute(delete(screens).where(screens.c.id_hash == screen.id_hash))
            connection.execute(insert(screens), row)

        await self._transactions.write(work)

    async def remove_screen(self, id_hash: str) -> bool:
        return await self._write(delete(screens).where(screens.c.id_hash == id_hash)) == 1

    async def bind_code(self, code: str, holder: str, *, until: float) -> bool:
        row = {"code": code, "holder": holder, "used": False, "until": until}
        mine = (
            presence_codes.c.code == code,
            presence_codes.c.holder == holder,
            presence_codes.c.used.is_(False),
        )
        known = select(presence_codes.c.code).where(*mine)

        def work(connection: Connection) -> None:
            if connection.execute(known).first() is not None:
                return
            try:
                connection.execute(insert(presence_codes), row)
            except IntegrityError as error:
                raise Conflict("This code is somebody else's.") from error

        try:
            await self._transactions.write(work)
        except Conflict:
            return False
        return True

    async def use_code(self, code: str, holder: str, now: float) -> bool:
        mine = (
            presence_codes.c.code == code,
            presence_codes.c.holder == holder,
            presence_codes.c.used.is_(False),
            presence_codes.c.until > now,
        )
        return await self._write(update(presence_codes).where(*mine).values(used=True)) == 1

    async def purge_codes(self, now: float) -> int:
        return await self._write(delete(presence_codes).where(presence_codes.c.until <= now))


def _row(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return as_object(value, names) | {"id": str(value.id), "user_uuid": str(value.user)}


def _value(row: RowMapping, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in names} | {"id": UUID(row["id"]), "user": UUID(row["user_uuid"])}
