"""Create-Job, Send-Document, Close-Job: RFC 8011 sections 4.2.4, 4.3.1 and PWG 5100.7 section 5.1 (Close-Job)."""

import asyncio

import pytest

from gateway.domain.events import Event
from gateway.domain.job import Cause, Job, JobState, Reason, advance
from gateway.domain.user import Actor
from gateway.errors import Busy, FormatError, FormatNotSupported, NotFound, NotPossible, StorageFull, TooLarge
from gateway.services.ports import JobChange
from tests.builders import NOW
from tests.gateway.services.intake_house import (
    ALICE,
    BOB,
    OPERATOR,
    PDF,
    PHONE,
    IntakeHouse,
    SlowBody,
    a_document,
    a_submission,
    broken_body,
    unread_body,
)


async def opened(actor: Actor = ALICE, **settings: object) -> tuple[IntakeHouse, Job]:
    house = await IntakeHouse.built(**settings)
    return house, await house.intake.open(a_submission(actor=actor))


async def test_an_open_job_is_held_and_says_that_it_waits_for_documents() -> None:
    house, job = await opened()
    assert job == house.jobs.rows[job.id]
    assert job.state is JobState.PENDING_HELD
    assert job.reasons == (Reason.JOB_INCOMING, Reason.JOB_DATA_INSUFFICIENT)
    assert (job.documents, job.expires_at, job.incoming_until) == ((), None, NOW + 900.0)
    assert house.told(Event.JOB_CREATED) == [job.id]


async def test_documents_keep_their_order_and_the_last_one_completes_the_job() -> None:
    house, job = await opened()
    house.clock.tick(600.0)
    job = await house.intake.add_document(job.id, ALICE, a_document(b"one", name="1.pdf"), last=False)
    assert job.has(Reason.JOB_INCOMING)
    assert job.incoming_until == NOW + 600.0 + 900.0
    job = await house.intake.add_document(job.id, ALICE, a_document(b"two", format="image/png"), last=True)
    assert (job.state, job.reasons, job.incoming_until) == (JobState.PENDING, (), None)
    assert job.expires_at == NOW + 600.0 + 24 * 3600.0
    assert [(d.number, d.name, d.format) for d in job.documents] == [
        (1, "1.pdf", "application/pdf"),
        (2, "", "image/png"),
    ]
    assert await house.content(job) == [b"one", b"two"]
    assert house.told(Event.JOB_STATE_CHANGED) == [job.id]
    assert [record.what for record in await house.jobs.records(job.id)] == ["received", "received"]


async def test_close_completes_a_job_with_documents() -> None:
    house, job = await opened()
    await house.intake.add_document(job.id, ALICE, a_document(), last=False)
    closed = await house.intake.close(job.id, ALICE)
    assert (closed.state, closed.incoming_until) == (JobState.PENDING, None)
    with pytest.raises(NotPossible, match="closed already"):
        await house.intake.close(job.id, ALICE)


async def test_close_without_any_document_aborts() -> None:
    house, job = await opened()
    closed = await house.intake.close(job.id, ALICE)
    assert closed.state is JobState.ABORTED
    assert "without any document" in closed.message
    assert house.told(Event.JOB_COMPLETED) == [job.id]


async def test_a_last_document_without_an_octet_only_closes() -> None:
    """RFC 8011 section 4.3.1: last-document 'true' may come without data."""
    house, job = await opened()
    await house.intake.add_document(job.id, ALICE, a_document(), last=False)
    job = await house.intake.add_document(job.id, ALICE, a_document(b""), last=True)
    assert job.state is JobState.PENDING
    assert len(job.documents) == len(house.spool.objects) == 1


@pytest.mark.parametrize("last", [False, True])
async def test_an_empty_document_is_refused_and_the_job_stays_open(last: bool) -> None:
    house, job = await opened()
    with pytest.raises(FormatError, match="empty"):
        await house.intake.add_document(job.id, ALICE, a_document(b""), last=last)
    assert house.nothing_left()
    assert (await house.intake.add_document(job.id, ALICE, a_document(), last=True)).state is JobState.PENDING


async def test_no_document_comes_to_a_job_that_is_complete() -> None:
    house, job = await opened()
    await house.intake.add_document(job.id, ALICE, a_document(), last=True)
    with pytest.raises(NotPossible, match="new job"):
        await house.intake.add_document(job.id, ALICE, a_document(body=unread_body()), last=True)
    with pytest.raises(NotPossible):
        await house.intake.add_document((await house.submitted()).id, ALICE, a_document(body=unread_body()), last=True)


