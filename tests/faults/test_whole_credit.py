"""kill -9 while a job that credit pays for is being printed: what is reserved has its job, and it is charged once."""

from decimal import Decimal
from pathlib import Path

import pytest

from gateway.domain.credit import Entry, EntryKind
from gateway.domain.job import Job, JobState
from gateway.domain.price import Tariff
from gateway.domain.user import Actor
from ipp.virtual import Features, VirtualPrinter, count_only
from tests.faults.test_whole_kill import _printing, _quiet
from tests.faults.whole import OPERATOR, Site, document, release, sign_in, went

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

D = Decimal
PRICE = D("0.15")


async def money(site: Site) -> tuple[Decimal, Decimal, list[Decimal]]:
    """(balance, reserved, what was charged)."""
    async with site.opened() as gateway:
        found = await gateway.database.credit.balance(OPERATOR, "EUR")
        entries = await gateway.database.credit.entries(OPERATOR)
    assert found.amount == sum((entry.amount for entry in entries), D(0))
    return found.amount, found.reserved, [entry.amount for entry in entries if entry.amount < 0]


async def furnished(site: Site) -> None:
    async with site.opened() as gateway:
        tariff = Tariff(grey=D("0.05"), color=D("0.05"), currency="EUR")
        await gateway.printers.change_printer("ipp", tariff=tariff)
        paid = Entry(owner=OPERATOR, amount=D(1), currency="EUR", kind=EntryKind.TOP_UP, key="first", at=0.0)
        await gateway.database.credit.post(paid)


async def claimed(site: Site, job: int) -> Job:
    """A job that somebody pays for."""
    async with site.opened() as gateway:
        return await gateway.release.claim(job, Actor(user=OPERATOR), addresses=("127.0.0.1",))


async def test_a_kill_in_the_middle_of_paper_reserves_and_charges_nothing_twice(tmp_path: Path) -> None:
    async with VirtualPrinter(tmp_path / "tray", features=Features(speed=2), render=count_only) as printer:
        site = await Site.made(tmp_path / "data", {"ipp": printer.uri("ipp")}, CREDIT__ENABLED="true")
        await furnished(site)
        async with site.serving() as server, site.visitor() as visitor:
            await sign_in(visitor)
            job = await site.accepted("ipp", "job-1", document(1, pages=3))
            await site.held(job)
            await claimed(site, job)
            assert went(await release(visitor, job)) == 1
            await _printing(printer)
            server.kill()
            await server.ended()
        assert await money(site) == (1, PRICE, []), "its job is still on its way"
        async with site.serving():
            await site.until(job, JobState.COMPLETED)
            await _quiet(site)
        # What the device vouches for after the break, which may be less than was sent.
        [receipt] = await site.ledger()
        assert 0 < receipt.amount == receipt.impressions * PRICE / 3 <= PRICE
        assert await money(site) == (1 - receipt.amount, 0, [-receipt.amount])
