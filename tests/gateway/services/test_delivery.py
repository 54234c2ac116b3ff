"""A released job on its way to paper: the good way first, then everything that can go wrong."""

from dataclasses import replace

import pytest

from gateway.domain.device import DeviceState, DeviceStatus
from gateway.domain.events import Event
from gateway.domain.job import JobState, Reason
from gateway.domain.ticket import JobTicket
from gateway.errors import FormatError, Unavailable
from gateway.services.ports import ConverterCrashed, Progress, Stage
from tests.gateway.services.delivery_house import DOCUMENT, DeliveryHouse, finished
from tests.gateway.services.house import ALICE

STOPPED = DeviceStatus(state=DeviceState.STOPPED, reasons=("media-empty-error",), message="Load A4.")


@pytest.fixture
async def house() -> DeliveryHouse:
    return await DeliveryHouse.at_work()


async def test_a_released_job_is_printed_followed_and_charged_once(house: DeliveryHouse) -> None:
    job = await house.released()
    async with house.delivering():
        row = await finished(house, job, JobState.COMPLETED)
    ((order, octets),) = house.device().printed
    assert octets == DOCUMENT
    assert (order.release_id, order.size, order.format) == (job.release_id, len(DOCUMENT), "application/pdf")
    assert str(job.release_id) in order.name
    assert row.reasons == (Reason.JOB_COMPLETED_SUCCESSFULLY,)
    assert (row.impressions_completed, row.claimed_by) == (3, None)
    (receipt,) = house.jobs.ledger
    assert (receipt.release_id, receipt.device, receipt.owner) == (job.release_id, "laser", "alice")
    assert (receipt.impressions, receipt.media_sheets, receipt.color, receipt.confirmed) == (3, 3, True, True)
    assert house.events.happenings[-1].event is Event.JOB_COMPLETED
    assert [record.what for record in await house.jobs.records(job.id)] == ["sending", "sent", "completed"]
    assert house.converter.calls == []


async def test_the_row_says_so_before_the_first_octet_goes_out(house: DeliveryHouse) -> None:
    job = await house.released()
    async with house.delivering():
        await finished(house, job, JobState.COMPLETED)
    (seen,) = house.driver.seen
    assert seen.bytes_sent == 1
    assert seen.state is JobState.PROCESSING


async def test_a_release_wakes_the_worker_without_any_time_passing(house: DeliveryHouse) -> None:
    async with house.delivering():
        job = await house.released(state=JobState.PENDING_HELD, output_device=None, release_id=None)
        before = house.clock.monotonic()
        await house.release_again(job)
        await finished(house, job, JobState.COMPLETED)
        assert house.clock.monotonic() == before


async def test_what_the_device_cannot_do_is_made_over_and_counted(house: DeliveryHouse) -> None:
    ticket = JobTicket(page_ranges=((2, 3),), sides="two-sided-long-edge", copies=2)
    job = await house.released(ticket=ticket)
    async with house.delivering():
        await finished(house, job, JobState.COMPLETED)
    ((order, octets),) = house.device().printed
    assert octets.startswith(b"application/pdf 1 copies")
    assert (order.copies, order.size) == (2, len(octets))
    (receipt,) = house.jobs.ledger
    assert (receipt.impressions, receipt.media_sheets) == (4, 2)
    assert len(house.spool.objects) == 1, "what was made for the device is destroyed"
    assert not house.spool.unfinished


async def test_raw_ends_completed_but_unconfirmed(house: DeliveryHouse) -> None:
    house.device("inkjet").knows_jobs = False
    job = await house.released("inkjet")
    async with house.delivering():
        await finished(house, job, JobState.COMPLETED)
    assert [(r.impressions, r.confirmed) for r in house.jobs.ledger] == [(3, False)]


async def test_one_job_a_device_and_devices_side_by_side(house: DeliveryHouse) -> None:
    house.driver.following.clear()
    house.device().script = [Progress(impressions_completed=1), Progress(done=True)]
    house.device("inkjet").script = house.device().script
    first, second, other = await house.released(), await house.released(), await house.released("inkjet")
    async with house.delivering():
        await house.settle()
        assert house.prints() == [first.release_id]
        assert house.prints("inkjet") == [other.release_id]
        assert house.row(second).state is JobState.PENDING
        house.driver.following.set()
        await finished(house, second, JobState.COMPLETED)
    assert house.prints() == [first.release_id, second.release_id]


# -- before the first octet


