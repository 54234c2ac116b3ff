"""What a delivery takes from its payer's credit: what came out, once, and nothing else stays reserved."""

from dataclasses import replace
from decimal import Decimal

import pytest

from gateway.domain.credit import Entry, EntryKind
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.price import Tariff
from gateway.services.ports import Progress
from tests.fakes import fake_pdf
from tests.gateway.services.delivery_house import DeliveryHouse, finished
from tests.gateway.services.house import ALICE

D = Decimal


class PaidHouse(DeliveryHouse):
    credit = True


@pytest.fixture
async def house() -> DeliveryHouse:
    opened = await PaidHouse.at_work()
    await opened.printers.change_printer("find-me", tariff=Tariff(grey=D("0.05"), color=D("0.05"), currency="EUR"))
    await opened.jobs.credit.post(
        Entry(owner="alice", amount=D(1), currency="EUR", kind=EntryKind.TOP_UP, key="first", at=0.0)
    )
    return opened


async def sent(house: DeliveryHouse) -> Job:
    plain, wrapped = house.keyring.new_key()
    printable = await house.sealed(fake_pdf(3), plain)
    job = await house.held(printable=printable, key=wrapped, pages=3, color=False)
    (outcome,) = await house.release.release([job.id], ALICE, device="laser")
    assert outcome.job is not None, outcome.refusal
    assert await has(house) == (1, D("0.15"))
    return outcome.job


async def has(house: DeliveryHouse) -> tuple[Decimal, Decimal]:
    found = await house.jobs.credit.balance("alice", "EUR")
    return found.amount, found.reserved


async def test_what_came_out_is_charged(house: DeliveryHouse) -> None:
    job = await sent(house)
    async with house.delivering():
        await finished(house, job, JobState.COMPLETED)
    assert await has(house) == (D("0.85"), 0)


@pytest.mark.parametrize(("pages", "left"), [(2, "0.90"), (0, "1")])
async def test_a_device_that_gives_up_charges_what_it_confirmed_and_frees_the_rest(
    house: DeliveryHouse, pages: int, left: str
) -> None:
    house.device().script = [Progress(done=True, aborted=True, impressions_completed=pages, message="Fuser error.")]
    job = await sent(house)
    async with house.delivering():
        await finished(house, job, JobState.PENDING_HELD)
    assert await has(house) == (D(left), 0)


@pytest.mark.parametrize(("came_out", "left"), [(True, "0.85"), (False, "1")])
async def test_what_only_its_owner_can_tell_is_charged_when_it_came_out(
    house: DeliveryHouse, came_out: bool, left: str
) -> None:
    job = await sent(house)
    unknown = (Reason.PRINTER_STOPPED, Reason.OUTCOME_UNKNOWN)
    row = replace(job, state=JobState.PROCESSING_STOPPED, reasons=unknown, impressions=3, media_sheets=3)
    house.jobs.rows[job.id] = row
    assert await has(house) == (1, D("0.15")), "nobody knows yet: it stays reserved"
    await house.release.resolve(row.id, ALICE, came_out=came_out)
    assert await has(house) == (D(left), 0)
