"""JobStore: what every implementation promises of adding, changing, and forgetting jobs."""

import asyncio
from dataclasses import fields, replace
from decimal import Decimal
from uuid import uuid4

import pytest

from gateway.domain.account import Receipt
from gateway.domain.document import Document
from gateway.domain.events import JobRecord
from gateway.domain.job import Cause, Job, JobState, Reason, advance
from gateway.domain.ticket import JobTicket, MediaCol, PagePick, Stamp
from gateway.errors import Conflict, NotFound
from gateway.services.ports import JobChange, JobQuery, JobStore
from tests.builders import NOW
from tests.fakes import a_document, a_held_job, a_job, a_released_job

FULL_TICKET = JobTicket(
    copies=3,
    sides="two-sided-long-edge",
    print_color_mode="monochrome",
    media="iso_a4_210x297mm",
    media_col=MediaCol(x=21000, y=29700, source="tray-1", type="stationery", left_margin=423, top_margin=0),
    orientation_requested=4,
    print_quality=5,
    printer_resolution=(600, 600, 3),
    print_scaling="fit",
    page_ranges=((1, 3), (7, 7)),
    number_up=2,
    finishings=(4, 20),
    output_bin="face-down",
    multiple_document_handling="single-document",
    print_content_optimize="photo",
    print_rendering_intent="auto",
    job_hold_until="indefinite",
    job_hold_until_time=NOW,
    job_priority=50,
    job_sheets="none",
    job_account_id="42",
    account_comment="Plans",
    job_accounting_user_id="alice",
    imposition_template="signature",
    presentation_direction_number_up="toleft-tobottom",
    page_border=True,
    page_words=("odd", "last"),
    page_picks=(PagePick(page=3, rotate=90), PagePick(page=1)),
    scaling_percent=70,
    stamps=(Stamp(text="Entwurf für {user}", angle=45, opacity=20), Stamp(text="{page}", position="bottom", size=8.5)),
    toner_save="light",
    as_image=True,
)


def a_full_document() -> Document:
    return a_document(
        number=2, name="Ärger.pdf", declared_format="image/urf", compression="gzip", language="de", size=2**40, pages=7
    )


def a_full_job() -> Job:
    """Each field has a value that is not its default."""
    return a_job(
        state=JobState.PROCESSING,
        reasons=(Reason.JOB_PRINTING, Reason.JOB_OUTGOING),
        message="Printing page 2 \N{HOURGLASS}",
        requested_name="ALICE@Example.COM",
        address="2001:db8::1",
        ticket=FULL_TICKET,
        documents=(a_full_document(), a_document()),
        key=bytes(range(256)),
        idempotency_key="key-1",
        password_hash="$argon2id$x",
        processing_at=NOW + 0.125,
        ended_at=NOW + 2,
        expires_at=NOW + 3,
        incoming_until=NOW + 4,
        extensions=2,
        expiry_warned=True,
        favourite=True,
        pages=5,
        color=True,
        impressions=15,
        media_sheets=9,
        impressions_completed=7,
        sheets_completed=4,
        printable=a_full_document(),
        unlocking=a_document(format="text/plain"),
        thumbnails=(a_document(format="image/png"), a_document(format="image/png", number=2)),
        notes=("One page was empty.", "Fonts were missing."),
        facts='{"pages": []}',
        private=True,
        charged_to="carol",
        reserved=Decimal(0),
        reserved_in="EUR",
        output_device="laser",
        release_id=uuid4(),
        released_by="bob",
        released_at=NOW + 5,
        attempts=2,
        bytes_sent=2**40,
        device_job="laser-7",
        not_before=NOW + 6,
        claimed_by="worker-1",
        claimed_until=NOW + 7,
        version=3,
    )


