"""The roles apart: three processes on one PostgreSQL and one data directory, and any of them may die."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.domain.job import JobState, Reason
from ipp.virtual import Features, Misbehaviour, VirtualPrinter, count_only
from tests.faults.whole import Server, Site, document, release, sign_in, tracebacks, tray, went
from tests.postgresql import cluster
from tests.webprint.visitor import Visitor

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]

PROTOCOLS = ("ipp", "raw", "lpd")
ROLES = ("front", "prepare", "deliver")


@dataclass(kw_only=True, slots=True)
class Three:
    """The three processes by their role; `kill` ends one and puts another in its place."""

    site: Site
    printer: VirtualPrinter
    visitor: Visitor
    stack: AsyncExitStack
    servers: dict[str, Server]
    logs: list[Path]

    async def start(self, role: str) -> None:
        server = await self.stack.enter_async_context(self.site.serving(role))
        self.servers[role] = server
        self.logs.append(server.log)

    async def kill(self, role: str) -> None:
        self.servers[role].kill()
        await self.servers[role].ended()
        await self.start(role)


@asynccontextmanager
async def three(tmp_path: Path) -> AsyncIterator[Three]:
    with cluster() as url:
        async with (
            VirtualPrinter(tmp_path / "tray", features=Features(speed=20), render=count_only) as printer,
            AsyncExitStack() as stack,
        ):
            uris = {protocol: printer.uri(protocol) for protocol in PROTOCOLS}
            site = await Site.made(tmp_path / "data", uris, DATABASE__URL=url)
            visitor = await stack.enter_async_context(site.visitor())
            roles = Three(site=site, printer=printer, visitor=visitor, stack=stack, servers={}, logs=[])
            for role in ROLES:
                await roles.start(role)
            await sign_in(visitor)
            yield roles
        assert [tracebacks(log) for log in roles.logs] == [[] for _ in roles.logs]


async def test_a_job_goes_through_three_processes(tmp_path: Path) -> None:
    async with three(tmp_path) as roles:
        site = roles.site

        async def goes(number: int) -> None:
            job = await site.accepted(PROTOCOLS[number % 3], f"job-{number}", document(number, pad=100_000))
            await site.held(job)
            assert went(await release(roles.visitor, job)) == 1
            await site.until(job, JobState.COMPLETED)

        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            for number in range(9):
                tasks.create_task(goes(number))
        jobs, ledger = await site.jobs(), await site.ledger()
        assert {one.release_id for one in ledger} == {job.release_id for job in jobs}
        assert len(ledger) == 9
        assert Counter(sheet.name for sheet in tray(tmp_path / "tray") if sheet.impressions) == Counter(
            job.name for job in jobs
        )
        for server in roles.servers.values():
            server.process.terminate()
        assert [await server.ended() for server in roles.servers.values()] == [0, 0, 0]


async def test_any_of_the_three_may_die(tmp_path: Path, long: bool) -> None:
    async with three(tmp_path) as roles:
        site = roles.site
        await roles.printer.misbehave(Misbehaviour(slow=5000))
        accepted: dict[int, str] = {}
        for number in range(60 if long else 3):
            victim = ROLES[number % 3]
            batch = [
                await site.accepted(PROTOCOLS[n % 3], f"job-{number}-{n}", document(100 * number + n)) for n in range(3)
            ]
            accepted |= {job: f"job-{number}-{n}" for n, job in enumerate(batch)}
            if victim == "prepare":
                await asyncio.sleep(random.uniform(0, 0.3))
                await roles.kill(victim)
            for job in batch:
                await site.held(job)
                assert went(await release(roles.visitor, job)) == 1
            if victim != "prepare":
                await asyncio.sleep(random.uniform(0, 0.8))
                await roles.kill(victim)
        made_of = {job: await site.until(job, *REST, claimed_by=None) for job in accepted}
        made = Counter(sheet.name for sheet in tray(tmp_path / "tray") if sheet.impressions)
        charged = Counter(receipt.job_id for receipt in await site.ledger())
        for job, name in accepted.items():
            row = made_of[job]
            assert row.name == name
            assert made[name] <= 1, await site.history(job)
            assert charged[job] == (row.state is JobState.COMPLETED)
            if row.state is JobState.COMPLETED:
                assert made[name] == 1, await site.history(job)
            elif row.state is JobState.PROCESSING_STOPPED:
                assert Reason.OUTCOME_UNKNOWN in row.reasons
            else:
                assert row.message.endswith("Release it again."), row
                assert not made[name]
        print(Counter(row.state.keyword for row in made_of.values()))


REST = (JobState.COMPLETED, JobState.PENDING_HELD, JobState.PROCESSING_STOPPED)
