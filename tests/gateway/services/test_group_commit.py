"""Rows from threads and from the loop: each is told once it is durable, alone at once, with others together."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from gateway.domain.job import Job
from gateway.errors import BadRequest, Unavailable
from gateway.services.group_commit import GroupCommitter
from tests.fakes import MemoryJobStore, a_job


class Gated(MemoryJobStore):
    """`add_here` waits for `gate`; notes from where and how many rows came. A job named "poison" cannot be stored."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.began = threading.Event()
        self.from_threads: list[int] = []
        self.from_loop: list[int] = []

    def add_here(self, jobs: Sequence[Job]) -> list[Job]:
        self.from_threads.append(len(jobs))
        self.began.set()
        assert self.gate.wait(10)
        self._check(jobs)
        return super().add_here(jobs)

    async def add(self, jobs: Sequence[Job]) -> list[Job]:
        self.from_loop.append(len(jobs))
        self._check(jobs)
        return await super().add(jobs)

    def _check(self, jobs: Sequence[Job]) -> None:
        if any(job.name == "poison" for job in jobs):
            raise BadRequest("A text in the request cannot be stored.")


def committing(store: Gated) -> tuple[GroupCommitter, list[Job]]:
    told: list[Job] = []
    return GroupCommitter(jobs=store, committed=told.append), told


async def test_a_row_alone_is_committed_by_the_thread_that_brings_it() -> None:
    store = Gated()
    committer, told = committing(store)
    row = committer.promise()
    await asyncio.to_thread(committer.add_here, a_job(), row)
    assert (await row).id == 1
    assert (store.from_threads, store.from_loop) == ([1], [])
    assert told == [await row]


async def test_those_that_come_meanwhile_are_committed_together_by_the_loop() -> None:
    store = Gated()
    committer, told = committing(store)
    store.gate.clear()
    rows = [committer.promise() for _ in range(4)]
    first = asyncio.create_task(asyncio.to_thread(committer.add_here, a_job(), rows[0]))
    await asyncio.to_thread(store.began.wait, 10)
    for row in rows[1:]:
        await asyncio.to_thread(committer.add_here, a_job(), row)
    last = committer.add(a_job())
    assert not any(row.done() for row in (*rows, last)), "nobody hears of a row that is not on the disk"
    store.gate.set()
    await first
    assert [job.id for job in await asyncio.gather(*rows, last)] == [1, 2, 3, 4, 5]
    assert (store.from_threads, store.from_loop) == ([1], [4])
    assert len(told) == 5


async def test_afterwards_a_thread_may_commit_again() -> None:
    store = Gated()
    committer, _ = committing(store)
    await committer.add(a_job())
    row = committer.promise()
    await asyncio.to_thread(committer.add_here, a_job(), row)
    await row
    assert (store.from_threads, store.from_loop) == ([1], [1])


@pytest.mark.parametrize("failure", [Unavailable("The database is away."), BadRequest("poison")])
async def test_a_failure_in_the_thread_is_told_and_the_next_one_goes_through(failure: Exception) -> None:
    store = Gated()
    committer, told = committing(store)
    row = committer.promise()
    job = a_job(name="poison")
    if isinstance(failure, Unavailable):
        store.failure, job = failure, a_job()
    await asyncio.to_thread(committer.add_here, job, row)
    with pytest.raises(type(failure)):
        await row
    store.failure = None
    assert (await committer.add(a_job())).id == 1
    assert len(told) == 1


async def test_stopping_waits_for_rows_that_a_thread_is_committing() -> None:
    store = Gated()
    committer, told = committing(store)
    store.gate.clear()
    row = committer.promise()
    work = asyncio.create_task(asyncio.to_thread(committer.add_here, a_job(), row))
    await asyncio.to_thread(store.began.wait, 10)
    idle = asyncio.create_task(committer.idle())
    await asyncio.sleep(0)
    assert not idle.done()
    store.gate.set()
    await asyncio.gather(work, idle)
    assert told == [row.result()]
