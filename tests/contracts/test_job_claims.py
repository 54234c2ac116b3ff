"""JobStore.claim: what a worker gets, and that nobody else gets it."""

import asyncio
from dataclasses import replace

import pytest

from gateway.domain.job import Cause, JobState, Reason, advance
from gateway.services.ports import JobChange, JobStore, Stage
from tests.builders import NOW
from tests.fakes import a_held_job, a_job, a_released_job


async def test_prepare_takes_the_oldest_that_is_complete_and_not_prepared(jobs: JobStore) -> None:
    incoming = a_job(state=JobState.PENDING_HELD, reasons=(Reason.JOB_INCOMING,))
    waiting = a_job(reasons=(Reason.JOB_DATA_INSUFFICIENT,))
    _, _, _, _, first, second = await jobs.add([incoming, waiting, a_held_job(), a_released_job(), a_job(), a_job()])
    (claimed,) = await jobs.claim(Stage.PREPARE, "worker", now=NOW, lease=30.0)
    assert claimed == replace(
        first,
        state=JobState.PROCESSING,
        reasons=(Reason.JOB_TRANSFORMING,),
        processing_at=NOW,
        claimed_by="worker",
        claimed_until=NOW + 30.0,
        version=first.version + 1,
    )
    assert await jobs.get(first.id) == claimed
    assert [job.id for job in await jobs.claim(Stage.PREPARE, "worker", now=NOW, lease=30.0, limit=9)] == [second.id]
    assert await jobs.claim(Stage.PREPARE, "worker", now=NOW, lease=30.0) == []


async def test_deliver_takes_one_job_a_device_in_the_order_of_release(jobs: JobStore) -> None:
    late, early, other, _ = await jobs.add(
        [
            a_released_job("laser", released_at=NOW + 2),
            a_released_job("laser", released_at=NOW + 1),
            a_released_job("inkjet", released_at=NOW + 3),
            a_held_job(),
        ]
    )
    claimed = await jobs.claim(Stage.DELIVER, "worker", now=NOW + 9, lease=30.0, limit=9)
    assert [job.id for job in claimed] == [early.id, other.id]
    assert {job.state for job in claimed} == {JobState.PROCESSING}
    assert claimed[0].reasons == (Reason.JOB_OUTGOING,)
    assert await jobs.claim(Stage.DELIVER, "worker", now=NOW + 9, lease=30.0, limit=9) == []
    await jobs.update(early.id, lambda job: JobChange(job=advance(job, Cause.COMPLETED, now=NOW)))
    assert [job.id for job in await jobs.claim(Stage.DELIVER, "worker", now=NOW + 9, lease=30.0)] == [late.id]


async def test_deliver_limit_keeps_the_oldest_release(jobs: JobStore) -> None:
    added = await jobs.add([a_released_job(f"d{n}", released_at=NOW - n) for n in range(5)])
    claimed = await jobs.claim(Stage.DELIVER, "worker", now=NOW, lease=30.0, limit=2)
    assert [job.id for job in claimed] == [added[4].id, added[3].id]


async def test_same_release_time_goes_by_id_and_no_time_by_arrival(jobs: JobStore) -> None:
    direct = a_released_job("laser", released_at=None, created_at=NOW - 5)
    one, two, first = await jobs.add([a_released_job("laser"), a_released_job("laser"), direct])
    order = []
    for _ in range(3):
        (job,) = await jobs.claim(Stage.DELIVER, "worker", now=NOW, lease=30.0)
        order.append(job.id)
        await jobs.update(job.id, lambda j: JobChange(job=advance(j, Cause.COMPLETED, now=NOW)))
    assert order == [first.id, one.id, two.id]


async def test_deliver_waits_for_not_before_and_lets_others_pass(jobs: JobStore) -> None:
    postponed, ready = await jobs.add([a_released_job(not_before=NOW + 10), a_released_job(released_at=NOW + 1)])
    (claimed,) = await jobs.claim(Stage.DELIVER, "worker", now=NOW + 9, lease=30.0, limit=9)
    assert claimed.id == ready.id
    await jobs.update(ready.id, lambda job: JobChange(job=advance(job, Cause.COMPLETED, now=NOW)))
    assert [j.id for j in await jobs.claim(Stage.DELIVER, "worker", now=NOW + 10, lease=30.0)] == [postponed.id]


