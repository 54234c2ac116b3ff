"""Print files in a printer's language: refused, or handed on as they are where a Printer is opted in."""

from dataclasses import replace

import pytest

from gateway.domain.capabilities import Capabilities
from gateway.domain.document import Document
from gateway.domain.formats import PCL, PCLXL
from gateway.domain.house import HouseRules
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.ticket import JobTicket
from gateway.errors import FormatNotSupported, NotPossible
from gateway.services.delivery_plan import order_for, plan_for
from gateway.services.formats import check_format
from gateway.services.ports import JobChange, Stage
from gateway.services.preparation import LEASE_SECONDS
from tests.fakes import a_printer, fake_pdf
from tests.gateway.services.house import ALICE, OPERATOR, House

OCTETS = "application/octet-stream"
FILE = b"\x1bEone\x0ctwo\x0cthree\x0c\x1bE"


async def opted_in(**rules: object) -> House:
    house = await House.built()
    await house.printers.change_printer("find-me", pass_through=True, **rules)
    able = Capabilities(formats=("application/pdf", PCL))
    await house.printers.change_device("laser", capabilities=able)
    return house


async def prepared(house: House, octets: bytes, **fields: object) -> Job:
    job = await house.spooled(octets, **{"format": OCTETS, **fields})
    (claimed,) = await house.jobs.claim(Stage.PREPARE, "worker-1", now=house.clock.now(), lease=LEASE_SECONDS)
    await house.preparation._one(claimed)
    return await house.release.visible(job.id, OPERATOR)


@pytest.mark.parametrize("claim", [PCL, PCLXL, "application/vnd.hp-pcl", "application/x-pcl"])
def test_only_a_printer_that_is_opted_in_takes_the_claim(claim: str) -> None:
    with pytest.raises(FormatNotSupported, match="driverless"):
        check_format(claim)
    with pytest.raises(FormatNotSupported):
        check_format(claim, a_printer())
    assert check_format(claim, a_printer(pass_through=True)) in {PCL, PCLXL}


async def test_elsewhere_the_job_is_aborted_with_the_registered_reason() -> None:
    house = await House.built()
    job = await prepared(house, FILE)
    assert job.state is JobState.ABORTED
    assert Reason.UNSUPPORTED_DOCUMENT_FORMAT in job.reasons


async def test_it_is_counted_held_and_delivered_unchanged() -> None:
    house = await opted_in()
    job = await prepared(house, FILE)
    assert (job.state, job.pages, job.impressions, job.thumbnails) == (JobState.PENDING_HELD, 3, 3, ())
    assert job.printable is not None
    assert job.printable.format == job.raw_format == PCL
    assert job.key is not None
    kept = [part async for part in house.spool.read(job.printable.id, house.keyring.unwrap(job.key))]
    assert b"".join(kept) == FILE

    (outcome,) = await house.release.release([job.id], ALICE, device="laser", changes={"copies": 2})
    assert outcome.job is not None
    plan = plan_for(outcome.job, house.printers.get("find-me"), house.printers.device("laser"))
    assert (plan.render, plan.format, plan.device_copies, plan.counts.impressions) == (False, PCL, 2, 6)
    assert order_for(outcome.job, plan, size=9).copies == 2


async def test_pages_that_cannot_be_counted_stay_unknown() -> None:
    house = await opted_in()
    job = await prepared(house, b"\x1bE nothing to count")
    assert (job.state, job.pages, job.impressions, job.media_sheets) == (JobState.PENDING_HELD, None, None, None)
    [record] = await house.release.records(job.id, ALICE)
    assert record.text.startswith("pages unknown")
    (outcome,) = await house.release.release([job.id], ALICE, device="laser")
    assert outcome.job is not None


async def test_what_its_driver_asked_is_kept_where_the_job_says_nothing() -> None:
    house = await opted_in()
    job = await prepared(house, FILE + b"asks")
    assert (job.ticket.copies, job.ticket.sides) == (2, "two-sided-long-edge")
    assert (job.impressions, job.media_sheets) == (6, 4)
    own = await prepared(house, FILE + b"asks", ticket=JobTicket(copies=3, sides="one-sided"))
    assert (own.ticket.copies, own.ticket.sides) == (3, "one-sided")


async def test_a_device_of_another_language_is_refused_and_another_named() -> None:
    house = await opted_in()
    job = await prepared(house, FILE)
    (outcome,) = await house.release.release([job.id], ALICE, device="inkjet")
    assert outcome.refusal is not None
    assert "the language of this print file" in outcome.refusal.message
    assert "Laser" in outcome.refusal.message
    with pytest.raises(NotPossible):
        plan_for(job, house.printers.get("find-me"), house.printers.device("inkjet"))


async def test_what_cannot_be_made_of_it_is_refused() -> None:
    house = await opted_in(house=HouseRules(footer="x", force_grey=True))
    job = await prepared(house, FILE)
    assert not plan_for(job, house.printers.get("find-me"), house.printers.device("laser")).render
    (outcome,) = await house.release.release([job.id], ALICE, device="laser", changes={"number_up": 2})
    assert outcome.refusal is not None
    assert "as it is" in outcome.refusal.message
    chosen = replace(job, ticket=JobTicket(page_ranges=((1, 1),)))
    with pytest.raises(NotPossible, match="as it is"):
        plan_for(chosen, house.printers.get("find-me"), house.printers.device("laser"))


async def test_a_direct_printer_finds_the_device_that_takes_it() -> None:
    house = await opted_in()
    await house.printers.change_printer("direct", pass_through=True, devices=("inkjet", "laser"))
    job = await prepared(house, FILE, printer="direct")
    assert (job.state, job.output_device) == (JobState.PENDING, "laser")


async def test_it_is_not_joined_with_other_documents() -> None:
    house = await opted_in()
    first = await house.spooled(fake_pdf())
    assert first.key is not None
    second = await house.sealed(FILE, house.keyring.unwrap(first.key), OCTETS)
    await house.jobs.update(first.id, lambda job: _with(job, second))
    (claimed,) = await house.jobs.claim(Stage.PREPARE, "worker-1", now=house.clock.now(), lease=LEASE_SECONDS)
    await house.preparation._one(claimed)
    after = await house.release.visible(first.id, OPERATOR)
    assert after.state is JobState.ABORTED
    assert "send it alone" in after.message


def _with(job: Job, document: Document) -> JobChange:
    return JobChange(job=replace(job, documents=(*job.documents, document)))
