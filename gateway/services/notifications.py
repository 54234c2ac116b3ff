"""IPP event subscriptions (RFC 3995) and their pulled delivery (RFC 3996), fed from the event bus.

A happening only wakes: what a notice tells of a job or a Printer is read when it happens, and a subscriber hears
only of jobs that he may see. Subscriptions are rows and outlive a restart; their notices are kept in memory alone, since a
write for each event and subscriber would cost more than the polling they spare. So after a restart sequence numbers go on
behind a gap, which tells a client to look for itself, and a job that ended meanwhile is told of once more.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.domain.events import Event, Happening
from gateway.domain.job import Job
from gateway.domain.rights import Permission
from gateway.domain.user import Actor
from gateway.errors import LimitReached, NotFound, NotPossible, PapertapError
from gateway.services.ownership import may_see
from gateway.services.ports import Clock, EventBus, JobStore
from gateway.services.printers import Printers, PrinterStatus
from gateway.services.subscription_rows import SubscriptionRows
from gateway.services.subscriptions import (
    COVERS,
    EVENT_LIFE,
    MAX_EVENTS,
    MAX_OF_ADDRESS,
    MAX_OF_ONE,
    MAX_SUBSCRIPTIONS,
    Notice,
    Subscription,
    Wish,
    concerns,
    lease_of,
    same_subscriber,
    words_of,
)

AGAIN_SECONDS = 5.0  # until the rows can be read

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Kept:
    subscription: Subscription
    notices: deque[tuple[float, Notice]] = field(default_factory=lambda: deque(maxlen=MAX_EVENTS))


class Notifications:
    """All subscriptions, read when first asked for. `run` must be running for notices to arrive."""

    def __init__(
        self,
        *,
        rows: SubscriptionRows,
        events: EventBus,
        jobs: JobStore,
        printers: Printers,
        clock: Clock,
    ) -> None:
        self._rows = rows
        self._events = events
        self._jobs = jobs
        self._printers = printers
        self._clock = clock
        self._kept: dict[int, _Kept] = {}
        self._news = asyncio.Event()
        self._reading = asyncio.Lock()
        self._read = False

    # -- feeding

    async def run(self) -> None:
        """Turns happenings into notices for as long as the process serves."""
        async with self._events.subscribe() as happenings:
            while not self._read:
                try:
                    await self._restored()
                except PapertapError as error:
                    log.warning("subscriptions cannot be read yet: %s", error)
                    await self._clock.sleep(AGAIN_SECONDS)
            async for happening in happenings:
                try:
                    await self._take(happening)
                except PapertapError as error:  # the row could not be read: the subscriber reads it himself later
                    log.warning("notice of %s lost: %s", happening.event, error)

    async def purge(self) -> int:
        """Rows of subscriptions that are over; how many."""
        return await self._rows.purge()

    async def _restored(self) -> None:
        """Once: the rows that an earlier process left."""
        async with self._reading:
            if self._read:
                return
            found = [(_Kept(subscription), ended) for subscription, ended in await self._rows.living()]
            await self._number([kept for kept, ended in found if ended is not None])
            for kept, job in found:
                if job is not None:
                    at = job.ended_at or self._clock.now()
                    over = Happening(
                        event=Event.JOB_COMPLETED, at=at, printer=job.printer, job_id=job.id, text=job.message
                    )
                    self._keep(kept, over, words_of(over, job, None), job, None)
            self._kept, self._read = {kept.subscription.id: kept for kept, _ in found}, True

    def announce(self, printer: str, text: str) -> None:
        """Tell listeners something about a Printer that no row holds, such as Identify-Printer."""
        self._events.publish(
            Happening(event=Event.PRINTER_STATE_CHANGED, at=self._clock.now(), printer=printer, text=text)
        )

    async def _take(self, happening: Happening) -> None:
        wanted = [k for k in self._live() if concerns(k.subscription, happening)]
        if not wanted:
            return
        job = await self._jobs.get(happening.job_id) if happening.job_id is not None else None
        status = self._printers.status(happening.printer) if happening.printer and job is None else None
        names = words_of(happening, job, status)
        await self._number(wanted)
        for kept in wanted:
            self._keep(kept, happening, names, job, status)
        self._wake()

    async def _number(self, wanted: Sequence[_Kept]) -> None:
        by_id = {kept.subscription.id: kept for kept in wanted}
        for numbered in await self._rows.numbered([kept.subscription for kept in wanted]):
            kept = by_id[numbered.id]  # whose lease may have been renewed meanwhile
            kept.subscription = replace(kept.subscription, sequence=numbered.sequence, reserved=numbered.reserved)

    def _keep(
        self,
        kept: _Kept,
        happening: Happening,
        names: Sequence[str],
        job: Job | None,
        status: PrinterStatus | None,
    ) -> None:
        subscription = kept.subscription
        covered = frozenset[str]().union(*(COVERS.get(event, frozenset()) for event in subscription.wish.events))
        name = next((name for name in names if name in covered), None)
        ended = subscription.job_id is not None and job is not None and job.state.ended
        if name is not None and (job is None or self._told(job, subscription.actor)):
            subscription = replace(subscription, sequence=subscription.sequence + 1)
            notice = Notice(
                subscription=subscription,
                sequence=subscription.sequence,
                event=name,
                at=happening.at,
                printer=happening.printer or subscription.printer,
                text=happening.text,
                job=job,
                status=status,
            )
            kept.notices.append((self._clock.monotonic() + EVENT_LIFE, notice))
        if ended and not subscription.ended:
            subscription = replace(subscription, ended=True, lease_ends=self._clock.monotonic() + EVENT_LIFE)
        kept.subscription = subscription

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    # -- subscriptions

    async def subscribe(self, *, printer: str, wish: Wish, actor: Actor, job_id: int | None = None) -> Subscription:
        """LimitReached when there are too many, of all or of this subscriber."""
        await self._restored()
        live = list(self._live())
        own = sum(same_subscriber(kept.subscription.actor, actor) for kept in live)
        # A stranger can call himself anything: his address counts, too.
        near = sum(kept.subscription.actor.address == actor.address for kept in live) if actor.user is None else 0
        if len(live) >= MAX_SUBSCRIPTIONS or own >= MAX_OF_ONE or near >= MAX_OF_ADDRESS:
            raise LimitReached("There are too many subscriptions. Cancel one, or wait until one expires.")
        subscription = await self._rows.add(printer=printer, wish=wish, actor=actor, job_id=job_id)
        self._kept[subscription.id] = _Kept(subscription)
        return subscription

    async def get(self, subscription_id: int, actor: Actor) -> Subscription:
        """NotFound for another's, unless the actor is an operator."""
        return (await self._find(subscription_id, actor)).subscription

    async def find(self, printer: str, actor: Actor, *, job_id: int | None = None) -> tuple[Subscription, ...]:
        """The actor's own, an operator's all: per-Printer ones, or those of one job."""
        await self._restored()
        own = (k.subscription for k in self._live() if self._may_use(k.subscription, actor))
        return tuple(s for s in own if s.printer == printer and s.job_id == job_id)

    async def renew(self, subscription_id: int, actor: Actor, lease: int | None) -> Subscription:
        """A new lease from now; NotPossible for a job's subscription, which lives as long as the job."""
        kept = await self._find(subscription_id, actor)
        if kept.subscription.job_id is not None:
            raise NotPossible("The subscription of a job lasts as long as the job and is not renewed.")
        renewed = await self._rows.renew(kept.subscription, lease_of(lease))
        if renewed is None:
            self._kept.pop(subscription_id, None)
            raise _unknown(subscription_id)
        # Events may have come meanwhile: only the lease is another.
        kept.subscription = replace(kept.subscription, lease=renewed.lease, lease_ends=renewed.lease_ends)
        return kept.subscription

    async def cancel(self, subscription_id: int, actor: Actor) -> None:
        await self._find(subscription_id, actor)
        await self._rows.remove(subscription_id)
        self._kept.pop(subscription_id, None)
        self._wake()

    # -- delivery

    async def notices(
        self, wanted: Mapping[int, int], actor: Actor, *, wait: float = 0.0
    ) -> tuple[tuple[Notice, ...], bool]:
        """(notices, whether no more can come) of the given subscriptions, from the given sequence numbers on.

        With `wait` seconds it returns at the first notice, at the end of a subscription or after that long. NotFound
        when a subscription is unknown at the start.
        """
        for subscription_id in wanted:
            await self._find(subscription_id, actor)
        until = self._clock.monotonic() + wait
        while True:
            news = self._news
            found = tuple(self._collect(wanted.items()))
            complete = all(i not in self._kept or self._kept[i].subscription.ended for i in wanted)
            left = until - self._clock.monotonic()
            if found or complete or left <= 0:
                return found, complete
            await self._either(news, left)

    async def _either(self, news: asyncio.Event, seconds: float) -> None:
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        hearing = asyncio.ensure_future(news.wait())
        try:
            await asyncio.wait({sleeping, hearing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            hearing.cancel()

    def _collect(self, wanted: Iterable[tuple[int, int]]) -> Iterable[Notice]:
        now = self._clock.monotonic()
        for subscription_id, first in wanted:
            kept = self._kept.get(subscription_id)
            if kept is None:
                continue
            while kept.notices and kept.notices[0][0] <= now:
                kept.notices.popleft()
            yield from (notice for _, notice in kept.notices if notice.sequence >= first)

    def _live(self) -> Iterable[_Kept]:
        """Expired ones go when somebody looks."""
        now = self._clock.monotonic()
        gone = [i for i, k in self._kept.items() if (k.subscription.lease_ends or now + 1) <= now]
        for subscription_id in gone:
            del self._kept[subscription_id]
        return self._kept.values()

    def _may_use(self, subscription: Subscription, actor: Actor) -> bool:
        """The subscriber's own; the staff's of that Printer's site."""
        site = self._printers.site_of(subscription.printer)
        return actor.may(Permission.JOBS, site) or same_subscriber(subscription.actor, actor)

    def _told(self, job: Job, actor: Actor) -> bool:
        return may_see(job, actor, self._printers.site_of(job.printer))

    async def _find(self, subscription_id: int, actor: Actor) -> _Kept:
        await self._restored()
        self._live()
        kept = self._kept.get(subscription_id)
        if kept is None or not self._may_use(kept.subscription, actor):
            raise _unknown(subscription_id)
        return kept


def _unknown(subscription_id: int) -> NotFound:
    return NotFound(f"There is no subscription {subscription_id} of yours. It may have expired.")
