"""House rules where they are applied: counts, the plan, what the converter is told, and the numbers of sides."""

from gateway.domain.capabilities import Capabilities
from gateway.domain.house import Bates, HouseRules
from gateway.domain.job import JobState
from gateway.domain.ticket import JobTicket
from gateway.services.delivery_plan import plan_for
from gateway.services.effect import effective
from gateway.services.ports import Stage
from gateway.services.preparation import LEASE_SECONDS
from tests.fakes import fake_pdf
from tests.gateway.services.delivery_house import DeliveryHouse, finished
from tests.gateway.services.house import House


async def test_counts_of_a_prepared_job_are_the_houses() -> None:
    house = await House.built()
    await house.printers.change_printer("find-me", house=HouseRules(force_duplex=True))
    await house.spooled(fake_pdf(5, color=True))
    (claimed,) = await house.jobs.claim(Stage.PREPARE, "worker-1", now=house.clock.now(), lease=LEASE_SECONDS)
    job = await house.preparation.prepare(claimed)
    assert (job.impressions, job.media_sheets) == (5, 3)
    assert job.ticket == JobTicket(), "what was asked stays as it was"


async def test_a_plan_is_grey_and_two_sided_and_the_device_is_told_so() -> None:
    house = await House.built()
    await house.printers.change_printer("find-me", house=HouseRules(force_grey=True, force_duplex=True))
    job = await house.held(color=True, pages=4, ticket=JobTicket(print_color_mode="color", sides="one-sided"))
    printer, device = house.printers.get("find-me"), house.printers.device("laser")
    plan = plan_for(job, printer, device)
    assert (plan.theirs.print_color_mode, plan.theirs.sides) == ("monochrome", "two-sided-long-edge")
    assert (plan.color, plan.counts.media_sheets) == (False, 2)
    simplex = effective(job.ticket, printer, Capabilities(duplex=False))
    assert simplex.sides == "one-sided"


async def test_a_booklet_that_was_to_be_one_sided_is_folded_after_all() -> None:
    house = await House.built()
    await house.printers.change_printer("find-me", house=HouseRules(force_duplex=True), defaults={"sides": "one-sided"})
    printer = house.printers.get("find-me")
    for sides in ("one-sided", None):
        booklet = JobTicket(imposition_template="signature", sides=sides)
        assert effective(booklet, printer, Capabilities()).sides == "two-sided-short-edge"


async def test_stamps_make_the_document_over() -> None:
    house = await House.built()
    job, device = await house.held(), house.printers.device("laser")
    assert not plan_for(job, house.printers.get("find-me"), device).render
    for rules in (HouseRules(footer="x"), HouseRules(trace_mark=True), HouseRules(remove_graphics=True)):
        await house.printers.change_printer("find-me", house=rules)
        assert plan_for(job, house.printers.get("find-me"), device).render


async def test_sides_are_numbered_from_job_to_job_and_a_second_try_repeats_them() -> None:
    house = await DeliveryHouse.at_work()
    await house.printers.change_printer("find-me", house=HouseRules(bates="ACME-"))
    first = await house.released(ticket=JobTicket(copies=2))
    async with house.delivering():
        await finished(house, first, JobState.COMPLETED)
        second = await house.released()
        await house.pass_(2)
        await finished(house, second, JobState.COMPLETED)
    told = [said.bates for said in house.converter.particulars]
    assert told == [Bates(prefix="ACME-", first=1), Bates(prefix="ACME-", first=4)]
    assert first.release_id is not None
    assert await house.numbers.take("find-me", first.release_id, 3) == 1


async def test_without_the_rule_no_number_is_taken() -> None:
    house = await DeliveryHouse.at_work()
    job = await house.released(ticket=JobTicket(number_up=2))
    async with house.delivering():
        await finished(house, job, JobState.COMPLETED)
    assert [said.bates for said in house.converter.particulars] == [None]
    assert not house.numbers.taken
