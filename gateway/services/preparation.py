"""Makes every accepted document printable, in the sandbox, and decides where the job waits.

Preparation is a pure function of the spooled octets: a worker that dies in the middle costs nothing but time. The
third failure aborts the job and says so.
"""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from functools import partial

from gateway.domain.events import Event
from gateway.domain.job import Job, JobState
from gateway.errors import PapertapError, Refusal, Unavailable
from gateway.services.dues import NO_DUES, Dues
from gateway.services.ports import Clock, Converter, EventBus, JobQuery, JobStore, Keyring, Spool, Stage
from gateway.services.preparation_making import Making
from gateway.services.preparation_outcomes import FAILURES, GUEST_PAGES, Outcomes
from gateway.services.printers import Printers

__all__ = ["FAILURES", "LEASE_SECONDS", "POLL_SECONDS", "REST_SECONDS", "Preparation"]

POLL_SECONDS = 1.0
LEASE_SECONDS = 60.0
REST_SECONDS = 5.0

log = logging.getLogger(__name__)


class Preparation:
    """The worker for Stage.PREPARE: claims, converts, and puts the job where it waits."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        printers: Printers,
        spool: Spool,
        keyring: Keyring,
        converter: Converter,
        events: EventBus,
        clock: Clock,
        workers: int,
        name: str,
        lease: float = LEASE_SECONDS,
        guest_pages: int = GUEST_PAGES,
        dues: Dues = NO_DUES,
    ) -> None:
        self._jobs = jobs
        self._printers = printers
        self._keyring = keyring
        self._events = events
        self._clock = clock
        self._workers = workers
        self._name = name
        self._lease = lease
        self._making = Making(spool=spool, keyring=keyring, converter=converter)
        self._outcomes = Outcomes(
            jobs=jobs,
            printers=printers,
            spool=spool,
            events=events,
            clock=clock,
            name=name,
            guest_pages=guest_pages,
            dues=dues,
        )
        self._wake = asyncio.Event()
        self._resting_until = 0.0

    # -- the loop

    async def run(self) -> None:
        """Claims as many jobs as there are free workers; woken by events, polling besides."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._tick())
            tasks.create_task(self._lapse())
            free = asyncio.Semaphore(self._workers)
            while True:
                await free.acquire()
                claimed = await self._claim()
                if claimed is None:
                    free.release()
                    await self._wake.wait()
                    self._wake.clear()
                    continue
                tasks.create_task(self._one(claimed)).add_done_callback(lambda _: free.release())

    async def _listen(self) -> None:
        async with self._events.subscribe(Event.JOB_CREATED, Event.JOB_STATE_CHANGED) as happenings:
            async for _ in happenings:
                self._wake.set()

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(POLL_SECONDS)
            self._wake.set()

    async def _lapse(self) -> None:
        """Claims of workers that died, here or elsewhere."""
        while True:
            await self._clock.sleep(self._lease)
            try:
                await self.recover(alone=False)
            except PapertapError as error:
                log.warning("lapsed preparations not looked for: %s", error)

    async def _claim(self) -> Job | None:
        if self._keyring.locked or self._clock.monotonic() < self._resting_until:
            return None
        try:
            claimed = await self._jobs.claim(Stage.PREPARE, self._name, now=self._clock.now(), lease=self._lease)
        except Unavailable as error:
            log.warning("no job claimed for preparation: %s", error)
            return None
        return claimed[0] if claimed else None

    async def recover(self, *, alone: bool) -> int:
        """Jobs whose worker died go back in line; `alone` says that no other process can hold a claim."""
        now = self._clock.now()
        lapsed = await self._jobs.find(
            JobQuery(states=(JobState.PROCESSING,), claim_lapsed_at=math.inf if alone else now, limit=None)
        )
        mine = [job for job in lapsed if not job.prepared]
        for job in mine:
            await self._outcomes.failed(job, "Preparation was interrupted.")
        return len(mine)

    # -- one job

    async def _one(self, job: Job) -> None:
        try:
            async with self._heartbeat(job):
                await self.prepare(job)
        except Unavailable as refusal:
            # Nothing is claimed for a while: the next document would fare no better.
            self._resting_until = self._clock.monotonic() + REST_SECONDS
            log.warning("preparation rests for %s s: %s", REST_SECONDS, refusal)
            await self._guarded(self._outcomes.postponed(job, refusal))
        except Refusal as refusal:
            await self._guarded(self._outcomes.refused(job, refusal))
        except (PapertapError, OSError, RuntimeError, ValueError) as error:
            log.exception("preparation failed", extra={"job": job.id})
            await self._guarded(self._outcomes.failed(job, f"Preparation failed: {type(error).__name__}."))

    async def _guarded(self, work: Awaitable[None]) -> None:
        """What is told of a failure must not end the worker; the row stays claimed and lapses."""
        try:
            await work
        except PapertapError as error:
            log.warning("could not record a failure: %s", error)

    @asynccontextmanager
    async def _heartbeat(self, job: Job) -> AsyncIterator[None]:
        async def beat() -> None:
            ours = True
            while ours:
                try:
                    ours = await self._jobs.extend_claim(job.id, self._name, self._clock.now() + self._lease)
                except PapertapError as error:  # the database is away: the work goes on meanwhile
                    log.warning("claim of job %d not extended: %s", job.id, error)
                await self._clock.sleep(self._lease / 3)

        task = asyncio.create_task(beat())
        try:
            yield
        finally:
            task.cancel()

    async def prepare(self, job: Job) -> Job:
        """The whole of it for one claimed job; a Refusal says why it cannot be printed."""
        raw = self._printers.of_job(job.printer).pass_through
        # Whoever uploads looks on; for a print dialog nobody does, and its row is not written once more.
        first = partial(self._outcomes.pictured, job) if job.source == "web" else None
        return await self._outcomes.prepared(job, await self._making.make(job, raw=raw, first=first))