def a_receipt(job: Job, **changes: object) -> Receipt:
    plain = Receipt(
        release_id=job.release_id or uuid4(),
        job_id=job.id,
        owner=job.owner,
        printer=job.printer,
        device="laser",
        impressions=3,
        media_sheets=2,
        color=True,
        confirmed=False,
        at=NOW,
        project="P-2041",
        comment="Plans",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # reason: the caller names fields


def test_the_full_job_leaves_no_field_at_its_default() -> None:
    full, plain = a_full_job(), a_job()
    same = {f.name for f in fields(Job) if getattr(full, f.name) == getattr(plain, f.name)}
    assert same == {"id", "printer", "name", "owner", "source", "created_at"}


async def test_a_thread_may_add_by_itself(jobs: JobStore) -> None:
    [kept] = await jobs.add([a_job(idempotency_key="one")])
    added = await asyncio.to_thread(jobs.add_here, [a_job(), a_job(idempotency_key="one"), a_job()])
    assert added[1] == kept
    assert [await jobs.get(job.id) for job in added] == added
    assert kept.id < added[0].id < added[2].id


async def test_threads_and_the_loop_may_add_at_once(jobs: JobStore) -> None:
    calls = [asyncio.to_thread(jobs.add_here, [a_job()]) if n % 2 else jobs.add([a_job()]) for n in range(12)]
    ids = {added[0].id for added in await asyncio.gather(*calls)}
    assert len(ids) == 12


async def test_add_gives_ids_ascending_in_the_order_given(jobs: JobStore) -> None:
    wanted = [a_job(name=f"Job {number}") for number in range(40)]
    added = await jobs.add(wanted)
    assert [job.name for job in added] == [job.name for job in wanted]
    ids = [job.id for job in added]
    assert ids == sorted(set(ids))
    assert ids[0] > 0
    (later,) = await jobs.add([a_job()])
    assert later.id > ids[-1]


async def test_add_of_nothing_adds_nothing(jobs: JobStore) -> None:
    assert await jobs.add([]) == []


@pytest.mark.parametrize("job", [a_job(), a_full_job(), a_held_job(), a_job(owner=None, key=None, color=False)])
async def test_a_job_comes_back_as_it_was_added(jobs: JobStore, job: Job) -> None:
    (added,) = await jobs.add([job])
    assert added == replace(job, id=added.id)
    assert await jobs.get(added.id) == added


async def test_a_group_of_unlike_jobs_comes_back_each_with_its_id(jobs: JobStore) -> None:
    for job in await jobs.add([a_full_job(), a_job(), a_held_job(), a_released_job()]):
        assert await jobs.get(job.id) == job


@pytest.mark.parametrize("job_id", [0, -1, 1, 2**31, 2**63, 2**80])
async def test_get_of_an_unknown_id_is_none(jobs: JobStore, job_id: int) -> None:
    assert await jobs.get(job_id) is None


async def test_a_known_idempotency_key_returns_the_job_of_the_first_time(jobs: JobStore) -> None:
    (first,) = await jobs.add([a_job(idempotency_key="k", name="first")])
    again, other = await jobs.add([a_job(idempotency_key="k", name="second"), a_job(idempotency_key="l")])
    assert again == first
    assert other.id > first.id
    assert await jobs.find_by_idempotency_key("k") == first
    assert await jobs.find_by_idempotency_key("unknown") is None


async def test_the_same_key_twice_in_one_group_is_one_job(jobs: JobStore) -> None:
    added = await jobs.add([a_job(idempotency_key="k"), a_job(), a_job(idempotency_key="k", name="again")])
    assert added[0] == added[2]
    assert added[1].id != added[0].id


async def test_update_stores_the_change_and_raises_the_version(jobs: JobStore) -> None:
    (job,) = await jobs.add([a_held_job()])
    stored = await jobs.update(job.id, lambda j: JobChange(job=advance(j, Cause.RELEASED, now=NOW)))
    assert (stored.state, stored.version) == (JobState.PENDING, job.version + 1)
    assert await jobs.get(job.id) == stored


async def test_update_can_change_every_field(jobs: JobStore) -> None:
    (job,) = await jobs.add([a_job()])
    full = a_full_job()
    stored = await jobs.update(job.id, lambda _: JobChange(job=full))
    assert stored == replace(full, id=job.id, version=job.version + 1)
    assert await jobs.get(job.id) == stored
    back = await jobs.update(job.id, lambda _: JobChange(job=job))
    assert back == replace(job, version=job.version + 2)
    assert await jobs.get(job.id) == back


async def test_update_to_none_leaves_the_job(jobs: JobStore) -> None:
    (job,) = await jobs.add([a_job()])
    assert await jobs.update(job.id, lambda _: None) == job
    assert await jobs.get(job.id) == job


async def test_update_keeps_records_in_their_order(jobs: JobStore) -> None:
    one, other = await jobs.add([a_job(), a_job()])
    first = JobRecord(job_id=one.id, at=NOW, what="released", by="alice", text="at laser")
    second = replace(first, at=NOW + 1, what="canceled", text="")
    await jobs.update(one.id, lambda job: JobChange(job=job, records=(first,)))
    await jobs.update(one.id, lambda job: JobChange(job=job, records=(second, first)))
    assert await jobs.records(one.id) == [first, second, first]
    assert await jobs.records(other.id) == []


async def test_update_of_an_unknown_job_is_not_found(jobs: JobStore) -> None:
    for job_id in (0, 77, 2**70):
        with pytest.raises(NotFound):
            await jobs.update(job_id, lambda job: JobChange(job=job))


async def test_what_the_change_raises_is_raised_and_nothing_is_kept(jobs: JobStore) -> None:
    (job,) = await jobs.add([a_job()])

    def change(_: Job) -> JobChange:
        raise Conflict("No.")

    with pytest.raises(Conflict, match=r"No\."):
        await jobs.update(job.id, change)
    assert await jobs.get(job.id) == job


async def test_a_release_is_in_the_ledger_once(jobs: JobStore) -> None:
    (job,) = await jobs.add([a_released_job()])
    receipt = a_receipt(job)
    stored = await jobs.update(job.id, lambda j: JobChange(job=j, receipt=receipt))
    record = JobRecord(job_id=job.id, at=NOW, what="charged")
    with pytest.raises(Conflict):
        await jobs.update(
            job.id, lambda j: JobChange(job=replace(j, message="twice"), receipt=receipt, records=(record,))
        )
    assert await jobs.get(job.id) == stored
    assert await jobs.records(job.id) == []
    assert await jobs.receipts() == [receipt]


async def test_receipts_are_newest_first_and_of_an_owner_without_case(jobs: JobStore) -> None:
    added = await jobs.add([a_released_job(owner=name) for name in ("Alice", "bob", "ALICE")])
    for job in added:
        await jobs.update(job.id, lambda j: JobChange(job=j, receipt=a_receipt(j)))
    assert [receipt.job_id for receipt in await jobs.receipts()] == [job.id for job in reversed(added)]
    assert [receipt.job_id for receipt in await jobs.receipts(owner="alice")] == [added[2].id, added[0].id]
    assert [receipt.job_id for receipt in await jobs.receipts(limit=1)] == [added[2].id]


async def test_spool_objects_are_all_of_jobs_that_have_a_key(jobs: JobStore) -> None:
    kept = a_held_job(documents=(a_document(id="a"), a_document(id="b")), printable=a_document(id="c"))
    shown = a_held_job(documents=(a_document(id="d"),), printable=None, thumbnails=(a_document(id="e"),))
    destroyed = a_job(key=None, documents=(a_document(id="f"),))
    ended = a_job(state=JobState.COMPLETED, documents=(a_document(id="g"),))
    await jobs.add([kept, shown, destroyed, ended])
    assert await jobs.spool_objects() == {"a", "b", "c", "d", "e", "g"}


async def test_purge_forgets_ended_jobs_without_a_key_oldest_first(jobs: JobStore) -> None:
    ended = {"state": JobState.COMPLETED, "key": None}
    old, older, young, with_key, still_open = await jobs.add(
        [
            a_job(**ended, ended_at=NOW - 10),
            a_job(**ended, ended_at=NOW - 20),
            a_job(**ended, ended_at=NOW + 1),
            a_job(state=JobState.COMPLETED, ended_at=NOW - 10),
            a_job(key=None),
        ]
    )
    await jobs.update(old.id, lambda job: JobChange(job=job, records=(JobRecord(job_id=0, at=NOW, what="x"),)))
    assert await jobs.purge_ended(before=NOW, limit=1) == 1
    assert await jobs.get(older.id) is None
    assert await jobs.purge_ended(before=NOW) == 1
    assert await jobs.purge_ended(before=NOW) == 0
    assert await jobs.records(old.id) == []
    for kept in (young, with_key, still_open):
        assert await jobs.get(kept.id) == kept


async def test_the_ledger_outlives_the_job(jobs: JobStore) -> None:
    (job,) = await jobs.add([a_job(state=JobState.COMPLETED, key=None, ended_at=NOW)])
    await jobs.update(job.id, lambda j: JobChange(job=j, receipt=a_receipt(j)))
    assert await jobs.purge_ended(before=NOW + 1) == 1
    assert [receipt.job_id for receipt in await jobs.receipts()] == [job.id]


async def test_an_id_is_never_given_twice(jobs: JobStore) -> None:
    (job,) = await jobs.add([a_job(state=JobState.COMPLETED, key=None, ended_at=NOW)])
    await jobs.purge_ended(before=NOW + 1)
    (later,) = await jobs.add([a_job()])
    assert later.id > job.id


# --- rehearsals


async def test_a_rehearsed_row_was_never_there(jobs: JobStore) -> None:
    await jobs.rehearse(a_full_job())
    assert await jobs.count(JobQuery(limit=None)) == 0
    assert await jobs.spool_objects() == frozenset()
    (row,) = await jobs.add([a_full_job()])
    assert await jobs.get(row.id) == row