@pytest.mark.parametrize("stranger", [BOB, PHONE, Actor(claimed="alice", address="192.0.2.99")])
async def test_anothers_job_does_not_exist(stranger: Actor) -> None:
    house, job = await opened()
    for attempt in (
        house.intake.add_document(job.id, stranger, a_document(body=unread_body()), last=True),
        house.intake.close(job.id, stranger),
        house.intake.close(4711, ALICE),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_an_operator_may_close_a_job_and_a_phone_its_own() -> None:
    house, job = await opened(PHONE)
    await house.intake.add_document(job.id, PHONE, a_document(), last=False)
    with pytest.raises(NotFound):
        await house.intake.close(job.id, Actor(claimed="mobile", address="192.0.2.21"))
    assert (await house.intake.close(job.id, OPERATOR)).state is JobState.PENDING


async def test_a_refused_or_broken_document_leaves_the_job_open_and_nothing_in_the_spool() -> None:
    house, job = await opened()
    for incoming, error in (
        (a_document(body=unread_body(), format="video/mp4"), FormatNotSupported),
        (a_document(body=broken_body(ConnectionResetError())), ConnectionResetError),
    ):
        with pytest.raises(error):
            await house.intake.add_document(job.id, ALICE, incoming, last=True)
    assert house.nothing_left()
    assert house.jobs.rows[job.id] == job
    assert (await house.intake.add_document(job.id, ALICE, a_document(), last=True)).documents[0].number == 1
    assert [outcome for outcome, _ in await house.written()] == [
        "accepted",
        "document-format-not-supported",
        "interrupted",
        "accepted",
    ]


async def test_no_new_document_on_a_low_disk() -> None:
    house, job = await opened()
    house.spool.low = True
    with pytest.raises(StorageFull):
        await house.intake.add_document(job.id, ALICE, a_document(body=unread_body()), last=True)


async def test_a_job_takes_only_so_many_documents() -> None:
    house, job = await opened(ipp={"max_documents": 2})
    for _ in range(2):
        await house.intake.add_document(job.id, ALICE, a_document(), last=False)
    with pytest.raises(TooLarge, match="at most 2 documents"):
        await house.intake.add_document(job.id, ALICE, a_document(body=unread_body()), last=True)
    assert len((await house.intake.close(job.id, ALICE)).documents) == 2


async def test_documents_of_one_job_come_one_after_the_other() -> None:
    house, job = await opened()
    slow = SlowBody()
    first = asyncio.create_task(house.intake.add_document(job.id, ALICE, a_document(body=aiter(slow)), last=False))
    await slow.waiting.wait()
    with pytest.raises(Busy, match="Another document"):
        await house.intake.add_document(job.id, ALICE, a_document(body=unread_body()), last=True)
    with pytest.raises(Busy):
        await house.intake.close(job.id, ALICE)
    slow.go_on.set()
    assert len((await first).documents) == 1
    assert (await house.intake.close(job.id, ALICE)).state is JobState.PENDING


async def test_a_job_that_ended_while_its_document_came_gets_none() -> None:
    house, job = await opened()
    slow = SlowBody()
    sending = asyncio.create_task(house.intake.add_document(job.id, ALICE, a_document(body=aiter(slow)), last=True))
    await slow.waiting.wait()
    canceled = advance(job, Cause.CANCELED_BY_USER, now=NOW)
    await house.jobs.update(job.id, lambda _: JobChange(job=canceled))
    slow.go_on.set()
    with pytest.raises(NotPossible):
        await sending
    assert house.nothing_left()


async def test_a_slow_document_keeps_its_job_open() -> None:
    house, job = await opened()
    slow = SlowBody()
    sending = asyncio.create_task(house.intake.add_document(job.id, ALICE, a_document(body=aiter(slow)), last=True))
    await slow.waiting.wait()
    house.clock.tick(500.0)
    assert house.jobs.rows[job.id].incoming_until == NOW + 900.0
    slow.rest_sent.clear()
    slow.go_on.set()
    await house.clock.settle()
    assert house.jobs.rows[job.id].incoming_until == NOW + 500.0 + 900.0
    slow.rest_sent.set()
    assert (await sending).state is JobState.PENDING


async def test_an_open_job_is_repeated_under_its_idempotency_key() -> None:
    house = await IntakeHouse.built()
    one = await house.intake.open(a_submission(idempotency_key="k"))
    assert await house.intake.open(a_submission(idempotency_key="k")) == one


async def test_the_document_is_sealed_under_the_jobs_key() -> None:
    house, job = await opened()
    done = await house.intake.add_document(job.id, ALICE, a_document(), last=True)
    assert done.key == job.key
    assert await house.content(done) == [PDF]


async def test_a_client_that_leaves_during_the_commit_has_still_sent_its_document() -> None:
    house, job = await opened()
    house.jobs.update_gate.clear()
    sending = asyncio.create_task(house.intake.add_document(job.id, ALICE, a_document(), last=True))
    await house.clock.settle()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    house.jobs.update_gate.set()
    await house.clock.settle()
    row = house.jobs.rows[job.id]
    assert row.state is JobState.PENDING
    assert await house.content(row) == [PDF]
    assert house.told(Event.JOB_STATE_CHANGED) == [job.id]
