"""Resumable uploads: what arrived stays, nothing is taken twice, and nobody reaches another's."""

import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest

from gateway.domain.job import JobState, Reason
from gateway.domain.user import Actor
from gateway.errors import (
    BadRequest,
    Busy,
    Conflict,
    Forbidden,
    FormatError,
    FormatNotSupported,
    NotFound,
    NotPossible,
    Refusal,
    StorageFull,
    Throttled,
    TooLarge,
)
from gateway.services import upload_pieces as module
from gateway.services.upload_pieces import ChecksumMismatch, Piece
from tests.gateway.services.upload_house import ALICE, BOB, Dock, broken

PDF = b"%PDF-1.7 " + bytes(range(256)) * 20


async def test_a_file_in_one_piece_becomes_a_job() -> None:
    dock = await Dock().open()
    upload = await dock.begin(len(PDF))
    job = await dock.jobs.get(upload.job_id)
    assert job is not None
    assert (job.state, job.has(Reason.JOB_INCOMING), job.source) == (JobState.PENDING_HELD, True, "web")
    done = await dock.send(upload, PDF)
    assert (done.received, done.done, done.pieces) == (len(PDF), True, ())
    job = await dock.jobs.get(upload.job_id)
    assert job is not None
    assert (job.state, job.owner, job.name) == (JobState.PENDING, "alice", "Report.pdf")
    assert await dock.content(job.id) == PDF
    assert len(dock.spool.objects) == 1, "the pieces are gone"
    assert not dock.spool.unfinished


async def test_it_goes_on_after_a_break_and_after_a_restart() -> None:
    dock = await Dock().open()
    upload = await dock.begin(len(PDF))
    with pytest.raises(BadRequest, match="broke"):
        await dock.uploads.write(upload.id, ALICE, Piece(offset=0, body=broken(PDF[:100], PDF[100:150])))
    dock.restart()
    assert (await dock.uploads.find(upload.id, ALICE)).received == 150
    seam = hashlib.sha256(PDF[:150]).digest()
    piece = Piece(offset=150, body=broken(PDF[150:300]), size=len(PDF), seam=seam)
    with pytest.raises(BadRequest):
        await dock.uploads.write(upload.id, ALICE, piece)
    await dock.send(upload, PDF[300:], offset=300)
    assert await dock.content(upload.job_id) == PDF


async def test_large_files_are_durable_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE", 1000)
    dock = await Dock().open()
    upload = await dock.begin(5000)

    async def crash() -> AsyncIterator[bytes]:
        for _ in range(25):
            yield b"x" * 100
        raise RuntimeError("the machine went down")

    with pytest.raises(RuntimeError):
        await dock.uploads.write(upload.id, ALICE, Piece(offset=0, body=crash()))
    assert (await dock.uploads.find(upload.id, ALICE)).received == 2000
    assert not dock.spool.unfinished
    await dock.send(upload, b"x" * 3000, offset=2000)
    assert await dock.content(upload.job_id) == b"x" * 5000


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"offset": 0}, "100 octets of this file are here"),
        ({"offset": 101}, "100 octets of this file are here"),
        ({"offset": 100, "size": 9}, "not the file that was begun"),
        ({"offset": 100, "seam": hashlib.sha256(b"other").digest()}, "not the file that was begun"),
    ],
)
async def test_another_offset_size_or_file_is_refused(fields: dict[str, int], says: str) -> None:
    dock = await Dock().open()
    upload = await dock.begin(len(PDF))
    with pytest.raises(BadRequest):
        await dock.uploads.write(upload.id, ALICE, Piece(offset=0, body=broken(PDF[:100])))
    with pytest.raises(Conflict, match=says):
        await dock.send(upload, PDF[100:], **fields)
    assert (await dock.uploads.find(upload.id, ALICE)).received == 100


async def test_more_than_was_said_is_refused_and_less_waits() -> None:
    dock = await Dock().open()
    upload = await dock.begin(10)
    with pytest.raises(TooLarge, match="announced"):
        await dock.send(upload, b"x" * 11)
    assert not dock.spool.unfinished
    assert (await dock.send(upload, b"x" * 4)).received == 4
    job = await dock.jobs.get(upload.job_id)
    assert job is not None
    assert job.has(Reason.JOB_INCOMING)


