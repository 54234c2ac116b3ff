"""What one person printed, month by month, and when documents were destroyed (the history page)."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from gateway.domain.statistics import Month
from gateway.services.ports import Clock, HistoryStore

MOST_MONTHS = 24


class Statistics:
    """`time_zone` is an IANA name; "" is UTC."""

    def __init__(self, *, history: HistoryStore, clock: Clock, time_zone: str = "") -> None:
        self._history = history
        self._clock = clock
        self._zone: tzinfo = ZoneInfo(time_zone) if time_zone else UTC

    async def months(self, owner: str, count: int = 12) -> list[Month]:
        """The last `count` calendar months, this one last; months without prints are there, too."""
        begins = self._begins(max(1, min(count, MOST_MONTHS)))
        bounds = [begin.timestamp() for begin in begins]
        usages = await self._history.usage(owner, bounds)
        spans = zip(begins[:-1], bounds[:-1], usages, strict=True)
        return [Month(year=b.year, month=b.month, begins_at=at, usage=usage) for b, at, usage in spans]

    async def destroyed_at(self, job_ids: Sequence[int]) -> dict[int, float]:
        return await self._history.destroyed_at(job_ids)

    def _begins(self, count: int) -> list[datetime]:
        """The first moments of the months, and that of the next one."""
        now = datetime.fromtimestamp(self._clock.now(), self._zone)
        last = now.year * 12 + now.month - 1
        places = range(last - count + 1, last + 2)
        return [datetime(place // 12, place % 12 + 1, 1, tzinfo=self._zone) for place in places]