async def test_an_unreachable_device_is_tried_again_and_then_the_job_is_held_with_a_message(
    house: DeliveryHouse,
) -> None:
    house.device().unreachable = True
    job = await house.released()
    async with house.delivering():
        for seconds, attempts in ((5.0, 1), (15.0, 2), (45.0, 3)):
            row = await finished(house, job, JobState.PENDING)
            assert (row.attempts, row.not_before) == (attempts, house.clock.now() + seconds)
            assert "cannot be reached" in row.message
            await house.pass_(seconds)
        row = await finished(house, job, JobState.PENDING_HELD)
        await house.pass_(300.0)
        assert house.row(job).state is JobState.PENDING_HELD
    assert row.reasons == (Reason.JOB_QUEUED_FOR_MARKER, Reason.JOB_RELEASE_WAIT)
    assert (row.output_device, row.release_id, row.attempts) == (None, None, 0)
    assert "Inkjet can: release it there" in row.message
    assert house.jobs.ledger == []
    told = [h for h in house.events.happenings if h.event is Event.JOB_STATE_CHANGED and h.job_id == job.id]
    assert told[-1].text == row.message


async def test_a_direct_job_goes_to_the_failover_device(house: DeliveryHouse) -> None:
    await house.printers.change_device("laser", failover="inkjet")
    house.device().unreachable = True
    job = await house.released(printer="direct")
    async with house.delivering():
        await house.pass_(80.0)
        row = await finished(house, job, JobState.COMPLETED)
    assert house.prints("inkjet") == [job.release_id]
    assert row.output_device == "inkjet"
    assert [r.device for r in house.jobs.ledger] == ["inkjet"]


async def test_a_held_job_never_comes_out_where_its_owner_is_not(house: DeliveryHouse) -> None:
    await house.printers.change_device("laser", failover="inkjet")
    house.device().unreachable = True
    job = await house.released(printer="find-me")
    async with house.delivering():
        await house.pass_(80.0)
        row = await finished(house, job, JobState.PENDING_HELD)
    assert house.prints("inkjet") == []
    assert "Inkjet can: release it there" in row.message


async def test_two_dead_devices_that_stand_in_for_each_other_end_in_a_message(house: DeliveryHouse) -> None:
    await house.printers.change_device("laser", failover="inkjet")
    await house.printers.change_device("inkjet", failover="laser")
    house.device().unreachable = house.device("inkjet").unreachable = True
    job = await house.released(printer="direct")
    async with house.delivering():
        await house.pass_(80.0)
        await finished(house, job, JobState.PENDING_HELD)


async def test_a_busy_device_is_asked_again_with_doubling_patience(house: DeliveryHouse) -> None:
    house.device().busy = 6
    job = await house.released()
    waits = []
    async with house.delivering():
        for _ in range(6):
            row = await finished(house, job, JobState.PENDING)
            assert row.not_before is not None
            assert row.bytes_sent == 0
            waits.append(row.not_before - house.clock.now())
            await house.pass_(waits[-1])
        await finished(house, job, JobState.COMPLETED)
    assert waits == [10.0, 20.0, 40.0, 80.0, 120.0, 120.0]


async def test_busy_for_ever_ends_held(house: DeliveryHouse) -> None:
    house.device().busy = 1000
    job = await house.released()
    async with house.delivering():
        await house.pass_(120.0 * 21)
        row = await finished(house, job, JobState.PENDING_HELD)
    assert "busy" in row.message
    assert house.device().busy == 1000 - house.settings.busy_tries - 1


async def test_a_device_in_error_gets_nothing_and_a_repair_is_noticed(house: DeliveryHouse) -> None:
    house.device().status = STOPPED
    job = await house.released()
    async with house.delivering():
        row = await finished(house, job, JobState.PENDING)
        assert "Load A4." in row.message
        assert house.driver.seen == []
        assert house.printers.device("laser").status.reasons == STOPPED.reasons
        house.device().status = DeviceStatus(state=DeviceState.IDLE)
        await house.pass_(6.0)
        await finished(house, job, JobState.COMPLETED)
    assert house.printers.device("laser").status.can_print


