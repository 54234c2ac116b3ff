"""The job rows in memory, with the same promises as the database keeps (tests/contracts/test_job_store.py)."""

import asyncio
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace

from gateway.domain.account import Receipt
from gateway.domain.credit import charge_for
from gateway.domain.events import JobRecord
from gateway.domain.job import SHORT_OF_CREDIT, Cause, Job, JobState, advance
from gateway.errors import Conflict, NotFound
from gateway.services.ports import JobChange, JobQuery, Stage
from tests.fakes_credit import MemoryCreditStore

CLAIMED = {JobState.PROCESSING, JobState.PROCESSING_STOPPED}
CAUSE = {Stage.PREPARE: Cause.PREPARATION_CLAIMED, Stage.DELIVER: Cause.DELIVERY_CLAIMED}


class MemoryJobStore:
    """Set `failure` to an exception that every call shall raise until it is None again."""

    def __init__(self) -> None:
        self.rows: dict[int, Job] = {}
        self.ledger: list[Receipt] = []
        self.credit = MemoryCreditStore(self._all)
        self.failure: Exception | None = None
        self._records: list[JobRecord] = []
        self._last_id = 0

    async def add(self, jobs: Sequence[Job]) -> list[Job]:
        await self._turn()
        return [self._insert(job) for job in jobs]

    def add_here(self, jobs: Sequence[Job]) -> list[Job]:
        if self.failure is not None:
            raise self.failure
        return [self._insert(job) for job in jobs]

    async def rehearse(self, job: Job) -> None:
        await self._turn()

    async def get(self, job_id: int) -> Job | None:
        await self._turn()
        return self.rows.get(job_id)

    async def find_by_idempotency_key(self, key: str) -> Job | None:
        await self._turn()
        return self._by_key(key)

    async def find(self, query: JobQuery) -> list[Job]:
        await self._turn()
        rows = sorted(self._matching(query), key=lambda job: job.id, reverse=query.newest_first)
        return rows[: query.limit]

    async def mark(self) -> Hashable | None:
        await self._turn()
        return tuple((job.id, job.version) for job in self.rows.values())

    async def count(self, query: JobQuery) -> int:
        await self._turn()
        return sum(1 for _ in self._matching(query))

    async def update(self, job_id: int, change: Callable[[Job], JobChange | None]) -> Job:
        await self._turn()
        job = self.rows.get(job_id)
        if job is None:
            raise NotFound(f"There is no job {job_id}.")
        wanted = change(job)
        if wanted is None:
            return job
        stored = replace(wanted.job, id=job.id, version=job.version + 1)
        if stored.release_id != job.release_id or stored.reserves > job.reserves:
            self.credit.check_reserved(stored)
        self._post(wanted.receipt)
        charge = charge_for(wanted.receipt) if wanted.receipt is not None and job.reserved is not None else None
        if charge is not None:
            self.credit.post_now(charge)
        self.rows[job_id] = stored
        self._records += [replace(record, job_id=job_id) for record in wanted.records]
        return stored

    async def claim(self, stage: Stage, worker: str, *, now: float, lease: float, limit: int = 1) -> list[Job]:
        await self._turn()
        candidates = self._to_prepare() if stage is Stage.PREPARE else self._to_deliver(now)
        claimed = [
            replace(
                advance(job, CAUSE[stage], now=now),
                claimed_by=worker,
                claimed_until=now + lease,
                version=job.version + 1,
            )
            for job in candidates[:limit]
        ]
        self.rows.update({job.id: job for job in claimed})
        return claimed

    async def extend_claim(self, job_id: int, worker: str, until: float) -> bool:
        await self._turn()
        job = self.rows.get(job_id)
        if job is None or job.claimed_by != worker or job.state not in CLAIMED:
            return False
        self.rows[job_id] = replace(job, claimed_until=until, version=job.version + 1)
        return True

    async def records(self, job_id: int) -> list[JobRecord]:
        await self._turn()
        return [record for record in self._records if record.job_id == job_id]

    async def open_versions(self) -> dict[str, tuple[int, int]]:
        await self._turn()
        found: dict[str, tuple[int, int]] = {}
        for job in self.rows.values():
            if not job.state.ended:
                many, versions = found.get((job.owner or "").casefold(), (0, 0))
                found[(job.owner or "").casefold()] = (many + 1, versions + job.version)
        return found

    async def spool_objects(self) -> frozenset[str]:
        await self._turn()
        return frozenset(document.id for job in self.rows.values() if job.key is not None for document in job.objects)

    async def receipts(self, *, owner: str | None = None, limit: int = 100) -> list[Receipt]:
        await self._turn()
        return [r for r in reversed(self.ledger) if owner is None or same_name(r.owner, owner)][:limit]

    async def purge_ended(self, *, before: float, limit: int = 500) -> int:
        await self._turn()
        old = sorted(
            (job for job in self.rows.values() if job.key is None and job.state.ended and due(job.ended_at, before)),
            key=lambda job: (job.ended_at, job.id),
        )[:limit]
        gone = {job.id for job in old}
        self.rows = {key: job for key, job in self.rows.items() if key not in gone}
        self._records = [record for record in self._records if record.job_id not in gone]
        return len(gone)

    def _all(self) -> Iterator[Job]:
        return iter(self.rows.values())

    async def _turn(self) -> None:
        """Others get the loop here, as with a real store; between here and the end of a call nobody does."""
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure

    def _insert(self, job: Job) -> Job:
        known = self._by_key(job.idempotency_key) if job.idempotency_key is not None else None
        if known is not None:
            return known
        self.credit.check_reserved(job)
        self._last_id += 1
        stored = replace(job, id=self._last_id)
        self.rows[stored.id] = stored
        return stored

    def _by_key(self, key: str) -> Job | None:
        return next((job for job in self.rows.values() if job.idempotency_key == key), None)

    def _matching(self, query: JobQuery) -> Iterator[Job]:
        return (job for job in self.rows.values() if matches(job, query))

    def _post(self, receipt: Receipt | None) -> None:
        if receipt is None:
            return
        if any(known.release_id == receipt.release_id for known in self.ledger):
            raise Conflict(f"Release {receipt.release_id} is already in the ledger.")
        self.ledger.append(receipt)

    def _to_prepare(self) -> list[Job]:
        waiting = (j for j in self.rows.values() if j.state is JobState.PENDING and not j.prepared and not j.reasons)
        return sorted(waiting, key=lambda job: job.id)

    def _to_deliver(self, now: float) -> list[Job]:
        """The first of each device that has none in work, oldest release first."""
        working = (job for job in self.rows.values() if job.state in CLAIMED and job.claimed_by is not None)
        busy = {job.output_device for job in working if job.prepared}
        first: dict[str, Job] = {}
        for job in sorted(self.rows.values(), key=released_order):
            device = job.output_device
            if device is None or device in busy or job.state is not JobState.PENDING or not job.prepared:
                continue
            if job.not_before is None or job.not_before <= now:
                first.setdefault(device, job)
        return sorted(first.values(), key=released_order)


