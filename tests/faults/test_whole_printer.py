"""Every misbehaviour of the printer against the whole system: the state it ends in, the words, the charge, the paper.

One server and one printer for all of them: after each fault everything must work again.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from gateway.domain.account import Receipt
from gateway.domain.job import Job, JobState, Reason
from ipp.virtual import Features, Lie, Misbehaviour, VirtualPrinter
from tests.faults.whole import Sheet, Site, bulky, document, release, sign_in, tracebacks, tray, went
from tests.webprint.visitor import Visitor

pytestmark = [pytest.mark.faults, pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("whole-printer")]

PROTOCOLS = ("ipp", "raw", "lpd")
MUTE = ("raw", "lpd")  # they say nothing of what becomes of a job
PAGES = 3
MAY_HAVE_PRINTED = "It may have printed: look in the tray and say whether it came out."


@dataclass(kw_only=True, slots=True)
class Room:
    """A site, its operator and the printer in the corner."""

    site: Site
    printer: VirtualPrinter
    paper: Path
    visitor: Visitor
    numbers: "count[int]"

    async def released(self, protocol: str, *, big: bool = False) -> tuple[Job, str]:
        """A job of PAGES pages, or a big one of one page, on its way; and its name."""
        job, name = await self.waiting(protocol, big=big)
        await self.again(job)
        return job, name

    async def waiting(self, protocol: str, *, big: bool = False) -> tuple[Job, str]:
        """The same, still held."""
        number = next(self.numbers)
        name = f"{protocol}-{number}"
        octets = await asyncio.to_thread(bulky, number) if big else document(number, pages=PAGES)
        return await self.site.held(await self.site.accepted(protocol, name, octets)), name

    async def idle(self) -> None:
        """Until the printer has nothing left of earlier jobs, which would use up an order that holds once."""
        async with asyncio.timeout(60):
            while any(not job.ended for job in self.printer.jobs):
                await asyncio.sleep(0.05)

    async def again(self, job: Job) -> None:
        """Releases it as soon as the device is known to be well again: before that the page refuses in words."""
        async with asyncio.timeout(60):
            while not went(answer := await release(self.visitor, job.id)):
                assert "cannot print now" in answer.text, _words(answer.text)
                await asyncio.sleep(0.2)

    async def charged(self, job: Job) -> list[Receipt]:
        return [receipt for receipt in await self.site.ledger() if receipt.job_id == job.id]

    def sheets(self, name: str) -> list[Sheet]:
        return [sheet for sheet in tray(self.paper) if sheet.name == name]

    def made(self, name: str) -> int:
        return sum(sheet.impressions for sheet in self.sheets(name))

    async def makes(self, name: str, impressions: int) -> None:
        """Until that many are in the tray; a moment longer, so that one too many would be seen."""
        async with asyncio.timeout(60):
            while self.made(name) < impressions:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.2)
        assert self.made(name) == impressions


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    folder = tmp_path_factory.mktemp("whole")
    paper = folder / "tray"
    async with VirtualPrinter(paper, features=Features(speed=30)) as printer:
        site = await Site.made(folder / "data", {p: printer.uri(p) for p in PROTOCOLS})
        async with site.serving() as server, site.visitor() as visitor:
            await sign_in(visitor)
            yield Room(site=site, printer=printer, paper=paper, visitor=visitor, numbers=count(1))
            jobs, charged = await site.jobs(), {receipt.release_id for receipt in await site.ledger()}
            for job in jobs:
                assert job.state is not JobState.COMPLETED or job.release_id in charged, job
            assert await site.unreadable() == []
        assert tracebacks(server.log) == []


@pytest_asyncio.fixture(loop_scope="module")
async def room(house: Room) -> AsyncIterator[Room]:
    yield house
    await house.printer.behave()


async def each(work: Callable[[str], Coroutine[Any, Any, None]], protocols: Sequence[str] = PROTOCOLS) -> None:
    """The same on each sink, side by side."""
    async with asyncio.TaskGroup() as tasks:
        for protocol in protocols:
            tasks.create_task(work(protocol))


async def test_one_that_works(room: Room) -> None:
    async def work(protocol: str) -> None:
        job, name = await room.released(protocol)
        done = await room.site.until(job.id, JobState.COMPLETED)
        assert done.message == f"Printed at {protocol}."
        [receipt] = await room.charged(job)
        assert (receipt.impressions, receipt.confirmed) == (PAGES, protocol == "ipp")
        await room.makes(name, PAGES)

    await each(work)


async def test_one_that_refuses_for_a_while(room: Room) -> None:
    async def waits(protocol: str) -> None:
        job, name = await room.released(protocol)
        row = await room.site.until(job.id, JobState.PENDING, attempts=1)
        assert row.message.startswith(f"{protocol} cannot be reached: ")
        jobs[protocol] = job, name

    async def comes(protocol: str) -> None:
        job, name = jobs[protocol]
        await room.site.until(job.id, JobState.COMPLETED)
        assert len(await room.charged(job)) == 1
        await room.makes(name, PAGES)

    jobs: dict[str, tuple[Job, str]] = {}
    await room.printer.misbehave(Misbehaviour(refuse=True))
    await each(waits)
    await room.printer.behave()
    await each(comes)


async def test_one_that_refuses_for_good(room: Room) -> None:
    async def is_held_again(protocol: str) -> None:
        job, name = jobs[protocol] = await room.released(protocol)
        held = await room.site.held(job.id)
        assert f"{protocol} cannot " in held.message, held.message
        assert ".." not in held.message
        assert (await room.charged(job), room.sheets(name)) == ([], [])

    async def comes_when_asked(protocol: str) -> None:
        job, name = jobs[protocol]
        await room.again(job)
        await room.site.until(job.id, JobState.COMPLETED)
        assert len(await room.charged(job)) == 1
        await room.makes(name, PAGES)

    jobs: dict[str, tuple[Job, str]] = {}
    await room.printer.misbehave(Misbehaviour(refuse=True))
    await each(is_held_again)
    await room.printer.behave()
    await each(comes_when_asked)


@pytest.mark.parametrize("order", ["stall:0", "stall:70000", "reset:0", "reset:1", "reset:70000"])
async def test_one_that_breaks_off(room: Room, order: str, long: bool) -> None:
    """IPP says in the end that it printed nothing, and the job waits again; of the others the owner is asked."""
    if not long and order not in {"stall:70000", "reset:0"}:
        pytest.skip("runs in the long form")

    async def breaks(protocol: str) -> None:
        job, _ = jobs[protocol] = await room.released(protocol, big=True)
        if protocol in MUTE:
            row = await room.site.until(job.id, JobState.PROCESSING_STOPPED)
            assert Reason.OUTCOME_UNKNOWN in row.reasons
            assert row.message.endswith(MAY_HAVE_PRINTED)
        elif order.startswith("stall"):
            row = await room.site.until(job.id, JobState.PROCESSING_STOPPED)
            assert row.message.startswith("ipp has stopped")
        else:
            await is_held_again(job)
        assert await room.charged(job) == []

    async def is_held_again(job: Job) -> None:
        row = await room.site.held(job.id)
        assert row.message.endswith("Release it again."), row.message
        assert ".." not in row.message

    async def comes_when_asked(protocol: str) -> None:
        job, name = jobs[protocol]
        if protocol not in MUTE:
            await is_held_again(job)
        if protocol in MUTE:
            await room.visitor.post(f"/jobs/{job.id}/not-out")
            await room.site.held(job.id)
        before = room.made(name)
        assert before <= 1
        await room.again(job)
        await room.site.until(job.id, JobState.COMPLETED)
        await room.makes(name, before + 1)
        assert len(await room.charged(job)) == 1

    jobs: dict[str, tuple[Job, str]] = {}
    await room.printer.misbehave(Misbehaviour.parse(order))
    await each(breaks)
    await room.printer.behave()
    await each(comes_when_asked)


async def test_a_slow_one(room: Room) -> None:
    async def work(protocol: str) -> None:
        job, name = await room.released(protocol)
        await room.site.until(job.id, JobState.COMPLETED)
        assert len(await room.charged(job)) == 1
        await room.makes(name, PAGES)

    await room.printer.misbehave(Misbehaviour(slow=2000))
    await each(work)


@pytest.mark.parametrize(
    ("order", "reason", "word"),
    [("paper-out:1", "media-empty", "media"), ("jam:2", "media-jam", "jam")],
)
async def test_one_that_stops_and_is_helped(room: Room, order: str, reason: str, word: str) -> None:
    await room.printer.misbehave(Misbehaviour.parse(order))
    job, name = await room.released("ipp")
    stopped = await room.site.until(job.id, JobState.PROCESSING_STOPPED)
    assert Reason.PRINTER_STOPPED in stopped.reasons
    assert word in stopped.message, (reason, stopped.message)
    assert await room.charged(job) == []
    room.printer.refill()
    done = await room.site.until(job.id, JobState.COMPLETED)
    assert done.impressions_completed == PAGES
    [receipt] = await room.charged(job)
    assert receipt.impressions == PAGES
    await room.makes(name, PAGES)


@pytest.mark.parametrize("order", ["paper-out:1", "jam:1"])
async def test_one_that_stops_and_is_given_up(room: Room, order: str) -> None:
    """Only confirmed impressions are charged."""
    await room.printer.misbehave(Misbehaviour.parse(order))
    job, name = await room.released("ipp")
    await room.site.until(job.id, JobState.PROCESSING_STOPPED)
    await room.visitor.get(f"/jobs/{job.id}")
    await room.visitor.post(f"/jobs/{job.id}/delete", {"sure": "yes"})
    await room.site.until(job.id, JobState.CANCELED)
    async with asyncio.timeout(60):
        while not (charged := await room.charged(job)):
            await asyncio.sleep(0.05)
    assert [receipt.impressions for receipt in charged] == [1]
    await room.makes(name, 1)


@pytest.mark.parametrize("order", ["paper-out:1", "jam:1", "lie:aborted", "busy:3", "reboot:1"])
async def test_what_a_mute_one_cannot_tell(room: Room, order: str) -> None:
    """It has taken everything: that is all that is ever known of it, and all that is charged."""

    async def work(protocol: str) -> None:
        job, _ = await room.released(protocol)
        await room.site.until(job.id, JobState.COMPLETED)
        [receipt] = await room.charged(job)
        assert (receipt.impressions, receipt.confirmed) == (PAGES, False)

    await room.printer.misbehave(Misbehaviour.parse(order))
    await each(work, MUTE)


async def test_one_that_says_done_and_makes_nothing(room: Room) -> None:
    await room.printer.misbehave(Misbehaviour(lie=Lie.COMPLETED))
    job, name = await room.released("ipp")
    await room.site.until(job.id, JobState.COMPLETED)
    [receipt] = await room.charged(job)
    assert not receipt.confirmed, "the device counted nothing"
    assert room.made(name) == 0


async def test_one_that_makes_all_and_says_aborted(room: Room) -> None:
    await room.printer.misbehave(Misbehaviour(lie=Lie.ABORTED))
    job, name = await room.released("ipp")
    held = await room.site.held(job.id)
    assert re.fullmatch(r"ipp ended the job after 3 of 3 pages: .+\. Release it again\.", held.message), held.message
    [receipt] = await room.charged(job)
    assert (receipt.impressions, receipt.confirmed) == (PAGES, True)
    await room.makes(name, PAGES)


async def test_one_that_is_busy_for_a_while(room: Room) -> None:
    await room.printer.misbehave(Misbehaviour(busy=2))
    job, name = await room.released("ipp")
    waits = await room.site.until(job.id, JobState.PENDING, attempts=1)
    assert waits.message.startswith("ipp is busy: ")
    await room.site.until(job.id, JobState.COMPLETED)
    assert len(await room.charged(job)) == 1
    await room.makes(name, PAGES)


async def test_one_that_is_busy_for_good(room: Room) -> None:
    await room.printer.misbehave(Misbehaviour(busy=1000))
    job, name = await room.released("ipp")
    held = await room.site.held(job.id)
    assert held.message.startswith("ipp is busy: ")
    assert held.message.endswith("Release it again.")
    assert (await room.charged(job), room.made(name)) == ([], 0)


async def test_one_that_forgets_everything_in_mid_job(room: Room) -> None:
    job, name = await room.waiting("ipp")
    await room.idle()
    await room.printer.misbehave(Misbehaviour(reboot=1))
    await room.again(job)
    asks = await room.site.until(job.id, JobState.PROCESSING_STOPPED, claimed_by=None)
    assert Reason.OUTCOME_UNKNOWN in asks.reasons
    assert asks.message.endswith(MAY_HAVE_PRINTED)
    assert await room.charged(job) == []
    await room.visitor.get(f"/jobs/{job.id}")
    await room.visitor.post(f"/jobs/{job.id}/came-out")
    await room.site.until(job.id, JobState.COMPLETED)
    assert len(await room.charged(job)) == 1
    await room.makes(name, 1)


def _words(page: str) -> str:
    return re.sub(r"<[^>]+>|\s+", " ", page)[-3000:]