async def test_a_piece_with_a_wrong_checksum_is_not_kept() -> None:
    dock = await Dock().open()
    upload = await dock.begin(len(PDF))
    with pytest.raises(ChecksumMismatch):
        await dock.send(upload, PDF, checksum=("sha1", hashlib.sha1(b"x", usedforsecurity=False).digest()))
    assert (await dock.uploads.find(upload.id, ALICE)).received == 0
    done = await dock.send(upload, PDF, checksum=("sha256", hashlib.sha256(PDF).digest()))
    assert done.done


async def test_another_s_upload_is_not_there() -> None:
    dock = await Dock().open()
    upload = await dock.begin(len(PDF))
    for who in (BOB, Actor(address="192.0.2.10")):
        for act in (dock.uploads.find(upload.id, who), dock.uploads.drop(upload.id, who)):
            with pytest.raises(NotFound):
                await act
        with pytest.raises(NotFound):
            await dock.send(upload, PDF, actor=who)
        with pytest.raises(NotFound):
            await dock.uploads.close(who, upload.batch)
    assert (await dock.uploads.find(upload.id, ALICE)).received == 0


async def test_several_files_are_one_job_in_their_order() -> None:
    dock = await Dock().open()
    first = await dock.begin(3, batch="b", last=False, name="1.txt", format="text/plain")
    await dock.send(first, b"one")
    second = await dock.begin(3, batch="b", name="2.txt", format="text/plain")
    assert second.job_id == first.job_id
    await dock.send(second, b"two")
    job = await dock.jobs.get(first.job_id)
    assert job is not None
    assert [document.name for document in job.documents] == ["1.txt", "2.txt"]
    assert job.state is JobState.PENDING
    assert (await dock.begin(3, batch="b")).job_id != job.id, "it is closed"


async def test_when_the_last_one_was_taken_back_the_others_are_the_job() -> None:
    dock = await Dock().open()
    first = await dock.begin(3, batch="b", last=False)
    await dock.send(first, b"one")
    second = await dock.begin(3, batch="b")
    await dock.uploads.drop(second.id, ALICE)
    assert (await dock.uploads.close(ALICE, "b")).state is JobState.PENDING
    assert (await dock.uploads.close(ALICE, "b")).id == first.job_id, "twice is once"


async def test_too_many_files_for_one_job() -> None:
    dock = await Dock(uploads={"max_files": 2}).open()
    for _ in range(2):
        await dock.begin(3, batch="b", last=False)
    with pytest.raises(TooLarge, match="at most 2 files"):
        await dock.begin(3, batch="b")


async def test_a_crash_before_the_barrier_is_mended_by_asking() -> None:
    """All octets are here, but the job does not have the document."""
    dock = await Dock().open()
    upload = await dock.begin(len(PDF))
    dock.spool.full = True
    original, dock.spool.create = dock.spool.create, _once(dock.spool)  # type: ignore[method-assign]  # reason: only the second object fails
    with pytest.raises(StorageFull):
        await dock.send(upload, PDF)
    dock.spool.create = original  # type: ignore[method-assign]  # reason: back to what it was
    dock.spool.full = False
    dock.restart()
    assert (await dock.uploads.find(upload.id, ALICE)).done
    assert await dock.content(upload.job_id) == PDF


async def test_a_crash_after_the_barrier_takes_nothing_twice() -> None:
    """The job has the document, but the upload's row does not know it."""
    dock = await Dock().open()
    upload = await dock.begin(len(PDF), batch="b", last=False)
    kept: list[object] = []
    save = dock.rows.save

    async def saved(row: object) -> None:
        kept.append(row)
        if len(kept) > 1:
            raise RuntimeError("the machine went down")
        await save(row)  # type: ignore[arg-type]  # reason: an Upload

    dock.rows.save = saved  # type: ignore[method-assign, assignment]  # reason: a crash
    with pytest.raises(RuntimeError):
        await dock.send(upload, PDF)
    dock.rows.save = save  # type: ignore[method-assign]  # reason: back to what it was
    dock.restart()
    assert (await dock.uploads.find(upload.id, ALICE)).done
    job = await dock.jobs.get(upload.job_id)
    assert job is not None
    assert len(job.documents) == 1


