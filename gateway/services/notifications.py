"""IPP event subscriptions (RFC 3995) and their pulled delivery (RFC 3996), fed from the event bus.

A happening only wakes: what a notice tells of a job or a Printer is read when it happens, and a subscriber hears
only of jobs that he may see. Nothing here is durable: subscriptions are leases that a client renews, and a restart
ends them as RFC 3995 section 5.4.2 lets a Printer do.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.domain.events import Event, Happening
from gateway.domain.job import Job
from gateway.domain.user import Actor
from gateway.errors import LimitReached, NotFound, NotPossible, PapertapError
from gateway.services.ownership import may_see
from gateway.services.ports import Clock, EventBus, JobStore
from gateway.services.printers import Printers, PrinterStatus
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
    may_use,
    same_subscriber,
    words_of,
)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Kept:
    subscription: Subscription
    notices: deque[tuple[float, Notice]] = field(default_factory=lambda: deque(maxlen=MAX_EVENTS))


class Notifications:
    """All subscriptions of this process. `run` must be running for notices to arrive."""

    def __init__(self, *, events: EventBus, jobs: JobStore, printers: Printers, clock: Clock) -> None:
        self._events = events
        self._jobs = jobs
        self._printers = printers
        self._clock = clock
        self._kept: dict[int, _Kept] = {}
        self._last_id = 0
        self._news = asyncio.Event()

    # -- feeding

    async def run(self) -> None:
        """Turns happenings into notices for as long as the process serves."""
        async with self._events.subscribe() as happenings:
            async for happening in happenings:
                try:
                    await self._take(happening)
                except PapertapError as error:  # the row could not be read: the subscriber reads it himself later
                    log.warning("notice of %s lost: %s", happening.event, error)

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
        for kept in wanted:
            self._keep(kept, happening, names, job, status)
        self._wake()

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
        if name is not None and (job is None or may_see(job, subscription.actor)):
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

    def subscribe(self, *, printer: str, wish: Wish, actor: Actor, job_id: int | None = None) -> Subscription:
        """LimitReached when there are too many, of all or of this subscriber."""
        live = list(self._live())
        own = sum(same_subscriber(kept.subscription.actor, actor) for kept in live)
        # A stranger can call himself anything: his address counts, too.
        near = sum(kept.subscription.actor.address == actor.address for kept in live) if actor.user is None else 0
        if len(live) >= MAX_SUBSCRIPTIONS or own >= MAX_OF_ONE or near >= MAX_OF_ADDRESS:
            raise LimitReached("There are too many subscriptions. Cancel one, or wait until one expires.")
        self._last_id += 1
        lease = 0 if job_id is not None else lease_of(wish.lease)
        subscription = Subscription(
            id=self._last_id,
            printer=printer,
            job_id=job_id,
            wish=wish,
            actor=actor,
            lease=lease,
            lease_ends=None if job_id is not None else self._clock.monotonic() + lease,
            created_at=self._clock.now(),
        )
        self._kept[subscription.id] = _Kept(subscription)
        return subscription

    def get(self, subscription_id: int, actor: Actor) -> Subscription:
        """NotFound for another's, unless the actor is an operator."""
        return self._find(subscription_id, actor).subscription

    def find(self, printer: str, actor: Actor, *, job_id: int | None = None) -> tuple[Subscription, ...]:
        """The actor's own, an operator's all: per-Printer ones, or those of one job."""
        own = (k.subscription for k in self._live() if may_use(k.subscription, actor))
        return tuple(s for s in own if s.printer == printer and s.job_id == job_id)

    def renew(self, subscription_id: int, actor: Actor, lease: int | None) -> Subscription:
        """A new lease from now; NotPossible for a job's subscription, which lives as long as the job."""
        kept = self._find(subscription_id, actor)
        if kept.subscription.job_id is not None:
            raise NotPossible("The subscription of a job lasts as long as the job and is not renewed.")
        seconds = lease_of(lease)
        kept.subscription = replace(kept.subscription, lease=seconds, lease_ends=self._clock.monotonic() + seconds)
        return kept.subscription

    def cancel(self, subscription_id: int, actor: Actor) -> None:
        self._find(subscription_id, actor)
        del self._kept[subscription_id]
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
            self._find(subscription_id, actor)
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

    def _find(self, subscription_id: int, actor: Actor) -> _Kept:
        self._live()
        kept = self._kept.get(subscription_id)
        if kept is None or not may_use(kept.subscription, actor):
            raise NotFound(f"There is no subscription {subscription_id} of yours. It may have expired.")
        return kept
