"""The record of what came in, or was refused."""

from collections.abc import Sequence
from typing import Protocol

from gateway.domain.events import IntakeAttempt


class AttemptStore(Protocol):
    """Intake attempts, also refused ones, and what the audit keeps."""

    async def record_attempts(self, attempts: Sequence[IntakeAttempt]) -> None: ...
    async def attempts(self, *, since: float = 0.0, limit: int = 100) -> list[IntakeAttempt]:
        """Newest first."""

    async def purge_attempts(self, *, before: float, limit: int = 5000) -> int:
        """Deletes the oldest that were made at or before that time; how many there were."""