async def test_only_devices_that_somebody_waits_for_or_that_are_broken_are_watched(house: DeliveryHouse) -> None:
    async with house.delivering():
        await house.pass_(60.0)
        assert house.driver.status_asked == []
        await house.printers.set_device_status("inkjet", STOPPED)
        await house.pass_(6.0)
    assert set(house.driver.status_asked) == {"inkjet"}


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (FormatError("Broken."), JobState.ABORTED),
        (Unavailable("No slot."), JobState.PENDING),
        (ConverterCrashed("It ended."), JobState.PENDING),
    ],
)
async def test_a_converter_that_fails(house: DeliveryHouse, failure: Exception, state: JobState) -> None:
    house.converter.failure = failure
    job = await house.released(ticket=JobTicket(number_up=2))
    async with house.delivering():
        row = await finished(house, job, state)
    assert str(failure) in row.message
    assert house.driver.seen == []
    assert not house.spool.unfinished


async def test_a_device_that_is_no_longer_set_up(house: DeliveryHouse) -> None:
    job = await house.released("gone")
    async with house.delivering():
        row = await finished(house, job, JobState.PENDING_HELD)
    assert "no longer set up" in row.message


async def test_nothing_is_claimed_while_the_keys_are_locked(house: DeliveryHouse) -> None:
    job = await house.released()
    house.keyring.locked = True
    async with house.delivering():
        await finished(house, job, JobState.PENDING)
        house.keyring.locked = False
        await house.pass_(1.5)
        await finished(house, job, JobState.COMPLETED)


async def test_a_destroyed_document_is_said_to_be_gone(house: DeliveryHouse) -> None:
    job = await house.released(key=None)
    async with house.delivering():
        row = await finished(house, job, JobState.ABORTED)
    assert "destroyed" in row.message


# -- after the first octet


async def test_raw_broken_in_the_middle_is_never_sent_again(house: DeliveryHouse) -> None:
    house.device("inkjet").knows_jobs = False
    house.device("inkjet").break_after = 20
    job = await house.released("inkjet")
    async with house.delivering():
        row = await finished(house, job, JobState.PROCESSING_STOPPED)
        assert row.has(Reason.OUTCOME_UNKNOWN)
        assert "may have printed" in row.message
        house.device("inkjet").break_after = None
        follower = await house.released("inkjet")
        await house.pass_(600.0)
        assert house.row(job).has(Reason.OUTCOME_UNKNOWN)
        assert house.row(follower).state is JobState.COMPLETED, "the device is free for others meanwhile"
    assert house.prints("inkjet") == [follower.release_id]
    assert [r.job_id for r in house.jobs.ledger] == [follower.id]


@pytest.mark.parametrize(
    ("came_out", "state", "receipts"), [(True, JobState.COMPLETED, 1), (False, JobState.PENDING_HELD, 0)]
)
async def test_its_owner_says_what_happened(
    house: DeliveryHouse, came_out: bool, state: JobState, receipts: int
) -> None:
    house.device("inkjet").knows_jobs = False
    house.device("inkjet").break_after = 20
    job = await house.released("inkjet")
    async with house.delivering():
        await finished(house, job, JobState.PROCESSING_STOPPED)
        await house.release.resolve(job.id, ALICE, came_out=came_out)
        await finished(house, job, state)
    assert [(r.impressions, r.confirmed) for r in house.jobs.ledger] == [(3, False)] * receipts


async def test_broken_before_the_first_octet_is_tried_again(house: DeliveryHouse) -> None:
    house.device().break_after = 0
    job = await house.released()
    async with house.delivering():
        row = await finished(house, job, JobState.PENDING)
        assert row.bytes_sent == 0
        house.device().break_after = None
        await house.pass_(6.0)
        await finished(house, job, JobState.COMPLETED)
    assert house.prints() == [job.release_id]


async def test_ipp_broken_in_the_middle_asks_the_device_and_believes_it(house: DeliveryHouse) -> None:
    """The connection broke after the printer had taken all of it."""
    house.device().break_after = len(DOCUMENT)
    job = await house.released()
    machine = house.device()
    machine.printed.append((_order_stub(house, job), DOCUMENT))
    async with house.delivering():
        await finished(house, job, JobState.COMPLETED)
    assert len(house.jobs.ledger) == 1
    assert len(machine.printed) == 1


def _order_stub(house: DeliveryHouse, job: object):  # noqa: ANN202 - an Order
    from gateway.services.delivery_plan import order_for, plan_for

    row = house.row(job)  # type: ignore[arg-type]  # a Job
    plan = plan_for(row, house.printers.get(row.printer), house.printers.device("laser"))
    return order_for(row, plan, size=len(DOCUMENT))