@pytest.mark.parametrize("state", [JobState.PROCESSING, JobState.PROCESSING_STOPPED])
async def test_a_device_in_work_gets_no_second_job(jobs: JobStore, state: JobState) -> None:
    _, _, free = await jobs.add(
        [
            a_released_job("laser", state=state, claimed_by="x", claimed_until=NOW - 1),
            a_released_job("laser"),
            a_released_job("free"),
        ]
    )
    assert [j.id for j in await jobs.claim(Stage.DELIVER, "worker", now=NOW, lease=1.0, limit=9)] == [free.id]


async def test_a_stopped_job_of_unknown_outcome_leaves_its_device_free(jobs: JobStore) -> None:
    _, waiting = await jobs.add(
        [a_released_job("laser", state=JobState.PROCESSING_STOPPED, claimed_by=None), a_released_job("laser")]
    )
    assert [j.id for j in await jobs.claim(Stage.DELIVER, "worker", now=NOW, lease=1.0, limit=9)] == [waiting.id]


@pytest.mark.parametrize("state", [JobState.PENDING_HELD, JobState.CANCELED, JobState.COMPLETED])
async def test_only_pending_jobs_are_delivered(jobs: JobStore, state: JobState) -> None:
    await jobs.add([a_released_job("laser", state=state)])
    assert await jobs.claim(Stage.DELIVER, "worker", now=NOW, lease=1.0) == []


@pytest.mark.parametrize("stage", list(Stage))
async def test_a_lapsed_claim_is_not_taken_over_by_claiming(jobs: JobStore, stage: Stage) -> None:
    await jobs.add([a_job() if stage is Stage.PREPARE else a_released_job()])
    (job,) = await jobs.claim(stage, "dead", now=NOW, lease=1.0)
    assert await jobs.claim(stage, "other", now=NOW + 99, lease=1.0) == []
    await jobs.update(job.id, lambda j: JobChange(job=advance(j, Cause.CLAIM_LAPSED, now=NOW + 99)))
    (again,) = await jobs.claim(stage, "other", now=NOW + 99, lease=1.0)
    assert (again.id, again.claimed_by) == (job.id, "other")


async def test_a_heartbeat_extends_only_ones_own_claim(jobs: JobStore) -> None:
    await jobs.add([a_job()])
    (job,) = await jobs.claim(Stage.PREPARE, "me", now=NOW, lease=1.0)
    assert await jobs.extend_claim(job.id, "me", NOW + 50)
    extended = await jobs.get(job.id)
    assert extended is not None
    assert extended == replace(job, claimed_until=NOW + 50, version=job.version + 1)
    assert not await jobs.extend_claim(job.id, "other", NOW + 90)
    assert not await jobs.extend_claim(job.id + 1, "me", NOW + 90)
    await jobs.update(job.id, lambda j: JobChange(job=advance(j, Cause.CLAIM_LAPSED, now=NOW)))
    assert not await jobs.extend_claim(job.id, "me", NOW + 90)


@pytest.mark.parametrize("stage", list(Stage))
async def test_two_claimers_never_get_the_same_job(jobs: JobStore, stage: Stage) -> None:
    fresh = [a_job() if stage is Stage.PREPARE else a_released_job(f"device-{n}") for n in range(24)]
    await jobs.add(fresh)

    async def claim_all(worker: str) -> list[int]:
        mine: list[int] = []
        while claimed := await jobs.claim(stage, worker, now=NOW, lease=30.0, limit=2):
            assert {job.claimed_by for job in claimed} == {worker}
            mine += [job.id for job in claimed]
        return mine

    shares = await asyncio.gather(*(claim_all(f"worker-{n}") for n in range(4)))
    taken = [job_id for share in shares for job_id in share]
    assert len(taken) == len(set(taken)) == len(fresh)


async def test_claimers_side_by_side_never_put_two_jobs_on_one_device(jobs: JobStore) -> None:
    await jobs.add([a_released_job("only", released_at=NOW + n) for n in range(8)])
    for _ in range(8):
        claims = (jobs.claim(Stage.DELIVER, f"worker-{n}", now=NOW, lease=30.0, limit=3) for n in range(6))
        taken = [job for claimed in await asyncio.gather(*claims) for job in claimed]
        assert len(taken) == 1
        await jobs.update(taken[0].id, lambda job: JobChange(job=advance(job, Cause.COMPLETED, now=NOW)))
    assert await jobs.claim(Stage.DELIVER, "worker", now=NOW, lease=30.0) == []
