"""Traces follow events: what is new is told once, and a store that fails is asked again with the next event."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.domain.events import Event, Happening, JobRecord
from gateway.domain.job import Job
from gateway.domain.trace import Span
from gateway.errors import Unavailable
from gateway.services.ports import JobChange
from gateway.services.tracing import Tracing
from tests.builders import NOW
from tests.fake_rows import MemoryAttemptStore
from tests.fakes import FakeClock, MemoryEventBus, MemoryJobStore, a_held_job
from tests.fakes_administration import MemoryWhyStore


@dataclass
class MemoryTraces:
    told: list[Span] = field(default_factory=list)

    def tell(self, span: Span) -> None:
        self.told.append(span)

    @property
    def names(self) -> list[str]:
        return [span.name for span in self.told]


@dataclass
class Desk:
    jobs: MemoryJobStore = field(default_factory=MemoryJobStore)
    events: MemoryEventBus = field(default_factory=MemoryEventBus)
    traces: MemoryTraces = field(default_factory=MemoryTraces)
    clock: FakeClock = field(default_factory=FakeClock)

    @asynccontextmanager
    async def tracing(self, share: float = 1.0) -> AsyncIterator[None]:
        receipts_of = MemoryWhyStore(self.jobs, MemoryAttemptStore()).receipts_of
        work = Tracing(traces=self.traces, jobs=self.jobs, receipts_of=receipts_of, events=self.events, share=share)
        task = asyncio.create_task(work.run())
        await self.clock.settle()
        yield
        task.cancel()

    async def note(self, job: Job, what: str, at: float) -> None:
        record = JobRecord(job_id=job.id, at=NOW + at, what=what)
        await self.jobs.update(job.id, lambda row: JobChange(job=row, records=(record,)))
        await self.happens(job)

    async def happens(self, job: Job, event: Event = Event.JOB_STATE_CHANGED) -> None:
        self.events.publish(Happening(event=event, at=NOW, job_id=job.id))
        await self.clock.settle()

    async def a_job(self) -> Job:
        (job,) = await self.jobs.add([a_held_job()])
        return job


async def test_each_phase_is_told_once_when_it_is_over() -> None:
    desk = Desk()
    job = await desk.a_job()
    async with desk.tracing():
        await desk.happens(job, Event.JOB_CREATED)
        assert desk.traces.names == ["intake"]
        await desk.note(job, "prepared", 2.0)
        await desk.happens(job)
        assert desk.traces.names == ["intake", "preparation"]


async def test_progress_is_no_news() -> None:
    desk = Desk()
    job = await desk.a_job()
    async with desk.tracing():
        await desk.happens(job, Event.JOB_PROGRESS)
    assert desk.traces.told == []


async def test_after_a_restart_the_same_spans_are_told_and_what_was_missed() -> None:
    desk = Desk()
    job = await desk.a_job()
    async with desk.tracing():
        await desk.happens(job)
    before = list(desk.traces.told)
    await desk.note(job, "prepared", 2.0)
    async with desk.tracing():
        await desk.note(job, "released to Lobby", 9.0)
    assert desk.traces.names[1:] == ["intake", "preparation", "hold"]
    assert desk.traces.told[1].id == before[0].id


async def test_a_store_that_fails_is_asked_with_the_next_event() -> None:
    desk = Desk()
    job = await desk.a_job()
    async with desk.tracing():
        desk.jobs.failure = Unavailable("The database does not answer.")
        await desk.happens(job)
        desk.jobs.failure = None
        await desk.happens(job)
    assert desk.traces.names == ["intake"]


async def test_of_no_share_nothing_is_told() -> None:
    desk = Desk()
    job = await desk.a_job()
    async with desk.tracing(share=0.0):
        await desk.happens(job)
    assert desk.traces.told == []