async def test_a_newer_connection_goes_on_where_a_dead_one_hangs() -> None:
    dock = await Dock().open()
    upload, never = await dock.begin(len(PDF)), asyncio.Event()

    async def hanging() -> AsyncIterator[bytes]:
        yield PDF[:50]
        await never.wait()

    old = asyncio.create_task(dock.uploads.write(upload.id, ALICE, Piece(offset=0, body=hanging())))
    await dock.clock.settle()
    assert (await dock.uploads.find(upload.id, ALICE)).received == 50
    with pytest.raises(Conflict, match="another connection"):
        await old
    assert (await dock.send(upload, PDF[50:], offset=50)).done


async def test_one_person_sends_so_many_at_once() -> None:
    dock = await Dock(uploads={"at_once": 1}).open()
    one, two, never = await dock.begin(9), await dock.begin(9), asyncio.Event()

    async def hanging() -> AsyncIterator[bytes]:
        await never.wait()
        yield b""

    first = asyncio.create_task(dock.uploads.write(one.id, ALICE, Piece(offset=0, body=hanging())))
    await dock.clock.settle()
    with pytest.raises(Busy):
        await dock.send(two, b"x" * 9)
    never.set()
    await first
    assert (await dock.send(two, b"x" * 9)).done


async def test_what_nobody_resumes_in_time_is_forgotten() -> None:
    dock = await Dock().open()
    upload = await dock.begin(len(PDF))
    with pytest.raises(BadRequest):
        await dock.uploads.write(upload.id, ALICE, Piece(offset=0, body=broken(PDF[:100])))
    await dock.clock.advance(899)
    await dock.uploads.purge()
    assert (await dock.uploads.find(upload.id, ALICE)).received == 100
    assert await dock.rows.spool_objects() == set(dock.spool.objects)
    await dock.clock.advance(2)
    await dock.uploads.purge()
    assert not dock.spool.objects
    with pytest.raises(NotFound, match="in time"):
        await dock.uploads.find(upload.id, ALICE)


async def test_a_slow_upload_keeps_its_job_open() -> None:
    dock = await Dock().open()
    upload = await dock.begin(4)
    for offset in range(3):
        await dock.clock.advance(800)
        await dock.send(upload, b"x", offset=offset)
        job = await dock.jobs.get(upload.job_id)
        assert job is not None
        assert job.incoming_until is not None
        assert job.incoming_until > dock.clock.now() + 400
    assert (await dock.send(upload, b"x", offset=3)).done


async def test_a_job_that_was_deleted_takes_no_more() -> None:
    dock = await Dock().open()
    upload = await dock.begin(len(PDF))
    await dock.intake.close(upload.job_id, ALICE)
    with pytest.raises(NotPossible):
        await dock.send(upload, PDF)
    assert len(dock.spool.objects) <= 1


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"size": 0}, FormatError),
        ({"size": -1}, BadRequest),
        ({"size": 200 * 1024 * 1024}, TooLarge),
        ({"size": 9, "format": "application/x-msdownload"}, FormatNotSupported),
        ({"size": 9, "format": "video/mp4"}, FormatNotSupported),
        ({"size": 9, "printer": "nowhere"}, NotFound),
    ],
)
async def test_what_is_refused_is_written_down(fields: dict[str, object], kind: type[Refusal]) -> None:
    dock = await Dock().open()
    with pytest.raises(kind):
        await dock.begin(**fields)  # type: ignore[arg-type]  # reason: the table names fields
    await dock.intake.stop()
    (attempt,) = await dock.attempts.attempts()
    assert (attempt.owner, attempt.channel, attempt.outcome) == ("alice", "web", kind.kind)
    assert not dock.rows.rows


