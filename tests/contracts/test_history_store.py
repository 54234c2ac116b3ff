"""Sums of what one owner printed: the same in memory, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest

from gateway.adapters.db import open_database
from gateway.domain.account import Receipt
from gateway.domain.events import JobRecord
from gateway.domain.job import Job, JobState
from gateway.domain.statistics import Usage
from gateway.services.ports import HistoryStore, JobChange, JobStore
from tests.builders import NOW, a_held_job, a_job
from tests.fakes import MemoryJobStore
from tests.fakes_jobs import MemoryHistoryStore

BOUNDS = (NOW, NOW + 100, NOW + 200, NOW + 300)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[tuple[JobStore, HistoryStore]]:
    if request.param == "memory":
        jobs = MemoryJobStore()
        yield jobs, MemoryHistoryStore(jobs)
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    yield opened.jobs, opened.history
    await opened.close()


def a_receipt(job: Job, **fields: object) -> Receipt:
    plain = {"release_id": uuid4(), "job_id": job.id, "owner": job.owner, "printer": "find-me", "device": "laser"}
    counts = {"impressions": 3, "media_sheets": 2, "color": False, "confirmed": True, "at": NOW}
    return Receipt(**plain | counts | fields)  # type: ignore[arg-type]  # reason: a test's own fields


async def printed(jobs: JobStore, **fields: object) -> None:
    (job,) = await jobs.add([a_job(owner=fields.pop("owner", "Alice"))])
    receipt = a_receipt(job, **fields)
    await jobs.update(job.id, lambda row: JobChange(job=row, receipt=receipt))


async def test_receipts_are_summed_by_span_and_owner(stores: tuple[JobStore, HistoryStore]) -> None:
    jobs, history = stores
    await printed(jobs, at=NOW, impressions=3, media_sheets=2)
    await printed(jobs, at=NOW + 99, impressions=10, media_sheets=5, color=True, amount=Decimal("0.50"))
    await printed(jobs, at=NOW + 100, impressions=1, media_sheets=1, amount=Decimal("0.05"))
    await printed(jobs, at=NOW - 1)
    await printed(jobs, at=NOW + 300)
    await printed(jobs, at=NOW, owner="bob")
    first, second, third = await history.usage("ALICE", BOUNDS)
    assert first == Usage(
        jobs=2, impressions=13, media_sheets=7, color_impressions=10, two_sided_sheets=6, cost=Decimal("0.50")
    )
    assert second == Usage(jobs=1, impressions=1, media_sheets=1, cost=Decimal("0.05"))
    assert third == Usage()


async def test_more_sheets_than_sides_are_no_saving(stores: tuple[JobStore, HistoryStore]) -> None:
    jobs, history = stores
    await printed(jobs, impressions=2, media_sheets=4)
    await printed(jobs, impressions=9, media_sheets=1)
    (first, *_) = await history.usage("alice", BOUNDS)
    assert first.two_sided_sheets == 1


async def test_what_was_deleted_unprinted_is_saved(stores: tuple[JobStore, HistoryStore]) -> None:
    jobs, history = stores
    gone = {"state": JobState.CANCELED, "owner": "alice", "impressions": 4}
    await jobs.add(
        [
            a_held_job(**gone, ended_at=NOW + 150),
            a_held_job(**gone, ended_at=NOW + 160),
            a_held_job(**gone | {"impressions": None}, ended_at=NOW + 170),
            a_held_job(**gone, ended_at=NOW + 150, impressions_completed=1),
            a_held_job(**gone | {"state": JobState.COMPLETED}, ended_at=NOW + 150),
            a_held_job(**gone | {"owner": "bob"}, ended_at=NOW + 150),
            a_held_job(**gone, ended_at=NOW + 400),
        ]
    )
    assert [usage.saved for usage in await history.usage("alice", BOUNDS)] == [0, 8, 0]


async def test_when_documents_were_destroyed(stores: tuple[JobStore, HistoryStore]) -> None:
    jobs, history = stores
    first, second, third = await jobs.add([a_job(), a_job(), a_job()])
    for job, what, at in ((first, "document destroyed", NOW + 1), (second, "completed", NOW + 2)):
        record = JobRecord(job_id=job.id, at=at, what=what)
        await jobs.update(job.id, lambda row, record=record: JobChange(job=replace(row), records=(record,)))  # type: ignore[misc]  # reason: bound now
    assert await history.destroyed_at([first.id, second.id, third.id]) == {first.id: NOW + 1}
    assert await history.destroyed_at([]) == {}
