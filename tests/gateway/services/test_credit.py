"""What is paid by credit: releases, direct printing, proofs, and what staff adds and takes."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from gateway.domain.credit import Balance, Entry, EntryKind, Rules
from gateway.domain.job import SHORT_OF_CREDIT, Job, JobState, Reason
from gateway.domain.personal import NoticeKind
from gateway.domain.price import Tariff
from gateway.domain.rights import Grant, Role
from gateway.domain.ticket import JobTicket
from gateway.domain.user import Actor
from gateway.errors import BadRequest, Forbidden, LimitReached, NotFound
from gateway.services.credit_rounds import CreditRounds
from gateway.settings import Settings
from tests.fakes import fake_pdf
from tests.gateway.services.house import ALICE, House
from tests.gateway.services.test_preparation import prepared
from tests.webprint.web_house import House as WholeHouse

D = Decimal
TARIFF = Tariff(grey=D("0.05"), color=D("0.25"), currency="EUR")


class Shop(House):
    """Every Printer costs 5 cents a page, and credit pays."""

    credit = True

    @classmethod
    async def built(cls) -> "Shop":
        house = await super().built()
        assert isinstance(house, Shop)
        for printer in house.printers.all():
            await house.printers.change_printer(printer.name, tariff=TARIFF)
        house.low = []
        house.rounds = CreditRounds(
            jobs=house.jobs,
            release=house.release,
            credit=house.jobs.credit,
            rules=Rules(),
            tell=house.tell,
            clock=house.clock,
            seconds=5,
        )
        return house

    rounds: CreditRounds
    low: list[tuple[Decimal, str]]

    async def tell(self, balance: Balance, occasion: str) -> None:
        self.low.append((balance.amount, occasion))

    async def pay(self, amount: str, owner: str = "alice", kind: EntryKind = EntryKind.TOP_UP) -> None:
        key = str(len(self.jobs.credit.rows))
        await self.jobs.credit.post(
            Entry(owner=owner, amount=D(amount), currency="EUR", kind=kind, key=key, at=self.clock.now())
        )

    async def has(self, owner: str = "alice") -> tuple[Decimal, Decimal]:
        found = await self.jobs.credit.balance(owner, "EUR")
        return found.amount, found.reserved

    async def released(self, job: Job, **changes: Any) -> Job | LimitReached:
        (outcome,) = await self.release.release([job.id], ALICE, device="laser", changes=changes)
        if outcome.job is not None:
            return outcome.job
        assert isinstance(outcome.refusal, LimitReached)
        return outcome.refusal


class CreditOff(Shop):
    credit = False


async def test_a_release_reserves_what_it_would_cost_with_the_chosen_options() -> None:
    house = await Shop.built()
    await house.pay("1")
    job = await house.released(await house.held(pages=3), copies=2, page_ranges=((1, 2),))
    assert isinstance(job, Job)
    assert (job.reserved, job.reserved_in) == (D("0.20"), "EUR")
    assert await house.has() == (1, D("0.20"))


async def test_what_cannot_be_paid_stays_held_and_says_what_is_missing() -> None:
    house = await Shop.built()
    await house.pay("0.10")
    job = await house.held(pages=3)
    refused = await house.released(job)
    assert isinstance(refused, LimitReached)
    assert refused.message == "0.05 EUR are missing to print this for 0.15 EUR: ask at the desk to add credit."
    assert await house.jobs.get(job.id) == job
    await house.pay("0.05")
    assert isinstance(await house.released(job), Job)


async def test_without_credit_or_tariff_and_for_strangers_nothing_is_reserved() -> None:
    plain = await CreditOff.built()
    job = await plain.released(await plain.held(pages=3))
    assert isinstance(job, Job)
    assert job.reserved is None
    house = await Shop.built()
    guest = await house.spooled(fake_pdf(3), printer="direct", owner="guest:1")
    assert (await prepared(house, guest)).reserved is None
    await house.printers.change_printer("find-me", tariff=Tariff())
    free = await house.released(await house.held(pages=3))
    assert isinstance(free, Job)
    assert free.reserved is None


async def test_whoever_was_given_a_link_pays_when_it_says_so() -> None:
    house = await Shop.built()
    await house.pay("1", "bob")
    job = await house.held(pages=3)
    with pytest.raises(LimitReached):
        await house.release.release_shared(job.id, ALICE, device="laser", by="bob", charged_to=None)
    sent = await house.release.release_shared(job.id, ALICE, device="laser", by="bob", charged_to="bob")
    assert (sent.payer, sent.reserved) == ("bob", D("0.15"))
    assert await house.has("bob") == (1, D("0.15"))


async def test_a_proof_costs_its_copy() -> None:
    house = await Shop.built()
    job = await house.held(pages=3, ticket=JobTicket(copies=2), key=house.keyring.new_key()[1])
    plain, wrapped = house.keyring.new_key()
    document = await house.sealed(b"%PDF", plain)
    job = await house.held(pages=3, ticket=JobTicket(copies=2), key=wrapped, documents=(document,), printable=document)
    with pytest.raises(LimitReached):
        await house.release.proof(job.id, ALICE, device="laser")
    assert (await house.release.visible(job.id, ALICE)).ticket.copies == 2
    await house.pay("0.15")
    proof, rest = await house.release.proof(job.id, ALICE, device="laser")
    assert (proof.reserved, rest.reserved, rest.ticket.copies) == (D("0.15"), None, 1)


async def test_a_direct_printer_keeps_what_cannot_be_paid_and_prints_it_after_a_top_up() -> None:
    house = await Shop.built()
    job = await prepared(house, await house.spooled(fake_pdf(3), printer="direct"))
    assert (job.state, job.reasons) == (JobState.PENDING_HELD, SHORT_OF_CREDIT)
    assert job.message.startswith("0.15 EUR are missing")
    assert job.pages == 3
    before = (await house.release.visible(job.id, ALICE)).version
    assert await house.rounds.release_affordable() == 0
    assert (await house.release.visible(job.id, ALICE)).version == before, "waiting writes nothing"
    await house.pay("0.15")
    assert await house.rounds.release_affordable() == 1
    sent = await house.release.visible(job.id, ALICE)
    assert (sent.state, sent.output_device, sent.reserved, sent.message) == (
        JobState.PENDING,
        "laser",
        D("0.15"),
        "",
    )
    assert sent.released_by == "alice"


async def test_of_two_that_wait_the_money_pays_one_and_then_the_other() -> None:
    house = await Shop.built()
    jobs = [await prepared(house, await house.spooled(fake_pdf(3), printer="direct")) for _ in range(2)]
    await house.pay("0.20")
    assert await house.rounds.release_affordable() == 1
    first, second = [await house.release.visible(job.id, ALICE) for job in jobs]
    assert (first.state, second.state) == (JobState.PENDING, JobState.PENDING_HELD)
    await house.release.cancel(first.id, ALICE)
    assert await house.rounds.release_affordable() == 1


async def test_its_owner_may_release_it_by_hand_and_a_lower_price_does_too() -> None:
    house = await Shop.built()
    job = await prepared(house, await house.spooled(fake_pdf(3), printer="direct"))
    await house.pay("0.05")
    assert isinstance(await house.released(job, page_ranges=((1, 1),)), Job)
    other = await prepared(house, await house.spooled(fake_pdf(3), printer="direct"))
    await house.printers.change_printer("direct", tariff=Tariff())
    assert await house.rounds.release_affordable() == 1
    assert (await house.release.visible(other.id, ALICE)).state is JobState.PENDING


async def test_a_hold_that_ends_without_credit_waits_for_it() -> None:
    house = await Shop.built()
    due = house.clock.now()
    job = await house.held(printer="direct", pages=3, reasons=(Reason.JOB_HOLD_UNTIL_SPECIFIED,), not_before=due)
    later = await house.held(printer="find-me", pages=3, reasons=(Reason.JOB_HOLD_UNTIL_SPECIFIED,), not_before=due)
    assert await house.release.release_due() == 2
    assert (await house.release.visible(job.id, ALICE)).reasons == SHORT_OF_CREDIT
    assert (await house.release.visible(later.id, ALICE)).has(Reason.JOB_RELEASE_WAIT)
    assert await house.release.release_due() == 0


async def test_who_has_little_left_is_told_once() -> None:
    house = await Shop.built()
    await house.pay("2")
    await house.pay("-1.50", kind=EntryKind.CHARGE)
    assert await house.rounds.tell_low() == 1
    await house.pay("-0.10", kind=EntryKind.CHARGE)
    assert await house.rounds.tell_low() == 0
    assert house.low == [(D("0.50"), "low/2")]


# -- staff, and what people are told

CAROL = Actor(user="carol", role=Role.CASHIER)
LOCAL = Actor(user="lena", grants=(Grant(role=Role.CASHIER, site="north"),))
ON = Settings(data="unused", site={"name": "Papertap"}, credit={"enabled": True})


@pytest.fixture
async def whole() -> WholeHouse:
    return await WholeHouse(settings=ON).open()


async def test_a_cashier_adds_corrects_gives_back_and_all_of_it_is_written_down(whole: WholeHouse) -> None:
    credit = whole.personal.credit
    added = await credit.top_up(CAROL, " ALICE ", "5,50", text="cash", key="one")
    assert (added.owner, added.amount, added.by, added.balance) == ("alice", D("5.50"), "carol", D("5.50"))
    assert await credit.top_up(CAROL, "alice", "5.50", key="one") == added
    taken = await credit.adjust(CAROL, "alice", "-0.50", text="typed wrong")
    assert (taken.amount, taken.balance) == (D("-0.50"), 5)
    charge = await whole.jobs.credit.post(replace(added, amount=D(-1), kind=EntryKind.CHARGE, key="x"))
    back = await credit.refund(CAROL, charge.id, text="a jam")
    assert await credit.refund(CAROL, charge.id, text="twice") == back
    found = await credit.set_overdraft(CAROL, "alice", "2")
    assert (found.balance.amount, found.overdraft, found.free) == (5, 2, 7)
    assert (await credit.set_overdraft(CAROL, "alice", None)).free == 5
    assert [entry.amount for entry in await credit.history(CAROL, "alice")] == [1, -1, D("-0.50"), D("5.50")]


async def test_a_cashier_of_one_site_takes_money_and_corrects_nothing(whole: WholeHouse) -> None:
    credit = whole.personal.credit
    assert (await credit.top_up(LOCAL, "alice", "1")).amount == 1
    assert (await credit.look(LOCAL, "alice")).balance.amount == 1
    assert (credit.may_take(LOCAL), credit.may_correct(LOCAL), credit.may_correct(CAROL)) == (True, False, True)
    for refused in (
        credit.adjust(LOCAL, "alice", "1", text="why not"),
        credit.refund(LOCAL, 1, text="why not"),
        credit.set_overdraft(LOCAL, "alice", "1"),
        credit.look(ALICE, "alice"),
        credit.top_up(ALICE, "alice", "1"),
    ):
        with pytest.raises(Forbidden):
            await refused


async def test_what_makes_no_sense_is_refused_in_words(whole: WholeHouse) -> None:
    credit = whole.personal.credit
    for amount in ("0", "-1", "x"):
        with pytest.raises(BadRequest):
            await credit.top_up(CAROL, "alice", amount)
    for amount, text in (("0", "because"), ("1", ""), ("1", " \t"), ("1e9", "because")):
        with pytest.raises(BadRequest):
            await credit.adjust(CAROL, "alice", amount, text=text)
    with pytest.raises(NotFound):
        await credit.top_up(CAROL, "nobody", "1")
    with pytest.raises(NotFound):
        await credit.refund(CAROL, 4711, text="a jam")
    with pytest.raises(BadRequest):
        await credit.refund(CAROL, (await credit.top_up(CAROL, "alice", "1")).id, text="a jam")
    off = (await WholeHouse().open()).personal.credit
    with pytest.raises(NotFound):
        await off.top_up(CAROL, "alice", "1")
    assert await off.of("alice") is None
    assert await credit.of("guest:1") is await credit.of(None) is None


async def test_a_low_balance_is_told_by_page_mail_and_phone_as_its_owner_wants(whole: WholeHouse) -> None:
    user = await whole.identity.change_user("alice", email="alice@example.org")
    low = Balance(owner="Alice", currency="EUR", amount=D("0.50"))
    for _ in range(2):
        await whole.personal.notices.low_balance(low, "low/7")
    (notice,) = await whole.personal.notices.of(user)
    assert (notice.kind, notice.values) == (NoticeKind.LOW_BALANCE, {"amount": "0.50", "currency": "EUR"})
    assert {(letter.kind, letter.values["balance"]) for letter in whole.mailer.letters} == {("low-balance", "€0.50")}
    assert len({letter.key for letter in whole.mailer.letters}) == 1, "the second letter is the first one"
    chosen = await whole.personal.preferences.of(user)
    quiet = frozenset({NoticeKind.READY})
    await whole.personal.preferences.save(user, replace(chosen, mail=quiet, page=quiet, push=quiet))
    whole.mailer.letters.clear()
    await whole.personal.notices.low_balance(low, "low/8")
    await whole.personal.notices.low_balance(replace(low, owner="nobody"), "low/9")
    assert whole.mailer.letters == []
    assert len(await whole.personal.notices.of(user)) == 1


async def test_whose_direct_job_waits_for_credit_is_told_what_is_missing(whole: WholeHouse) -> None:
    message = "0.15 EUR are missing to print this for 0.15 EUR: ask at the desk to add credit."
    job = await whole.add(printer="direct", reasons=SHORT_OF_CREDIT, message=message)
    for _ in range(2):
        await whole.personal.notices.look(job.id)
    (notice,) = await whole.personal.notices.of(await whole.identity.get("alice"))
    assert (notice.kind, notice.values["question"]) == (NoticeKind.NEEDS_WORD, message)
