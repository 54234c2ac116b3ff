"""Numbers on printed sides that run on from job to job."""

from typing import Protocol
from uuid import UUID


class SideNumbers(Protocol):
    """Each Printer counts for itself, from 1; no number is given twice, and none again after a restart."""

    async def take(self, printer: str, release_id: UUID, count: int) -> int:
        """The first of `count` numbers in a row. The same release gets the same ones again, however often it is sent."""

    async def upcoming(self, printer: str) -> int:
        """The number that the next side will get, as far as can be told now."""
