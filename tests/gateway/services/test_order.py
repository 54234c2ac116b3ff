import pytest

from gateway.domain.job import Job, JobState
from gateway.errors import NotFound, NotPossible
from gateway.services.order import Order
from gateway.services.ports import Stage
from tests.fakes import a_released_job
from tests.gateway.services.house import ALICE, BOB, House


async def three(house: House) -> tuple[list[Job], Order]:
    jobs = [await house.added(a_released_job(released_at=1000.0 + n, owner="alice")) for n in range(3)]
    return jobs, Order(jobs=house.jobs, printers=house.printers, events=house.events, clock=house.clock)


async def next_id(house: House) -> int:
    (job,) = await house.jobs.claim(Stage.DELIVER, "w", now=house.clock.now(), lease=30.0)
    return job.id


async def test_a_promoted_job_prints_next() -> None:
    house = await House.built()
    jobs, order = await three(house)
    await order.promote(jobs[2].id, ALICE)
    assert await next_id(house) == jobs[2].id


async def test_a_job_prints_right_behind_another() -> None:
    house = await House.built()
    jobs, order = await three(house)
    moved = await order.schedule_after(jobs[2].id, jobs[0].id, ALICE)
    assert 1000.0 < (moved.released_at or 0.0) < 1001.0


async def test_behind_the_last_is_last() -> None:
    house = await House.built()
    jobs, order = await three(house)
    moved = await order.schedule_after(jobs[0].id, jobs[2].id, ALICE)
    assert (moved.released_at or 0.0) > 1002.0


async def test_only_a_waiting_job_is_moved_and_only_by_who_may_see_it() -> None:
    house = await House.built()
    jobs, order = await three(house)
    held = await house.held()
    with pytest.raises(NotPossible):
        await order.promote(held.id, ALICE)
    for who, job_id, after in ((BOB, jobs[0].id, None), (ALICE, jobs[0].id, held.id), (ALICE, 999, None)):
        with pytest.raises(NotFound):
            await order.schedule_after(job_id, after, who)


async def test_a_printing_job_is_not_suspended() -> None:
    house = await House.built()
    _, order = await three(house)
    job = await house.added(a_released_job(state=JobState.PROCESSING))
    for refuse in (order.suspend, order.resume):
        with pytest.raises(NotPossible):
            await refuse(job.id, ALICE)
        with pytest.raises(NotFound):
            await refuse(job.id, BOB)
