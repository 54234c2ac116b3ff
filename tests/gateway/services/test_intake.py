"""A whole job through the only door: what is accepted is durable, what is refused leaves nothing but its record."""

import asyncio

import pytest

from gateway.domain.events import Event
from gateway.domain.job import Job, JobState
from gateway.domain.ticket import JobTicket
from gateway.domain.user import Actor
from gateway.errors import (
    BadRequest,
    Busy,
    Conflict,
    Forbidden,
    FormatError,
    FormatNotSupported,
    Locked,
    NotAccepting,
    NotAuthenticated,
    NotFound,
    Refusal,
    StorageFailed,
    StorageFull,
    TooLarge,
    Unavailable,
)
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
    body,
    broken_body,
    unread_body,
)


async def test_an_accepted_job_is_pending_durable_and_told() -> None:
    house = await IntakeHouse.built()
    ticket = JobTicket(copies=2)
    job = await house.submitted(ticket=ticket)
    assert job == house.jobs.rows[job.id]
    assert (job.state, job.reasons, job.printer, job.name, job.ticket) == (
        JobState.PENDING,
        (),
        "find-me",
        "Report",
        ticket,
    )
    assert (job.owner, job.address, job.source) == ("alice", "192.0.2.10", "ipp")
    assert await house.content(job) == [PDF]
    assert house.told(Event.JOB_CREATED) == [job.id]
    assert await house.written() == [("accepted", job.id)]


async def test_a_stranger_owns_nothing_and_is_remembered_as_what_he_said() -> None:
    house = await IntakeHouse.built()
    job = await house.submitted(actor=Actor(address="192.0.2.20", claimed="alice"))
    assert (job.owner, job.requested_name) == (None, "alice")


@pytest.mark.parametrize(
    ("printer", "actor", "hours"), [("find-me", ALICE, 24), ("find-me", PHONE, 12), ("direct", PHONE, 24)]
)
async def test_a_job_waits_as_long_as_its_printer_says_and_nobodys_shorter(
    printer: str, actor: Actor, hours: int
) -> None:
    house = await IntakeHouse.built()
    job = await house.submitted(printer=printer, actor=actor)
    assert job.expires_at == NOW + hours * 3600.0


async def test_every_job_has_its_own_key() -> None:
    house = await IntakeHouse.built()
    one, two = await house.submitted(), await house.submitted()
    assert one.key != two.key


@pytest.mark.parametrize(
    ("name", "document", "found"),
    [
        ("Report", "x.pdf", "Report"),
        ("", "x.pdf", "x.pdf"),
        (" \n\x00\x1b[31m", "", "[31m"),
        ("", "", "Untitled"),
        ("\ud800lone", "", "lone"),
        ("ä" * 200, "", "ä" * 127),
    ],
)
async def test_names_are_one_printable_line(name: str, document: str, found: str) -> None:
    house = await IntakeHouse.built()
    job = await house.intake.submit(a_submission(name=name), a_document(name=document))
    assert job.name == found


async def test_the_password_is_kept_as_a_hash_and_shown_nowhere() -> None:
    house = await IntakeHouse.built()
    submission = a_submission(password=b"271828")
    job = await house.intake.submit(submission, a_document())
    assert job.password_hash is not None
    assert await house.hasher.verify(job.password_hash, "271828")
    assert "271828" not in repr((submission, job, await house.written(), house.attempts.rows))


# -- before the body


@pytest.mark.parametrize(
    ("changes", "media_type", "refusal", "sentence"),
    [
        ({"printer": "nowhere"}, "application/pdf", NotFound, "no printer"),
        ({"printer": "closed"}, "application/pdf", NotAccepting, "Back on Monday"),
        ({"printer": "members", "actor": PHONE}, "application/pdf", NotAuthenticated, "Sign in"),
        ({"printer": "members", "actor": BOB}, "application/pdf", Forbidden, "groups"),
        ({}, "video/mp4", FormatNotSupported, "Send PDF, a picture"),
        ({}, "application/x-executable", FormatNotSupported, "an office document"),
    ],
)
async def test_what_is_refused_is_refused_before_one_octet_is_read(
    changes: dict[str, object], media_type: str, refusal: type[Refusal], sentence: str
) -> None:
    house = await IntakeHouse.built()
    submission = a_submission(**changes)
    with pytest.raises(refusal, match=sentence):
        await house.intake.submit(submission, a_document(body=unread_body(), format=media_type))
    with pytest.raises(refusal):
        await house.intake.validate(submission, media_type)
    assert house.jobs.rows == {}
    assert await house.written() == [(refusal.kind, None)]
    assert house.intake.tally.refused == {refusal.kind: 1}


