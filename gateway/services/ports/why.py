"""What people ask of jobs long ago, and of documents that never became one."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.domain.account import Receipt
from gateway.domain.events import IntakeAttempt

ReceiptsOf = Callable[[int], Awaitable[Sequence[Receipt]]]
"""WhyStore.receipts_of, for whoever asks nothing else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """All given conditions hold. `text`: a person's whole name, or a part of the name of a job that is not private."""

    text: str = ""
    address: str = ""
    since: float = 0.0
    until: float = float("inf")
    limit: int = 50


class WhyStore(Protocol):
    """Answers out of indices, however long the history is."""

    async def traced(self, trace: Trace) -> list[int]:
        """Ids of jobs, newest first. Names compare without case."""

    async def refused(self, trace: Trace) -> list[IntakeAttempt]:
        """Those that became no job, newest first; `text` is a part of the person's or the document's name."""

    async def states(self, *, since: float) -> dict[int, int]:
        """How many jobs that were made since then are in which state now, by the state's number."""

    async def aborted(self, *, since: float, limit: int) -> list[int]:
        """Ids of those that were given up, newest first."""

    async def attempts_of(self, job_id: int) -> list[IntakeAttempt]:
        """Oldest first."""

    async def receipts_of(self, job_id: int) -> list[Receipt]:
        """Oldest first."""
