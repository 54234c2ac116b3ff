import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.job import Job, JobState, Reason
from gateway.domain.ticket import JobTicket
from gateway.errors import BadRequest, NotFound, NotPossible, Unavailable
from gateway.services.counting import count
from gateway.services.ports import ConverterCrashed, Stage
from gateway.services.preparation import LEASE_SECONDS, REST_SECONDS
from tests.fake_documents import PASSWORD
from tests.fakes import fake_pdf
from tests.gateway.services.house import ALICE, BOB, House


async def prepared(house: House, job: Job) -> Job:
    """Claims and prepares one job the way the worker does."""
    (claimed,) = await house.jobs.claim(Stage.PREPARE, "worker-1", now=house.clock.now(), lease=LEASE_SECONDS)
    assert claimed.id == job.id
    await house.preparation._one(claimed)
    after = await house.jobs.get(job.id)
    assert after is not None
    return after


async def test_a_prepared_job_of_a_pull_printer_waits_for_its_release() -> None:
    house = await House.built()
    job = await prepared(house, await house.spooled(fake_pdf(3, color=True)))
    assert job.state is JobState.PENDING_HELD
    assert job.reasons == (Reason.JOB_QUEUED_FOR_MARKER, Reason.JOB_RELEASE_WAIT)
    assert (job.pages, job.color, job.impressions, job.media_sheets) == (3, True, 3, 3)
    assert [t.number for t in job.thumbnails] == [1, 2, 3]
    assert [(page.width, page.color) for page in job.found.pages] == [(21000, True)] * 3


async def test_a_prepared_job_of_a_direct_printer_is_on_its_way() -> None:
    house = await House.built()
    job = await prepared(house, await house.spooled(fake_pdf(), printer="direct"))
    assert (job.state, job.output_device) == (JobState.PENDING, "laser")
    assert job.release_id is not None


async def test_a_pin_job_waits_for_its_pin_even_on_a_direct_printer() -> None:
    house = await House.built()
    job = await prepared(house, await house.spooled(fake_pdf(), printer="direct", password_hash="fake$"))
    assert Reason.JOB_PASSWORD_WAIT in job.reasons


async def test_job_hold_until_holds_on_a_direct_printer() -> None:
    house = await House.built()
    held = await house.spooled(fake_pdf(), printer="direct", ticket=JobTicket(job_hold_until="indefinite"))
    assert (await prepared(house, held)).reasons == (Reason.JOB_HOLD_UNTIL_SPECIFIED,)
    timed = await house.spooled(fake_pdf(), printer="direct", ticket=JobTicket(job_hold_until_time=5e9))
    assert (await prepared(house, timed)).not_before == 5e9


async def test_without_a_device_a_direct_job_waits_and_says_why() -> None:
    house = await House.built()
    await house.printers.change_printer("direct", devices=())
    for device in ("laser", "inkjet"):
        for printer in house.printers.all():
            if device in printer.devices and printer.name != "secure":
                await house.printers.change_printer(printer.name, devices=())
    job = await house.spooled(fake_pdf(), printer="direct")
    assert (await prepared(house, job)).state in {JobState.PENDING, JobState.PENDING_HELD}


async def test_several_documents_become_one_printable() -> None:
    house = await House.built()
    job = await house.spooled(fake_pdf(2))
    assert job.key is not None
    second = await house.sealed(fake_pdf(3), house.keyring.unwrap(job.key))
    job = await house.added(
        Job(
            uuid=job.uuid,
            printer="find-me",
            state=JobState.PENDING,
            name="Two",
            owner="alice",
            source="ipp",
            documents=(*job.documents, second),
            key=job.key,
            created_at=0.0,
        )
    )
    await house.release.cancel(1, ALICE)
    after = await prepared(house, job)
    assert after.pages == 5
    assert [t.number for t in after.thumbnails] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"garbage", Reason.DOCUMENT_FORMAT_ERROR),
        (fake_pdf(locked=True), Reason.DOCUMENT_PASSWORD_ERROR),
        (fake_pdf(no_print=True), Reason.DOCUMENT_PERMISSION_ERROR),
    ],
)
async def test_a_bad_document_aborts_the_job_with_the_registered_reason(octets: bytes, reason: Reason) -> None:
    house = await House.built()
    job = await prepared(house, await house.spooled(octets, printer="direct"))
    assert job.state is JobState.ABORTED
    assert reason in job.reasons
    assert job.message


