"""A job whose documents come first: the same barrier, and nothing left of what does not become one."""

import asyncio
from dataclasses import replace

import pytest

from gateway.domain.events import Event
from gateway.domain.job import JobState, Reason
from gateway.errors import FormatNotSupported, Locked, NotAuthenticated, StorageFailed, TooLarge, Unavailable
from gateway.services.barrier import EmptyDocument
from tests.gateway.services.intake_house import ALICE, PDF, PHONE, IntakeHouse, a_document, a_submission, broken_body


async def test_documents_then_whose_they_are() -> None:
    house = await IntakeHouse.built()
    gathering = house.intake.gather()
    await gathering.add(a_document(PDF))
    await gathering.add(a_document(b"%PDF more", name="more.pdf"))
    assert house.jobs.rows == {}
    job = await gathering.finish(a_submission(actor=ALICE, name="Two"))
    assert (job.owner, job.name, job.state) == ("alice", "Two", JobState.PENDING)
    assert await house.content(job) == [PDF, b"%PDF more"]
    assert job.documents[1].name == "more.pdf"
    assert house.told(Event.JOB_CREATED) == [job.id]
    assert await house.written() == [("accepted", job.id)]
    await gathering.drop()
    assert len(house.spool.objects) == 2, "what became a job stays"


async def test_what_is_given_up_leaves_nothing() -> None:
    house = await IntakeHouse.built()
    gathering = house.intake.gather()
    await gathering.add(a_document(PDF))
    with pytest.raises(ConnectionError):
        await gathering.add(a_document(body=broken_body(ConnectionError())))
    with pytest.raises(EmptyDocument):
        await gathering.add(a_document(b""))
    assert gathering.count == 1
    await gathering.drop()
    assert house.nothing_left()
    await house.intake.stop()


async def test_a_refusal_at_the_end_leaves_nothing_and_is_written_down() -> None:
    house = await IntakeHouse.built()
    for submission, refusal in (
        (a_submission(printer="members", actor=PHONE), NotAuthenticated),
        (a_submission(), FormatNotSupported),
    ):
        gathering = house.intake.gather()
        await gathering.add(a_document(PDF, format="video/mp4" if refusal is FormatNotSupported else "application/pdf"))
        with pytest.raises(refusal):
            await gathering.finish(submission)
        assert house.nothing_left()
    assert [outcome for outcome, _ in await house.written()] == [NotAuthenticated.kind, FormatNotSupported.kind]


async def test_a_store_that_may_have_written_keeps_the_documents() -> None:
    house = await IntakeHouse.built()
    gathering = house.intake.gather()
    await gathering.add(a_document(PDF))

    async def away(jobs: object) -> None:
        raise Unavailable("The database is away.")

    house.jobs.add = away
    with pytest.raises(Unavailable):
        await gathering.finish(a_submission())
    assert len(house.spool.objects) == 1, "the sweep decides"
    await house.intake.stop()


async def test_a_disk_that_failed_is_final() -> None:
    house = await IntakeHouse.built()
    house.spool.failing = True
    gathering = house.intake.gather()
    with pytest.raises(StorageFailed):
        await gathering.add(a_document(PDF))
    await house.intake.stop()


async def test_no_key_no_room() -> None:
    house = await IntakeHouse.built()
    house.keyring.locked = True
    with pytest.raises(Locked):
        house.intake.gather()
    await house.intake.stop()


async def test_bounds() -> None:
    house = await IntakeHouse.built(ipp={"max_documents": 1, "max_document": 1024})
    gathering = house.intake.gather()
    with pytest.raises(TooLarge, match="MiB"):
        await gathering.add(a_document(bytes(1025)))
    await gathering.add(a_document(PDF))
    with pytest.raises(TooLarge, match="at most 1 documents"):
        await gathering.add(a_document(PDF))
    house.clock.tick(1801.0)
    with pytest.raises(Unavailable, match="too long"):
        await gathering.finish(a_submission())
    assert house.nothing_left(), "before the sweep could take it for a leftover"
    await house.intake.stop()


async def test_a_part_may_be_missing() -> None:
    house = await IntakeHouse.built()
    gathering = house.intake.gather()
    await gathering.add(a_document(PDF))
    job = await gathering.finish(a_submission(printer="direct"), whole=False)
    assert (job.state, job.reasons) == (JobState.PENDING_HELD, (Reason.JOB_DATA_INSUFFICIENT,))
    assert job.cut_short
    await house.intake.stop()


async def gathered(house: IntakeHouse, mark: str | None, octets: bytes = PDF) -> int:
    gathering = house.intake.gather()
    await gathering.add(a_document(octets))
    return (await gathering.finish(a_submission(), mark=mark)).id


async def test_the_senders_own_name_of_a_job() -> None:
    house = await IntakeHouse.built()
    assert await gathered(house, "host 1") == 1
    assert await gathered(house, "host 1") == 1
    assert await gathered(house, "host 1", b"%PDF other") == 2
    assert await gathered(house, "host 2") == 3
    assert await gathered(house, None) == 4
    assert await gathered(house, None) == 5
    house.clock.tick(299.0)
    assert await gathered(house, "host 1") == 1, "also in the next stretch of time"
    house.clock.tick(2.0)
    assert await gathered(house, "host 1") == 6
    assert await gathered(house, "host 1") == 6
    assert len(house.spool.objects) == 6
    await house.intake.stop()


async def test_a_deleted_job_that_comes_again_is_a_new_one() -> None:
    house = await IntakeHouse.built()
    assert await gathered(house, "host 1") == 1
    house.jobs.rows[1] = replace(house.jobs.rows[1], state=JobState.CANCELED)
    assert await gathered(house, "host 1") == 2
    await house.intake.stop()


async def test_the_same_at_the_same_moment_is_one_job() -> None:
    house = await IntakeHouse.built()
    assert set(await asyncio.gather(*(gathered(house, "host 1") for _ in range(5)))) == {1}
    assert len(house.spool.objects) == 1
    await house.intake.stop()
