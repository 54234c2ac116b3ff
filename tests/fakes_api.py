"""Rows of the API in memory."""

import asyncio
from dataclasses import replace
from uuid import UUID

from gateway.domain.api_token import Answered, ApiToken


class MemoryApiTokenStore:
    """gateway.services.ports.ApiTokenStore."""

    def __init__(self) -> None:
        self._rows: dict[UUID, ApiToken] = {}

    async def token(self, lookup: str) -> ApiToken | None:
        await asyncio.sleep(0)
        return next((row for row in self._rows.values() if row.lookup == lookup), None)

    async def tokens(self, *, user: UUID | None = None) -> list[ApiToken]:
        rows = [row for row in self._rows.values() if user is None or row.user == user]
        return sorted(rows, key=lambda row: (-row.created_at, str(row.id)))

    async def add_token(self, token: ApiToken) -> None:
        self._rows[token.id] = token

    async def token_used(self, token: UUID, *, at: float, address: str) -> None:
        if token in self._rows:
            self._rows[token] = replace(self._rows[token], used_at=at, used_from=address)

    async def remove_token(self, token: UUID) -> bool:
        return self._rows.pop(token, None) is not None


class MemoryAnswerStore:
    """gateway.services.ports.AnswerStore."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Answered] = {}

    async def begin(self, asked: Answered, *, stale_before: float) -> Answered | None:
        await asyncio.sleep(0)
        row = self._rows.get((asked.caller, asked.key))
        if row is None or (row.status is None and row.at < stale_before):
            self._rows[asked.caller, asked.key] = asked
            return None
        return row

    async def finish(self, caller: str, key: str, *, status: int, body: str, location: str) -> None:
        if (caller, key) in self._rows:
            row = self._rows[caller, key]
            self._rows[caller, key] = replace(row, status=status, body=body, location=location)

    async def forget(self, caller: str, key: str) -> None:
        self._rows.pop((caller, key), None)

    async def purge_answers(self, *, before: float) -> int:
        old = [place for place, row in self._rows.items() if row.at < before]
        for place in old:
            del self._rows[place]
        return len(old)