async def test_pages_that_are_not_there_abort_with_a_sentence() -> None:
    house = await House.built()
    job = await prepared(house, await house.spooled(fake_pdf(2), ticket=JobTicket(page_ranges=((7, 9),))))
    assert job.state is JobState.ABORTED
    assert "2 pages" in job.message


async def test_the_third_failure_aborts() -> None:
    house = await House.built()
    house.converter.failure = OSError("broken pipe")
    job = await house.spooled(fake_pdf())
    assert (await prepared(house, job)).state is JobState.PENDING
    assert (await prepared(house, job)).state is JobState.PENDING
    third = await prepared(house, job)
    assert third.state is JobState.ABORTED
    assert "failed 3 times" in third.message


async def test_a_crashed_converter_counts_as_a_failure() -> None:
    house = await House.built()
    house.converter.failure = ConverterCrashed("The document could not be processed.")
    job = await house.spooled(fake_pdf())
    assert (await prepared(house, job)).attempts == 1


async def test_a_machine_that_cannot_prepare_consumes_no_job_and_rests() -> None:
    house = await House.built()
    house.converter.failure = Unavailable("Documents cannot be opened safely at the moment.")
    job = await house.spooled(fake_pdf())
    worker = asyncio.create_task(house.preparation.run())
    try:
        await house.clock.advance(60)
        waiting = await house.release.visible(job.id, ALICE)
        assert (waiting.state, waiting.attempts, waiting.message) == (
            JobState.PENDING,
            0,
            "Documents cannot be opened safely at the moment.",
        )
        assert 10 <= len(house.converter.calls) <= 13
        house.converter.failure = None
        await house.clock.advance(REST_SECONDS + 1)
        after = await house.release.visible(job.id, ALICE)
        assert (after.state, after.message) == (JobState.PENDING_HELD, "")
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker


async def test_a_job_canceled_meanwhile_stays_canceled() -> None:
    house = await House.built()
    job = await house.spooled(fake_pdf())
    (claimed,) = await house.jobs.claim(Stage.PREPARE, "worker-1", now=house.clock.now(), lease=LEASE_SECONDS)
    await house.release.cancel(job.id, ALICE)
    await house.preparation._one(claimed)
    after = await house.jobs.get(job.id)
    assert after is not None
    assert after.state is JobState.CANCELED


async def test_an_interrupted_preparation_goes_back_in_line_after_a_restart() -> None:
    house = await House.built()
    job = await house.spooled(fake_pdf())
    await house.jobs.claim(Stage.PREPARE, "dead", now=house.clock.now(), lease=LEASE_SECONDS)
    assert await house.preparation.recover(alone=False) == 0
    assert await house.preparation.recover(alone=True) == 1
    assert (await prepared(house, job)).state is JobState.PENDING_HELD


async def test_a_worker_takes_over_from_one_that_died_elsewhere() -> None:
    """Whose claim had not lapsed yet when this one started."""
    house = await House.built()
    job = await house.spooled(fake_pdf())
    await house.jobs.claim(Stage.PREPARE, "dead", now=house.clock.now(), lease=LEASE_SECONDS)
    worker = asyncio.create_task(house.preparation.run())
    try:
        await house.clock.advance(LEASE_SECONDS - 1)
        assert (await house.release.visible(job.id, ALICE)).state is JobState.PROCESSING
        await house.clock.advance(2 * LEASE_SECONDS)
        assert (await house.release.visible(job.id, ALICE)).state is JobState.PENDING_HELD
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker


