"""The job rows, and the questions they answer."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from gateway.domain.account import Receipt
from gateway.domain.events import JobRecord
from gateway.domain.job import Job, JobState


class Stage(Enum):
    """What a worker may do with a pending job."""

    PREPARE = auto()
    DELIVER = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class JobQuery:
    """All given conditions hold. `after_id` pages upwards; `newest_first` orders by id descending.

    Times are "at or before"; `warn_before` finds jobs that expire by then and were not warned about; people's names
    compare without case. With `states` given, a query costs as little as the rows that it finds.
    """

    printer: str | None = None
    owner: str | None = None
    unclaimed_as: str | None = None
    unclaimed_from: str | None = None
    unclaimed_near: str | None = None  # how the address begins
    favourite: bool | None = None
    states: tuple[JobState, ...] = ()
    released: bool | None = None
    output_device: str | None = None
    expires_before: float | None = None
    warn_before: float | None = None
    incoming_before: float | None = None
    ended_before: float | None = None
    with_key: bool | None = None
    private: bool | None = None
    short_of_credit: bool | None = None  # True: waits for nothing else
    claim_lapsed_at: float | None = None
    due_before: float | None = None  # `not_before` is set and has passed
    name_contains: str | None = None
    after_id: int | None = None
    before_id: int | None = None
    newest_first: bool = False
    limit: int | None = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class JobChange:
    """What one transaction writes: the job as it shall be, its records, a receipt.

    A receipt of a release that credit pays for is charged in the same transaction.
    """

    job: Job
    records: tuple[JobRecord, ...] = ()
    receipt: Receipt | None = None


class JobStore(Protocol):
    """The job rows: the truth. Every write is one durable transaction with compare-and-set on `version`.

    What a job newly reserves of its payer's credit (`Job.reserves`) is checked in the transaction that writes it:
    LimitReached says what is missing, and nothing was written.
    """

    async def add(self, jobs: Sequence[Job]) -> list[Job]:
        """Inserts all in one transaction and gives them their ids, ascending in the order given.

        A job whose idempotency key is already in a row is not inserted: that row is returned in its place.
        """

    def add_here(self, jobs: Sequence[Job]) -> list[Job]:
        """The same for a thread that has nothing else to do: it does the work itself, and blocks."""

    async def rehearse(self, job: Job) -> None:
        """Inserts the row and takes it away again in one durable transaction: fails when `add` would, and nobody sees it."""

    async def get(self, job_id: int) -> Job | None: ...

    async def find_by_idempotency_key(self, key: str) -> Job | None: ...

    async def find(self, query: JobQuery) -> list[Job]: ...

    async def count(self, query: JobQuery) -> int:
        """Ignores `limit`."""

    async def mark(self) -> Hashable | None:
        """Equal marks say that no row changed in between; different ones say nothing. None: it cannot tell cheaply."""

    async def open_versions(self) -> dict[str, tuple[int, int]]:
        """(how many, the sum of their versions) of the open jobs of each owner: changes whenever one of them does.

        By the folded name; "" for those that nobody owns.
        """

    async def update(self, job_id: int, change: Callable[[Job], JobChange | None]) -> Job:
        """Reads the row under its lock, applies `change` (pure) and commits; None leaves it. NotFound if absent.

        Whatever `change` raises rolls back and is raised. The stored version is one higher.
        """

    async def claim(self, stage: Stage, worker: str, *, now: float, lease: float, limit: int = 1) -> list[Job]:
        """Pending jobs of that stage, oldest first, moved to processing for `worker` until now + lease.

        PREPARE: pending, not prepared, all data in. DELIVER: prepared, pending, output device assigned, `not_before`
        passed, and no other job claimed on that device: at most one a device. A stopped job that nobody has claimed
        waits for its owner's word, and the device is free meanwhile.
        """

    async def extend_claim(self, job_id: int, worker: str, until: float) -> bool:
        """Heartbeat; False when the claim is no longer this worker's."""

    async def records(self, job_id: int) -> list[JobRecord]: ...

    async def spool_objects(self) -> frozenset[str]:
        """Ids of every object that some row still needs."""

    async def receipts(self, *, owner: str | None = None, limit: int = 100) -> list[Receipt]: ...

    async def purge_ended(self, *, before: float, limit: int = 500) -> int:
        """Deletes rows of ended jobs without a key that ended before that time; ledger rows stay."""
