"""The order in which released jobs print (RFC 3998): a device takes them by `released_at`, so moving one sets that.

A job that prints is not paused: devices offer no such power over the protocols we speak, and saying that it was would
be a lie. It can be canceled, and its owner can print it again.
"""

from dataclasses import replace

from gateway.domain.events import Event, Happening, JobRecord
from gateway.domain.job import Job, JobState
from gateway.domain.user import Actor
from gateway.errors import NotFound, NotPossible
from gateway.services.ownership import may_see
from gateway.services.ports import Clock, EventBus, JobChange, JobQuery, JobStore
from gateway.services.printers import Printers

STEP = 0.001  # seconds between a job and the one that was moved beside it


class Order:
    """Promote-Job, Schedule-Job-After, and why a printing job cannot be suspended."""

    def __init__(self, *, jobs: JobStore, printers: Printers, events: EventBus, clock: Clock) -> None:
        self._jobs = jobs
        self._printers = printers
        self._events = events
        self._clock = clock

    async def promote(self, job_id: int, actor: Actor) -> Job:
        """Before every other job that waits for the same device."""
        return await self.schedule_after(job_id, None, actor)

    async def schedule_after(self, job_id: int, predecessor: int | None, actor: Actor) -> Job:
        """Right behind `predecessor`, which waits for or prints on the same device; first of all without one."""
        job = await self._waiting(job_id, actor)
        line = await self._line(job)
        if predecessor is None:
            first = min((other.released_at or 0.0 for other in line if other.id != job.id), default=None)
            at = (job.released_at or 0.0) if first is None else first - STEP
        else:
            before = next((other for other in line if other.id == predecessor), None)
            if before is None or not may_see(before, actor, self._printers.site_of(before.printer)):
                raise NotFound(f"Job {predecessor} does not wait for the same device.")
            at = self._behind(before, job, line)
        return await self._move(job, at, actor)

    async def suspend(self, job_id: int, actor: Actor) -> Job:
        """Always NotPossible; NotFound for a job that the actor may not see."""
        await self._seen(job_id, actor)
        raise NotPossible(f"Job {job_id} cannot be suspended while it prints. Cancel it and print it again.")

    async def resume(self, job_id: int, actor: Actor) -> Job:
        """Always NotPossible; NotFound for a job that the actor may not see."""
        await self._seen(job_id, actor)
        raise NotPossible(f"Job {job_id} is not suspended.")

    async def _seen(self, job_id: int, actor: Actor) -> Job:
        job = await self._jobs.get(job_id)
        if job is None or not may_see(job, actor, self._printers.site_of(job.printer)):
            raise NotFound(f"There is no job {job_id} of yours.")
        return job

    async def _waiting(self, job_id: int, actor: Actor) -> Job:
        job = await self._seen(job_id, actor)
        if job.state is not JobState.PENDING or job.output_device is None:
            raise NotPossible(
                f"Job {job_id} is {job.state.keyword}: only a job that waits for its device can be moved."
            )
        return job

    async def _line(self, job: Job) -> list[Job]:
        states = (JobState.PENDING, JobState.PROCESSING, JobState.PROCESSING_STOPPED)
        line = await self._jobs.find(JobQuery(output_device=job.output_device, states=states, limit=None))
        return sorted(line, key=lambda other: (other.released_at or 0.0, other.id))

    def _behind(self, before: Job, job: Job, line: list[Job]) -> float:
        """Halfway to the next in line, so that no other job has to move."""
        start = before.released_at or 0.0
        later = [
            o.released_at or 0.0 for o in line if o.id not in {job.id, before.id} and (o.released_at or 0.0) > start
        ]
        return (start + min(later)) / 2 if later else start + STEP

    async def _move(self, job: Job, at: float, actor: Actor) -> Job:
        now = self._clock.now()

        def change(current: Job) -> JobChange:
            if current.state is not JobState.PENDING or current.output_device != job.output_device:
                raise NotPossible(f"Job {job.id} does not wait any more.")
            record = JobRecord(job_id=job.id, at=now, what="moved in line", by=actor.user or actor.claimed)
            return JobChange(job=replace(current, released_at=at), records=(record,))

        moved = await self._jobs.update(job.id, change)
        self._events.publish(
            Happening(event=Event.JOB_CONFIG_CHANGED, at=now, printer=job.printer, job_id=job.id, owner=job.owner)
        )
        return moved
