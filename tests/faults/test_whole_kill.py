"""kill -9 of the whole system under load: clients print by IPP, somebody releases, paper comes out of three sinks.

The crowd's memory is this process's own. It is compared with rows, spool, ledger and what the printer made.
"""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from itertools import count
from pathlib import Path

import httpx2
import pytest

from gateway.domain.job import JobState, Reason
from ipp.client import IppClientError
from ipp.virtual import Features, Misbehaviour, VirtualPrinter, count_only
from ipp.wire import Status
from tests.faults import defective
from tests.faults.whole import PATIENCE, Site, document, job_id, release, sha256, sign_in, tracebacks, tray, went
from tests.webprint.visitor import Visitor

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]

PROTOCOLS = ("ipp", "raw", "lpd")


class Crowd:
    """`accepted`: name of each job that was acknowledged -> its number and SHA-256. `released`: numbers told as sent."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.accepted: dict[str, tuple[int, str]] = {}
        self.released: set[int] = set()
        self.refused: list[str] = []
        self._numbers = count(1)

    async def works(self, visitor: Visitor, clients: int) -> None:
        """Until cancelled, or until nobody answers any more."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(clients):
                tasks.create_task(self._prints())
            tasks.create_task(self._releases(visitor))

    async def _prints(self) -> None:
        with suppress(IppClientError):
            while True:
                number = next(self._numbers)
                name, printer = f"job-{number}", PROTOCOLS[number % 3]
                octets = document(number, pages=random.randint(1, 3), pad=random.choice((100, 20_000, 300_000)))
                answer = await self.site.submit(printer, name, octets, seconds=5)
                if answer.code >= Status.CLIENT_ERROR_BAD_REQUEST:
                    self.refused.append(hex(answer.code))
                    continue
                self.accepted[name] = job_id(answer), sha256(octets)
                await asyncio.sleep(random.uniform(0.0, 0.4))

    async def _releases(self, visitor: Visitor) -> None:
        """Whatever waits, each job once, by the form of the web page."""
        with suppress(httpx2.TransportError):
            while True:
                for number in await self.site.waiting():
                    if went(await release(visitor, number)):
                        self.released.add(number)
                await asyncio.sleep(0.1)


async def test_nothing_is_lost_charged_or_printed_twice(tmp_path: Path, long: bool) -> None:
    rounds = 60 if long else 3
    paper = tmp_path / "tray"
    async with VirtualPrinter(paper, features=Features(speed=40), render=count_only) as printer:
        site = await Site.made(tmp_path / "data", {p: printer.uri(p) for p in PROTOCOLS})
        crowd = Crowd(site)
        slowest = 0.0
        async with site.visitor(seconds=5) as visitor:
            for number in range(rounds):
                # Slow enough for a kill to meet documents that are half way out.
                await printer.misbehave(Misbehaviour(slow=random.choice((3_000, 20_000, 1_000_000))))
                async with site.serving() as server:
                    slowest = max(slowest, server.seconds)
                    if not visitor.token:
                        await sign_in(visitor)
                    work = asyncio.create_task(crowd.works(visitor, clients=random.choice((1, 3, 6))))
                    await asyncio.sleep(random.uniform(1.0, 3.0) if number else 2.5)
                    server.kill()
                    await server.ended()
                    work.cancel()
                    await asyncio.wait([work])
                    await _nothing_runs_on(server.left_behind)
                assert not tracebacks(server.log)
            async with site.serving() as server:
                slowest = max(slowest, server.seconds)
                await _quiet(site)
            assert not tracebacks(server.log)
        assert await site.unreadable() == []
        await _compare(crowd, site, paper)
    print(f"{rounds} kills, slowest start {slowest:.2f} s")


NOTICED = {
    defective.CHARGE_APART: "completed and not charged",
    defective.SEND_AGAIN: "came out more than once",
}


