"""Rows of the API: tokens, and what was answered under an idempotency key."""

from typing import Protocol
from uuid import UUID

from gateway.domain.api_token import Answered, ApiToken


class ApiTokenStore(Protocol):
    """All of a user's tokens go with the user's row."""

    async def token(self, lookup: str) -> ApiToken | None: ...
    async def tokens(self, *, user: UUID | None = None) -> list[ApiToken]:
        """Newest first; None: everybody's."""

    async def add_token(self, token: ApiToken) -> None: ...
    async def token_used(self, token: UUID, *, at: float, address: str) -> None: ...
    async def remove_token(self, token: UUID) -> bool:
        """False when it was gone already."""


class AnswerStore(Protocol):
    """Keys of creating calls: each of a caller's keys stands for one request."""

    async def begin(self, asked: Answered, *, stale_before: float) -> Answered | None:
        """None: it is kept from now on, and the caller goes on. Else the row that was there.

        A row without an answer from before `stale_before` is of a process that died, and is taken over.
        """

    async def finish(self, caller: str, key: str, *, status: int, body: str, location: str) -> None: ...
    async def forget(self, caller: str, key: str) -> None:
        """The call failed: the same key may be used again."""

    async def purge_answers(self, *, before: float) -> int: ...
