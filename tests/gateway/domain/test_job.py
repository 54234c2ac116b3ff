"""The transition table: row by row, and as a machine that is driven at random."""

from dataclasses import fields, replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.domain.job import TRANSITIONS, Cause, Job, JobState, Reason, advance
from gateway.errors import NotPossible
from tests.builders import NOW
from tests.fakes import a_document, a_job

P, H, R, S = JobState.PENDING, JobState.PENDING_HELD, JobState.PROCESSING, JobState.PROCESSING_STOPPED
OPEN = (P, H, R, S)
IN_WORK = {R, S}

# Said a second time on purpose, from the table of states in the design and RFC 8011 section 5.3.7.
LEGAL = {
    Cause.DATA_COMPLETE: {H: P},
    Cause.PREPARATION_CLAIMED: {P: R},
    Cause.HELD_FOR_RELEASE: {R: H},
    Cause.PREPARED_TO_PRINT: {R: P},
    Cause.CLAIM_LAPSED: {R: P},
    Cause.HELD_BY_REQUEST: {P: H, H: H},
    Cause.RELEASED: {H: P},
    Cause.RETURNED_TO_HOLD: {P: H, R: H, S: H},
    Cause.DELIVERY_CLAIMED: {P: R},
    Cause.DELIVERY_POSTPONED: {R: P},
    Cause.DEVICE_PRINTING: {R: R},
    Cause.STOPPED: {R: S, S: S},
    Cause.RESUMED: {S: R},
    Cause.COMPLETED: {R: JobState.COMPLETED, S: JobState.COMPLETED},
    Cause.CANCELED_BY_USER: dict.fromkeys(OPEN, JobState.CANCELED),
    Cause.CANCELED_BY_OPERATOR: dict.fromkeys(OPEN, JobState.CANCELED),
    Cause.CANCELED_AFTER_TIMEOUT: dict.fromkeys(OPEN, JobState.CANCELED),
    Cause.ABORTED: dict.fromkeys(OPEN, JobState.ABORTED),
}
ROWS = [(cause, start, end) for cause, moves in LEGAL.items() for start, end in moves.items()]
MISSING = [(cause, state) for cause in Cause for state in JobState if state not in LEGAL[cause]]


def in_state(state: JobState) -> Job:
    claim = {"claimed_by": "worker", "claimed_until": NOW} if state in IN_WORK else {}
    ended = {"ended_at": NOW - 1} if state.ended else {}
    return a_job(state=state, reasons=(Reason.NONE,), **claim, **ended)


def test_states_have_the_numbers_and_keywords_of_rfc_8011() -> None:
    assert [(int(state), state.keyword) for state in JobState] == [
        (3, "pending"),
        (4, "pending-held"),
        (5, "processing"),
        (6, "processing-stopped"),
        (7, "canceled"),
        (8, "aborted"),
        (9, "completed"),
    ]
    assert {state for state in JobState if state.ended} == {
        JobState.CANCELED,
        JobState.ABORTED,
        JobState.COMPLETED,
    }


def test_the_table_has_exactly_these_rows() -> None:
    assert {(cause, start, end) for (cause, start), (end, _) in TRANSITIONS.items()} == set(ROWS)


@pytest.mark.parametrize(("cause", "start", "end"), ROWS, ids=lambda value: value.name)
def test_a_row_moves_the_job_and_brings_its_reasons(cause: Cause, start: JobState, end: JobState) -> None:
    job = in_state(start)
    moved = advance(job, cause, now=NOW)
    assert moved.state is end
    assert moved.reasons == TRANSITIONS[cause, start][1]
    assert moved.ended_at == (NOW if end.ended else None)
    assert moved.processing_at == (NOW if end is R else None)
    assert moved.claimed_by == ("worker" if end in IN_WORK and start in IN_WORK else None)
    touched = {"state", "reasons", "ended_at", "processing_at", "claimed_by", "claimed_until"}
    assert {f.name for f in fields(Job) if getattr(moved, f.name) != getattr(job, f.name)} <= touched


@pytest.mark.parametrize(("cause", "state"), MISSING, ids=lambda value: value.name)
def test_what_is_no_row_is_not_possible_and_says_the_state(cause: Cause, state: JobState) -> None:
    with pytest.raises(NotPossible, match=state.keyword):
        advance(in_state(state), cause, now=NOW)


def test_given_reasons_and_message_replace_the_rows_own() -> None:
    job = in_state(R)
    reasons = (Reason.JOB_COMPLETED_WITH_ERRORS,)
    moved = advance(job, Cause.COMPLETED, now=NOW, reasons=reasons, message="Toner was low.")
    assert (moved.reasons, moved.message) == (reasons, "Toner was low.")
    assert advance(job, Cause.COMPLETED, now=NOW, reasons=()).reasons == ()
    kept = advance(replace(job, message="before"), Cause.COMPLETED, now=NOW)
    assert kept.message == "before"


def test_the_first_time_of_processing_stays() -> None:
    job = advance(a_job(), Cause.PREPARATION_CLAIMED, now=NOW)
    job = advance(job, Cause.CLAIM_LAPSED, now=NOW + 1)
    assert advance(job, Cause.PREPARATION_CLAIMED, now=NOW + 2).processing_at == NOW


def test_size_is_of_all_documents_and_prepared_of_the_printable() -> None:
    job = a_job(documents=(a_document(size=3), a_document(size=4)), reasons=(Reason.JOB_INCOMING,))
    assert job.size == 7
    assert not job.prepared
    assert replace(job, printable=a_document()).prepared
    assert job.has(Reason.JOB_INCOMING)
    assert not job.has(Reason.JOB_PRINTING)


class JobLife(RuleBasedStateMachine):
    """Any causes in any order: what is illegal changes nothing, what has ended stays as it is."""

    def __init__(self) -> None:
        super().__init__()
        self.job = a_job()
        self.now = NOW
        self.first_processing: float | None = None
        self.end: Job | None = None

    @initialize(held=st.booleans())
    def begin(self, held: bool) -> None:
        self.job = a_job(state=H if held else P)

    @rule(cause=st.sampled_from(Cause), seconds=st.floats(0, 1000))
    def happen(self, cause: Cause, seconds: float) -> None:
        self.now += seconds
        before = self.job
        try:
            self.job = advance(before, cause, now=self.now)
        except NotPossible:
            assert before.state not in LEGAL[cause]
            return
        assert LEGAL[cause][before.state] is self.job.state
        if self.job.state is R and self.first_processing is None:
            self.first_processing = self.now
        if self.job.state.ended:
            self.end = self.job

    @rule(worker=st.text(min_size=1, max_size=5))
    @precondition(lambda self: self.job.state in IN_WORK)
    def claim(self, worker: str) -> None:
        self.job = replace(self.job, claimed_by=worker, claimed_until=self.now + 30)

    @invariant()
    def an_end_is_final(self) -> None:
        if self.end is not None:
            assert self.job == self.end

    @invariant()
    def times_are_set_once(self) -> None:
        assert self.job.processing_at == self.first_processing
        assert (self.job.ended_at is not None) == self.job.state.ended

    @invariant()
    def only_a_job_in_work_is_claimed(self) -> None:
        if self.job.state not in IN_WORK:
            assert self.job.claimed_by is None
            assert self.job.claimed_until is None


JobLife.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestJobLife = JobLife.TestCase