@pytest.mark.parametrize("defect", NOTICED)
async def test_a_seeded_bug_is_noticed(tmp_path: Path, defect: str) -> None:
    """One job, one kill at the worst moment, and the same comparison."""
    paper = tmp_path / "tray"
    async with VirtualPrinter(paper, features=Features(speed=2), render=count_only) as printer:
        site = await Site.made(tmp_path / "data", {"ipp": printer.uri("ipp")})
        site.program = ("tests.faults.defective", defect)
        crowd = Crowd(site)
        octets = document(1)
        async with site.serving() as server, site.visitor() as visitor:
            await sign_in(visitor)
            job = await site.accepted("ipp", "job-1", octets)
            crowd.accepted["job-1"] = job, sha256(octets)
            await site.held(job)
            assert went(await release(visitor, job)) == 1
            if defect == defective.CHARGE_APART:
                await site.until(job, JobState.COMPLETED)
            else:
                await _printing(printer)
            server.kill()
            await server.ended()
        async with site.serving():
            await _quiet(site)
        with pytest.raises(AssertionError, match=NOTICED[defect]):
            await _compare(crowd, site, paper)


async def _printing(printer: VirtualPrinter) -> None:
    async with asyncio.timeout(PATIENCE):
        while not any(job.processing_at for job in printer.jobs):
            await asyncio.sleep(0.01)


async def _nothing_runs_on(left_behind: object) -> None:
    assert callable(left_behind)
    async with asyncio.timeout(60):
        while left_behind():
            await asyncio.sleep(0.05)


async def _quiet(site: Site) -> None:
    """Until no job moves by itself any more."""
    async with asyncio.timeout(PATIENCE * 3):
        while True:
            jobs = await site.jobs()
            asks = [job for job in jobs if job.state is JobState.PROCESSING_STOPPED and job.claimed_by is None]
            rests = [job for job in jobs if job.state.ended or (job.state is JobState.PENDING_HELD and job.prepared)]
            if len(asks) + len(rests) == len(jobs):
                return
            await asyncio.sleep(0.2)


async def _compare(crowd: Crowd, site: Site, paper: Path) -> None:
    jobs = {job.name: job for job in await site.jobs()}
    # Acknowledged: the row is there, with that number and that document.
    for name, (number, digest) in crowd.accepted.items():
        assert (jobs[name].id, [one.sha256 for one in jobs[name].documents]) == (number, [digest]), name
        assert jobs[name].state not in {JobState.ABORTED, JobState.CANCELED}, jobs[name]
    # Told as sent: it ended on paper, or it waits with a word for somebody.
    by_number = {job.id: job for job in jobs.values()}
    for number in crowd.released:
        job = by_number[number]
        assert job.state is JobState.COMPLETED or job.message, job
    # Charged exactly once when completed, and else not.
    receipts = await site.ledger()
    assert max(Counter(one.release_id for one in receipts).values(), default=1) == 1
    charged = {one.release_id: one for one in receipts}
    for job in jobs.values():
        if job.state is JobState.COMPLETED:
            assert job.release_id in charged, f"{job.name} was completed and not charged"
            assert charged.pop(job.release_id).job_id == job.id
    assert not charged, "charged for something that was not completed"
    # Nothing came out twice, what is completed came out once, and what waits for its release did not.
    made = Counter(sheet.name for sheet in tray(paper) if sheet.impressions)
    twice = [name for name, times in made.items() if times > 1]
    assert not twice, f"came out more than once: {twice}"
    for job in jobs.values():
        if job.state is JobState.COMPLETED:
            assert made[job.name] == 1, (job, await site.history(job.id))
        elif job.state is JobState.PENDING_HELD:
            assert made[job.name] == 0, (job, await site.history(job.id))
        else:
            assert Reason.OUTCOME_UNKNOWN in job.reasons
    states = Counter(job.state.keyword for job in jobs.values())
    sinks = Counter(sheet.protocol for sheet in tray(paper) if sheet.impressions)
    print(f"{len(crowd.accepted)} acknowledged, {len(crowd.released)} released, {dict(states)}, made {dict(sinks)}")
    assert states["completed"], "nothing was tried"