def released_order(job: Job) -> tuple[float, int]:
    return (job.created_at if job.released_at is None else job.released_at, job.id)


def same_name(one: str | None, other: str) -> bool:
    return one is not None and one.casefold() == other.casefold()


def due(at: float | None, limit: float) -> bool:
    return at is not None and at <= limit


def _short(job: Job) -> bool:
    return job.state is JobState.PENDING_HELD and job.reasons == SHORT_OF_CREDIT


def matches(job: Job, query: JobQuery) -> bool:
    """Whether `job` meets every given condition of `query`."""
    given: dict[str, Callable[[], bool]] = {
        "printer": lambda: job.printer == query.printer,
        "owner": lambda: same_name(job.owner, query.owner or ""),
        "unclaimed_as": lambda: job.owner is None and same_name(job.requested_name, query.unclaimed_as or ""),
        "unclaimed_from": lambda: job.owner is None and job.address == query.unclaimed_from,
        "unclaimed_near": lambda: job.owner is None and job.address.startswith(query.unclaimed_near or ""),
        "favourite": lambda: job.favourite == query.favourite,
        "due_before": lambda: due(job.not_before, query.due_before or 0.0),
        "released": lambda: (job.output_device is not None) == query.released,
        "output_device": lambda: job.output_device == query.output_device,
        "expires_before": lambda: due(job.expires_at, query.expires_before or 0.0),
        "warn_before": lambda: due(job.expires_at, query.warn_before or 0.0) and not job.expiry_warned,
        "incoming_before": lambda: due(job.incoming_until, query.incoming_before or 0.0),
        "ended_before": lambda: due(job.ended_at, query.ended_before or 0.0),
        "short_of_credit": lambda: _short(job) == query.short_of_credit,
        "private": lambda: (job.private and job.key is not None) == query.private,
        "with_key": lambda: (job.key is not None) == query.with_key,
        "claim_lapsed_at": lambda: job.state in CLAIMED and due(job.claimed_until, query.claim_lapsed_at or 0.0),
        "name_contains": lambda: (query.name_contains or "").casefold() in job.name.casefold(),
        "after_id": lambda: job.id > (query.after_id or 0),
        "before_id": lambda: job.id < (query.before_id or 0),
    }
    in_state = not query.states or job.state in query.states
    return in_state and all(holds() for name, holds in given.items() if getattr(query, name) is not None)