async def test_from_other_networks_nothing_is_taken() -> None:
    dock = await Dock(uploads={"networks": ("198.51.100.0/24", "2001:db8::/32")}).open()
    with pytest.raises(Forbidden, match="this network"):
        await dock.begin(9)
    for address in ("198.51.100.7", "2001:db8::1", "::ffff:198.51.100.8"):
        assert await dock.begin(9, actor=Actor(user="alice", address=address))
    with pytest.raises(Forbidden):
        await dock.begin(9, actor=Actor(user="alice", address="nonsense"))


async def test_types_can_be_refused_whole_kinds_of_them() -> None:
    dock = await Dock(uploads={"refused_types": ("text/*", "image/gif")}).open()
    for refused in ("text/plain", "text/csv", "image/gif"):
        with pytest.raises(FormatNotSupported, match="not taken here"):
            await dock.begin(9, format=refused)
    assert await dock.begin(9, format="image/png")


async def test_so_many_files_a_minute() -> None:
    dock = await Dock(uploads={"files_per_minute": 3}).open()
    for _ in range(3):
        await dock.begin(9)
    with pytest.raises(Throttled, match="Too many files"):
        await dock.begin(9)


async def test_guests_upload_where_guests_may_and_less() -> None:
    dock = await Dock(guests={"max_file": 100}).open()
    cookie, guest = await dock.guests.open(dock.printers.get("open"), address="192.0.2.7")
    actor = dock.guests.actor_of(guest, address="192.0.2.7", via="guest")
    with pytest.raises(Forbidden):
        await dock.begin(9, actor=actor)
    with pytest.raises(TooLarge):
        await dock.begin(101, actor=actor, printer="open")
    upload = await dock.begin(9, actor=actor, printer="open")
    await dock.send(upload, b"x" * 9, actor=actor)
    job = await dock.jobs.get(upload.job_id)
    assert job is not None
    assert (job.owner, job.expires_at) == (guest.name, dock.clock.now() + 12 * 3600)
    assert cookie


async def test_a_disk_without_room_says_so() -> None:
    dock = await Dock().open()
    dock.spool.low = True
    with pytest.raises(StorageFull):
        await dock.begin(9)


def _once(spool: object) -> object:
    """The first object can be made, the second cannot."""
    made: list[object] = []
    create = type(spool).create

    async def created(key: bytes) -> object:
        full = spool.full = bool(made)  # type: ignore[attr-defined]  # reason: a MemorySpool
        made.append(full)
        return await create(spool, key)  # type: ignore[arg-type]  # reason: a MemorySpool

    return created


# --- rehearsals: the gateway's own test


async def test_a_pass_ends_after_a_minute() -> None:
    dock = await Dock().open()
    text = dock.uploads.rehearsals.new_pass()
    assert dock.uploads.rehearsals.actor_of(text, address="") is not None
    await dock.clock.advance(61)
    assert dock.uploads.rehearsals.actor_of(text, address="") is None


async def test_a_rehearsal_that_broke_off_is_forgotten_like_any_upload() -> None:
    dock = await Dock().open()
    actor = dock.uploads.rehearsals.actor_of(dock.uploads.rehearsals.new_pass(), address="127.0.0.1")
    assert actor is not None
    upload = await dock.begin(6, actor=actor)
    await dock.send(upload, b"abc", actor=actor)
    assert dock.spool.objects
    await dock.clock.advance(dock.settings.uploads.kept_seconds + 1)
    assert await dock.uploads.purge() == 1
    assert not dock.spool.objects
    assert not dock.jobs.rows


async def test_a_rehearsal_is_no_job_of_anybodys() -> None:
    dock = await Dock().open()
    actor = dock.uploads.rehearsals.actor_of(dock.uploads.rehearsals.new_pass(), address="127.0.0.1")
    assert actor is not None
    upload = await dock.begin(3, actor=actor)
    assert (await dock.send(upload, b"abc", actor=actor)).done
    assert not dock.spool.objects
    assert not dock.jobs.rows
    assert dock.events.happenings == []
