"""How letters leave: taken in durably, kept in an outbox, carried to the smarthost."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from gateway.domain.letter import Letter, Post, PostState

__all__ = ["Courier", "Letter", "Mailer", "Outbox", "Undelivered"]


class Mailer(Protocol):
    """What services and pages write letters with."""

    @property
    def enabled(self) -> bool:
        """False where no smarthost is set up: pages then say so and offer another way."""

    async def send(self, letter: Letter) -> bool:
        """Durable once it returns, sent in the background. False: a letter of the same key was taken in before.

        NotPossible without a smarthost, BadRequest for an address or a letter that cannot be.
        """


class Outbox(Protocol):
    """The letters' rows."""

    async def put(self, post: Post) -> bool:
        """One durable transaction; False, and nothing kept, when its key is in a row already."""

    async def claim(self, worker: str, *, now: float, lease: float, limit: int, per_minute: int) -> list[Post]:
        """Waiting letters that are due, oldest first, claimed for `worker` until now + lease; one more try each.

        No more than `per_minute` are sent or claimed within any 60 s, whoever claims.
        """

    async def settle(
        self, uuid: UUID, worker: str, *, state: PostState, now: float, answer: str, due_at: float | None = None
    ) -> bool:
        """Ends a try: sent, given up, or waiting until `due_at`. False when the claim is no longer this worker's.

        An ended letter keeps no values: they may have been somebody's way in.
        """

    async def release_claims(self) -> int:
        """Claims of a process that died, when it is certain that no other one runs."""

    async def posts(self, *, states: Sequence[PostState] = (), limit: int = 100) -> list[Post]:
        """Newest first; of any state when none is given."""

    async def purge_posts(self, *, before: float, limit: int = 500) -> int:
        """Deletes letters that ended at or before that time; how many."""


class Undelivered(Exception):
    """The smarthost did not take a letter. `permanent`: it never will; `away`: it took no letter at all."""

    def __init__(self, message: str, *, permanent: bool = False, away: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent
        self.away = away


class Courier(Protocol):
    """Writes a letter and carries it to the smarthost. Every wait has a limit."""

    async def deliver(self, post: Post) -> str:
        """The smarthost's answer once it has taken the letter; Undelivered otherwise."""

    async def check(self) -> str:
        """Signs in without sending anything: who answered, and how; Undelivered otherwise."""
