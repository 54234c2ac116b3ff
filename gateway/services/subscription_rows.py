"""Subscriptions and their rows: what a restart leaves of them, with the rights that their owners have then.

Sequence numbers are kept in blocks: a row says up to which number this process may give, so that an event costs no write.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from gateway.domain.job import Job
from gateway.domain.subscription import KeptSubscription
from gateway.domain.user import Actor
from gateway.errors import PapertapError
from gateway.services.ports import Clock, JobStore
from gateway.services.ports.subscriptions import SubscriptionStore
from gateway.services.subscriptions import BLOCK, EVENT_LIFE, Subscription, Wish, lease_of

Known = Callable[[str, str], Awaitable[Actor | None]]
"""Who a user's name stands for now, at that address; None when nobody."""

log = logging.getLogger(__name__)


class SubscriptionRows:
    def __init__(self, *, store: SubscriptionStore, known: Known, jobs: JobStore, clock: Clock) -> None:
        self._store = store
        self._known = known
        self._jobs = jobs
        self._clock = clock

    async def living(self) -> list[tuple[Subscription, Job | None]]:
        """All that go on. With the job, where it has ended so short ago that its last notice is still to be told."""
        found: list[tuple[Subscription, Job | None]] = []
        actors: dict[tuple[str | None, str, str], Actor | None] = {}
        for row in await self._store.subscriptions():
            who = (row.user, row.claimed, row.address)
            if who not in actors:
                actors[who] = await self._actor(row)
            job = None if row.job_id is None else await self._jobs.get(row.job_id)
            actor = actors[who]
            if actor is not None and self._lives(row, job):
                ended = job if job is not None and job.state.ended else None
                found.append((self._subscription(row, actor, sequence=row.sequence), ended))
        return found

    async def add(self, *, printer: str, wish: Wish, actor: Actor, job_id: int | None) -> Subscription:
        lease, now = 0 if job_id is not None else lease_of(wish.lease), self._clock.now()
        row = KeptSubscription(
            printer=printer,
            job_id=job_id,
            events=wish.events,
            lease=lease,
            lease_ends=None if job_id is not None else now + lease,
            user_data=wish.user_data,
            charset=wish.charset,
            language=wish.language,
            time_interval=wish.time_interval,
            user=actor.user,
            claimed=actor.claimed,
            address=actor.address,
            created_at=now,
            sequence=BLOCK,
        )
        return self._subscription(await self._store.add(row), actor, sequence=0)

    async def renew(self, subscription: Subscription, seconds: int) -> Subscription | None:
        """With a lease from now; None when the row is gone."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        if not await self._store.renew(subscription.id, lease=seconds, lease_ends=now + seconds):
            return None
        return replace(subscription, lease=seconds, lease_ends=monotonic + seconds)

    async def remove(self, subscription_id: int) -> None:
        await self._store.remove(subscription_id)

    async def numbered(self, several: Sequence[Subscription]) -> list[Subscription]:
        """Those of them that had given their last number, with a further block: one write for all."""
        spent = {one.id: one for one in several if one.sequence >= one.reserved}
        if not spent:
            return []
        try:
            reserved = await self._store.reserve(list(spent), BLOCK)
        except PapertapError as error:  # they are counted on all the same: a number may come twice after a crash
            log.warning("sequence numbers could not be kept: %s", error)
            return []
        return [
            replace(spent[key], sequence=max(spent[key].sequence, last - BLOCK), reserved=last)
            for key, last in reserved.items()
        ]

    async def purge(self) -> int:
        """Forgets those that are over; how many."""
        now = self._clock.now()
        return await self._store.purge(now=now, ended_before=now - EVENT_LIFE)

    async def _actor(self, row: KeptSubscription) -> Actor | None:
        if row.user is None:
            return Actor(claimed=row.claimed, address=row.address, via="ipp")
        return await self._known(row.user, row.address)

    def _lives(self, row: KeptSubscription, job: Job | None) -> bool:
        now = self._clock.now()
        if row.job_id is None:
            return row.lease_ends is None or row.lease_ends > now
        return job is not None and (job.ended_at is None or job.ended_at > now - EVENT_LIFE)

    def _subscription(self, row: KeptSubscription, actor: Actor, *, sequence: int) -> Subscription:
        """`sequence`: the last that was given, or may have been."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        wish = Wish(
            events=row.events,
            lease=row.lease,
            user_data=row.user_data,
            charset=row.charset,
            language=row.language,
            time_interval=row.time_interval,
        )
        return Subscription(
            id=row.id,
            printer=row.printer,
            job_id=row.job_id,
            wish=wish,
            actor=actor,
            lease=row.lease,
            lease_ends=None if row.lease_ends is None else monotonic + row.lease_ends - now,
            created_at=row.created_at,
            sequence=sequence,
            reserved=row.sequence,
        )
