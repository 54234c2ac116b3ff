"""Tokens, and answers under idempotency keys, on SQLite and PostgreSQL: each method is one transaction."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import ColumnElement

from gateway.adapters.db.api_tables import api_answers, api_tokens
from gateway.adapters.db.transactions import Transactions
from gateway.domain.api_token import Answered, ApiToken
from gateway.domain.site import parse_network

_PLAIN = ("name", "lookup", "created_at", "expires_at", "used_at", "used_from")


class SqlApiTokenStore:
    """gateway.services.ports.ApiTokenStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def token(self, lookup: str) -> ApiToken | None:
        found = await self._find(api_tokens.c.lookup == lookup)
        return found[0] if found else None

    async def tokens(self, *, user: UUID | None = None) -> list[ApiToken]:
        return await self._find(None if user is None else api_tokens.c.user_uuid == str(user))

    async def add_token(self, token: ApiToken) -> None:
        row = {name: getattr(token, name) for name in _PLAIN} | {
            "id": str(token.id),
            "user_uuid": str(token.user),
            "scopes": " ".join(token.scopes),
            "networks": " ".join(map(str, token.networks)),
        }
        await self._transactions.write(lambda connection: connection.execute(insert(api_tokens), row))

    async def token_used(self, token: UUID, *, at: float, address: str) -> None:
        statement = update(api_tokens).where(api_tokens.c.id == str(token)).values(used_at=at, used_from=address)
        await self._transactions.write(lambda connection: connection.execute(statement))

    async def remove_token(self, token: UUID) -> bool:
        statement = delete(api_tokens).where(api_tokens.c.id == str(token))
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount) == 1

    async def _find(self, condition: ColumnElement[bool] | None) -> list[ApiToken]:
        statement = select(api_tokens).order_by(api_tokens.c.created_at.desc(), api_tokens.c.id)
        if condition is not None:
            statement = statement.where(condition)

        def work(connection: Connection) -> list[ApiToken]:
            return [_token(row) for row in connection.execute(statement).mappings()]

        return await self._transactions.read(work)


class SqlAnswerStore:
    """gateway.services.ports.AnswerStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def begin(self, asked: Answered, *, stale_before: float) -> Answered | None:
        def work(connection: Connection) -> Answered | None:
            fresh = {name: getattr(asked, name) for name in asked.__slots__}
            try:
                with connection.begin_nested():
                    connection.execute(insert(api_answers), fresh)
            except IntegrityError:
                stale = and_(api_answers.c.status.is_(None), api_answers.c.at < stale_before)
                taken = update(api_answers).where(_is(asked.caller, asked.key), stale).values(fresh)
                if connection.execute(taken).rowcount == 1:
                    return None
                row = connection.execute(select(api_answers).where(_is(asked.caller, asked.key))).mappings().one()
                return Answered(**row)
            return None

        return await self._transactions.write(work)

    async def finish(self, caller: str, key: str, *, status: int, body: str, location: str) -> None:
        values = {"status": status, "body": body, "location": location}
        statement = update(api_answers).where(_is(caller, key)).values(values)
        await self._transactions.write(lambda connection: connection.execute(statement))

    async def forget(self, caller: str, key: str) -> None:
        statement = delete(api_answers).where(_is(caller, key))
        await self._transactions.write(lambda connection: connection.execute(statement))

    async def purge_answers(self, *, before: float) -> int:
        statement = delete(api_answers).where(api_answers.c.at < before)
        return await self._transactions.write(lambda connection: connection.execute(statement).rowcount)


def _is(caller: str, key: str) -> ColumnElement[bool]:
    return and_(api_answers.c.caller == caller, api_answers.c.key == key)


def _token(row: RowMapping) -> ApiToken:
    plain: dict[str, Any] = {name: row[name] for name in _PLAIN}
    return ApiToken(
        **plain,
        id=UUID(row["id"]),
        user=UUID(row["user_uuid"]),
        scopes=tuple(row["scopes"].split()),
        networks=tuple(parse_network(text) for text in row["networks"].split()),
    )
