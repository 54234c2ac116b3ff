"""How a delivery writes: always as the holder of the claim, always followed by an event, never for somebody else."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.domain.events import Event, Happening
from gateway.domain.job import Job, JobState
from gateway.services.delivery_outcomes import Turn
from gateway.services.ports import (
    Clock,
    Converter,
    Drivers,
    EventBus,
    JobChange,
    JobStore,
    Keyring,
    SideNumbers,
    Spool,
)
from gateway.services.printers import Printers
from gateway.settings import Delivery as DeliverySettings

IN_WORK = frozenset({JobState.PROCESSING, JobState.PROCESSING_STOPPED})


class ClaimLost(Exception):
    """The job is no longer ours: canceled, resolved by its owner, or taken over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """What a delivery needs; `worker` is the name under which it claims."""

    jobs: JobStore
    printers: Printers
    spool: Spool
    keyring: Keyring
    converter: Converter
    drivers: Drivers
    events: EventBus
    clock: Clock
    numbers: SideNumbers
    settings: DeliverySettings
    worker: str

    def turn(self, device: str) -> Turn:
        return Turn(now=self.clock.now(), device=device)

    async def write(self, job_id: int, change: Callable[[Job], JobChange | None]) -> Job:
        """ClaimLost unless the row is still in work and claimed by this worker."""
        before: list[JobState] = []

        def guarded(job: Job) -> JobChange | None:
            if job.claimed_by != self.worker or job.state not in IN_WORK:
                raise ClaimLost
            before[:] = [job.state]
            return change(job)

        job = await self.jobs.update(job_id, guarded)
        self.publish(job, moved=job.state not in before)
        return job

    def publish(self, job: Job, *, moved: bool = True) -> None:
        """Tell listeners of a change of state, or of progress in the same state."""
        self.events.publish(
            Happening(
                event=_event(job) if moved else Event.JOB_PROGRESS,
                at=self.clock.now(),
                printer=job.printer,
                job_id=job.id,
                device=job.output_device,
                owner=job.owner,
                text=job.message,
            )
        )


def _event(job: Job) -> Event:
    if job.state.ended:
        return Event.JOB_COMPLETED
    return Event.JOB_STOPPED if job.state is JobState.PROCESSING_STOPPED else Event.JOB_STATE_CHANGED
