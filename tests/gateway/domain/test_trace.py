"""Spans of a job: each phase once, at its own times, under ids that anybody would make, and nobody's name in them."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from gateway.domain.account import Receipt
from gateway.domain.events import JobRecord
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.trace import Span, is_sampled, read_traceparent, spans_of
from tests.builders import NOW
from tests.fakes import a_job

WHOLE_LIFE = (
    ("prepared", 2.0),
    ("extended", 50.0),
    ("released to Lobby", 100.0),
    ("sending", 101.0),
    ("sent", 103.0),
    ("printing", 104.0),
    ("completed", 110.0),
)


def records(*told: tuple[str, float]) -> list[JobRecord]:
    return [JobRecord(job_id=7, at=NOW + at, what=what, by="alice", text="Salary of Bob.pdf") for what, at in told]


def a_printed_job() -> Job:
    return a_job(
        id=7,
        name="Salary of Bob.pdf",
        requested_name="alice@example.org",
        address="192.0.2.77",
        state=JobState.COMPLETED,
        reasons=(Reason.JOB_COMPLETED_SUCCESSFULLY,),
        processing_at=NOW + 1.0,
        ended_at=NOW + 110.0,
        output_device="lobby",
        pages=2,
        impressions_completed=2,
    )


def a_receipt(job: Job) -> Receipt:
    return Receipt(
        release_id=uuid4(),
        job_id=job.id,
        owner="alice",
        printer=job.printer,
        device="lobby",
        impressions=2,
        media_sheets=1,
        color=True,
        confirmed=True,
        at=NOW + 110.0,
        amount=Decimal("0.30"),
        currency="EUR",
    )


def times(spans: list[Span]) -> list[tuple[str, float, float]]:
    return [(span.name, span.begun - NOW, span.ended - NOW) for span in spans]


def test_a_job_from_its_intake_to_its_charge() -> None:
    job = a_printed_job()
    assert times(spans_of(job, records(*WHOLE_LIFE), [a_receipt(job)])) == [
        ("intake", 0.0, 0.0),
        ("preparation", 1.0, 2.0),
        ("hold", 2.0, 100.0),
        ("release", 100.0, 101.0),
        ("delivery", 101.0, 103.0),
        ("following", 103.0, 110.0),
        ("settlement", 110.0, 110.0),
        ("job", 0.0, 110.0),
    ]


def test_all_are_parts_of_the_whole_in_a_trace_of_the_jobs_uuid() -> None:
    job = a_printed_job()
    *parts, whole = spans_of(job, records(*WHOLE_LIFE), [a_receipt(job)])
    assert {span.trace for span in (*parts, whole)} == {job.uuid.int}
    assert whole.parent is None
    assert {span.parent for span in parts} == {whole.id}
    assert len({span.id for span in (*parts, whole)}) == 8


def test_whoever_tells_it_tells_the_same() -> None:
    job, told = a_printed_job(), records(*WHOLE_LIFE)
    once = spans_of(job, told, [])
    assert spans_of(replace(job), list(told), []) == once
    earlier = replace(job, state=JobState.PENDING_HELD, ended_at=None)
    assert spans_of(earlier, told[:3], []) == once[:3], "what is over stays as it was"


def test_money_and_figures_stand_in_the_settlement() -> None:
    job = a_printed_job()
    (settled,) = [span for span in spans_of(job, [], [a_receipt(job)]) if span.name == "settlement"]
    assert settled.attributes["papertap.amount"] == 0.30
    assert settled.attributes["papertap.currency"] == "EUR"
    assert settled.attributes["papertap.impressions"] == 2
    assert settled.attributes["papertap.device"] == "lobby"


def test_nobody_and_no_document_is_named() -> None:
    job = a_printed_job()
    told = repr(spans_of(job, records(*WHOLE_LIFE, ("claimed", 111.0)), [a_receipt(job)]))
    for secret in ("alice", "Salary", "Bob", "192.0.2.77", "Lobby"):
        assert secret not in told


def test_what_happens_within_a_phase_is_a_moment_of_it() -> None:
    spans = {span.name: span for span in spans_of(a_printed_job(), records(*WHOLE_LIFE), [])}
    assert [moment.name for moment in spans["hold"].moments] == ["extended"]
    assert [(moment.name, moment.at - NOW) for moment in spans["following"].moments] == [("printing", 104.0)]


def test_a_job_that_is_held_again_is_released_and_delivered_twice() -> None:
    again = (("held again", 110.0), ("released to Lobby", 200.0), ("sending", 201.0), ("completed", 230.0))
    spans = spans_of(a_printed_job(), records(*WHOLE_LIFE[:-1], *again), [])
    names = [span.name for span in spans]
    assert names.count("release") == names.count("delivery") == names.count("hold") == 2
    assert len({span.id for span in spans}) == len(spans)


def test_an_open_job_takes_its_documents_in_one_after_the_other() -> None:
    job = a_job(state=JobState.PENDING_HELD, reasons=(Reason.JOB_INCOMING,), incoming_until=NOW + 900)
    assert spans_of(job, [], []) == []
    assert times(spans_of(job, records(("received", 5.0)), [])) == [("intake", 0.0, 5.0)]


def test_a_direct_printers_job_is_on_its_way_once_it_is_prepared() -> None:
    spans = spans_of(a_printed_job(), records(("prepared", 2.0), ("sending", 3.0), ("completed", 9.0)), [])
    assert times(spans)[2:-1] == [("release", 2.0, 3.0), ("delivery", 3.0, 9.0)]


def test_what_failed_is_marked() -> None:
    job = replace(a_printed_job(), state=JobState.ABORTED)
    told = records(("preparation failed", 2.0), ("aborted", 4.0))
    assert [(span.name, span.failed) for span in spans_of(job, told, [])] == [
        ("intake", False),
        ("preparation", True),
        ("preparation", True),
        ("job", True),
    ]


@pytest.mark.parametrize(
    ("what", "phases"),
    [
        ("said to have printed", [("following", 60.0)]),
        ("said not to have printed", [("following", 60.0), ("hold", 90.0)]),
    ],
)
def test_what_the_owner_says_ends_the_doubt(what: str, phases: list[tuple[str, float]]) -> None:
    told = records(("prepared", 2.0), ("sending", 3.0), ("outcome unknown", 5.0), (what, 60.0), ("canceled", 90.0))
    spans = spans_of(a_printed_job(), told, [])
    assert [(span.name, span.ended - NOW) for span in spans if span.begun - NOW >= 5.0] == phases


def test_the_whole_points_to_the_trace_that_asked_for_it() -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    traced = JobRecord(job_id=7, at=NOW, what="traced", by="api", text=parent)
    *parts, whole = spans_of(a_printed_job(), [traced, *records(*WHOLE_LIFE)], [])
    assert whole.link == (0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7)
    assert all(part.link is None for part in parts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
    ],
)
def test_what_is_no_traceparent(text: str) -> None:
    assert read_traceparent(text) is None


def test_a_later_version_may_say_more() -> None:
    assert read_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more")


def test_a_clock_that_was_set_back_makes_no_span_that_ends_before_it_began() -> None:
    spans = spans_of(a_printed_job(), records(("prepared", 2.0), ("released to Lobby", -50.0)), [])
    assert all(span.begun <= span.ended for span in spans)


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.25, 200, 300), (1.0, 1000, 1000)])
def test_a_share_of_all_jobs_is_told_of(share: float, least: int, most: int) -> None:
    ids = [UUID(int=number << 80 | 4 << 76 | 0x8 << 60) for number in range(1000)]
    told = sum(is_sampled(one, share) for one in ids)
    assert least <= told <= most
