"""Any job survives its row."""

from dataclasses import fields, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.adapters.db.job_rows import job_of, job_row
from gateway.adapters.db.tables import jobs
from gateway.domain.conversion import ConversionChoice
from gateway.domain.document import Document
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.ticket import JobTicket, MediaCol

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
numbers = st.integers(0, 2**31 - 1)
times = st.floats(0, 4e9)


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


documents = st.builds(
    Document,
    id=texts,
    number=numbers,
    format=texts,
    declared_format=maybe(texts),
    name=texts,
    size=st.integers(0, 2**62),
    sha256=texts,
    compression=texts,
    language=maybe(texts),
)
media_cols = st.builds(MediaCol, x=numbers, y=numbers, source=maybe(texts), left_margin=maybe(numbers))
tickets = st.builds(
    JobTicket,
    copies=numbers,
    sides=maybe(texts),
    media_col=maybe(media_cols),
    printer_resolution=maybe(st.tuples(numbers, numbers, numbers)),
    page_ranges=st.lists(st.tuples(numbers, numbers), max_size=3).map(tuple),
    finishings=st.lists(numbers, max_size=3).map(tuple),
    job_hold_until_time=maybe(times),
    job_priority=maybe(numbers),
    conversion=st.builds(
        ConversionChoice,
        sheets=st.lists(st.integers(1, 99), max_size=3).map(tuple),
        print_area=st.sampled_from(["", "all", "A1:D20"]),
        fit_width=st.booleans(),
        comments=st.booleans(),
    ),
)
several = st.lists(documents, max_size=3).map(tuple)
any_job = st.builds(
    Job,
    id=numbers,
    uuid=st.uuids(),
    printer=texts,
    state=st.sampled_from(JobState),
    reasons=st.lists(st.sampled_from(Reason), max_size=3).map(tuple),
    message=texts,
    name=texts,
    owner=maybe(texts),
    requested_name=texts,
    source=texts,
    ticket=tickets,
    documents=several,
    key=maybe(st.binary(max_size=60)),
    idempotency_key=maybe(texts),
    created_at=times,
    expires_at=maybe(times),
    expiry_warned=st.booleans(),
    color=maybe(st.booleans()),
    printable=maybe(documents),
    thumbnails=several,
    notes=st.lists(texts, max_size=3).map(tuple),
    release_id=maybe(st.uuids()),
    bytes_sent=st.integers(0, 2**62),
    version=numbers,
)


@given(any_job)
@settings(deadline=None)
def test_a_job_survives_its_row(job: Job) -> None:
    row: Any = job_row(job) | {"id": job.id}
    assert job_of(row) == job


def test_every_field_has_its_column_and_every_column_its_field() -> None:
    folded = {"name_folded", "owner_folded", "requested_folded", "reserved_for"}
    assert set(jobs.c.keys()) - folded == {f.name for f in fields(Job)}


@given(any_job, texts)
@settings(deadline=None, max_examples=25)
def test_rows_differ_exactly_where_jobs_do(job: Job, message: str) -> None:
    before, after = job_row(job), job_row(replace(job, message=message))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == ({"message"} if message != job.message else set())
