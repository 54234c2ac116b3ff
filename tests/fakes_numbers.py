"""Numbers on sides, in memory."""

from uuid import UUID


class MemorySideNumbers:
    """`taken`: release to printer, first number and how many."""

    def __init__(self) -> None:
        self.taken: dict[UUID, tuple[str, int, int]] = {}

    async def take(self, printer: str, release_id: UUID, count: int) -> int:
        if release_id not in self.taken:
            self.taken[release_id] = (printer, await self.upcoming(printer), count)
        return self.taken[release_id][1]

    async def upcoming(self, printer: str) -> int:
        return max((first + count for name, first, count in self.taken.values() if name == printer), default=1)