@pytest.mark.parametrize("actor", [ALICE, OPERATOR])
async def test_members_and_operators_may_use_a_closed_group(actor: Actor) -> None:
    house = await IntakeHouse.built()
    assert (await house.submitted(printer="members", actor=actor)).owner == actor.user


@pytest.mark.parametrize(
    "media_type",
    [
        "Application/PDF; version=1.7",
        "image/jpg",
        "image/png",
        "image/pwg-raster",
        "image/urf",
        "application/octet-stream",
        "",
    ],
)
async def test_supported_formats_are_taken_under_any_of_their_names(media_type: str) -> None:
    house = await IntakeHouse.built()
    job = await house.intake.submit(a_submission(), a_document(format=media_type))
    assert job.documents[0].format == job.documents[0].declared_format
    assert job.documents[0].format in {
        "application/pdf",
        "image/jpeg",
        "image/png",
        "image/pwg-raster",
        "image/urf",
        "application/octet-stream",
    }


@pytest.mark.parametrize(
    ("trouble", "refusal", "reason"),
    [("low", StorageFull, "storage-low"), ("failed", StorageFailed, "storage-failed"), ("locked", Locked, "locked")],
)
async def test_trouble_of_the_disk_or_the_keys_refuses_everybody_and_shows(
    trouble: str, refusal: type[Refusal], reason: str
) -> None:
    house = await IntakeHouse.built()
    assert list(house.intake.health) == []
    setattr(house.keyring if trouble == "locked" else house.spool, trouble, True)
    with pytest.raises(refusal):
        await house.intake.submit(a_submission(), a_document(body=unread_body()))
    with pytest.raises(refusal):
        await house.intake.open(a_submission())
    with pytest.raises(refusal):
        await house.intake.validate(a_submission())
    assert list(house.intake.health) == [reason]


async def test_room_that_comes_back_shows_without_a_submission() -> None:
    house = await IntakeHouse.built()
    house.spool.low = True
    await house.clock.advance(6.0)
    assert list(house.intake.health) == ["storage-low"]
    house.spool.low = False
    await house.clock.advance(6.0)
    assert list(house.intake.health) == []
    await house.intake.stop()


# -- the body


async def test_an_empty_document_is_an_error_and_leaves_nothing() -> None:
    house = await IntakeHouse.built()
    with pytest.raises(FormatError, match="empty"):
        await house.submitted(b"")
    assert house.nothing_left()
    assert await house.written() == [("document-format-error", None)]


async def test_a_document_over_the_limit_is_dropped_as_soon_as_it_is_over() -> None:
    house = await IntakeHouse.built(ipp={"max_document": 20})
    with pytest.raises(TooLarge):
        await house.submitted(bytes(21))
    assert house.nothing_left()
    assert (await house.submitted(bytes(20))).size == 20


class ClientLeft(Exception):
    """What a front-end raises of its own."""


async def test_a_body_that_ends_early_raises_what_it_raised_and_leaves_nothing() -> None:
    house = await IntakeHouse.built()
    with pytest.raises(ClientLeft):
        await house.intake.submit(a_submission(), a_document(body=broken_body(ClientLeft())))
    assert house.nothing_left()
    assert house.jobs.rows == {}
    assert await house.written() == [("interrupted", None)]


async def test_a_cancelled_submission_leaves_nothing() -> None:
    house = await IntakeHouse.built()
    slow = SlowBody()
    task = asyncio.create_task(house.intake.submit(a_submission(), a_document(body=aiter(slow))))
    await slow.waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert house.nothing_left()
    assert await house.written() == [("interrupted", None)]


async def test_a_full_disk_in_mid_body_leaves_nothing() -> None:
    house = await IntakeHouse.built()
    slow = SlowBody()
    task = asyncio.create_task(house.intake.submit(a_submission(), a_document(body=aiter(slow))))
    await slow.waiting.wait()
    house.spool.full = True
    slow.go_on.set()
    with pytest.raises(StorageFull):
        await task
    assert house.nothing_left()
    assert not house.intake.health


async def test_a_write_that_did_not_reach_the_disk_refuses_all_that_follow() -> None:
    house = await IntakeHouse.built()
    house.spool.failing = True
    with pytest.raises(StorageFailed):
        await house.submitted()
    house.spool.failing = house.spool.failed = False
    with pytest.raises(StorageFailed, match="start"):
        await house.submitted()
    assert house.intake.health == ("storage-failed",)
    assert house.jobs.rows == {}


