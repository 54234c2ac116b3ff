"""RFC 1179 over a real socket: the octet 0 at the end of a job is said when the job is safe, and not before."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import pytest

from gateway.domain.job import Cause, Job, JobState, Reason, advance
from gateway.domain.printer import Authentication
from gateway.domain.rights import Role
from gateway.services.ports import JobChange
from gateway.settings import Lpd, Settings
from tests.fakes import fake_pdf
from tests.ipp.driver.driver_house import ACK, DriverHouse, Sender, control, members, part, sends, served, until

PDF = fake_pdf()
MORE = fake_pdf(pages=2)


# -- receiving


async def test_control_file_first() -> None:
    async with served() as house, house.sender() as sender:
        answers = await sends(sender, part(2, control()), part(3, PDF))
        assert answers == [ACK] * 5
        [job] = house.jobs
        assert (job.printer, job.name, job.source, job.address) == ("find-me", "Report", "lpd", "127.0.0.1")
        assert (job.state, job.owner, job.requested_name, job.ticket.copies) == (JobState.PENDING, None, "ada", 1)
        assert await house.content(job) == [PDF]


async def test_data_file_first() -> None:
    async with served() as house, house.sender() as sender:
        assert await sends(sender, part(3, PDF)) == [ACK] * 3
        assert house.jobs == [], "whose it is has not been said"
        assert await sends_on(sender, part(2, control())) == [ACK] * 2
        assert [job.requested_name for job in house.jobs] == ["ada"]
        assert await house.content(house.jobs[0]) == [PDF]


async def test_several_files_are_documents_of_one_job_and_copies_are_theirs() -> None:
    said = control("dfA012host", "dfB012host", copies=3)
    async with served() as house, house.sender() as sender:
        answers = await sends(sender, part(2, said), part(3, PDF), part(3, MORE, "B012host"))
        assert answers == [ACK] * 7
        [job] = house.jobs
        assert (job.ticket.copies, await house.content(job)) == (3, [PDF, MORE])


async def test_several_jobs_come_by_one_connection() -> None:
    async with served() as house, house.sender() as sender:
        first, second = control(name="One"), control(number="013", name="Two")
        answers = await sends(sender, part(3, PDF), part(2, first), part(3, MORE, "A013host"), part(2, second))
        assert answers == [ACK] * 9
        assert [job.name for job in house.jobs] == ["One", "Two"]
        assert [await house.content(job) for job in house.jobs] == [[PDF], [MORE]]


async def test_an_aborted_job_leaves_nothing_and_the_next_one_is_taken() -> None:
    async with served() as house, house.sender() as sender:
        assert await sends(sender, part(3, PDF)) == [ACK] * 3
        await sender.say(b"\x01\n")
        assert await sends_on(sender, part(2, control()), part(3, MORE)) == [ACK] * 4
        assert [await house.content(job) for job in house.jobs] == [[MORE]]


@pytest.mark.parametrize("size", [0, 2**31 - 1, 2**32 - 1, 125899906843000])
async def test_a_size_that_its_sender_does_not_know(size: int) -> None:
    async with served() as house, house.sender() as sender:
        announced, _ = part(3, b"", count=size)
        assert await sends(sender, part(2, control())) == [ACK] * 3
        assert await sender.asks(announced) == ACK
        await sender.say(PDF)
        sender.ends()
        assert await sender.rest() == ACK
        assert [await house.content(job) for job in house.jobs] == [[PDF]]


async def test_of_an_unknown_size_and_never_named() -> None:
    """No control file can follow, so that the document alone tells what there is to tell."""
    named = b'\x1b%-12345X@PJL JOB NAME="Plan"\r\n@PJL SET USERNAME="eve"\r\n@PJL ENTER LANGUAGE=PDF\r\n' + PDF
    async with served() as house, house.sender() as sender:
        assert await sends(sender) == [ACK]
        assert await sender.asks(part(3, b"", count=2**32 - 1)[0]) == ACK
        await sender.say(named)
        sender.ends()
        assert await sender.rest() == ACK
        assert [(job.name, job.requested_name) for job in house.jobs] == [("Plan", "eve")]


async def test_who_streams_closes_instead_of_the_last_octet() -> None:
    async with served() as house, house.sender() as sender:
        assert await sends(sender, part(2, control())) == [ACK] * 3
        line, octets = part(3, PDF)
        assert await sender.asks(line) == ACK
        await sender.say(octets[:-1])
        sender.ends()
        assert await sender.rest() == ACK
        assert [await house.content(job) for job in house.jobs] == [[PDF]]


async def test_empty_files() -> None:
    said = control("dfA012host", "dfB012host")
    async with served() as house:
        async with house.sender() as sender:
            assert await sends(sender, part(3, b""), part(3, PDF, "B012host"), part(2, said)) == [ACK] * 7
        async with house.sender() as sender:
            assert await sends(sender, part(3, b"")) == [ACK] * 3
            assert await sender.asks(*part(2, control())) == ACK
            assert b"empty" in await sender.rest()
        async with house.sender() as sender:
            assert await sends(sender, part(2, control())) == [ACK] * 3
            assert await sender.asks(*part(3, b"")) == ACK
            assert b"empty" in await sender.rest()
        assert [await house.content(job) for job in house.jobs] == [[PDF]]


async def test_nothing_is_said_before_the_barrier() -> None:
    """The row is held up: there is no octet 0 until it is written."""
    async with served() as house, house.sender() as sender:
        written, add = asyncio.Event(), house.house.jobs.add

        async def held_up(jobs: Sequence[Job]) -> list[Job]:
            await written.wait()
            return await add(jobs)

        house.house.jobs.add = held_up
        assert await sends(sender, part(2, control())) == [ACK] * 3
        line, octets = part(3, PDF)
        assert await sender.asks(line) == ACK
        await sender.say(octets)
        await until(lambda: house.house.spool.objects)
        assert not sender.reader._buffer
        written.set()
        assert await sender.asks() == ACK
        assert len(house.jobs) == 1


# -- again


async def test_the_same_job_again_is_the_same_job_for_five_minutes() -> None:
    async with served() as house:
        assert await again(house) == 1
        assert await again(house) == 1
        assert await again(house, number="013") == 2
        assert await again(house, octets=MORE) == 3
        assert await again(house, queue=b"direct") == 4
        await house.house.clock.advance(301)
        assert await again(house) == 5
        assert len(house.house.spool.objects) == 5, "what came twice is kept once"


async def test_what_was_deleted_and_comes_again_is_wanted() -> None:
    async with served() as house:
        assert await again(house) == 1
        await house.house.jobs.update(
            1, lambda job: JobChange(job=advance(job, Cause.CANCELED_BY_USER, now=house.house.clock.now()))
        )
        assert await again(house) == 2


async def again(house: DriverHouse, *, number: str = "012", octets: bytes = PDF, queue: bytes = b"find-me") -> int:
    """How many jobs there are after one that was answered as any other."""
    async with house.sender() as sender:
        name = f"A{number}host"
        parts = part(3, octets, name), part(2, control(number=number), name)
        assert await sends(sender, *parts, queue=queue) == [ACK] * 5
    return len(house.jobs)


# -- refusing


async def test_an_unknown_queue_is_refused_with_a_sentence() -> None:
    async with served() as house:
        async with house.sender() as sender:
            assert await sender.asks(b"\x02nowhere\n") == b"\1"
            assert await sender.rest() == b'There is no printer "nowhere" here.\n'
        [attempt] = await house.attempts()
        assert (attempt.channel, attempt.printer, attempt.outcome) == ("lpd", "nowhere", "not-found")


async def test_capitals_of_old_systems() -> None:
    async with served() as house, house.sender() as sender:
        assert await sends(sender, part(2, control()), part(3, PDF), queue=b"FIND-ME") == [ACK] * 5
        assert [job.printer for job in house.jobs] == ["find-me"]


async def test_a_printer_for_known_users_takes_nothing_of_strangers() -> None:
    async with served() as house:
        await house.change("find-me", authentication=Authentication.BASIC)
        async with house.sender() as sender:
            assert await sender.asks(b"\x02find-me\n") == b"\1"
        [attempt] = await house.attempts()
        assert attempt.outcome == "not-authenticated"


async def test_a_broken_job_is_not_acknowledged_and_leaves_nothing() -> None:
    line, octets = part(3, PDF)
    async with served() as house:
        for how in ("reset", "end", "between"):
            async with house.sender() as sender:
                assert await sends(sender, part(2, control())) == [ACK] * 3
                if how != "between":
                    assert await sender.asks(line) == ACK
                    await sender.say(octets[:-5])
                    await until(lambda: house.arriving == len(octets) - 5)
                if how == "reset":
                    sender.breaks()
                else:
                    sender.ends()
                    assert await sender.rest() == b""
            await until(house.nothing_left)
        await until(lambda: not house.lpd.door.count)
        assert house.jobs == []
        tries = await house.attempts()
        assert [(one.requested_name, one.document_name, one.outcome) for one in tries] == [
            ("ada", "Report", "bad-request")
        ] * 3


async def test_what_was_given_up_by_its_sender_is_not_taken() -> None:
    async with served() as house, house.sender() as sender:
        assert await sends(sender, part(2, control())) == [ACK] * 3
        line, octets = part(3, PDF)
        assert await sender.asks(line) == ACK
        assert await sender.asks(octets[:-1] + b"\1") == b"\1"
        await until(house.nothing_left)


@pytest.mark.parametrize(
    "parts",
    [
        (part(2, b"", count=0),),
        (part(2, b"", count=10**6),),
        (part(2, control()), part(2, control())),
        (part(3, b"", count=5 * 2**20),),
        ((b"\x07nothing\n", b""),),
        ((b"\x03dfA012host\n", b""),),
    ],
    ids=["no control file", "huge control file", "two control files", "large", "unknown", "no size"],
)
async def test_parts_that_are_refused(parts: tuple[tuple[bytes, bytes], ...]) -> None:
    small = Settings(ipp={"max_document": 2**20})
    async with served(settings=small) as house:
        async with house.sender() as sender:
            assert await sends(sender, *parts[:-1]) == [ACK] * (2 * len(parts) - 1)
            assert await sender.asks(parts[-1][0]) == b"\1"
            assert (await sender.rest()).endswith(b".\n")
        assert len(await house.attempts()) == 1
        assert house.nothing_left()


async def test_a_document_that_grows_too_large_is_refused_with_its_octets_still_coming() -> None:
    small = Settings(ipp={"max_document": 2**20})
    async with served(settings=small) as house, house.sender() as sender:
        assert await sends(sender, part(2, control())) == [ACK] * 3
        assert await sender.asks(part(3, b"", count=0)[0]) == ACK
        await sender.say(bytes(3 * 2**20))
        sender.ends()
        assert (await sender.rest()).startswith(b"\1The document is larger than the 1 MiB")
        assert house.nothing_left()


async def test_a_disk_that_takes_nothing_more_is_told_with_another_octet() -> None:
    async with served() as house, house.sender() as sender:
        assert await sends(sender, part(2, control())) == [ACK] * 3
        house.house.spool.full = True
        line, octets = part(3, PDF)
        assert await sender.asks(line) == ACK
        assert await sender.asks(octets) == b"\1"
        assert house.jobs == []


async def test_silent_and_slow_senders_are_sent_away() -> None:
    silent = Lpd(idle_seconds=0.05)
    async with served(silent) as house, house.sender() as one, house.sender() as other:
        assert await sends(other, part(2, control())) == [ACK] * 3
        assert await one.rest() == b""
        assert await other.rest() == b""
    slow = Lpd(grace_seconds=0.1, min_body_rate=10**6)
    async with served(slow) as house, house.sender() as sender:
        assert await sends(sender, part(2, control())) == [ACK] * 3
        assert await sender.asks(part(3, b"", count=0)[0]) == ACK
        with suppress(ConnectionError):
            while not sender.reader.at_eof():
                await sender.say(b"%")
                await asyncio.sleep(0.01)
        await until(house.nothing_left)


async def test_connections_are_counted() -> None:
    async with served(Lpd(max_connections_per_address=2)) as house:
        async with house.sender() as one, house.sender() as two, house.sender() as three:
            assert await sends(one) == await sends(two) == [ACK]
            assert (await three.rest()).startswith(b"\1Too many")
            assert house.lpd.door.refused == 1
        await until(lambda: not house.lpd.door.count)
        async with house.sender() as four:
            assert await sends(four) == [ACK]


async def test_a_stop_does_not_wait_for_who_has_said_nothing() -> None:
    async with served() as house, house.sender() as sender:
        await until(lambda: house.lpd.door.count)
        async with asyncio.timeout(60):
            await house.lpd.stop(60)
        assert await sender.rest() == b""


async def test_strange_networks_are_sent_away() -> None:
    async with served(Lpd(networks=("192.0.2.0/24",))) as house, house.sender() as sender:
        assert (await sender.rest()).startswith(b"\1")


async def test_a_stop_breaks_off_what_does_not_end() -> None:
    async with served() as house, house.sender() as sender:
        assert await sends(sender, part(2, control())) == [ACK] * 3
        assert await sender.asks(part(3, b"", count=0)[0]) == ACK
        await sender.say(PDF)
        await until(lambda: house.arriving == len(PDF))
        await house.lpd.stop(0.05)
        assert house.jobs == [], "an end that we made ourselves is not the end of the document"
        assert house.nothing_left()


# -- names


async def test_a_name_is_only_a_claim() -> None:
    async with served() as house:
        await house.house.identity.add_user("ada", password="correct horse battery")
        assert await again(house) == 1
        assert [(job.owner, job.requested_name) for job in house.jobs] == [(None, "ada")]


async def test_where_names_are_believed_the_job_is_its_users() -> None:
    async with served() as house:
        await members(house)
        await house.house.identity.add_user("Ada", password="correct horse battery", role=Role.ADMINISTRATOR)
        await house.change("find-me", authentication=Authentication.BASIC)
        assert await again(house) == 1
        [job] = house.jobs
        assert (job.owner, job.requested_name) == ("Ada", "ada")


async def test_an_unknown_name_is_nobodys_also_where_names_are_believed() -> None:
    async with served() as house:
        await members(house)
        assert await again(house) == 1
        assert [(job.owner, job.requested_name) for job in house.jobs] == [(None, "ada")]
        await house.change("find-me", authentication=Authentication.BASIC)
        async with house.sender() as sender:
            answers = await sends(sender, part(3, MORE), part(2, control()))
        assert answers[:4] == [ACK] * 4
        assert answers[4] == b"\1", "only now it is known who it is"
        assert len(house.house.spool.objects) == 1
        assert [one.outcome for one in await house.attempts()] == ["accepted", "not-authenticated"]


# -- lpq and lprm


async def asked(house: DriverHouse, line: bytes) -> str:
    async with house.sender() as sender:
        await sender.say(line)
        return (await sender.rest()).decode()


async def held(house: DriverHouse) -> None:
    """Jobs 1 of ada and 2 of eve, both waiting for nobody in particular; 3 of ada from elsewhere."""
    for number, user in (("001", "ada"), ("002", "eve")):
        async with house.sender() as sender:
            name = f"A{number}host"
            said = control(number=number, user=user, name=f"Secret of {user}")
            assert await sends(sender, part(2, said, name), part(3, PDF, name)) == [ACK] * 5
    await house.house.prepare()


async def test_the_state_of_a_queue_tells_names_to_who_knows_them() -> None:
    async with served() as house:
        await held(house)
        short = await asked(house, b"\x03find-me\n")
        assert short.startswith("find-me is idle\n")
        assert "Secret" not in short
        assert [line.split()[2] for line in short.splitlines()[2:]] == ["1", "2"]
        mine = await asked(house, b"\x03find-me ada\n")
        assert "Secret of ada" in mine
        assert "eve" not in mine
        long = await asked(house, b"\x04find-me eve\n")
        label = house.house.claims.label(house.jobs[1])
        assert f"Label: {label}" in long
        assert "pending-held" in long
        assert "no entries" in await asked(house, b"\x03find-me ada 2\n")
        assert "no entries" in await asked(house, b"\x03direct\n")


async def test_others_machines_show_nothing() -> None:
    async with served() as house:
        await held(house)
        for job in house.jobs:
            await house.house.jobs.update(job.id, lambda job: JobChange(job=replace(job, address="192.0.2.7")))
        assert "no entries" in await asked(house, b"\x03find-me\n")
        assert "no entries" in await asked(house, b"\x04find-me ada eve\n")


async def test_an_owned_job_is_out_of_reach_of_a_name() -> None:
    async with served() as house:
        await house.house.identity.add_user("ada", password="correct horse battery")
        await held(house)
        await house.house.jobs.update(1, lambda job: JobChange(job=replace(job, owner="ada")))
        assert "no entries" in await asked(house, b"\x03find-me ada\n")
        assert "no job of yours" in await asked(house, b"\x05find-me ada 1\n")
        await members(house)
        assert "Secret of ada" in await asked(house, b"\x03find-me ada\n")
        assert await asked(house, b"\x05find-me ada 1\n") == "1 dequeued\n"
        assert house.jobs[0].state is JobState.CANCELED


async def test_lprm_removes_jobs_of_its_agent_alone() -> None:
    async with served() as house:
        await held(house)
        assert "no job of yours" in await asked(house, b"\x05find-me eve 1\n")
        assert "no job of yours" in await asked(house, b"\x05find-me root\n")
        assert await asked(house, b"\x05find-me ada ada\n") == "1 dequeued\n"
        assert await asked(house, b"\x05find-me eve\n") == "2 dequeued\n"
        assert [(job.state, job.reasons) for job in house.jobs] == [
            (JobState.CANCELED, (Reason.JOB_CANCELED_BY_USER,))
        ] * 2


async def test_waiting_jobs_need_no_word() -> None:
    async with served() as house, house.sender() as sender:
        assert await sender.asks(b"\x01find-me\n") == ACK


async def test_another_protocol_is_told_where_it_is() -> None:
    async with served() as house, house.sender() as sender:
        await sender.say(b"GET / HTTP/1.1\r\n\r\n")
        assert (await sender.rest()).startswith(b"\1This is no command of LPR")


async def sends_on(sender: Sender, *parts: tuple[bytes, bytes]) -> list[bytes]:
    """Further files of a job that has begun."""
    return [answer for line, octets in parts for answer in (await sender.asks(line), await sender.asks(octets))]


WORDS = (
    *(b"\x01\n", b"\x02find-me\n", b"\x03find-me ada\n", b"\x05find-me ada -\n", b"\x02find-me", b"\n", b"\0", b"\x01"),
    *part(2, control()),
    *part(3, PDF),
    *part(3, b""),
    *part(2, b"nonsense"),
    b"\x03999999999999 dfA1\n",
    bytes(range(256)),
)


async def test_nonsense_is_answered_or_dropped_and_is_never_a_defect(caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(1179)

    async def talks(house: DriverHouse) -> None:
        async with house.sender() as sender:
            with suppress(ConnectionError):
                await sender.say(
                    b"\x02find-me\n" * chance.randint(0, 1), *chance.choices(WORDS, k=chance.randint(1, 8))
                )
                sender.ends()
                await sender.rest()

    async with served() as house:
        for _ in range(20):
            await asyncio.gather(*(talks(house) for _ in range(20)))
        await until(lambda: not house.lpd.door.count)
        assert {document.id for job in house.jobs for document in job.documents} == house.house.spool.objects.keys()
        assert not house.house.spool.unfinished
        assert house.jobs, "some of it made sense"
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
