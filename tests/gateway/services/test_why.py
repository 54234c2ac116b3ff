"""Why: one search, one life, in words; and nobody sees what is not theirs to see."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from gateway.domain.account import Receipt
from gateway.domain.copier import CopierSession, CountedBy, Counter
from gateway.domain.events import IntakeAttempt, JobRecord
from gateway.domain.job import JobState, Reason
from gateway.domain.rights import Grant, Role
from gateway.domain.user import Actor
from gateway.errors import Forbidden, NotFound
from gateway.services.ports import Trace
from gateway.services.why import ADVICE, explain
from tests.fakes import a_job
from tests.webprint.web_house import House

OLGA = Actor(user="olga", role=Role.OPERATOR)


@pytest.fixture
async def house() -> House:
    return await House().open()


async def test_the_whole_life_in_the_order_it_happened_with_rule_and_advice(house: House) -> None:
    now = house.clock.now()
    job = await house.add(name="Plan.pdf", state=JobState.ABORTED, reasons=(Reason.DOCUMENT_FORMAT_ERROR,))
    await house.change(job.id, JobRecord(job_id=job.id, at=now + 2, what="aborted", by="preparation", text="Damaged."))
    attempt = IntakeAttempt(
        at=now + 1,
        channel="ipp",
        printer="find-me",
        address="192.0.2.5",
        requested_name="alice",
        owner="alice",
        document_name="Plan.pdf",
        outcome="accepted",
        job_id=job.id,
    )
    await house.attempts.record_attempts([attempt])
    (found,) = (await house.administration.why.find(Trace(text="plan"), OLGA)).jobs
    life = await house.administration.why.life(found.id, OLGA)
    assert [(one.kind, one.what) for one in life.moments] == [("try", "accepted"), ("record", "aborted")]
    assert (life.rule, life.next_step) == ADVICE[Reason.DOCUMENT_FORMAT_ERROR]
    assert [(one.actor, one.action) for one in house.house_ports.audit.rows] == [("olga", "job.explained")]


@pytest.mark.parametrize(
    ("bill", "text"),
    [
        ({}, ""),
        ({"amount": Decimal("0.60"), "currency": "EUR"}, "0.60 EUR"),
        ({"project": "P-2041", "comment": "Sheet 4"}, "P-2041, Sheet 4"),
        ({"amount": Decimal("0.60"), "currency": "EUR", "project": "P-2041"}, "0.60 EUR, P-2041"),
    ],
    ids=["free", "a price", "a project", "both"],
)
async def test_a_receipt_tells_what_it_cost_and_which_project_pays(
    house: House, bill: dict[str, Any], text: str
) -> None:
    job = await house.add()
    plain: dict[str, Any] = {"printer": "find-me", "impressions": 1, "media_sheets": 1, "color": False}
    given = {"release_id": uuid4(), "owner": "alice", "device": "lobby", "confirmed": True, "at": 1.0}
    house.jobs.ledger.append(Receipt(job_id=job.id, **plain | given | bill))
    (moment,) = (await house.administration.why.life(job.id, OLGA)).moments
    assert (moment.kind, moment.what, moment.text) == ("receipt", "lobby", text)


async def test_a_number_finds_its_job_and_a_refused_document_is_found_too(house: House) -> None:
    job = await house.add(name="Plan.pdf")
    refused = IntakeAttempt(
        at=house.clock.now(),
        channel="web",
        printer="find-me",
        address="192.0.2.5",
        requested_name="bob",
        owner="bob",
        document_name="Film.mov",
        outcome="document-format-not-supported",
        text="Films are not printed.",
    )
    await house.attempts.record_attempts([refused])
    why = house.administration.why
    assert [one.id for one in (await why.find(Trace(text=f"#{job.id}"), OLGA)).jobs] == [job.id]
    assert (await why.find(Trace(text="film"), OLGA)).refused == (refused,)


@pytest.mark.parametrize("role", [Role.USER, Role.DESK, Role.REPORT_VIEWER, Role.DEVICE_MANAGER])
async def test_it_is_for_those_who_look_after_jobs(house: House, role: Role) -> None:
    job = await house.add()
    actor = Actor(user="eve", role=role)
    with pytest.raises(Forbidden):
        await house.administration.why.find(Trace(text="alice"), actor)
    with pytest.raises(NotFound):
        await house.administration.why.life(job.id, actor)


async def test_staff_of_one_site_see_its_jobs_alone(house: House) -> None:
    await house.printers.change_printer("direct", site="north")
    here, there = await house.add(printer="direct"), await house.add(printer="find-me")
    nora = Actor(user="nora", grants=(Grant(role=Role.OPERATOR, site="north"),))
    why = house.administration.why
    assert [job.id for job in (await why.find(Trace(text="alice"), nora)).jobs] == [here.id]
    with pytest.raises(NotFound):
        await why.life(there.id, nora)
    with pytest.raises(NotFound):
        await why.life(99_999, OLGA)


def test_every_state_has_an_answer() -> None:
    for state in JobState:
        rule, advice = explain(a_job(state=state, reasons=()))
        assert rule.endswith(".")
        assert advice.endswith(".")
    asked = a_job(state=JobState.PROCESSING_STOPPED, reasons=(Reason.PRINTER_STOPPED, Reason.OUTCOME_UNKNOWN))
    assert explain(asked) == ADVICE[Reason.OUTCOME_UNKNOWN], "the question to a person comes first"


async def test_what_somebody_copied_is_found_by_the_whole_name(house: House) -> None:
    session = CopierSession(
        key="a",
        terminal="box",
        device="lobby",
        owner="bob",
        started_at=house.clock.now(),
        counted_by=CountedBy.TERMINAL,
        began={Counter.COPIES: 1},
    )
    await house.house_ports.copiers.begin(session)
    why = house.administration.why
    (found,) = (await why.find(Trace(text="BOB"), OLGA)).copied
    assert found.device == "lobby"
    for trace in (
        Trace(text="bo"),
        Trace(address="192.0.2.5", text="bob"),
        Trace(text="bob", until=found.started_at - 1),
    ):
        assert (await why.find(trace, OLGA)).copied == ()
    grants = (Grant(role=Role.OPERATOR, site="north"),)
    assert (await why.find(Trace(text="bob"), Actor(user="nora", grants=grants))).copied == ()