# -- the row


async def test_nobody_is_answered_or_told_before_the_row_is_durable() -> None:
    house = await IntakeHouse.built()
    house.jobs.gate.clear()
    task = asyncio.create_task(house.submitted())
    await house.clock.settle()
    assert len(house.spool.objects) == 1, "the document comes first"
    assert not task.done()
    assert house.events.happenings == []
    house.jobs.gate.set()
    job = await task
    assert house.told(Event.JOB_CREATED) == [job.id]


async def test_submissions_that_wait_together_are_committed_together() -> None:
    house = await IntakeHouse.built()
    house.jobs.gate.clear()
    tasks = [asyncio.create_task(house.submitted())]
    await house.clock.settle()
    tasks += [asyncio.create_task(house.submitted(name=f"job {n}")) for n in range(8)]
    await house.clock.settle()
    house.jobs.gate.set()
    done = await asyncio.gather(*tasks)
    assert house.jobs.groups == [1, 8]
    assert len({job.id for job in done}) == 9


async def test_one_submission_alone_waits_for_nobody() -> None:
    house = await IntakeHouse.built()
    await house.submitted()
    await house.submitted()
    assert house.jobs.groups == [1, 1]
    assert house.clock.now() == NOW


async def test_a_store_that_broke_off_refuses_and_the_document_is_left_to_the_sweep() -> None:
    """Whether the row was written is not known then: only the store can say it, later."""
    house = await IntakeHouse.built()
    house.jobs.failure = Unavailable("The database cannot be reached.")
    with pytest.raises(Unavailable):
        await house.submitted()
    assert len(house.spool.objects) == 1
    house.jobs.failure = None
    assert await house.content(await house.submitted()) == [PDF]


@pytest.mark.parametrize("refusal", [BadRequest, Busy, StorageFull])
async def test_a_row_that_was_surely_not_written_leaves_nothing(refusal: type[Refusal]) -> None:
    house = await IntakeHouse.built()
    house.jobs.failure = refusal("It cannot be stored.")
    with pytest.raises(refusal):
        await house.submitted()
    assert house.nothing_left()
    assert list(house.intake.health) == []


async def test_a_failed_disk_under_the_database_is_final_too() -> None:
    house = await IntakeHouse.built()
    house.jobs.failure = StorageFailed("disk I/O error")
    with pytest.raises(StorageFailed):
        await house.submitted()
    house.jobs.failure = None
    with pytest.raises(StorageFailed):
        await house.submitted()


# -- the same again


async def test_the_same_key_and_content_is_the_same_job() -> None:
    house = await IntakeHouse.built()
    first = await house.submitted(idempotency_key="k1")
    again = await house.submitted(idempotency_key="k1")
    assert again == first
    assert len(house.jobs.rows) == len(house.spool.objects) == 1
    assert house.told(Event.JOB_CREATED) == [first.id]


@pytest.mark.parametrize("changes", [{"octets": b"other"}, {"printer": "direct"}])
async def test_the_same_key_for_something_else_is_a_conflict(changes: dict[str, object]) -> None:
    house = await IntakeHouse.built()
    first = await house.submitted(idempotency_key="k1")
    with pytest.raises(Conflict, match="new key"):
        await house.submitted(**{"idempotency_key": "k1"} | changes)  # type: ignore[arg-type]  # octets or a field
    assert len(house.spool.objects) == 1
    assert await house.content(first) == [PDF]


async def test_of_two_at_once_under_one_key_one_is_kept() -> None:
    house = await IntakeHouse.built()
    one, two = await asyncio.gather(*(house.submitted(idempotency_key="k1") for _ in range(2)))
    assert one == two
    assert len(house.spool.objects) == 1


async def test_a_strangers_equal_key_is_another_key() -> None:
    house = await IntakeHouse.built()
    jobs = [await house.submitted(idempotency_key="k1", actor=actor) for actor in (ALICE, BOB, PHONE)]
    jobs.append(await house.submitted(idempotency_key="k1", source="web"))
    assert len({job.id for job in jobs}) == 4


async def test_a_job_whose_reply_was_lost_is_returned_to_the_one_who_asks_again() -> None:
    house = await IntakeHouse.built()
    first = await house.submitted()
    house.intake.note_undelivered(first)
    house.clock.tick(119.0)
    assert await house.submitted() == first
    assert len(house.spool.objects) == 1
    assert (await house.submitted()).id != first.id, "printed once more on purpose"


