"""A balance is the sum of its entries, and nothing stays reserved that is not on its way: whatever people do."""

from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.account import Receipt
from gateway.domain.copier import CopierSession, CountedBy
from gateway.domain.credit import (
    Balance,
    Due,
    Entry,
    EntryKind,
    Rules,
    charge_for,
    charge_for_copies,
    parse_amount,
    refund_of,
    written,
)
from gateway.domain.job import RELEASED, TRANSITIONS, Cause, Job, JobState, advance
from gateway.domain.price import FREE
from gateway.domain.waiting import assigned, unassigned
from gateway.errors import BadRequest, LimitReached
from gateway.services.ports import JobChange
from tests.builders import NOW
from tests.fakes import MemoryJobStore, a_held_job

D = Decimal
EURO = Balance(owner="alice", currency="EUR")


def test_what_may_be_spent_is_what_is_there_less_what_is_reserved() -> None:
    balance = replace(EURO, amount=D("1.00"), reserved=D("0.30"))
    assert balance.free(Rules()) == D("0.70")
    assert balance.free(Rules(overdraft=D(2))) == D("2.70")
    assert replace(balance, overdraft=D(0)).free(Rules(overdraft=D(2))) == D("0.70")
    balance.check(D("0.70"), Rules())
    with pytest.raises(LimitReached) as refused:
        balance.check(D("0.71"), Rules())
    assert refused.value.message == "0.01 EUR are missing to print this for 0.71 EUR: ask at the desk to add credit."
    replace(balance, amount=D(-5)).check(D(0), Rules())


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [("5", "EUR", "5.00"), (" 5,50 ", "EUR", "5.50"), ("500", "JPY", "500"), ("0.125", "KWD", "0.125")],
)
def test_an_amount_is_read_as_it_is_typed(text: str, currency: str, amount: str) -> None:
    assert str(parse_amount(text, currency)) == amount
    assert parse_amount(f"-{text.strip()}", currency, signed=True) == -D(amount)


@pytest.mark.parametrize(
    ("text", "currency"),
    [(text, "EUR") for text in ("", "five", "-5", "0.001", "NaN", "Infinity", "1e9", "100001")] + [("0.5", "JPY")],
)
def test_what_cannot_be_paid_is_no_amount(text: str, currency: str) -> None:
    with pytest.raises(BadRequest, match="is no amount"):
        parse_amount(text, currency)


def test_only_a_charge_is_given_back() -> None:
    charge = Entry(
        id=7, owner="alice", amount=D("-0.15"), currency="EUR", kind=EntryKind.CHARGE, key="k", at=NOW, job_id=3
    )
    back = refund_of(charge, at=NOW + 1, by="carol", text="a jam")
    assert (back.amount, back.kind, back.key, back.job_id) == (D("0.15"), EntryKind.REFUND, "refund:7", 3)
    with pytest.raises(BadRequest):
        refund_of(back, at=NOW, by="carol", text="again")


def test_nothing_that_costs_nothing_is_an_entry() -> None:
    session = CopierSession(
        key="k", terminal="box", device="tray", owner="alice", started_at=NOW, counted_by=CountedBy.SNMP, began={}
    )
    assert charge_for_copies(session, Due(amount=D(0), currency="EUR")) is None
    charge = charge_for_copies(session, Due(amount=D("0.1"), currency="EUR"))
    assert charge is not None
    assert (charge.key, charge.amount) == ("copier:box:k", D("-0.1"))
    job = assigned(a_held_job(), "laser", by="alice", now=NOW, due=None)
    assert charge_for(a_receipt(job, D(0))) is None
    assert charge_for(replace(a_receipt(job, D(1)), owner=None)) is None
    assert written(D("0.4"), "EUR") == "0.40 EUR"


