"""What of an office document is printed: a held job goes back to be prepared with another choice."""

import pytest

from gateway.domain.conversion import AS_AUTHORED, ConversionChoice
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.ticket import JobTicket
from gateway.errors import BadRequest, FormatError, NotFound, NotPossible
from gateway.services.ports import ConverterCrashed, Stage
from gateway.services.preparation import FAILURES, LEASE_SECONDS
from tests.fakes import fake_xlsx
from tests.gateway.services.house import ALICE, BOB, OPERATOR, PHONE, House

SECOND = ConversionChoice(sheets=(2,), fit_width=True)


async def prepared(house: House, job_id: int) -> Job:
    (claimed,) = await house.jobs.claim(Stage.PREPARE, "worker-1", now=house.clock.now(), lease=LEASE_SECONDS)
    assert claimed.id == job_id
    await house.preparation._one(claimed)
    return await house.release.visible(job_id, OPERATOR)


async def a_workbook(house: House, **fields: object) -> Job:
    job = await house.spooled(fake_xlsx(sheets=3), format="application/octet-stream", **fields)
    return await prepared(house, job.id)


async def test_a_held_job_is_prepared_again_as_chosen() -> None:
    house = await House.built()
    job = await a_workbook(house)
    assert job.pages == 3
    before = job.objects

    waiting = await house.release.convert_again(job.id, ALICE, SECOND)
    assert (waiting.state, waiting.reasons, waiting.prepared, waiting.pages) == (JobState.PENDING, (), False, None)

    after = await prepared(house, job.id)
    assert (after.state, after.pages) == (JobState.PENDING_HELD, 1)
    assert after.reasons == (Reason.JOB_QUEUED_FOR_MARKER, Reason.JOB_RELEASE_WAIT)
    assert house.converter.conversions == [AS_AUTHORED, SECOND]
    assert house.spool.objects.keys() == {document.id for document in after.objects}
    assert {document.id for document in before} & house.spool.objects.keys() == {job.documents[0].id}
    assert [record.what for record in await house.release.records(job.id, ALICE)] == [
        "prepared",
        "to be converted again",
        "prepared",
    ]


async def test_the_same_choice_changes_nothing() -> None:
    house = await House.built()
    job = await a_workbook(house, ticket=JobTicket(conversion=SECOND))
    assert job.pages == 1
    assert await house.release.convert_again(job.id, ALICE, SECOND) == job


async def test_the_rest_of_the_ticket_and_the_hold_stay() -> None:
    house = await House.built()
    job = await a_workbook(house, ticket=JobTicket(copies=2, job_hold_until="indefinite"))
    await house.release.convert_again(job.id, ALICE, SECOND)
    after = await prepared(house, job.id)
    assert after.ticket == JobTicket(copies=2, job_hold_until="indefinite", conversion=SECOND)
    assert after.reasons == (Reason.JOB_HOLD_UNTIL_SPECIFIED,)
    assert after.impressions == 2


async def test_only_who_may_see_the_job_chooses() -> None:
    house = await House.built()
    job = await a_workbook(house)
    for stranger in (BOB, PHONE):
        with pytest.raises(NotFound):
            await house.release.convert_again(job.id, stranger, SECOND)
    assert (await house.release.convert_again(job.id, OPERATOR, SECOND)).state is JobState.PENDING


async def test_what_is_not_waiting_cannot_be_chosen() -> None:
    house = await House.built()
    job = await a_workbook(house)
    await house.release.release([job.id], ALICE, device="laser")
    with pytest.raises(NotPossible, match="while the job waits"):
        await house.release.convert_again(job.id, ALICE, SECOND)
    await house.release.cancel(job.id, ALICE)
    with pytest.raises(NotPossible, match="destroyed"):
        await house.release.convert_again(job.id, ALICE, SECOND)


async def test_other_documents_have_nothing_to_choose() -> None:
    house = await House.built()
    picture = await house.held()
    with pytest.raises(NotPossible, match="as it is"):
        await house.release.convert_again(picture.id, ALICE, SECOND)


async def test_a_text_has_no_sheets() -> None:
    house = await House.built()
    job = await house.spooled(fake_xlsx(kind="application/rtf"), format="application/octet-stream")
    await prepared(house, job.id)
    with pytest.raises(BadRequest, match="no sheets"):
        await house.release.convert_again(job.id, ALICE, SECOND)
    commented = ConversionChoice(comments=True)
    assert (await house.release.convert_again(job.id, ALICE, commented)).ticket.conversion == commented


async def test_a_choice_that_cannot_be_printed_is_dropped_and_told() -> None:
    house = await House.built()
    job = await a_workbook(house)
    await house.release.convert_again(job.id, ALICE, ConversionChoice(sheets=(9,)))
    again = await prepared(house, job.id)
    assert (again.state, again.ticket.conversion) == (JobState.PENDING, AS_AUTHORED)
    after = await prepared(house, job.id)
    assert (after.state, after.pages) == (JobState.PENDING_HELD, 3)
    assert "as its author left it" in after.notes[0]


async def test_a_choice_on_which_converters_crash_is_dropped_too() -> None:
    house = await House.built()
    job = await a_workbook(house)
    await house.release.convert_again(job.id, ALICE, SECOND)
    house.converter.failure = ConverterCrashed("The document could not be processed.")
    for _ in range(FAILURES):
        await prepared(house, job.id)
    house.converter.failure = None
    assert (await prepared(house, job.id)).pages == 3


async def test_on_a_direct_printer_a_choice_that_fails_prints_nothing_else() -> None:
    house = await House.built()
    house.converter.failure = FormatError("There is no such sheet.")
    job = await house.spooled(fake_xlsx(), printer="direct", ticket=JobTicket(conversion=SECOND))
    assert (await prepared(house, job.id)).state is JobState.ABORTED


async def test_a_release_cannot_change_what_was_converted() -> None:
    house = await House.built()
    job = await a_workbook(house)
    (outcome,) = await house.release.release([job.id], ALICE, device="laser", changes={"conversion": SECOND})
    assert outcome.refusal is not None
    assert "converted again" in outcome.refusal.message
