"""A job whose documents come before it is known whose they are: LPR may name the owner last, RAW names it on the way.

The barrier is the same. Each document is on the disk when `add` returns, and the one transaction of `finish` makes the
job: only then may a sender be told. Whoever gives up in between calls `drop`, and nothing stays; after a crash the
sweep does that.
"""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from gateway.domain.job import Job, JobState
from gateway.errors import TooLarge, Unavailable
from gateway.services.barrier import keep, recorded
from gateway.services.ports import Clock, JobStore, Spool, Stored
from gateway.services.submission import Incoming, Submission

REPEAT_SECONDS = 300.0  # so long a sender that did not learn of its job may send it again
_NEVER_CAME = frozenset({JobState.CANCELED, JobState.ABORTED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrived:
    """A document on the disk."""

    incoming: Incoming
    stored: Stored


class Record(Protocol):
    """Makes the row of a gathered job; what Intake refuses. Not `whole`: a part of it may be missing."""

    def __call__(
        self, submission: Submission, arrived: Sequence[Arrived], wrapped: bytes, *, whole: bool
    ) -> Awaitable[Job]: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """Octets of a document, documents of a job, and seconds until the sweep could take what no row knows yet."""

    octets: int
    documents: int
    seconds: float


class Gathering:
    """`key` is the job's data key, plain and wrapped."""

    def __init__(
        self, *, key: tuple[bytes, bytes], spool: Spool, jobs: JobStore, record: Record, clock: Clock, bounds: Bounds
    ) -> None:
        self._plain, self._wrapped = key
        self._spool = spool
        self._jobs = jobs
        self._record = record
        self._clock = clock
        self._bounds = bounds
        self._began = clock.monotonic()
        self._arrived: list[Arrived] = []

    @property
    def count(self) -> int:
        """Documents on the disk."""
        return len(self._arrived)

    async def add(self, incoming: Incoming) -> None:
        """TooLarge, EmptyDocument, StorageFull, StorageFailed, whatever the body raises; then it is not among them."""
        if self.count >= self._bounds.documents:
            raise TooLarge(f"A job takes at most {self._bounds.documents} documents. Send the others as another one.")
        stored, _ = await keep(
            spool=self._spool, key=self._plain, body=incoming.body, limit=self._bounds.octets, clock=self._clock
        )
        self._arrived.append(Arrived(incoming=incoming, stored=stored))

    async def finish(self, submission: Submission, *, mark: str | None = None, whole: bool = True) -> Job:
        """The durable job. `mark` is its sender's own name of it: the same, with the same documents, is that job again.

        Refusals of Intake.submit; Unavailable when all of it took too long.
        """
        if self._clock.monotonic() - self._began > self._bounds.seconds:
            await self.drop()
            raise Unavailable("The job took too long to arrive. Send it again.")
        if mark is not None:
            submission, known = await self._looked_up(submission, mark)
            if known is not None:
                await self.drop()
                return known
        arrived, self._arrived = self._arrived, []
        stored = [one.stored for one in arrived]
        return await recorded(
            self._spool, stored, lambda: self._record(submission, arrived, self._wrapped, whole=whole)
        )

    async def drop(self) -> None:
        """Nothing of it stays; harmless after `finish`."""
        arrived, self._arrived = self._arrived, []
        if arrived:
            await self._spool.destroy([one.stored.object_id for one in arrived])

    async def _looked_up(self, submission: Submission, mark: str) -> tuple[Submission, Job | None]:
        """Under its key, and the job that it repeats. The key holds a stretch of time: senders count in circles."""
        now = self._clock.now()
        digests = " ".join(one.stored.sha256 for one in self._arrived)
        keyed: Submission | None = None
        for stretch in (int(now // REPEAT_SECONDS), int(now // REPEAT_SECONDS) - 1):
            candidate = replace(submission, idempotency_key=f"{mark}\0{digests}\0{stretch}")
            known = await self._jobs.find_by_idempotency_key(candidate.scoped_key or "")
            if known is None:
                keyed = keyed or candidate
            # What was deleted or refused and comes once more is wanted once more.
            elif known.state not in _NEVER_CAME and 0 <= now - known.created_at <= REPEAT_SECONDS:
                return candidate, known
        return keyed or submission, None
