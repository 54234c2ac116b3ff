"""What is due is done, once; what somebody still needs stays; a clock that jumps shortens nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.document import Document
from gateway.domain.events import Event, IntakeAttempt
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.share import Share
from gateway.errors import NotFound
from gateway.services.retention import PAGE, Retention
from gateway.services.steady import SETTLE_SECONDS
from gateway.settings import Settings
from tests.builders import NOW
from tests.fakes import (
    FakeClock,
    FakeKeyring,
    MemoryAttemptStore,
    MemoryEventBus,
    MemoryJobStore,
    MemorySpool,
    a_document,
    a_held_job,
    a_job,
    a_released_job,
)
from tests.fakes_jobs import MemoryShareStore

HOUR = 3600.0
DAY = 24 * HOUR
OPEN = {
    "state": JobState.PENDING_HELD,
    "reasons": (Reason.JOB_INCOMING, Reason.JOB_DATA_INSUFFICIENT),
    "incoming_until": NOW + 900.0,
}
DONE = {"state": JobState.COMPLETED, "reasons": (Reason.JOB_COMPLETED_SUCCESSFULLY,), "ended_at": NOW}


class House:
    """Retention of a process that has run for a while."""

    def __init__(self, **settings: Any) -> None:
        self.clock = FakeClock()
        self.jobs = MemoryJobStore()
        self.attempts = MemoryAttemptStore()
        self.spool = MemorySpool(self.clock)
        self.events = MemoryEventBus()
        self.keyring = FakeKeyring()
        self.settings = Settings(**settings)
        self.retention = self.restarted()
        self.clock.tick(SETTLE_SECONDS)

    def restarted(self) -> Retention:
        self.retention = Retention(
            jobs=self.jobs,
            attempts=self.attempts,
            spool=self.spool,
            events=self.events,
            clock=self.clock,
            settings=self.settings,
        )
        return self.retention

    async def added(self, job: Job) -> Job:
        return (await self.jobs.add([job]))[0]

    async def after(self, seconds: float) -> None:
        """Time passes, with a run each minute as in the running gateway."""
        for _ in range(int(seconds // 60.0)):
            self.clock.tick(60.0)
            await self.retention.run_once()
        self.clock.tick(seconds % 60.0)
        await self.retention.run_once()

    def row(self, job: Job) -> Job:
        return self.jobs.rows[job.id]

    def told(self, event: Event) -> list[int | None]:
        return [happening.job_id for happening in self.events.happenings if happening.event is event]

    async def with_objects(self, **fields: Any) -> Job:
        """A job whose document, printable and thumbnail are in the spool."""
        key, wrapped = self.keyring.new_key()
        made: list[Document] = []
        for _ in range(3):
            writer = await self.spool.create(key)
            await writer.write(b"octets")
            object_id, size, sha256 = await writer.commit()
            made.append(a_document(id=object_id, size=size, sha256=sha256))
        return await self.added(
            a_held_job(key=wrapped, documents=(made[0],), printable=made[1], thumbnails=(made[2],), **fields)
        )


# -- expiry


async def test_a_held_job_ends_when_its_time_is_over_and_not_before() -> None:
    house = House()
    job = await house.added(a_held_job(expires_at=house.clock.now() + HOUR))
    await house.after(HOUR - 1.0)
    assert house.row(job).state is JobState.PENDING_HELD
    await house.after(1.0)
    ended = house.row(job)
    assert (ended.state, ended.reasons) == (JobState.CANCELED, (Reason.JOB_CANCELED_AFTER_TIMEOUT,))
    assert "in time" in ended.message
    assert house.told(Event.JOB_COMPLETED) == [job.id]


async def test_its_owner_is_warned_once_an_hour_before() -> None:
    house = House()
    job = await house.added(a_held_job(expires_at=house.clock.now() + 2 * HOUR))
    await house.after(HOUR - 1.0)
    assert house.told(Event.JOB_EXPIRING) == []
    await house.after(600.0)
    assert house.told(Event.JOB_EXPIRING) == [job.id]
    assert house.row(job).expiry_warned


@pytest.mark.parametrize(
    "job",
    [
        a_released_job(expires_at=NOW - HOUR),
        a_held_job(state=JobState.PROCESSING, reasons=(Reason.JOB_PRINTING,), expires_at=NOW - HOUR),
        a_held_job(state=JobState.PROCESSING_STOPPED, claimed_by="w", claimed_until=NOW + DAY, expires_at=NOW - HOUR),
        a_held_job(favourite=True, expires_at=None),
        a_job(output_device="laser", expires_at=NOW - HOUR),
    ],
    ids=["released", "printing", "stopped and followed", "favourite", "direct"],
)
async def test_what_moves_by_itself_or_is_kept_does_not_expire(job: Job) -> None:
    house = House()
    stored = await house.added(job)
    await house.retention.run_once()
    assert house.row(stored) == stored
    assert house.events.happenings == []


@pytest.mark.parametrize(
    "job",
    [
        a_job(expires_at=NOW),
        a_held_job(state=JobState.PROCESSING_STOPPED, expires_at=NOW),
        a_held_job(state=JobState.PROCESSING_STOPPED, claimed_by="dead", claimed_until=NOW, expires_at=NOW),
    ],
    ids=["never prepared", "undecided", "undecided after a crash"],
)
async def test_what_nobody_brings_on_expires_too(job: Job) -> None:
    house = House()
    stored = await house.added(job)
    await house.retention.run_once()
    assert house.row(stored).state is JobState.CANCELED


async def test_more_than_a_page_of_jobs_expires_in_one_run() -> None:
    house = House()
    await house.jobs.add([a_held_job(expires_at=NOW) for _ in range(PAGE + 5)])
    await house.retention.run_once()
    assert {job.state for job in house.jobs.rows.values()} == {JobState.CANCELED}


async def test_a_job_extended_meanwhile_stays() -> None:
    """The row is read again under its lock: what `find` gave may be old by then."""
    house = House()

    class Racing(MemoryJobStore):
        async def find(self, query: Any) -> list[Job]:
            found = await super().find(query)
            self.rows = {key: replace(row, expires_at=NOW + DAY) for key, row in self.rows.items()}
            return found

    house.jobs = Racing()
    house.restarted()
    house.clock.tick(SETTLE_SECONDS)
    job = await house.added(a_held_job(expires_at=NOW))
    await house.retention.run_once()
    assert house.row(job).state is JobState.PENDING_HELD


# -- open jobs


async def test_an_open_job_whose_documents_do_not_come_is_aborted_with_the_reason() -> None:
    house = House()
    job = await house.added(a_job(**OPEN))
    await house.after(900.0)
    ended = house.row(job)
    assert (ended.state, ended.incoming_until) == (JobState.ABORTED, None)
    assert "did not arrive" in ended.message
    assert house.told(Event.JOB_COMPLETED) == [job.id]


async def test_a_closed_job_does_not_time_out() -> None:
    house = House()
    job = await house.added(a_held_job(incoming_until=NOW, expires_at=NOW + DAY))
    await house.retention.run_once()
    assert house.row(job).state is JobState.PENDING_HELD


# -- documents of ended jobs


@pytest.mark.parametrize("state", [JobState.CANCELED, JobState.ABORTED, JobState.COMPLETED])
async def test_an_ended_jobs_key_and_objects_are_destroyed(state: JobState) -> None:
    house = House()
    job = await house.with_objects(state=state, ended_at=NOW, password_hash="h")
    other = await house.with_objects(expires_at=NOW + DAY)
    await house.retention.run_once()
    row = house.row(job)
    assert (row.key, row.password_hash, row.state) == (None, None, state)
    assert set(house.spool.objects) == {other.documents[0].id, other.printable.id, other.thumbnails[0].id}  # type: ignore[union-attr]  # with_objects makes it
    assert len(house.spool.objects) == 3


async def test_the_key_goes_before_the_files_so_that_a_crash_between_leaves_only_noise() -> None:
    house = House()

    class Crashing(MemorySpool):
        async def destroy(self, object_ids: Sequence[str]) -> None:
            raise SystemExit

    house.spool = Crashing(house.clock)
    house.restarted()
    job = await house.with_objects(**DONE)
    with pytest.raises(SystemExit):
        await house.retention.run_once()
    assert house.row(job).key is None
    assert await house.jobs.spool_objects() == frozenset(), "the sweep will find the files"


async def test_a_private_document_is_destroyed_as_soon_as_it_was_printed() -> None:
    house = House(jobs={"reprint_seconds": 2 * HOUR})
    kept, private = await house.added(a_held_job(**DONE)), await house.added(a_held_job(**DONE, private=True))
    waiting = await house.added(a_held_job(private=True))
    await house.retention.run_once()
    rows = [await house.jobs.get(job.id) for job in (kept, private, waiting)]
    assert [row is not None and row.key is not None for row in rows] == [True, False, True]


async def test_old_links_are_history_too() -> None:
    house = House()
    shares = MemoryShareStore()
    share = Share(token_hash="a", job_id=1, owner="alice", created_at=NOW)
    await shares.add_share(share)
    house.retention = Retention(
        jobs=house.jobs,
        attempts=house.attempts,
        spool=house.spool,
        events=house.events,
        clock=house.clock,
        settings=house.settings,
        shares=shares,
    )
    house.clock.tick(SETTLE_SECONDS)
    await house.retention.run_once()
    assert len(shares.shares) == 1
    house.clock.tick(house.settings.jobs.history_seconds)
    await house.after(HOUR)
    assert not shares.shares


async def test_a_printed_document_is_kept_for_a_reprint_as_long_as_the_setting_says() -> None:
    house = House(jobs={"reprint_seconds": 2 * HOUR})
    printed = await house.with_objects(**DONE)
    canceled = await house.with_objects(state=JobState.CANCELED, ended_at=NOW)
    await house.after(HOUR)
    assert house.row(printed).key is not None
    assert house.row(canceled).key is None
    await house.after(HOUR)
    assert house.row(printed).key is None


async def test_a_favourite_keeps_its_document_until_it_is_taken_away() -> None:
    house = House()
    kept = [
        await house.with_objects(**DONE, favourite=True),
        await house.with_objects(
            state=JobState.CANCELED, reasons=(Reason.JOB_CANCELED_AFTER_TIMEOUT,), ended_at=NOW, favourite=True
        ),
    ]
    gone = [
        await house.with_objects(
            state=JobState.CANCELED, reasons=(Reason.JOB_CANCELED_BY_USER,), ended_at=NOW, favourite=True
        ),
        await house.with_objects(state=JobState.ABORTED, ended_at=NOW, favourite=True),
    ]
    await house.after(HOUR)
    assert all(house.row(job).key is not None for job in kept)
    assert all(house.row(job).key is None for job in gone)


async def test_one_job_that_fails_does_not_keep_the_others(caplog: pytest.LogCaptureFixture) -> None:
    house = House()

    class Stubborn(MemoryJobStore):
        async def update(self, job_id: int, change: Any) -> Job:
            if job_id == 1:
                raise NotFound("gone")
            return await super().update(job_id, change)

    house.jobs = Stubborn()
    house.restarted()
    house.clock.tick(SETTLE_SECONDS)
    jobs = [await house.with_objects(**DONE) for _ in range(3)]
    await house.retention.run_once()
    assert [house.row(job).key is None for job in jobs] == [False, True, True]
    assert "job 1 failed" in caplog.text


# -- orphans and history


async def test_files_without_a_row_are_swept_and_those_with_one_stay() -> None:
    house = House()
    job = await house.with_objects(expires_at=NOW + DAY)
    writer = await house.spool.create(b"k" * 32)
    orphan, _, _ = await writer.commit()
    await house.after(2 * HOUR)
    assert orphan not in house.spool.objects
    assert len(house.spool.objects) == 3
    assert house.row(job).state is JobState.PENDING_HELD


async def test_intake_attempts_are_history_too() -> None:
    house = House(jobs={"history_seconds": 10 * DAY})
    attempt = IntakeAttempt(
        at=NOW - 11 * DAY,
        channel="ipp",
        printer="find-me",
        address="192.0.2.1",
        requested_name="mobile",
        owner=None,
        document_name="x",
        outcome="refused",
    )
    await house.attempts.record_attempts([attempt, replace(attempt, at=NOW)])
    await house.retention.run_once()
    assert [a.at for a in await house.attempts.attempts()] == [NOW]


async def test_history_is_purged_after_its_time_and_never_before_the_key() -> None:
    house = House(jobs={"history_seconds": 10 * DAY})
    old = await house.added(a_job(**DONE | {"ended_at": NOW - 10 * DAY, "key": None}))
    young = await house.added(a_job(**DONE | {"ended_at": NOW - 9 * DAY, "key": None}))
    keyed = await house.added(a_job(**DONE | {"ended_at": NOW - 10 * DAY, "favourite": True}))
    await house.retention.run_once()
    assert old.id not in house.jobs.rows
    assert {young.id, keyed.id} <= set(house.jobs.rows)


async def test_a_second_run_finds_nothing_to_do() -> None:
    house = House()
    for job in (a_held_job(expires_at=NOW), a_held_job(expires_at=NOW + HOUR), a_job(**OPEN)):
        await house.added(job)
    await house.with_objects(**DONE)
    await house.after(2 * HOUR)
    rows, happenings = dict(house.jobs.rows), list(house.events.happenings)
    await house.retention.run_once()
    house.restarted()
    house.clock.tick(SETTLE_SECONDS)
    await house.retention.run_once()
    assert house.jobs.rows == rows
    assert house.events.happenings == happenings


# -- clocks that jump


@pytest.mark.parametrize("jump", [120.0, HOUR, DAY, 50 * 365 * DAY])
async def test_a_jump_ahead_shortens_no_wait_by_a_second(jump: float) -> None:
    house = House()
    job = await house.added(a_held_job(created_at=house.clock.now(), expires_at=house.clock.now() + 3 * HOUR))
    filling = await house.added(a_job(**OPEN | {"incoming_until": house.clock.now() + 900.0}))
    await house.after(600.0)
    house.clock.jump(jump)
    await house.after(299.0)
    assert house.row(filling).state is JobState.PENDING_HELD
    await house.after(3 * HOUR - 900.0)
    assert house.row(job).state is JobState.PENDING_HELD
    assert house.row(filling).state is JobState.ABORTED
    assert len(house.told(Event.JOB_EXPIRING)) == 1
    await house.after(120.0)
    assert house.row(job).state is JobState.CANCELED, "nor does it lengthen one for ever"


async def test_a_jump_is_on_trial_for_a_minute_however_often_one_looks() -> None:
    house = House()
    job = await house.added(a_held_job(expires_at=house.clock.now() + 3 * HOUR))
    house.clock.jump(DAY)
    for _ in range(59):
        await house.retention.run_once()
        house.clock.tick(1.0)
    assert house.row(job) == job
    for _ in range(2):
        await house.retention.run_once()
        house.clock.tick(1.0)
    assert house.row(job).expires_at == pytest.approx(house.clock.now() - 61.0 + 3 * HOUR, abs=1.0)


async def test_a_run_that_finds_nothing_due_writes_nothing() -> None:
    house = House(jobs={"reprint_seconds": DAY})
    writes: list[int] = []

    class Watched(MemoryJobStore):
        async def update(self, job_id: int, change: Any) -> Job:
            writes.append(job_id)
            return await super().update(job_id, change)

    house.jobs = Watched()
    house.restarted()
    house.clock.tick(SETTLE_SECONDS)
    for fields in (DONE, DONE | {"favourite": True}, {"expires_at": NOW + DAY}):
        await house.with_objects(**fields)
    for waiting in (a_released_job(expires_at=NOW), a_job(expires_at=NOW + DAY), a_job(**OPEN)):
        await house.added(waiting)
    for _ in range(3):
        await house.retention.run_once()
    assert writes == []


async def test_a_jump_that_is_taken_back_changes_nothing() -> None:
    house = House()
    job = await house.added(a_held_job(expires_at=house.clock.now() + 3 * HOUR))
    house.clock.jump(DAY)
    await house.after(0.0)
    house.clock.jump(-DAY)
    await house.after(120.0)
    assert house.row(job) == job


async def test_a_job_that_came_after_the_jump_expires_by_the_new_time() -> None:
    house = House()
    house.clock.jump(DAY)
    await house.after(0.0)
    young = await house.added(a_held_job(created_at=house.clock.now(), expires_at=house.clock.now() + HOUR))
    await house.after(HOUR + 120.0)
    assert house.row(young).state is JobState.CANCELED


async def test_a_jump_back_takes_nothing_away() -> None:
    house = House()
    job = await house.added(a_held_job(expires_at=house.clock.now() + HOUR))
    house.clock.jump(-10 * DAY)
    await house.after(2 * HOUR)
    assert house.row(job).state is JobState.PENDING_HELD


async def test_a_second_jump_during_the_first_ones_trial_is_waited_out_too() -> None:
    house = House()
    job = await house.added(a_held_job(expires_at=house.clock.now() + 3 * HOUR))
    for _ in range(3):
        house.clock.jump(DAY)
        await house.after(60.0)
    await house.after(2 * HOUR)
    assert house.row(job).state is JobState.PENDING_HELD


async def test_right_after_a_start_nothing_expires_until_the_clock_had_time_to_be_set() -> None:
    house = House()
    job = await house.added(a_held_job(expires_at=NOW + 3 * HOUR))
    house.clock.jump(DAY)
    house.restarted()
    await house.after(SETTLE_SECONDS - 1.0)
    house.clock.jump(-DAY)
    await house.after(300.0)
    assert house.row(job) == job


async def test_even_on_an_untrusted_clock_ended_jobs_lose_their_keys() -> None:
    house = House()
    house.clock.jump(DAY)
    job = await house.with_objects(**DONE)
    await house.retention.run_once()
    assert house.row(job).key is None
