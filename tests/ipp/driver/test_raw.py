"""Raw ports over real sockets: no protocol, so that what was not clearly the end of a job is no whole job."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.domain.job import Job, JobState, Reason
from gateway.domain.printer import ReleasePolicy
from gateway.domain.user import Actor
from gateway.errors import NotPossible, StartupError
from gateway.settings import Raw
from ipp.driver.pjl import UEL
from tests.fakes import fake_pdf
from tests.ipp.driver.driver_house import DriverHouse, members, served, until
from tests.peers.processes import free_port

PDF = fake_pdf()
HEAD = UEL + b'@PJL JOB NAME="Plan"\r\n@PJL SET USERNAME="ada"\r\n@PJL ENTER LANGUAGE=PDF\r\n'
QUICK = Raw(idle_seconds=0.1, end_seconds=0.1)


@asynccontextmanager
async def listening(raw: Raw | None = None, **changes: object) -> AsyncIterator[tuple[DriverHouse, int]]:
    """find-me at a raw port."""
    async with served(raw=raw) as house:
        port = free_port()
        await house.change("find-me", raw_port=port, **changes)
        yield house, port


async def came(house: DriverHouse) -> Job:
    await until(lambda: house.jobs)
    [job] = house.jobs
    return job


async def test_what_comes_until_the_end_is_a_job_unchanged() -> None:
    async with listening() as (house, port), house.sender(port) as sender:
        await sender.say(HEAD, PDF, UEL)
        sender.ends()
        assert await sender.rest() == b"", "there is no acknowledgement"
        job = await came(house)
        assert (job.name, job.requested_name, job.owner, job.source) == ("Plan", "ada", None, "raw")
        assert (job.state, job.address, job.ticket.copies) == (JobState.PENDING, "127.0.0.1", 1)
        assert await house.content(job) == [HEAD + PDF + UEL]


async def test_a_job_without_a_word_about_it() -> None:
    async with listening() as (house, port), house.sender(port) as sender:
        await sender.say(PDF)
        sender.ends()
        job = await came(house)
        assert (job.name, job.requested_name) == ("Untitled", "anonymous")


async def test_where_names_are_believed_the_job_is_its_users() -> None:
    async with listening() as (house, port):
        await members(house)
        await house.house.identity.add_user("ada", password="correct horse battery")
        async with house.sender(port) as sender:
            await sender.say(HEAD, PDF, UEL)
            sender.ends()
            assert (await came(house)).owner == "ada"


async def test_a_silence_behind_the_end_of_a_job_ends_it() -> None:
    async with listening(QUICK) as (house, port), house.sender(port) as sender:
        await sender.say(HEAD, PDF, UEL + b"@PJL EOJ\r\n" + UEL)
        assert (await came(house)).state is JobState.PENDING


async def test_a_sender_that_never_closes_sends_one_job_after_the_other() -> None:
    async with listening(Raw(end_seconds=0.1)) as (house, port), house.sender(port) as sender:
        for number in (1, 2):
            await sender.say(HEAD, fake_pdf(pages=number), UEL)
            await until(lambda: len(house.jobs) == number)  # noqa: B023 - called at once
        assert [await house.content(job) for job in house.jobs] == [
            [HEAD + fake_pdf(pages=number) + UEL] for number in (1, 2)
        ]
        await sender.say(PDF)
        sender.breaks()
        await until(lambda: not house.raw.door.count)
        assert all(job.state is JobState.PENDING for job in house.jobs[:2])


@pytest.mark.parametrize("how", ["silence", "reset", "stop", "slow"])
async def test_a_job_that_breaks_off_is_kept_and_goes_nowhere(how: str) -> None:
    raw = {"silence": QUICK, "slow": Raw(grace_seconds=0.2, min_body_rate=10**9)}.get(how, Raw())
    async with listening(raw, policy=ReleasePolicy.DIRECT) as (house, port), house.sender(port) as sender:
        await sender.say(HEAD, PDF[:-4])
        await until(lambda: house.arriving == len(HEAD + PDF) - 4)
        if how == "reset":
            sender.breaks()
        elif how == "stop":
            await house.raw.stop(0.05)
        job = await came(house)
        assert (job.state, job.reasons) == (JobState.PENDING_HELD, (Reason.JOB_DATA_INSUFFICIENT,))
        assert job.message.startswith("Its sender broke off")
        assert job.expires_at is not None
        await house.house.prepare()
        assert house.jobs == [job]


async def test_a_person_may_have_it_as_it_is() -> None:
    async with listening() as (house, port), house.sender(port) as sender:
        await sender.say(PDF)
        await until(lambda: house.arriving == len(PDF))
        sender.breaks()
        job, release = await came(house), house.house.release
        own = Actor(address="127.0.0.1", claimed="anonymous")
        [refused] = await release.release([job.id], own)
        assert isinstance(refused.refusal, NotPossible)
        assert "broke off" in refused.refusal.message
        assert (await release.unhold(job.id, own)).state is JobState.PENDING
        await house.house.prepare()
        assert house.jobs[0].has(Reason.JOB_RELEASE_WAIT)


@pytest.mark.parametrize("said", [b"", UEL + b"@PJL INFO STATUS\r\n" + UEL, UEL], ids=["nothing", "question", "way in"])
async def test_who_only_looks_or_asks_makes_no_job(said: bytes) -> None:
    async with listening() as (house, port):
        async with house.sender(port) as sender:
            await sender.say(said)
            sender.ends()
            assert await sender.rest() == b""
        await until(lambda: not house.raw.door.count)
        assert house.jobs == []
        assert house.nothing_left()
        assert await house.attempts() == []


async def test_a_refused_job_is_written_down() -> None:
    async with listening(is_accepting_jobs=False) as (house, port):
        async with house.sender(port) as sender:
            assert await sender.rest() == b""
        [attempt] = await house.attempts()
        assert (attempt.channel, attempt.printer, attempt.outcome) == ("raw", "find-me", "not-accepting-jobs")


async def test_a_page_somewhere_cannot_print_through_its_visitors_browser() -> None:
    async with listening() as (house, port):
        async with house.sender(port) as sender:
            await sender.say(b"POST /x ", b"HTTP/1.1\r\nHost: printer:9101\r\n\r\n" + HEAD + PDF)
            assert await sender.rest() == b""
        [attempt] = await house.attempts()
        assert (attempt.channel, attempt.outcome) == ("raw", "bad-request")
        assert house.jobs == []
        assert house.nothing_left()


async def test_a_refusal_on_the_way_is_written_down_with_what_was_said() -> None:
    async with listening() as (house, port):
        async with house.sender(port) as sender:
            await sender.say(HEAD)
            await until(lambda: house.arriving == len(HEAD))
            house.house.spool.full = True
            await sender.say(PDF)
            assert await sender.rest() == b""
        [attempt] = await house.attempts()
        assert (attempt.document_name, attempt.requested_name, attempt.outcome) == ("Plan", "ada", "storage-full")
        assert house.nothing_left()


async def test_ports_follow_the_printers() -> None:
    async with listening() as (house, port):
        other = free_port()
        assert house.raw.ports == {port: ""}
        await house.change("find-me", raw_port=None)
        await house.change("direct", raw_port=other)
        assert house.raw.ports == {other: ""}
        with pytest.raises(OSError, match=r"refused|failed"):
            async with house.sender(port):
                pass
        async with house.sender(other) as sender:
            await sender.say(PDF)
            sender.ends()
            assert (await came(house)).printer == "direct"


async def test_a_port_that_is_taken_is_told_and_tried_again() -> None:
    async with served() as house:
        refusing, listen = True, house.raw._listen

        async def sometimes(port: int):  # noqa: ANN202 - as the house's
            if refusing:
                raise StartupError("Another program already listens there.")
            return await listen(port)

        house.raw._listen = sometimes
        await house.change("find-me", raw_port=free_port())
        assert list(house.raw.ports.values()) == ["Another program already listens there."]
        refusing = False
        await house.raw.follow()
        assert list(house.raw.ports.values()) != [""], "not each second"
        await house.house.clock.advance(61)
        await house.raw.follow()
        assert list(house.raw.ports.values()) == [""]


async def test_connections_are_counted_over_all_ports() -> None:
    async with listening(Raw(max_connections=1)) as (house, port):
        other = free_port()
        await house.change("direct", raw_port=other)
        async with house.sender(port) as one, house.sender(other) as two:
            await one.say(PDF)
            assert await two.rest() == b""
        await until(lambda: not house.raw.door.count)


async def test_the_watch_opens_what_is_new() -> None:
    async with served() as house:
        watch = asyncio.create_task(house.raw.run())
        await house.house.clock.until_sleeping()
        port = free_port()
        await house.house.printers.change_printer("find-me", raw_port=port)
        await house.house.clock.advance(1.0)
        await until(lambda: house.raw.ports == {port: ""})
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
