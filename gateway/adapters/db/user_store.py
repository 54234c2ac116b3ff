"""Users with their proofs, and their web sessions, on SQLite and PostgreSQL."""

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, Select, bindparam, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from gateway.adapters.db.job_queries import like_pattern
from gateway.adapters.db.role_store import forget_roles, keep_memberships
from gateway.adapters.db.saving import save
from gateway.adapters.db.share_tables import delegations, of_user
from gateway.adapters.db.tables import STAFF as _STAFF
from gateway.adapters.db.tables import cards, sessions, users
from gateway.adapters.db.transactions import Transactions
from gateway.adapters.db.user_rows import read_users, user_row
from gateway.domain.rights import Role
from gateway.domain.user import Session, User
from gateway.errors import Conflict

_BY_NAME = select(users).where(users.c.name_folded == bindparam("wanted"))
_BY_UUID = select(users).where(users.c.uuid == bindparam("wanted"))
_BY_EMAIL = select(users).where(users.c.email_folded == bindparam("wanted")).limit(2)
_BY_PIN = select(users).where(users.c.pin_lookup == bindparam("wanted"))
_BY_CARD = select(users).join(cards, cards.c.user_uuid == users.c.uuid).where(cards.c.card == bindparam("wanted"))
_PAGE = (
    select(users)
    .where(users.c.name_folded > bindparam("after"))
    .order_by(users.c.name_folded)
    .limit(bindparam("row_limit"))
)
_found = (
    select(users.c.uuid)
    .where(users.c.name_folded > bindparam("after"), users.c.searched.like(bindparam("wanted"), escape="\\"))
    .order_by(users.c.name_folded)
    .limit(bindparam("row_limit"))
    .subquery()
)
_CONTAINING = select(users).join(_found, _found.c.uuid == users.c.uuid).order_by(users.c.name_folded)
_SESSION = select(sessions).where(sessions.c.id_hash == bindparam("wanted"))
_SESSIONS_OF = select(sessions).where(sessions.c.user_folded == bindparam("wanted")).order_by(sessions.c.seen_at.desc())
_SESSION_FIELDS = tuple(field.name for field in fields(Session))


class SqlUserStore:
    """gateway.services.ports.UserStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def user(self, name: str) -> User | None:
        return await self._one(_BY_NAME, name.casefold())

    async def user_by_uuid(self, uuid: UUID) -> User | None:
        return await self._one(_BY_UUID, str(uuid))

    async def user_by_email(self, address: str) -> User | None:
        values = {"wanted": address.strip().casefold()}
        found = await self._transactions.read(lambda connection: read_users(connection, _BY_EMAIL, values))
        return found[0] if len(found) == 1 else None

    async def user_by_pin(self, pin_lookup: str) -> User | None:
        return await self._one(_BY_PIN, pin_lookup)

    async def user_by_card(self, card: str) -> User | None:
        return await self._one(_BY_CARD, card)

    async def users(self, *, contains: str = "", after: str = "", limit: int = 100) -> list[User]:
        values: dict[str, Any] = {"after": after.casefold(), "row_limit": limit}
        if not contains:
            return await self._transactions.read(lambda connection: read_users(connection, _PAGE, values))
        values["wanted"] = like_pattern(contains)
        return await self._transactions.read(lambda connection: read_users(connection, _CONTAINING, values))

    async def staff(self, roles: Sequence[Role]) -> list[User]:
        wanted = [role.value for role in roles]
        statement = select(users).where(_STAFF, users.c.role.in_(wanted), users.c.disabled.is_(False))
        return await self._transactions.read(lambda c: read_users(c, statement.order_by(users.c.name_folded), {}))

    async def save_user(self, user: User) -> User:
        return await self._transactions.write(lambda connection: _save(connection, user))

    async def delete_user(self, name: str) -> None:
        def work(connection: Connection) -> None:
            connection.execute(delete(users).where(users.c.name_folded == name.casefold()))
            connection.execute(delete(sessions).where(sessions.c.user_folded == name.casefold()))
            # Whoever gets this name next inherits nobody's trust.
            connection.execute(delete(delegations).where(of_user(name)))
            forget_roles(connection, name)

        await self._transactions.write(work)

    async def user_count(self) -> int:
        statement = select(func.count()).select_from(users)
        return await self._transactions.read(lambda connection: int(connection.execute(statement).scalar_one()))

    async def session(self, id_hash: str) -> Session | None:
        def work(connection: Connection) -> Session | None:
            row = connection.execute(_SESSION, {"wanted": id_hash}).mappings().one_or_none()
            return None if row is None else _session_of(row)

        return await self._transactions.read(work)

    async def save_session(self, session: Session) -> None:
        row = asdict(session) | {"user_folded": session.user.casefold()}

        def work(connection: Connection) -> None:
            connection.execute(delete(sessions).where(sessions.c.id_hash == session.id_hash))
            connection.execute(insert(sessions), row)

        await self._transactions.write(work)

    async def sessions_of(self, user: str) -> list[Session]:
        def work(connection: Connection) -> list[Session]:
            return [
                _session_of(row) for row in connection.execute(_SESSIONS_OF, {"wanted": user.casefold()}).mappings()
            ]

        return await self._transactions.read(work)

    async def delete_session(self, id_hash: str) -> None:
        await self._delete_sessions(sessions.c.id_hash == id_hash)

    async def delete_sessions_of(self, user: str) -> int:
        return await self._delete_sessions(sessions.c.user_folded == user.casefold())

    async def delete_expired_sessions(self, now: float) -> int:
        return await self._delete_sessions(sessions.c.expires_at <= now)

    async def _delete_sessions(self, condition: Any) -> int:
        statement = delete(sessions).where(condition)
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount)

    async def _one(self, statement: Select[Any], wanted: str) -> User | None:
        found = await self._transactions.read(lambda connection: read_users(connection, statement, {"wanted": wanted}))
        return found[0] if found else None


def _save(connection: Connection, user: User) -> User:
    stored = replace(user, version=save(connection, users, user_row(user)))
    keep_memberships(connection, user)
    connection.execute(delete(cards).where(cards.c.user_uuid == str(user.uuid)))
    rows = [
        {"card": card, "user_uuid": str(user.uuid), "number": number}
        for number, card in enumerate(dict.fromkeys(user.cards))
    ]
    try:
        if rows:
            connection.execute(insert(cards), rows)
    except IntegrityError as error:
        raise Conflict("This card belongs to another user.") from error
    return stored


def _session_of(row: RowMapping) -> Session:
    return Session(**{name: row[name] for name in _SESSION_FIELDS})