@pytest.mark.parametrize(
    "changes",
    [
        {"octets": b"other"},
        {"name": "other"},
        {"printer": "direct"},
        {"actor": BOB},
        {"ticket": JobTicket(copies=2)},
        {"password": b"1"},
        {"source": "web"},
    ],
)
async def test_only_the_identical_submission_gets_it(changes: dict[str, object]) -> None:
    house = await IntakeHouse.built()
    first = await house.submitted()
    house.intake.note_undelivered(first)
    assert (await house.submitted(**changes)).id != first.id  # type: ignore[arg-type]  # octets or a field


async def test_after_two_minutes_the_same_again_is_a_new_job() -> None:
    house = await IntakeHouse.built()
    first = await house.submitted()
    house.intake.note_undelivered(first)
    house.clock.jump(-1e6)
    house.clock.tick(120.0)
    assert (await house.submitted()).id != first.id


async def test_a_pin_job_is_returned_only_for_its_pin() -> None:
    house = await IntakeHouse.built()
    for repeated, same in ((b"1234", True), (b"9999", False)):
        first = await house.submitted(password=b"1234")
        house.intake.note_undelivered(first)
        assert ((await house.submitted(password=repeated)).id == first.id) is same


async def test_a_job_that_has_ended_meanwhile_is_not_returned() -> None:
    house = await IntakeHouse.built()
    first = await house.submitted()
    house.intake.note_undelivered(first)
    house.jobs.rows.clear()
    assert (await house.submitted()).id != first.id


async def test_a_client_that_leaves_during_the_commit_finds_its_job_when_it_comes_back() -> None:
    house = await IntakeHouse.built()
    house.jobs.gate.clear()
    task = asyncio.create_task(house.submitted())
    await house.clock.settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    house.jobs.gate.set()
    await house.clock.settle()
    [kept] = house.jobs.rows.values()
    assert await house.content(kept) == [PDF]
    assert await house.submitted() == kept


# -- what is written down


async def test_tries_are_written_in_the_background_together() -> None:
    house = await IntakeHouse.built()
    for _ in range(3):
        await house.submitted()
    with pytest.raises(FormatNotSupported):
        await house.intake.submit(a_submission(), a_document(format="video/mp4"))
    assert house.attempts.rows == []
    await house.clock.advance(1.5)
    assert [row.outcome for row in house.attempts.rows] == ["accepted"] * 3 + ["document-format-not-supported"]
    refused = house.attempts.rows[-1]
    assert (refused.channel, refused.printer, refused.owner, refused.document_name) == (
        "ipp",
        "find-me",
        "alice",
        "Report",
    )
    assert "Send PDF" in refused.text
    await house.intake.stop()


async def test_tries_are_kept_while_the_database_is_away(caplog: pytest.LogCaptureFixture) -> None:
    house = await IntakeHouse.built()
    house.attempts.failure = Busy("later")
    await house.submitted()
    await house.clock.advance(3.0)
    house.attempts.failure = None
    assert [outcome for outcome, _ in await house.written()] == ["accepted"]
    assert "kept for the next time" in caplog.text


async def test_the_tally_counts_what_came_and_how_long_the_barrier_took() -> None:
    house = await IntakeHouse.built()
    await house.submitted()
    with pytest.raises(FormatError):
        await house.submitted(b"")
    tally = house.intake.tally
    assert (tally.accepted, tally.octets, tally.refused) == (1, len(PDF), {"document-format-error": 1})
    assert tally.barrier.cumulative()[-1] == (float("inf"), 1)


async def test_one_row_that_cannot_be_stored_does_not_take_the_others_with_it() -> None:
    house = await IntakeHouse.built()
    house.jobs.poison = "poison"
    house.jobs.gate.clear()
    names = ("first", "good", "poison", "fine")
    tasks = [asyncio.create_task(house.submitted(name=name)) for name in names]
    await house.clock.settle()
    house.jobs.gate.set()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [one.name if isinstance(one, Job) else type(one) for one in done] == ["first", "good", BadRequest, "fine"]


async def test_any_sizes_of_pieces_are_taken() -> None:
    house = await IntakeHouse.built()
    job = await house.intake.submit(a_submission(), a_document(body=body(PDF, piece=1)))
    assert await house.content(job) == [PDF]
