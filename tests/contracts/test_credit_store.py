"""gateway.services.ports.CreditStore, and what JobStore and CopierStore do to it, in memory and on both databases."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from gateway.adapters.db import Database, open_database
from gateway.domain.account import Receipt
from gateway.domain.copier import CopierSession, CopierState, CountedBy, Counter
from gateway.domain.credit import Due, Entry, EntryKind, charge_for_copies
from gateway.domain.job import SHORT_OF_CREDIT, Cause, Job, JobState, Reason, advance
from gateway.domain.waiting import assigned, unassigned
from gateway.errors import Conflict, KeyReused, LimitReached
from gateway.services.ports import CopierStore, CreditStore, JobChange, JobQuery, JobStore, UserChange
from tests.builders import NOW
from tests.fakes import MemoryJobStore, a_held_job, a_user
from tests.fakes_terminals import MemoryCopierStore

D = Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Money:
    credit: CreditStore
    jobs: JobStore
    copiers: CopierStore

    async def has(self, owner: str = "alice") -> tuple[Decimal, Decimal]:
        """(balance, reserved)."""
        found = await self.credit.balance(owner, "EUR")
        return found.amount, found.reserved

    async def given(self, amount: str, owner: str = "alice", **fields: Any) -> Entry:
        return await self.credit.post(an_entry(amount, owner=owner, **fields))

    async def held(self, **fields: Any) -> Job:
        (job,) = await self.jobs.add([a_held_job(**fields)])
        return job


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def money(request: pytest.FixtureRequest) -> AsyncIterator[Money]:
    if request.param == "memory":
        jobs, copiers = MemoryJobStore(), MemoryCopierStore()
        copiers.credit = jobs.credit
        yield Money(credit=jobs.credit, jobs=jobs, copiers=copiers)
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    yield Money(credit=opened.credit, jobs=opened.jobs, copiers=opened.copiers)
    await opened.close()


def an_entry(amount: str, *, owner: str = "alice", kind: EntryKind = EntryKind.TOP_UP, **fields: Any) -> Entry:
    plain = Entry(owner=owner, amount=D(amount), currency="EUR", kind=kind, key=uuid4().hex, at=NOW, by="carol")
    return replace(plain, **fields)


def released(job: Job, price: str = "0.15", *, charged_to: str | None = None) -> JobChange:
    moved = replace(advance(job, Cause.RELEASED, now=NOW), charged_to=charged_to)
    sent = assigned(moved, "laser", by="alice", now=NOW, due=Due(amount=D(price), currency="EUR"))
    return JobChange(job=replace(sent, charged_to=charged_to))


def a_receipt(job: Job, amount: str) -> Receipt:
    assert job.release_id is not None
    return Receipt(
        release_id=job.release_id,
        job_id=job.id,
        owner=job.payer,
        printer="find-me",
        device="laser",
        impressions=3,
        media_sheets=3,
        color=False,
        confirmed=True,
        at=NOW,
        amount=D(amount),
        currency="EUR",
    )


async def test_nobody_has_anything_at_first(money: Money) -> None:
    found = await money.credit.balance("alice", "EUR")
    assert (found.owner, found.currency, found.amount, found.reserved, found.overdraft) == ("alice", "EUR", 0, 0, None)
    assert await money.credit.entries("alice") == []
    assert [await money.credit.entry(number) for number in (0, 1, 2**63)] == [None] * 3
    assert await money.credit.low() == []


async def test_entries_come_back_whole_and_make_the_balance(money: Money) -> None:
    release = uuid4()
    first = await money.given("5.00", text="cash", job_id=7, release_id=release)
    second = await money.given("-0.35", owner="ALICE", kind=EntryKind.ADJUSTMENT)
    await money.given("9", owner="bob")
    await money.credit.post(replace(an_entry("500"), currency="JPY"))
    assert first == an_entry(
        "5.00", id=first.id, key=first.key, text="cash", job_id=7, release_id=release, balance=D(5)
    )
    assert second.balance == D("4.65")
    assert await money.has() == await money.has("Alice") == (D("4.65"), 0)
    assert (await money.credit.balance("alice", "JPY")).amount == 500
    mine = await money.credit.entries("Alice")
    assert [entry.amount for entry in mine] == [D(500), D("-0.35"), D(5)]
    assert await money.credit.entries("alice", before_id=second.id, limit=1) == [first]
    assert await money.credit.entry(first.id) == first


async def test_the_same_key_is_the_same_entry(money: Money) -> None:
    first = await money.given("5", key="one")
    assert await money.given("5.00", key="one", at=NOW + 9) == first
    for other in (an_entry("6", key="one"), an_entry("5", key="one", owner="bob")):
        with pytest.raises(KeyReused):
            await money.credit.post(other)
    assert await money.has() == (5, 0)
    assert await money.has("bob") == (0, 0)


async def test_fifty_top_ups_at_once_all_count(money: Money) -> None:
    await asyncio.gather(*(money.given("0.01") for _ in range(50)))
    assert await money.has() == (D("0.50"), 0)
    assert sorted(entry.balance for entry in await money.credit.entries("alice")) == [D(n) / 100 for n in range(1, 51)]


async def test_a_release_reserves_and_the_end_charges_what_came_out(money: Money) -> None:
    await money.given("1")
    job = await money.jobs.update((await money.held()).id, released)
    assert (job.reserved, job.reserved_in) == (D("0.15"), "EUR")
    assert await money.has() == (1, D("0.15"))
    await money.jobs.update(job.id, lambda row: JobChange(job=advance(row, Cause.DELIVERY_CLAIMED, now=NOW)))
    assert await money.has() == (1, D("0.15"))

    def ended(row: Job) -> JobChange:
        return JobChange(job=advance(row, Cause.COMPLETED, now=NOW), receipt=a_receipt(row, "0.10"))

    await money.jobs.update(job.id, ended)
    assert await money.has() == (D("0.90"), 0)
    (charge, _) = await money.credit.entries("alice")
    assert (charge.amount, charge.kind, charge.job_id) == (D("-0.10"), EntryKind.CHARGE, job.id)
    assert (charge.release_id, charge.key) == (job.release_id, f"release:{job.release_id}")


async def test_a_release_that_cannot_be_paid_changes_nothing(money: Money) -> None:
    await money.given("0.10")
    job = await money.held()
    with pytest.raises(LimitReached, match=r"^0\.05 EUR are missing to print this for 0\.15 EUR: ask at the desk"):
        await money.jobs.update(job.id, released)
    assert await money.jobs.get(job.id) == job
    assert await money.has() == (D("0.10"), 0)
    sent = released(job).job
    with pytest.raises(LimitReached):
        await money.jobs.add([replace(sent, id=0)])
    assert await money.jobs.count(JobQuery(limit=None)) == 1


async def test_of_fifty_at_once_none_overdraws(money: Money) -> None:
    await money.given("1")
    held = await money.jobs.add([a_held_job() for _ in range(50)])
    answers = await asyncio.gather(*(money.jobs.update(job.id, released) for job in held), return_exceptions=True)
    assert sum(isinstance(answer, Job) for answer in answers) == 6
    assert sum(isinstance(answer, LimitReached) for answer in answers) == 44
    assert await money.has() == (1, D("0.90"))


LEAVING = {
    "held again": lambda job: unassigned(advance(job, Cause.RETURNED_TO_HOLD, now=NOW)),
    "held on request": lambda job: advance(job, Cause.HELD_BY_REQUEST, now=NOW),
    "canceled": lambda job: advance(job, Cause.CANCELED_BY_USER, now=NOW),
    "aborted": lambda job: advance(job, Cause.ABORTED, now=NOW),
}


@pytest.mark.parametrize("how", LEAVING)
async def test_whoever_leaves_a_release_gives_back(money: Money, how: str) -> None:
    await money.given("1")
    job = await money.jobs.update((await money.held()).id, released)
    await money.jobs.update(job.id, lambda row: JobChange(job=LEAVING[how](row)))
    assert await money.has() == (1, 0)


async def test_what_a_canceled_job_had_printed_is_charged_once(money: Money) -> None:
    await money.given("1")
    job = await money.jobs.update((await money.held()).id, released)
    await money.jobs.update(job.id, lambda row: JobChange(job=advance(row, Cause.CANCELED_BY_USER, now=NOW)))
    counted = await money.jobs.update(job.id, lambda row: JobChange(job=row, receipt=a_receipt(row, "0.05")))
    assert counted.state is JobState.CANCELED
    with pytest.raises(Conflict):
        await money.jobs.update(job.id, lambda row: JobChange(job=row, receipt=a_receipt(row, "0.05")))
    assert await money.has() == (D("0.95"), 0)


async def test_a_release_without_credit_is_counted_and_not_charged(money: Money) -> None:
    await money.given("1")
    job = await money.held()

    def sent(row: Job) -> JobChange:
        return JobChange(job=assigned(advance(row, Cause.RELEASED, now=NOW), "laser", by="alice", now=NOW, due=None))

    await money.jobs.update(job.id, sent)
    await money.jobs.update(job.id, lambda row: JobChange(job=row, receipt=a_receipt(row, "0.15")))
    assert await money.has() == (1, 0)


async def test_whoever_pays_for_another_pays(money: Money) -> None:
    await money.given("1", owner="bob")
    job = await money.held()
    await money.jobs.update(job.id, lambda row: released(row, charged_to="Bob"))
    assert await money.has() == (0, 0)
    assert await money.has("bob") == (1, D("0.15"))
    await money.jobs.update(
        job.id, lambda row: JobChange(job=advance(row, Cause.ABORTED, now=NOW), receipt=a_receipt(row, "0.15"))
    )
    assert await money.has("bob") == (D("0.85"), 0)


async def test_an_overdraft_of_ones_own(money: Money) -> None:
    found = await money.credit.set_overdraft("Alice", "EUR", D("0.20"))
    assert found.overdraft == D("0.20")
    job = await money.jobs.update((await money.held()).id, released)
    assert await money.has() == (0, D("0.15"))
    with pytest.raises(LimitReached, match=r"0\.10 EUR are missing"):
        await money.jobs.update((await money.held()).id, released)
    await money.credit.set_overdraft("alice", "EUR", None)
    assert (await money.credit.balance("alice", "EUR")).overdraft is None
    assert (await money.jobs.get(job.id)) == job


async def test_what_costs_nothing_is_let_through(money: Money) -> None:
    await money.given("-3")
    await money.jobs.update((await money.held()).id, lambda row: released(row, "0"))
    assert await money.has() == (-3, 0)


async def test_a_low_balance_is_told_once_until_it_is_up_again(money: Money) -> None:
    async def charged(amount: str) -> list[Decimal]:
        await money.given(amount, kind=EntryKind.CHARGE)
        return [found.amount for found in await money.credit.low()]

    await money.given("0.50")
    assert await money.credit.low() == []
    assert await charged("-0.10") == [D("0.40")]
    assert await money.credit.low_told("ALICE", "EUR")
    assert not await money.credit.low_told("alice", "EUR")
    assert await charged("-0.10") == []
    await money.given("5")
    assert await charged("-1") == []
    assert await charged("-3.50") == [D("0.80")]
    await money.given("1")
    assert await money.credit.low() == []


async def test_copies_are_charged_with_their_count(money: Money) -> None:
    await money.given("1")
    begun = await money.copiers.begin(
        CopierSession(
            key="a",
            terminal="box",
            device="tray",
            owner="alice",
            started_at=NOW,
            counted_by=CountedBy.TERMINAL,
            began={Counter.COPIES: 5},
        )
    )
    settled = replace(begun, state=CopierState.COUNTED, counts={Counter.COPIES: 3}, ended_at=NOW + 9)
    charge = charge_for_copies(settled, Due(amount=D("0.15"), currency="EUR"))
    assert await money.copiers.settle(settled, charge)
    assert not await money.copiers.settle(settled, charge)
    assert await money.has() == (D("0.85"), 0)


async def test_jobs_that_wait_for_credit_alone_are_found(money: Money) -> None:
    short = await money.held(reasons=SHORT_OF_CREDIT)
    await money.held(reasons=(*SHORT_OF_CREDIT, Reason.JOB_RELEASE_WAIT))
    await money.held()
    assert await money.jobs.find(JobQuery(short_of_credit=True)) == [short]


async def test_what_somebody_has_goes_along_with_a_new_name(database: Database) -> None:
    money = Money(credit=database.credit, jobs=database.jobs, copiers=database.copiers)
    alice = await database.users.save_user(a_user("alice"))
    await money.given("1")
    await money.given("0.20", owner="ann")  # what somebody of that name had left
    await money.jobs.update((await money.held()).id, released)
    await money.credit.set_overdraft("alice", "EUR", D(3))
    renamed = UserChange(before=alice, after=replace(alice, name="Ann"))
    assert await database.user_rows.save_users([renamed]) == []
    found = await money.credit.balance("ann", "EUR")
    assert (found.owner, found.amount, found.reserved, found.overdraft) == ("Ann", D("1.20"), D("0.15"), 3)
    assert sum(entry.amount for entry in await money.credit.entries("Ann")) == D("1.20")
    assert (await money.has(), await money.credit.entries("alice")) == ((0, 0), [])
    other = UserChange(before=await database.users.user("Ann"), after=replace(renamed.after, name="ANN", version=2))
    assert await database.user_rows.save_users([other]) == []
    assert (await money.credit.balance("ann", "EUR")).owner == "ANN"
    assert await money.has("ann") == (D("1.20"), D("0.15"))
