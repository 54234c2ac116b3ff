"""Intake above a spool that works in threads, as the real one does: the row is begun there, and told here."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from gateway.domain.events import Event
from gateway.errors import Busy
from gateway.services.ports import Clock, Stored
from tests.fake_spool import MemorySpoolWriter
from tests.fakes import MemorySpool
from tests.gateway.services.intake_house import PDF, IntakeHouse


class ThreadedSpool(MemorySpool):
    """As the real one: `then` is called in a thread; `gate` holds that thread up."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.gate = threading.Event()
        self.gate.set()
        self.began = threading.Event()

    async def create(self, key: bytes) -> MemorySpoolWriter:
        writer = await super().create(key)
        memory, work = writer.commit, []

        async def commit(then: Callable[[Stored], None] | None = None) -> Stored:
            stored = await memory()
            if then is not None:
                work.append(asyncio.create_task(asyncio.to_thread(self._go_on, then, stored)))
                await asyncio.shield(work[0])
            return stored

        async def abort() -> None:
            """Waits for the thread, which may be writing the row."""
            self.gate.set()
            await asyncio.gather(*work)

        setattr(writer, "commit", commit)  # noqa: B010 - a method for this one writer
        setattr(writer, "abort", abort)  # noqa: B010 - a method for this one writer
        return writer

    def _go_on(self, then: Callable[[Stored], None], stored: Stored) -> None:
        self.began.set()
        assert self.gate.wait(10)
        then(stored)


async def threaded() -> tuple[IntakeHouse, ThreadedSpool]:
    house = await IntakeHouse.built()
    house.spool = spool = ThreadedSpool(house.clock)
    setattr(house.intake, "_spool", spool)  # noqa: B010 - the house builds intake with its own
    return house, spool


async def test_the_row_is_written_where_the_document_was() -> None:
    house, _ = await threaded()
    job = await house.submitted()
    assert house.jobs.groups == [], "nobody went through the loop for it"
    assert list(house.jobs.rows.values()) == [job]
    assert await house.content(job) == [PDF]
    assert house.told(Event.JOB_CREATED) == [job.id]


async def test_what_may_be_a_repetition_is_looked_up_first() -> None:
    house, _ = await threaded()
    first = await house.submitted()
    house.intake.note_undelivered(first)
    assert await house.submitted() == first
    assert len(house.spool.objects) == 1


async def test_a_client_that_leaves_while_the_thread_writes_finds_its_job_again() -> None:
    house, spool = await threaded()
    spool.gate.clear()
    task = asyncio.create_task(house.submitted())
    await asyncio.to_thread(spool.began.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await house.clock.settle()
    [kept] = house.jobs.rows.values()
    assert await house.submitted() == kept


async def test_a_row_that_the_thread_cannot_write_leaves_nothing() -> None:
    house, _ = await threaded()
    house.jobs.failure = Busy("The database is busy.")
    with pytest.raises(Busy):
        await house.submitted()
    assert house.nothing_left()
