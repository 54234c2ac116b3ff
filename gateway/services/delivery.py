"""Brings released jobs to their devices: one job a device at a time, all devices side by side.

The row is the truth. Events and the clock only wake the loop, which then claims whatever may be delivered.
"""

import asyncio
import logging
import math
from dataclasses import replace
from functools import partial

from gateway.domain.events import Event
from gateway.domain.job import Job, JobState
from gateway.errors import PapertapError
from gateway.services.delivery_attempt import Attempt
from gateway.services.delivery_rows import IN_WORK, Tools
from gateway.services.delivery_watch import DeviceWatch
from gateway.services.ports import (
    Clock,
    Converter,
    Drivers,
    EventBus,
    JobChange,
    JobQuery,
    JobStore,
    Keyring,
    SideNumbers,
    Spool,
    Stage,
)
from gateway.services.printers import Printers
from gateway.settings import Delivery as DeliverySettings

POLL_SECONDS = 1.0
AT_ONCE = 16  # jobs claimed in one go

log = logging.getLogger(__name__)


class Delivery:
    """The worker for Stage.DELIVER. Call `recover` before `run`; `stop` lets what is being sent go out."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        printers: Printers,
        spool: Spool,
        keyring: Keyring,
        converter: Converter,
        drivers: Drivers,
        events: EventBus,
        clock: Clock,
        numbers: SideNumbers,
        settings: DeliverySettings,
        name: str,
    ) -> None:
        self._tools = Tools(
            jobs=jobs,
            printers=printers,
            spool=spool,
            keyring=keyring,
            converter=converter,
            drivers=drivers,
            events=events,
            clock=clock,
            numbers=numbers,
            settings=settings,
            worker=name,
        )
        self._watch = DeviceWatch(self._tools)
        self._active: dict[int, Attempt] = {}
        self._resumable: list[Job] = []
        self._wake = asyncio.Event()
        self._stopping = False

    # -- the loop

    async def run(self) -> None:
        """For ever, or until `stop`."""
        async with asyncio.TaskGroup() as tasks:
            helpers = [
                tasks.create_task(work) for work in (self._listen(), self._tick(), self._lapse(), self._watch.run())
            ]
            while not self._stopping:
                for job in self._resumable:
                    self._start(tasks, job, resume=True)
                self._resumable.clear()
                for job in await self._claim():
                    self._start(tasks, job, resume=False)
                await self._wake.wait()
                self._wake.clear()
            for helper in helpers:
                helper.cancel()

    async def stop(self, seconds: float = 20.0) -> None:
        """Claim nothing more and wait, that long at most, for documents that are going out; then cancel `run`."""
        self._stopping = True
        end = self._tools.clock.monotonic() + seconds
        while any(attempt.sending for attempt in self._active.values()) and self._tools.clock.monotonic() < end:
            await self._tools.clock.sleep(0.1)

    def _start(self, tasks: asyncio.TaskGroup, job: Job, *, resume: bool) -> None:
        # An earlier attempt at the same job may not have quite ended: it wrote its last word before this claim.
        attempt = self._active[job.id] = Attempt(self._tools, job)
        tasks.create_task(self._one(attempt, resume=resume))

    async def _one(self, attempt: Attempt, *, resume: bool) -> None:
        try:
            await attempt.run(resume=resume)
        except Exception:
            # A mistake of ours must not take the other deliveries along; recovery finds the job as its row says.
            log.exception("delivery of job %d failed", attempt.job.id)
        finally:
            if self._active.get(attempt.job.id) is attempt:
                del self._active[attempt.job.id]
            self._wake.set()

    async def _claim(self) -> list[Job]:
        tools = self._tools
        if self._stopping or tools.keyring.locked:
            return []
        try:
            return await tools.jobs.claim(
                Stage.DELIVER, tools.worker, now=tools.clock.now(), lease=tools.settings.lease_seconds, limit=AT_ONCE
            )
        except PapertapError as error:
            log.warning("no job claimed for delivery: %s", error)
            return []

    # -- what wakes it

    async def _listen(self) -> None:
        async with self._tools.events.subscribe() as happenings:
            async for happening in happenings:
                attempt = self._active.get(happening.job_id or 0)
                if attempt is not None and happening.event is not Event.JOB_PROGRESS:
                    attempt.nudge()
                if happening.event is Event.PRINTER_CONFIG_CHANGED and happening.printer is not None:
                    await self._watch.hurry(happening.printer)
                if happening.event is Event.JOB_STATE_CHANGED:
                    self._wake.set()

    async def _tick(self) -> None:
        while True:
            await self._tools.clock.sleep(POLL_SECONDS)
            self._wake.set()

    async def _lapse(self) -> None:
        """Claims of workers that died, here or elsewhere."""
        while True:
            await self._tools.clock.sleep(self._tools.settings.lease_seconds)
            try:
                await self.recover(alone=False)
            except PapertapError as error:
                log.warning("lapsed deliveries not looked for: %s", error)

    # -- after an interruption

    async def recover(self, *, alone: bool) -> int:
        """Jobs whose worker died: back in line when nothing had gone out, else taken over to find out.

        `alone` says that no other process can hold a claim. Returns how many there were.
        """
        tools = self._tools
        at = math.inf if alone else tools.clock.now()
        states = (JobState.PROCESSING, JobState.PROCESSING_STOPPED)
        lapsed = await tools.jobs.find(JobQuery(states=states, claim_lapsed_at=at, limit=None))
        mine = [job for job in lapsed if job.release_id is not None and job.prepared and job.id not in self._active]
        for job in mine:
            taken = await tools.jobs.update(job.id, partial(self._taken_over, job))
            if taken.claimed_by == tools.worker and taken.state in IN_WORK:
                self._resumable.append(taken)
            tools.publish(taken)
        return len(mine)

    def _taken_over(self, found: Job, row: Job) -> JobChange | None:
        """None when somebody else was faster, or its worker lives after all."""
        if row != found:
            return None
        if row.state is JobState.PROCESSING and not row.bytes_sent:
            turn = self._tools.turn(row.output_device or "")
            if row.attempts < self._tools.settings.busy_tries:
                return turn.interrupted(row)
            return turn.returned(
                row, "The delivery was interrupted again and again. Release it again, or tell an operator."
            )
        until = self._tools.clock.now() + self._tools.settings.lease_seconds
        return JobChange(job=replace(row, claimed_by=self._tools.worker, claimed_until=until))
