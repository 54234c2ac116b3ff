"""Event subscriptions (RFC 3995) and their pulled delivery (RFC 3996): who hears what, how long, and who waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from gateway.domain.device import DeviceState, DeviceStatus
from gateway.domain.events import Event, Happening
from gateway.domain.job import Job, JobState
from gateway.domain.rights import Role
from gateway.domain.user import Actor
from gateway.errors import LimitReached, NotFound, NotPossible, Unavailable
from gateway.services import notifications as module
from gateway.services.notifications import Notifications
from gateway.services.ports import JobChange
from gateway.services.printers import Printers
from gateway.services.subscription_rows import SubscriptionRows
from gateway.services.subscriptions import BLOCK, EVENT_LIFE, LEASE_DEFAULT, LEASE_MAX, Wish, check_events
from tests.fakes import FakeClock, MemoryEventBus, MemoryJobStore, MemoryPrinterStore, a_device, a_job, a_printer
from tests.fakes_subscriptions import MemorySubscriptionStore

ALICE, BOB = Actor(user="alice"), Actor(user="bob")
STRANGER = Actor(claimed="mobile", address="192.0.2.10")
OPERATOR = Actor(user="olga", role=Role.OPERATOR)
JOBS = Wish(events=("job-state-changed",))


@dataclass
class Bench:
    clock: FakeClock
    bus: MemoryEventBus
    jobs: MemoryJobStore
    printers: Printers
    rows: MemorySubscriptionStore
    gone: set[str] = field(default_factory=set)
    notifications: Notifications = field(init=False)

    async def known(self, name: str, address: str) -> Actor | None:
        return None if name in self.gone else Actor(user=name, address=address, via="ipp")

    async def a_job(self, **fields: object) -> Job:
        (job,) = await self.jobs.add([a_job(**fields)])
        return job

    async def happens(self, event: Event, job: Job | None = None, *, printer: str = "find-me", text: str = "") -> None:
        """Told on the bus and taken."""
        at = self.clock.now()
        self.bus.publish(Happening(event=event, at=at, printer=printer, job_id=job.id if job else None, text=text))
        await self.clock.settle()

    async def moves(self, job: Job, state: JobState, event: Event = Event.JOB_STATE_CHANGED) -> None:
        await self.jobs.update(job.id, lambda job: JobChange(job=replace(job, state=state)))
        await self.happens(event, job)

    async def heard(self, subscription_id: int, actor: Actor = ALICE, first: int = 1) -> list[str]:
        notices, _ = await self.notifications.notices({subscription_id: first}, actor)
        return [notice.event for notice in notices]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    clock, bus, jobs = FakeClock(), MemoryEventBus(), MemoryJobStore()
    rows = MemoryPrinterStore(printers=[a_printer(devices=("laser",)), a_printer("direct")], devices=[a_device()])
    printers = Printers(store=rows, jobs=jobs, events=bus, clock=clock)
    await printers.refresh()
    async with running(Bench(clock, bus, jobs, printers, MemorySubscriptionStore(jobs))) as bench:
        yield bench


@asynccontextmanager
async def running(bench: "Bench") -> AsyncIterator["Bench"]:
    """With a process of its own, which knows what the rows say."""
    bench.notifications = Notifications(
        rows=SubscriptionRows(store=bench.rows, known=bench.known, jobs=bench.jobs, clock=bench.clock),
        events=bench.bus,
        jobs=bench.jobs,
        printers=bench.printers,
        clock=bench.clock,
    )
    task = asyncio.ensure_future(bench.notifications.run())
    await bench.clock.settle()
    yield bench
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# -- what is heard


async def test_a_notice_tells_the_job_as_it_stood(bench: Bench) -> None:
    job = await bench.a_job()
    subscription = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE)
    await bench.moves(job, JobState.PROCESSING)
    await bench.moves(job, JobState.COMPLETED, Event.JOB_COMPLETED)
    notices, complete = await bench.notifications.notices({subscription.id: 1}, ALICE)
    assert [(n.sequence, n.event, n.job and n.job.state) for n in notices] == [
        (1, "job-state-changed", JobState.PROCESSING),
        (2, "job-completed", JobState.COMPLETED),
    ]
    assert not complete


@pytest.mark.parametrize(
    ("wished", "heard"),
    [
        (("job-created",), ["job-created"]),
        (("job-completed",), ["job-completed"]),
        (("job-stopped",), ["job-stopped"]),
        (("job-state-changed",), ["job-created", "job-state-changed", "job-stopped", "job-completed"]),
        (("job-created", "job-completed"), ["job-created", "job-completed"]),
        (("printer-state-changed",), []),
        (("none",), []),
    ],
)
async def test_an_event_covers_its_sub_events(bench: Bench, wished: tuple[str, ...], heard: list[str]) -> None:
    job = await bench.a_job()
    subscription = await bench.notifications.subscribe(printer="find-me", wish=Wish(events=wished), actor=ALICE)
    await bench.happens(Event.JOB_CREATED, job)
    await bench.moves(job, JobState.PROCESSING)
    await bench.moves(job, JobState.PROCESSING_STOPPED)
    await bench.moves(job, JobState.COMPLETED, Event.JOB_COMPLETED)
    assert await bench.heard(subscription.id) == heard


async def test_printer_events_tell_the_printer_as_it_stood(bench: Bench) -> None:
    wish = Wish(events=("printer-state-changed", "printer-config-changed"))
    subscription = await bench.notifications.subscribe(printer="find-me", wish=wish, actor=STRANGER)
    await bench.printers.set_device_status("laser", DeviceStatus(state=DeviceState.STOPPED, reasons=("cover-open",)))
    await bench.clock.settle()
    await bench.happens(Event.PRINTER_CONFIG_CHANGED)
    notices, _ = await bench.notifications.notices({subscription.id: 1}, STRANGER)
    assert [n.event for n in notices] == ["printer-stopped", "printer-config-changed"]
    assert notices[0].status is not None
    assert notices[0].status.reasons == ("cover-open",)


async def test_nobody_hears_of_anothers_job_or_printer(bench: Bench) -> None:
    job = await bench.a_job(owner="bob")
    alice = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE)
    other = await bench.notifications.subscribe(printer="direct", wish=JOBS, actor=BOB)
    operator = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=OPERATOR)
    await bench.moves(job, JobState.PROCESSING)
    assert await bench.heard(alice.id) == []
    assert await bench.heard(other.id, BOB) == []
    assert await bench.heard(operator.id, OPERATOR) == ["job-state-changed"]


async def test_a_stranger_hears_of_the_own_unclaimed_job_only(bench: Bench) -> None:
    mine = await bench.a_job(owner=None, requested_name="mobile", address="192.0.2.10")
    neighbours = await bench.a_job(owner=None, requested_name="mobile", address="192.0.2.11")
    subscription = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=STRANGER)
    await bench.moves(mine, JobState.PROCESSING)
    await bench.moves(neighbours, JobState.PROCESSING)
    notices, _ = await bench.notifications.notices({subscription.id: 1}, STRANGER)
    assert [n.job and n.job.id for n in notices] == [mine.id]


async def test_an_announcement_reaches_those_who_watch_the_printer(bench: Bench) -> None:
    wish = Wish(events=("printer-state-changed",))
    subscription = await bench.notifications.subscribe(printer="find-me", wish=wish, actor=ALICE)
    bench.notifications.announce("find-me", "Here I am")
    await bench.clock.settle()
    notices, _ = await bench.notifications.notices({subscription.id: 1}, ALICE)
    assert [n.text for n in notices] == ["Here I am"]


async def test_a_row_that_cannot_be_read_loses_one_notice_and_no_more(bench: Bench) -> None:
    job = await bench.a_job()
    subscription = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE)
    bench.jobs.failure = Unavailable("away")
    await bench.happens(Event.JOB_STATE_CHANGED, job)
    bench.jobs.failure = None
    await bench.moves(job, JobState.PROCESSING)
    assert await bench.heard(subscription.id) == ["job-state-changed"]


# -- how long


async def test_notices_are_kept_for_their_life_and_counted_on(bench: Bench) -> None:
    job = await bench.a_job()
    subscription = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE)
    await bench.moves(job, JobState.PROCESSING)
    assert await bench.heard(subscription.id) == ["job-state-changed"]
    assert await bench.heard(subscription.id) == ["job-state-changed"], "reading does not take away"
    assert await bench.heard(subscription.id, first=2) == []
    bench.clock.tick(EVENT_LIFE)
    assert await bench.heard(subscription.id) == []


async def test_only_the_newest_notices_are_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    job = await bench.a_job()
    subscription = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE)
    for _ in range(module.MAX_EVENTS + 5):
        await bench.happens(Event.JOB_STATE_CHANGED, job)
    notices, _ = await bench.notifications.notices({subscription.id: 1}, ALICE)
    assert [notices[0].sequence, notices[-1].sequence] == [6, module.MAX_EVENTS + 5]


@pytest.mark.parametrize(("asked", "given"), [(None, LEASE_DEFAULT), (60, 60), (0, LEASE_MAX), (10**9, LEASE_MAX)])
async def test_a_lease_has_an_end(bench: Bench, asked: int | None, given: int) -> None:
    wish = Wish(lease=asked)
    subscription = await bench.notifications.subscribe(printer="find-me", wish=wish, actor=ALICE)
    assert subscription.lease == given
    bench.clock.tick(given - 1)
    assert await bench.notifications.get(subscription.id, ALICE)
    bench.clock.tick(1)
    with pytest.raises(NotFound):
        await bench.notifications.get(subscription.id, ALICE)


async def test_a_renewed_lease_counts_from_now(bench: Bench) -> None:
    subscription = await bench.notifications.subscribe(printer="find-me", wish=Wish(lease=60), actor=ALICE)
    bench.clock.tick(50)
    assert (await bench.notifications.renew(subscription.id, ALICE, 60)).lease == 60
    bench.clock.tick(50)
    assert await bench.notifications.get(subscription.id, ALICE)


async def test_a_jobs_subscription_lives_as_long_as_the_job_and_its_last_notice(bench: Bench) -> None:
    job, other = await bench.a_job(), await bench.a_job()
    subscription = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE, job_id=job.id)
    with pytest.raises(NotPossible):
        await bench.notifications.renew(subscription.id, ALICE, 60)
    bench.clock.tick(LEASE_MAX * 2)
    await bench.moves(other, JobState.PROCESSING)
    await bench.moves(job, JobState.COMPLETED, Event.JOB_COMPLETED)
    notices, complete = await bench.notifications.notices({subscription.id: 1}, ALICE)
    assert ([n.event for n in notices], complete) == (["job-completed"], True)
    bench.clock.tick(EVENT_LIFE)
    with pytest.raises(NotFound):
        await bench.notifications.get(subscription.id, ALICE)


# -- whose


async def test_subscriptions_are_their_makers(bench: Bench) -> None:
    subscription = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=STRANGER)
    for other in (ALICE, replace(STRANGER, address="192.0.2.11"), replace(STRANGER, claimed="phone")):
        with pytest.raises(NotFound):
            await bench.notifications.get(subscription.id, other)
        with pytest.raises(NotFound):
            await bench.notifications.cancel(subscription.id, other)
        with pytest.raises(NotFound):
            await bench.notifications.notices({subscription.id: 1}, other)
        assert await bench.notifications.find("find-me", other) == ()
    assert await bench.notifications.find("find-me", OPERATOR) == (subscription,)
    assert await bench.notifications.find("direct", OPERATOR) == ()
    await bench.notifications.cancel(subscription.id, STRANGER)
    assert await bench.notifications.find("find-me", STRANGER) == ()


async def test_per_job_and_per_printer_subscriptions_are_listed_apart(bench: Bench) -> None:
    job = await bench.a_job()
    whole = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE)
    single = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE, job_id=job.id)
    assert await bench.notifications.find("find-me", ALICE) == (whole,)
    assert await bench.notifications.find("find-me", ALICE, job_id=job.id) == (single,)


async def test_one_client_cannot_take_all_subscriptions(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(module.MAX_OF_ONE):
        await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=STRANGER)
    with pytest.raises(LimitReached):
        await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=STRANGER)
    assert await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE)
    monkeypatch.setattr(module, "MAX_SUBSCRIPTIONS", module.MAX_OF_ONE + 1)
    with pytest.raises(LimitReached):
        await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=BOB)


async def test_a_stranger_under_many_names_is_still_one_address(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_OF_ADDRESS", 3)
    for name in "abc":
        await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=replace(STRANGER, claimed=name))
    with pytest.raises(LimitReached):
        await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=replace(STRANGER, claimed="d"))
    assert await bench.notifications.subscribe(
        printer="find-me", wish=JOBS, actor=replace(STRANGER, address="192.0.2.11")
    )


def test_unknown_events_are_left_out() -> None:
    assert check_events(["job-created", "sunrise", "job-created"]) == ("job-created",)


# -- waiting


async def waiting(bench: Bench, *ids: int, seconds: float = 60.0) -> "asyncio.Task[object]":
    task = asyncio.ensure_future(bench.notifications.notices(dict.fromkeys(ids, 1), ALICE, wait=seconds))
    await bench.clock.settle()
    assert not task.done()
    return task


async def test_waiting_ends_with_the_first_notice(bench: Bench) -> None:
    job = await bench.a_job()
    subscription = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE)
    task = await waiting(bench, subscription.id)
    await bench.moves(job, JobState.PROCESSING)
    notices, _ = await task  # type: ignore[misc]  # a pair
    assert [n.event for n in notices] == ["job-state-changed"]


async def test_waiting_ends_with_its_time(bench: Bench) -> None:
    subscription = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE)
    task = await waiting(bench, subscription.id, seconds=30.0)
    await bench.clock.advance(29.0)
    assert not task.done()
    await bench.clock.advance(1.0)
    assert await task == ((), False)


async def test_waiting_goes_on_over_what_is_not_for_it(bench: Bench) -> None:
    job = await bench.a_job(owner="bob")
    subscription = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE)
    task = await waiting(bench, subscription.id)
    await bench.moves(job, JobState.PROCESSING)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert bench.clock.sleepers == 0, "a client that left leaves nobody asleep"


async def test_waiting_ends_when_the_subscription_does(bench: Bench) -> None:
    subscription = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE)
    task = await waiting(bench, subscription.id)
    await bench.notifications.cancel(subscription.id, ALICE)
    assert await task == ((), True)


async def test_many_wait_at_the_same_time(bench: Bench) -> None:
    job = await bench.a_job()
    ids = [(await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE)).id for _ in range(20)]
    tasks = [await waiting(bench, one) for one in ids]
    await bench.moves(job, JobState.PROCESSING)
    assert all(len(notices) == 1 for notices, _ in await asyncio.gather(*tasks))  # type: ignore[misc]  # pairs


# -- after a restart


async def test_a_subscription_outlives_the_process_with_what_is_left_of_its_lease(bench: Bench) -> None:
    wish = replace(JOBS, lease=600, user_data=b"me")
    made = await bench.notifications.subscribe(printer="find-me", wish=wish, actor=ALICE)
    bench.clock.tick(400)
    async with running(bench):
        again = await bench.notifications.get(made.id, ALICE)
        assert (again.wish.events, again.wish.user_data, again.lease) == (JOBS.events, b"me", 600)
        bench.clock.tick(199)
        assert await bench.notifications.get(made.id, ALICE)
        bench.clock.tick(1)
        with pytest.raises(NotFound):
            await bench.notifications.get(made.id, ALICE)


async def test_a_strangers_subscription_is_still_that_strangers(bench: Bench) -> None:
    made = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=STRANGER)
    async with running(bench):
        assert await bench.notifications.get(made.id, STRANGER)
        with pytest.raises(NotFound):
            await bench.notifications.get(made.id, replace(STRANGER, address="192.0.2.11"))


async def test_whoever_is_gone_meanwhile_hears_nothing_more(bench: Bench) -> None:
    made = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE)
    bench.gone.add("alice")
    async with running(bench):
        with pytest.raises(NotFound):
            await bench.notifications.get(made.id, ALICE)


async def test_sequence_numbers_go_on_and_none_is_given_twice(bench: Bench) -> None:
    job = await bench.a_job()
    made = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE)
    await bench.moves(job, JobState.PROCESSING)
    await bench.moves(job, JobState.PROCESSING)
    async with running(bench):
        await bench.moves(job, JobState.PROCESSING)
        notices, _ = await bench.notifications.notices({made.id: 3}, ALICE)
    assert [notice.sequence for notice in notices] == [BLOCK + 1]


async def test_events_cost_a_write_only_once_in_a_block(bench: Bench) -> None:
    job = await bench.a_job()
    made = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE)
    writes = bench.rows.writes
    for _ in range(BLOCK):
        await bench.happens(Event.JOB_STATE_CHANGED, job)
    assert bench.rows.writes == writes
    await bench.happens(Event.JOB_STATE_CHANGED, job)
    assert bench.rows.writes == writes + 1
    notices, _ = await bench.notifications.notices({made.id: BLOCK}, ALICE)
    assert [notice.sequence for notice in notices] == [BLOCK, BLOCK + 1], "without a gap while the process lives"


async def test_an_event_that_comes_while_a_lease_is_renewed_is_counted(bench: Bench) -> None:
    job = await bench.a_job()
    made = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE)
    bench.rows.slow = bench.clock
    renewing = asyncio.ensure_future(bench.notifications.renew(made.id, ALICE, 60))
    await bench.moves(job, JobState.PROCESSING)
    await bench.clock.advance(1.0)
    assert (await renewing).lease == 60
    await bench.moves(job, JobState.PROCESSING)
    notices, _ = await bench.notifications.notices({made.id: 1}, ALICE)
    assert [notice.sequence for notice in notices] == [1, 2]


async def test_a_write_that_fails_loses_no_notice(bench: Bench) -> None:
    job = await bench.a_job()
    made = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE)
    bench.rows.failure = Unavailable("away")
    for _ in range(BLOCK + 2):
        await bench.happens(Event.JOB_STATE_CHANGED, job)
    bench.rows.failure = None
    await bench.happens(Event.JOB_STATE_CHANGED, job)
    notices, _ = await bench.notifications.notices({made.id: BLOCK + 1}, ALICE)
    assert [notice.sequence for notice in notices] == [BLOCK + 1, BLOCK + 2, BLOCK + 3]


async def test_a_job_that_ended_meanwhile_is_told_of_once(bench: Bench) -> None:
    job = await bench.a_job()
    made = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE, job_id=job.id)
    ended = bench.clock.now() + 1

    def end(row: Job) -> JobChange:
        return JobChange(job=replace(row, state=JobState.COMPLETED, ended_at=ended))

    await bench.jobs.update(job.id, end)
    bench.clock.tick(60)
    async with running(bench):
        notices, complete = await bench.notifications.notices({made.id: 1}, ALICE)
        assert ([(n.event, n.at) for n in notices], complete) == ([("job-completed", ended)], True)
    bench.clock.tick(EVENT_LIFE)
    async with running(bench):
        with pytest.raises(NotFound):
            await bench.notifications.get(made.id, ALICE)


async def test_what_was_canceled_or_is_over_stays_away(bench: Bench) -> None:
    made = await bench.notifications.subscribe(printer="find-me", wish=JOBS, actor=ALICE)
    await bench.notifications.subscribe(printer="find-me", wish=replace(JOBS, lease=60), actor=ALICE)
    await bench.notifications.cancel(made.id, ALICE)
    bench.clock.tick(60)
    async with running(bench):
        assert await bench.notifications.find("find-me", ALICE) == ()
        assert await bench.notifications.purge() == 1
    assert not bench.rows.rows
