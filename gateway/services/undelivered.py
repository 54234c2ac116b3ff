"""Jobs that were accepted although nobody could be told: the client will send the same again.

An identical submission within UNDELIVERED_SECONDS gets that job instead of a second one. This lives in memory. A
crash in that moment costs a duplicate that is held, which its owner sees and deletes, never a lost job.
"""

from collections import OrderedDict
from dataclasses import dataclass

from gateway.domain.job import Job
from gateway.domain.ticket import JobTicket
from gateway.services.ports import Clock

UNDELIVERED_SECONDS = 120.0
MAX_KEPT = 1000  # jobs; the oldest are forgotten first


@dataclass(frozen=True, kw_only=True, slots=True)
class Likeness:
    """What makes two submissions the same one for us: who, where to, which octets, which ticket."""

    printer: str
    owner: str | None
    requested_name: str
    address: str
    source: str
    name: str
    ticket: JobTicket
    documents: tuple[tuple[str, int, str | None], ...]
    with_password: bool


def likeness(job: Job) -> Likeness:
    return Likeness(
        printer=job.printer,
        owner=job.owner,
        requested_name=job.requested_name,
        address=job.address,
        source=job.source,
        name=job.name,
        ticket=job.ticket,
        documents=tuple((d.sha256, d.size, d.declared_format) for d in job.documents),
        with_password=job.password_hash is not None,
    )


class Undelivered:
    """Job ids by their likeness, each for one repetition."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._jobs: OrderedDict[Likeness, tuple[int, float]] = OrderedDict()

    @property
    def empty(self) -> bool:
        """Whether nothing can be a repetition; may be asked from any thread."""
        return not self._jobs

    def note(self, job: Job) -> None:
        self._jobs[likeness(job)] = (job.id, self._clock.monotonic() + UNDELIVERED_SECONDS)
        if len(self._jobs) > MAX_KEPT:
            self._jobs.popitem(last=False)

    def take(self, job: Job) -> int | None:
        """The id of the job that `job` repeats. A third identical submission is a new job again."""
        if not self._jobs:
            return None
        job_id, until = self._jobs.pop(likeness(job), (0, 0.0))
        return job_id if self._clock.monotonic() < until else None
