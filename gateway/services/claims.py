"""Jobs that a phone printed without signing in, and how its holder gets them (rows 15 and 165).

Shown to a phone that came from the same address not long ago: never more than a time and a choice of labels, since
behind one address there may be a whole café. The label is on the station's screen and in the job's state message; whoever
picks a wrong one has had the only try for that job.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.job import Job
from gateway.domain.label import choices_of, label_of
from gateway.domain.user import Actor
from gateway.errors import Forbidden, NotFound, Throttled
from gateway.services.limits import Kind, Limit, Limits, Policy, subscriber
from gateway.services.ports import Clock, Hasher
from gateway.services.release import Release
from gateway.settings import Jobs as JobSettings

SHOWN = 5  # jobs, and labels of each
WRONG = "That is not the label of this job. It can be given to you at the desk, or print it again."


@dataclass(frozen=True, kw_only=True, slots=True)
class Unclaimed:
    """What is told of such a job before anybody has proved anything. `closed`: somebody picked a wrong label."""

    job_id: int
    printer: str
    created_at: float
    labels: tuple[str, ...]
    closed: bool = False


class Claims:
    def __init__(
        self, *, release: Release, hasher: Hasher, limits: Limits, clock: Clock, settings: JobSettings
    ) -> None:
        self._release = release
        self._hasher = hasher
        self._limits = limits
        self._clock = clock
        limits.table |= claim_policies(settings)

    def label(self, job: Job) -> str:
        """Made of the job's own number with a key, so that nobody else can tell which it is."""
        return label_of(self._digest(job))

    async def waiting(self, addresses: Sequence[str], printers: Sequence[str]) -> list[Unclaimed]:
        """The newest of those addresses, on those Printers."""
        found = [job for job in await self._release.claimable(addresses) if job.printer in printers]
        return [
            Unclaimed(
                job_id=job.id,
                printer=job.printer,
                created_at=job.created_at,
                labels=choices_of(self._digest(job), SHOWN),
                closed=self._limits.is_used_up(_of_job(job.id)),
            )
            for job in found[:SHOWN]
            if job.password_hash is None
        ]

    async def unclaimed(self, printers: Sequence[str]) -> list[Job]:
        """The newest of those Printers, from wherever: for a screen beside them, which shows nothing but labels."""
        found = await self._release.unclaimed()
        return [job for job in found if job.printer in printers and job.password_hash is None][:SHOWN]

    async def check(self, job_id: int, label: str, addresses: Sequence[str]) -> Job:
        """The job if that is its label; each wrong pick counts.

        NotFound unless it came from one of the addresses; Forbidden, not NotAuthenticated, for a wrong label: it is the
        job that stays closed, and signing in again would not open it.
        """
        job = next((job for job in await self._release.claimable(addresses) if job.id == job_id), None)
        if job is None or job.password_hash is not None:
            raise NotFound(f"There is no unclaimed job {job_id} from this device.")
        limits = (_of_job(job_id), *(Limit(kind=Kind.CLAIM_ADDRESS, key=(subscriber(one),)) for one in addresses))
        try:
            self._limits.take(*limits)
        except Throttled as error:
            raise Forbidden(WRONG) if self._limits.is_used_up(limits[0]) else error from error
        if label != self.label(job):
            raise Forbidden(WRONG)
        self._limits.give_back(*limits)
        return job

    async def claim(self, job: Job, actor: Actor, addresses: Sequence[str]) -> Job:
        """The job, which `check` has given, becomes the actor's."""
        return await self._release.claim(job.id, actor, addresses=addresses)

    def _digest(self, job: Job) -> str:
        return self._hasher.lookup("job-label", job.uuid.hex)


def claim_policies(settings: JobSettings) -> dict[Kind, Policy]:
    """One wrong pick closes a job for as long as it could be claimed; an address has few for all jobs together."""
    return {
        Kind.CLAIM_JOB: Policy(
            tries=1, window=settings.claim_seconds, lock=settings.claim_seconds, message="This job is closed."
        ),
        Kind.CLAIM_ADDRESS: Policy(
            tries=3, window=900.0, lock=900.0, message="Too many wrong labels were picked from this address."
        ),
    }


def _of_job(job_id: int) -> Limit:
    return Limit(kind=Kind.CLAIM_JOB, key=(str(job_id),))
