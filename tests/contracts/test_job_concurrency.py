"""JobStore under many callers at once: nothing lost, nothing doubled, no failure that spreads."""

import asyncio
from dataclasses import replace

import pytest

from gateway.domain.job import Job
from gateway.errors import NotPossible
from gateway.services.ports import JobChange, JobQuery, JobStore
from tests.contracts.test_job_store import a_receipt
from tests.fakes import a_job, a_released_job


async def test_fifty_increments_at_once_lose_none(jobs: JobStore) -> None:
    (job,) = await jobs.add([a_job()])

    def increment(before: Job) -> JobChange:
        return JobChange(job=replace(before, attempts=before.attempts + 1))

    stored = await asyncio.gather(*(jobs.update(job.id, increment) for _ in range(50)))
    after = await jobs.get(job.id)
    assert after is not None
    assert (after.attempts, after.version) == (50, job.version + 50)
    assert sorted(each.version for each in stored) == [job.version + n for n in range(1, 51)]


async def test_one_idempotency_key_from_many_sides_is_one_job(jobs: JobStore) -> None:
    added = await asyncio.gather(*(jobs.add([a_job(idempotency_key="k"), a_job()]) for _ in range(20)))
    assert len({group[0] for group in added}) == 1
    assert await jobs.count(JobQuery()) == 21


async def test_one_release_from_many_sides_is_charged_once(jobs: JobStore) -> None:
    (job,) = await jobs.add([a_released_job()])
    receipt = a_receipt(job)

    def charge(before: Job) -> JobChange:
        return JobChange(job=replace(before, attempts=before.attempts + 1), receipt=receipt)

    outcomes = await asyncio.gather(*(jobs.update(job.id, charge) for _ in range(12)), return_exceptions=True)
    assert sum(isinstance(outcome, Job) for outcome in outcomes) == 1
    assert await jobs.receipts() == [receipt]
    after = await jobs.get(job.id)
    assert after is not None
    assert after.attempts == 1


async def test_one_refused_change_leaves_the_others_alone(jobs: JobStore) -> None:
    added = await jobs.add([a_job() for _ in range(20)])

    def change(job: Job) -> JobChange:
        if job.id % 2:
            raise NotPossible("odd")
        return JobChange(job=replace(job, message="even"))

    outcomes = await asyncio.gather(*(jobs.update(job.id, change) for job in added), return_exceptions=True)
    assert [isinstance(outcome, NotPossible) for outcome in outcomes] == [bool(job.id % 2) for job in added]
    rows = await jobs.find(JobQuery())
    assert [row.message for row in rows] == ["" if row.id % 2 else "even" for row in rows]


async def test_a_caller_that_gives_up_harms_nobody(jobs: JobStore) -> None:
    (job,) = await jobs.add([a_job()])
    calls = [asyncio.create_task(jobs.update(job.id, lambda j: JobChange(job=j))) for _ in range(10)]
    await asyncio.sleep(0)
    for call in calls[::2]:
        call.cancel()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(outcome, Job) for outcome in outcomes[1::2])
    after = await jobs.get(job.id)
    assert after is not None
    assert after.version >= 5


@pytest.mark.parametrize("groups", [16])
async def test_groups_added_side_by_side_keep_their_order(jobs: JobStore, groups: int) -> None:
    async def add(group: int) -> None:
        added = await jobs.add([a_job(name=f"{group}-{n}") for n in range(8)])
        assert [job.name for job in added] == [f"{group}-{n}" for n in range(8)]
        assert [job.id for job in added] == sorted(job.id for job in added)
        assert [await jobs.get(job.id) for job in added] == added

    await asyncio.gather(*(add(group) for group in range(groups)))
    assert await jobs.count(JobQuery()) == groups * 8