def test_only_what_is_released_and_open_reserves() -> None:
    due = Due(amount=D("0.15"), currency="EUR")
    sent = assigned(replace(a_held_job(), state=JobState.PENDING), "laser", by="alice", now=NOW, due=due)
    for state in JobState:
        assert replace(sent, state=state).reserves == (D("0.15") if state in RELEASED else 0)
    assert unassigned(sent).reserves == replace(sent, release_id=None).reserves == 0
    assert (sent.payer, replace(sent, charged_to="bob").payer) == ("alice", "bob")


def a_receipt(job: Job, amount: Decimal) -> Receipt:
    assert job.release_id is not None
    return Receipt(
        release_id=job.release_id,
        job_id=job.id,
        owner=job.payer,
        printer=job.printer,
        device=job.output_device or "",
        impressions=1,
        media_sheets=1,
        color=False,
        confirmed=True,
        at=NOW,
        amount=amount,
        currency="EUR",
    )


@dataclass
class Shop:
    """Jobs of one user, and what the books should say."""

    store: MemoryJobStore = field(default_factory=MemoryJobStore)
    sum: Decimal = FREE

    async def release(self, job_id: int, cents: int) -> None:
        due = Due(amount=D(cents) / 100, currency="EUR")

        def sent(job: Job) -> JobChange:
            moved = advance(job, Cause.RELEASED, now=NOW)
            return JobChange(job=assigned(moved, "laser", by="alice", now=NOW, due=due))

        try:
            await self.store.update(job_id, sent)
        except LimitReached:
            found = await self.store.credit.balance("alice", "EUR")
            assert found.amount - found.reserved < due.amount

    async def move(self, job_id: int, cause: Cause, cents: int) -> None:
        """Wherever the table lets it go; what ends or is held again may have a receipt of up to what was reserved."""

        def moved(job: Job) -> JobChange:
            after = advance(job, cause, now=NOW)
            after = unassigned(after) if cause is Cause.RETURNED_TO_HOLD else after
            leaves = job.release_id is not None and after.state not in RELEASED and job.state in RELEASED
            amount = min(D(cents) / 100, job.reserves)
            if not leaves or not amount or cause is Cause.HELD_BY_REQUEST:
                return JobChange(job=after)
            self.sum -= amount
            return JobChange(job=after, receipt=a_receipt(job, amount))

        job = self.store.rows[job_id]
        if (cause, job.state) in TRANSITIONS:
            await self.store.update(job_id, moved)

    async def check(self) -> None:
        credit = self.store.credit
        found = await credit.balance("alice", "EUR")
        assert found.amount == self.sum == sum((e.amount for e in await credit.entries("alice", limit=999)), D(0))
        assert found.reserved == sum((job.reserves for job in self.store.rows.values()), D(0))
        assert found.amount - found.reserved >= 0, "a charge never takes more than was reserved for it"


steps = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), st.integers(1, 500)),
        st.tuples(st.just("release"), st.integers(1, 3), st.integers(0, 300)),
        st.tuples(st.just("move"), st.integers(1, 3), st.sampled_from(list(Cause)), st.integers(0, 300)),
    ),
    max_size=40,
)


@given(steps)
@settings(deadline=None, max_examples=60)
async def test_the_books_add_up_whatever_happens(todo: list[tuple[str, *tuple[object, ...]]]) -> None:
    shop = Shop()
    await shop.store.add([a_held_job() for _ in range(3)])
    for number, (what, *given_) in enumerate(todo):
        values: list[object] = list(given_)
        if what == "pay":
            amount = D(str(values[0])) / 100
            entry = Entry(owner="alice", amount=amount, currency="EUR", kind=EntryKind.TOP_UP, key=str(number), at=NOW)
            await shop.store.credit.post(entry)
            shop.sum += amount
        elif what == "release" and shop.store.rows[int(str(values[0]))].state is JobState.PENDING_HELD:
            await shop.release(int(str(values[0])), int(str(values[1])))
        elif what == "move" and isinstance(values[1], Cause) and values[1] is not Cause.RELEASED:
            await shop.move(int(str(values[0])), values[1], int(str(values[2])))
        await shop.check()
