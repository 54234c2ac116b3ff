"""Linked accounts, passkeys and app passwords, and sign-ins that were begun, on SQLite and PostgreSQL."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, Table, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import ColumnElement

from gateway.adapters.db.credential_tables import app_passwords, identities, passkeys, pending_sign_ins
from gateway.adapters.db.json_values import as_object, dump_map, load_map
from gateway.adapters.db.transactions import Transactions
from gateway.domain.credential import AppPassword, LinkedIdentity, Passkey, PendingKind, PendingSignIn, Purpose
from gateway.errors import Conflict

_IDENTITY = ("issuer", "subject", "provider", "email", "created_at", "used_at")
_PASSKEY = ("credential", "public_key", "sign_count", "rp_id", "name", "backed_up", "created_at", "used_at")
_APP_PASSWORD = ("name", "lookup", "created_at", "used_at")
_PENDING = ("id_hash", "browser", "expires_at", "next", "stay")


class SqlCredentialStore:
    """gateway.services.ports.CredentialStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def identity(self, issuer: str, subject: str) -> LinkedIdentity | None:
        wanted = and_(identities.c.issuer == issuer, identities.c.subject == subject)
        rows = await self._rows(identities, wanted)
        return LinkedIdentity(**_value(rows[0], _IDENTITY)) if rows else None

    async def identities_of(self, user: UUID) -> list[LinkedIdentity]:
        return [LinkedIdentity(**_value(row, _IDENTITY)) for row in await self._rows_of(identities, user)]

    async def add_identity(self, identity: LinkedIdentity) -> None:
        await self._add(identities, _row(identity, _IDENTITY), "This account is linked already.")

    async def identity_used(self, identity: UUID, *, at: float) -> None:
        await self._change(identities, identities.c.id == str(identity), used_at=at)

    async def remove_identity(self, identity: UUID, *, user: UUID) -> bool:
        return await self._remove(identities, identity, user)

    async def passkey(self, credential: bytes) -> Passkey | None:
        rows = await self._rows(passkeys, passkeys.c.credential == credential)
        return Passkey(**_value(rows[0], _PASSKEY)) if rows else None

    async def passkeys_of(self, user: UUID) -> list[Passkey]:
        return [Passkey(**_value(row, _PASSKEY)) for row in await self._rows_of(passkeys, user)]

    async def add_passkey(self, passkey: Passkey) -> None:
        await self._add(passkeys, _row(passkey, _PASSKEY), "This passkey is known already.")

    async def passkey_used(self, passkey: UUID, *, sign_count: int, at: float) -> bool:
        stored = passkeys.c.sign_count
        grows = and_(stored == 0, stored == sign_count) if sign_count == 0 else stored < sign_count
        mine = and_(passkeys.c.id == str(passkey), grows)
        return await self._change(passkeys, mine, sign_count=sign_count, used_at=at) == 1

    async def rename_passkey(self, passkey: UUID, *, user: UUID, name: str) -> bool:
        mine = and_(passkeys.c.id == str(passkey), passkeys.c.user_uuid == str(user))
        return await self._change(passkeys, mine, name=name) == 1

    async def remove_passkey(self, passkey: UUID, *, user: UUID) -> bool:
        return await self._remove(passkeys, passkey, user)

    async def app_password(self, lookup: str) -> AppPassword | None:
        rows = await self._rows(app_passwords, app_passwords.c.lookup == lookup)
        return AppPassword(**_value(rows[0], _APP_PASSWORD)) if rows else None

    async def app_passwords_of(self, user: UUID) -> list[AppPassword]:
        return [AppPassword(**_value(row, _APP_PASSWORD)) for row in await self._rows_of(app_passwords, user)]

    async def add_app_password(self, password: AppPassword) -> None:
        await self._add(app_passwords, _row(password, _APP_PASSWORD), "This password exists already.")

    async def app_password_used(self, password: UUID, *, at: float) -> None:
        await self._change(app_passwords, app_passwords.c.id == str(password), used_at=at)

    async def remove_app_password(self, password: UUID, *, user: UUID) -> bool:
        return await self._remove(app_passwords, password, user)

    # --- within ------------------------------------------------------------------------------------------------

    async def _rows(self, table: Table, condition: ColumnElement[bool]) -> list[RowMapping]:
        statement = select(table).where(condition).order_by(table.c.created_at, table.c.id)
        return await self._transactions.read(lambda connection: list(connection.execute(statement).mappings()))

    async def _rows_of(self, table: Table, user: UUID) -> list[RowMapping]:
        return await self._rows(table, table.c.user_uuid == str(user))

    async def _add(self, table: Table, row: dict[str, Any], taken: str) -> None:
        def work(connection: Connection) -> None:
            try:
                connection.execute(insert(table), row)
            except IntegrityError as error:
                raise Conflict(taken) from error

        await self._transactions.write(work)

    async def _change(self, table: Table, condition: ColumnElement[bool], **values: Any) -> int:
        statement = update(table).where(condition).values(**values)
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount)

    async def _remove(self, table: Table, row: UUID, user: UUID) -> bool:
        statement = delete(table).where(table.c.id == str(row), table.c.user_uuid == str(user))
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount) == 1


class SqlPendingStore:
    """gateway.services.ports.PendingStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def add(self, pending: PendingSignIn) -> None:
        row = as_object(pending, _PENDING) | {
            "kind": pending.kind.value,
            "purpose": pending.purpose.value,
            "user_uuid": None if pending.user is None else str(pending.user),
            "values": dump_map(pending.values),
        }
        await self._transactions.write(lambda connection: connection.execute(insert(pending_sign_ins), row))

    async def look(self, kind: PendingKind, id_hash: str) -> PendingSignIn | None:
        statement = select(pending_sign_ins).where(_is(kind, id_hash))

        def work(connection: Connection) -> PendingSignIn | None:
            row = connection.execute(statement).mappings().one_or_none()
            return None if row is None else _pending(row)

        return await self._transactions.read(work)

    async def take(self, kind: PendingKind, id_hash: str) -> PendingSignIn | None:
        statement = delete(pending_sign_ins).where(_is(kind, id_hash)).returning(*pending_sign_ins.c)

        def work(connection: Connection) -> PendingSignIn | None:
            row = connection.execute(statement).mappings().one_or_none()
            return None if row is None else _pending(row)

        return await self._transactions.write(work)

    async def purge(self, now: float) -> int:
        statement = delete(pending_sign_ins).where(pending_sign_ins.c.expires_at <= now)
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount)


def _is(kind: PendingKind, id_hash: str) -> ColumnElement[bool]:
    return and_(pending_sign_ins.c.id_hash == id_hash, pending_sign_ins.c.kind == kind.value)


def _row(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return as_object(value, names) | {"id": str(value.id), "user_uuid": str(value.user)}


def _value(row: RowMapping, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in names} | {"id": UUID(row["id"]), "user": UUID(row["user_uuid"])}


def _pending(row: RowMapping) -> PendingSignIn:
    return PendingSignIn(
        **{name: row[name] for name in _PENDING},
        kind=PendingKind(row["kind"]),
        purpose=Purpose(row["purpose"]),
        user=None if row["user_uuid"] is None else UUID(row["user_uuid"]),
        values=load_map(row["values"]),
    )
