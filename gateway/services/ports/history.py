"""Questions about what ended: answered by sums in the database, flat however much others printed."""

from collections.abc import Sequence
from typing import Protocol

from gateway.domain.statistics import Usage


class HistoryStore(Protocol):
    """Of one owner, whose name compares without case."""

    async def usage(self, owner: str, bounds: Sequence[float]) -> list[Usage]:
        """One for each span between two neighbouring `bounds`, ascending times: from one up to, not with, the next."""

    async def destroyed_at(self, job_ids: Sequence[int]) -> dict[int, float]:
        """When the documents of these jobs were destroyed; those not destroyed, or not known, are absent."""