async def test_the_worker_takes_what_is_there_and_what_comes() -> None:
    house = await House.built()
    first = await house.spooled(fake_pdf())
    worker = asyncio.create_task(house.preparation.run())
    try:
        await house.clock.advance(1.5)
        second = await house.spooled(fake_pdf())
        await house.clock.advance(1.5)
        states = {(await house.release.visible(job.id, ALICE)).state for job in (first, second)}
        assert states == {JobState.PENDING_HELD}
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker


@given(
    pages=st.integers(1, 500),
    copies=st.integers(1, 99),
    number_up=st.sampled_from([1, 2, 4, 6, 9, 16]),
    two_sided=st.booleans(),
)
def test_counts_after_layout(pages: int, copies: int, number_up: int, two_sided: bool) -> None:
    ticket = JobTicket(copies=copies, number_up=number_up, sides="two-sided-long-edge" if two_sided else "one-sided")
    counts = count(pages, ticket)
    assert counts.impressions * number_up >= pages * copies
    assert counts.impressions < (pages / number_up + 1) * copies
    assert counts.media_sheets <= counts.impressions <= 2 * counts.media_sheets


def test_overlapping_ranges_count_a_page_once() -> None:
    assert count(10, JobTicket(page_ranges=((1, 4), (3, 6), (9, 99)))).impressions == 8


async def test_an_encrypted_document_waits_for_its_password_where_jobs_wait() -> None:
    house = await House.built()
    job = await prepared(house, await house.spooled(fake_pdf(locked=True)))
    assert (job.state, job.reasons) == (JobState.PENDING_HELD, (Reason.DOCUMENT_PASSWORD_ERROR,))
    (outcome,) = await house.release.release([job.id], ALICE, device="laser")
    assert outcome.refusal is not None
    assert "password" in outcome.refusal.message


async def test_the_password_is_used_once_and_destroyed() -> None:
    house = await House.built()
    job = await prepared(house, await house.spooled(fake_pdf(locked=True)))
    with pytest.raises(BadRequest):
        await house.release.unlock(job.id, ALICE, "")
    with pytest.raises(NotFound):
        await house.release.unlock(job.id, BOB, "guess")
    await house.release.unlock(job.id, ALICE, "wrong")
    assert (await prepared(house, job)).reasons == (Reason.DOCUMENT_PASSWORD_ERROR,)
    unlocking = (await house.release.unlock(job.id, ALICE, PASSWORD)).unlocking
    assert unlocking is not None
    opened = await prepared(house, job)
    assert (opened.state, opened.unlocking, opened.pages) == (JobState.PENDING_HELD, None, 1)
    assert Reason.JOB_RELEASE_WAIT in opened.reasons
    assert unlocking.id not in house.spool.objects
    with pytest.raises(NotPossible):
        await house.release.unlock(job.id, ALICE, PASSWORD)


async def test_documents_know_their_pages_and_share_their_submitters_worker() -> None:
    house = await House.built()
    job = await prepared(house, await house.spooled(fake_pdf(3)))
    assert [document.pages for document in job.documents] == [3]
    await prepared(house, await house.spooled(fake_pdf(1)))
    first, second = house.converter.batches
    assert first == second is not None


@pytest.mark.parametrize(
    ("owner", "pages", "state"),
    [
        (None, 500, JobState.PENDING_HELD),
        (None, 501, JobState.ABORTED),
        ("guest:7", 501, JobState.ABORTED),
        ("alice", 501, JobState.PENDING_HELD),
    ],
)
async def test_guests_have_a_limit_of_pages_of_their_own(owner: str | None, pages: int, state: JobState) -> None:
    house = await House.built()
    job = await prepared(house, await house.spooled(fake_pdf(pages), owner=owner))
    assert job.state is state
    if state is JobState.ABORTED:
        assert Reason.DOCUMENT_UNPRINTABLE_ERROR in job.reasons
        assert "501 pages, and guests may print 500" in job.message
