"""Rows of event subscriptions in memory, as the database keeps them (tests/contracts/test_subscription_store.py)."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.domain.subscription import KeptSubscription
from gateway.domain.user import Actor
from gateway.services.ports import Clock
from tests.fake_jobs import MemoryJobStore


class MemorySubscriptionStore:
    """Set `failure` to an exception that every write shall raise until it is None again, `slow` to a clock by which a
    renewal takes a second.
    """

    def __init__(self, jobs: MemoryJobStore) -> None:
        self.rows: dict[int, KeptSubscription] = {}
        self.failure: Exception | None = None
        self.slow: Clock | None = None
        self.writes = 0
        self._jobs = jobs
        self._last_id = 0

    async def add(self, subscription: KeptSubscription) -> KeptSubscription:
        self._write()
        self._last_id += 1
        self.rows[self._last_id] = replace(subscription, id=self._last_id)
        return self.rows[self._last_id]

    async def subscriptions(self) -> list[KeptSubscription]:
        return [self.rows[key] for key in sorted(self.rows)]

    async def renew(self, subscription_id: int, *, lease: int, lease_ends: float) -> bool:
        self._write()
        if self.slow is not None:
            await self.slow.sleep(1.0)
        row = self.rows.get(subscription_id)
        if row is not None:
            self.rows[subscription_id] = replace(row, lease=lease, lease_ends=lease_ends)
        return row is not None

    async def remove(self, subscription_id: int) -> None:
        self._write()
        self.rows.pop(subscription_id, None)

    async def reserve(self, ids: Sequence[int], count: int) -> dict[int, int]:
        self._write()
        known = [key for key in ids if key in self.rows]
        self.rows |= {key: replace(self.rows[key], sequence=self.rows[key].sequence + count) for key in known}
        return {key: self.rows[key].sequence for key in known}

    async def purge(self, *, now: float, ended_before: float) -> int:
        gone = [row.id for row in self.rows.values() if self._is_over(row, now, ended_before)]
        for key in gone:
            del self.rows[key]
        return len(gone)

    def _is_over(self, row: KeptSubscription, now: float, ended_before: float) -> bool:
        if row.lease_ends is not None and row.lease_ends <= now:
            return True
        job = None if row.job_id is None else self._jobs.rows.get(row.job_id)
        return row.job_id is not None and (job is None or (job.ended_at is not None and job.ended_at <= ended_before))

    def _write(self) -> None:
        self.writes += 1
        if self.failure is not None:
            raise self.failure


async def anybody(name: str, address: str) -> Actor:
    """Every name is a user's."""
    return Actor(user=name, address=address, via="ipp")