async def test_a_stop_in_mid_job_is_told_and_ends(house: DeliveryHouse) -> None:
    stop = Progress(
        device_job="7", stopped=True, impressions_completed=1, reasons=("media-empty-error",), message="Load A4."
    )
    on = Progress(device_job="7", impressions_completed=2)
    house.device().script = [stop, on, Progress(device_job="7", done=True, impressions_completed=3)]
    house.driver.following.clear()
    job = await house.released()
    async with house.delivering():
        row = await finished(house, job, JobState.PROCESSING_STOPPED)
        assert row.has(Reason.PRINTER_STOPPED)
        assert not row.has(Reason.OUTCOME_UNKNOWN)
        assert "Load A4." in row.message
        assert (row.impressions_completed, row.device_job) == (1, "7")
        assert not house.printers.device("laser").status.can_print
        house.driver.following.set()
        row = await finished(house, job, JobState.COMPLETED)
    assert house.printers.device("laser").status.can_print
    assert [r.impressions for r in house.jobs.ledger] == [3]
    assert Event.JOB_STOPPED in {h.event for h in house.events.happenings}


async def test_an_abort_by_the_device_charges_what_was_confirmed_and_holds_the_job(house: DeliveryHouse) -> None:
    house.device().script = [Progress(done=True, aborted=True, impressions_completed=2, message="Fuser error.")]
    job = await house.released()
    async with house.delivering():
        row = await finished(house, job, JobState.PENDING_HELD)
        assert "after 2 of 3 pages: Fuser error." in row.message
        assert [(r.release_id, r.impressions) for r in house.jobs.ledger] == [(job.release_id, 2)]
        house.device().script = [Progress(done=True, impressions_completed=3)]
        again = await house.release_again(job)
        await finished(house, job, JobState.COMPLETED)
    assert [(r.release_id, r.impressions) for r in house.jobs.ledger] == [(job.release_id, 2), (again.release_id, 3)]


async def test_an_abort_before_the_first_page_costs_nothing(house: DeliveryHouse) -> None:
    house.device().script = [Progress(done=True, aborted=True, impressions_completed=0)]
    job = await house.released()
    async with house.delivering():
        await finished(house, job, JobState.PENDING_HELD)
    assert house.jobs.ledger == []


@pytest.mark.parametrize(
    ("counted", "charged", "confirmed"), [(None, 3, True), (0, 3, False), (2, 2, True), (3, 3, True), (9, 3, True)]
)
async def test_how_a_device_counts(house: DeliveryHouse, counted: int | None, charged: int, confirmed: bool) -> None:
    house.device().script = [Progress(done=True, impressions_completed=counted)]
    job = await house.released()
    async with house.delivering():
        await finished(house, job, JobState.COMPLETED)
    assert [(r.impressions, r.confirmed) for r in house.jobs.ledger] == [(charged, confirmed)]


async def test_a_cancel_while_printing_stops_the_device_and_counts_what_came_out(house: DeliveryHouse) -> None:
    house.device().script = [Progress(device_job="laser-1", impressions_completed=1)]
    house.driver.following.clear()
    job = await house.released()
    async with house.delivering():
        await finished(house, job, JobState.PROCESSING)
        await house.release.cancel(job.id, ALICE)
        row = await finished(house, job, JobState.CANCELED)
        assert house.device().cancelled == ["laser-1"]
        follower = await house.released()
        house.device().script = [Progress(done=True)]
        house.driver.following.set()
        await house.pass_(1.5)
        await finished(house, follower, JobState.COMPLETED)
    assert [(r.job_id, r.impressions) for r in house.jobs.ledger] == [(job.id, 1), (follower.id, 3)]
    assert row.impressions_completed == 1


async def test_a_cancel_while_sending_cuts_the_document_off(house: DeliveryHouse) -> None:
    house.driver.sending.clear()
    job = await house.released()
    async with house.delivering():
        await finished(house, job, JobState.PROCESSING)
        await house.release.cancel(job.id, ALICE)
        await finished(house, job, JobState.CANCELED)
    assert house.prints() == []
    assert house.jobs.ledger == []


async def test_a_job_taken_over_by_another_worker_is_let_go(house: DeliveryHouse) -> None:
    from gateway.services.ports import JobChange

    house.driver.following.clear()
    house.device().script = [Progress(impressions_completed=1), Progress(done=True)]
    job = await house.released()
    async with house.delivering():
        await finished(house, job, JobState.PROCESSING)
        await house.jobs.update(job.id, lambda row: JobChange(job=replace(row, claimed_by="other")))
        house.driver.following.set()
        await house.pass_(20.0)
        assert house.row(job).claimed_by == "other"
        assert house.row(job).state is JobState.PROCESSING
    assert house.jobs.ledger == []


async def test_the_claim_is_kept_alive_while_the_device_prints(house: DeliveryHouse) -> None:
    house.driver.following.clear()
    house.device().script = [Progress(impressions_completed=1), Progress(done=True)]
    job = await house.released()
    async with house.delivering():
        for _ in range(10):
            await house.pass_(20.0)
            until = house.row(job).claimed_until
            assert until is not None
            assert until > house.clock.now()
        house.driver.following.set()
        await finished(house, job, JobState.COMPLETED)
    assert len(house.prints()) == 1


async def test_a_damaged_spool_object_in_the_middle_leaves_the_outcome_unknown(house: DeliveryHouse) -> None:
    house.spool.chunk = 16

    class Damaged(type(house.spool)):  # type: ignore[misc]  # the fake's own class
        async def read(self, object_id: str, key: bytes):  # noqa: ANN202 - octets
            async for chunk in super().read(object_id, key):
                yield chunk
                raise Unavailable("The object is damaged.")

    house.spool.__class__ = Damaged
    house.device().knows_jobs = False
    job = await house.released()
    async with house.delivering():
        row = await finished(house, job, JobState.PROCESSING_STOPPED)
    assert row.has(Reason.OUTCOME_UNKNOWN)
    assert house.prints() == []


async def test_a_database_that_is_away_after_the_send_causes_no_second_print(house: DeliveryHouse) -> None:
    house.driver.sending.clear()
    job = await house.released()
    async with house.delivering():
        await finished(house, job, JobState.PROCESSING)
        house.jobs.failure = Unavailable("The database is away.")
        house.driver.sending.set()
        await house.pass_(10.0)
        assert house.prints() == [job.release_id]
        house.jobs.failure = None
        await house.pass_(100.0)
        await finished(house, job, JobState.COMPLETED)
    assert house.prints() == [job.release_id]
    assert len(house.jobs.ledger) == 1


async def test_stop_lets_what_is_being_sent_go_out(house: DeliveryHouse) -> None:
    import asyncio

    house.driver.sending.clear()
    job, second = await house.released(), await house.released()
    async with house.delivering():
        await finished(house, job, JobState.PROCESSING)
        stopping = asyncio.create_task(house.delivery.stop())
        await house.pass_(1.0)
        assert not stopping.done()
        house.driver.sending.set()
        await house.pass_(1.0)
        await stopping
        await finished(house, job, JobState.COMPLETED)
        await finished(house, second, JobState.PENDING)


async def test_claiming_goes_on_after_the_database_was_away(house: DeliveryHouse) -> None:
    job = await house.released()
    house.jobs.failure = Unavailable("The database is away.")
    async with house.delivering():
        await house.pass_(3.0)
        house.jobs.failure = None
        await house.pass_(1.5)
        await finished(house, job, JobState.COMPLETED)
    assert await house.jobs.claim(Stage.DELIVER, "x", now=house.clock.now(), lease=1.0) == []


async def test_a_paused_printer_starts_no_job_and_resumes_at_once(house: DeliveryHouse) -> None:
    await house.printers.pause("find-me")
    job = await house.released()
    async with house.delivering():
        await house.pass_(300.0)
        row = await finished(house, job, JobState.PENDING)
        assert (row.attempts, row.message) == (0, "The printer is paused.")
        assert house.driver.status_asked == []
        await house.printers.resume("find-me")
        await finished(house, job, JobState.COMPLETED)


async def test_listeners_hear_each_change_of_state(house: DeliveryHouse) -> None:
    stop = Progress(stopped=True, impressions_completed=1)
    house.device().script = [stop, Progress(impressions_completed=2), Progress(done=True)]
    job = await house.released()
    async with house.delivering():
        await finished(house, job, JobState.COMPLETED)
    heard = [h.event for h in house.events.happenings if h.job_id == job.id and h.event is not Event.JOB_PROGRESS]
    assert heard == [Event.JOB_STATE_CHANGED, Event.JOB_STOPPED, Event.JOB_STATE_CHANGED, Event.JOB_COMPLETED]


async def test_a_mistake_in_a_driver_takes_nobody_along_and_ends(house: DeliveryHouse) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    house.driver.status = broken  # type: ignore[method-assign, assignment]  # a driver with a bug
    job = await house.released()
    async with house.delivering():
        await house.pass_(30.0 * 50)
        row = await finished(house, job, JobState.PENDING_HELD)
    assert "again and again" in row.message
