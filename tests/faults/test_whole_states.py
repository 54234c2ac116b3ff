"""What the whole system does without its key, its database, its disk, or with somebody else on its data."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from gateway.domain.job import JobState
from ipp.virtual import Features, VirtualPrinter, count_only
from ipp.wire import GroupTag, Status
from tests.faults.whole import Site, document, release, said, sign_in, tracebacks, tray, went
from tests.peers.processes import free_port

pytestmark = pytest.mark.faults


@asynccontextmanager
async def installed(tmp_path: Path, **settings: str) -> AsyncIterator[tuple[Site, list[int]]]:
    """A site in front of a printer, with two jobs that wait for their release; it does not run."""
    async with VirtualPrinter(tmp_path / "tray", features=Features(speed=0), render=count_only) as printer:
        site = await Site.made(tmp_path / "data", {"ipp": printer.uri("ipp")}, **settings)
        async with site.serving():
            jobs = [await site.accepted("ipp", f"job-{number}", document(number)) for number in (1, 2)]
            for job in jobs:
                await site.held(job)
        yield site, jobs


async def test_without_its_key_it_starts_locked(tmp_path: Path) -> None:
    async with installed(tmp_path) as (site, jobs):
        key = site.data / "keys" / "kek"
        away = key.rename(tmp_path / "kek")
        async with site.serving(healthy=False) as server, site.visitor() as visitor:
            health = await visitor.client.get("/healthz")
            assert health.status_code == 503
            assert "locked" in health.text
            # Jobs are listed, by IPP and on the page.
            async with site.client("ipp") as client:
                listed = await client.get_jobs()
            assert len(list(listed.groups_of(GroupTag.JOB))) == 2
            await sign_in(visitor)
            assert "job-1" in (await visitor.get("/jobs?all=1")).text
            # Neither a release nor a new job; each says why.
            answer = await release(visitor, jobs[0])
            assert went(answer) == 0
            assert "key-encryption key" in answer.text
            refused = await site.submit("ipp", "new", document(3))
            assert refused.code == Status.SERVER_ERROR_SERVICE_UNAVAILABLE
            assert (
                said(refused) == "Documents cannot be taken: the key-encryption key is missing. Tell the administrator."
            )
            assert not key.exists(), "a new key was made in silence"
        assert tracebacks(server.log) == []
        away.rename(key)
        async with site.serving(), site.visitor() as visitor:
            await sign_in(visitor)
            for job in jobs:
                assert went(await release(visitor, job)) == 1
                await site.until(job, JobState.COMPLETED)
        assert len(await site.jobs()) == len(tray(tmp_path / "tray")) == 2


@contextmanager
def locked(site: Site) -> Iterator[None]:
    """Another program that writes and does not end."""
    connection = sqlite3.connect(site.data / "papertap.db", isolation_level=None, timeout=10)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
    finally:
        connection.close()


async def test_a_database_that_is_locked_for_too_long(tmp_path: Path) -> None:
    async with installed(tmp_path, DATABASE__WAIT_SECONDS="1.0") as (site, jobs):
        async with site.serving() as server, site.visitor() as visitor:
            await sign_in(visitor)
            with locked(site):
                began = time.monotonic()
                refused, page, health = await asyncio.gather(
                    site.submit("ipp", "new", document(3)), release(visitor, jobs[0]), visitor.client.get("/healthz")
                )
                assert time.monotonic() - began < 6
                assert refused.code in {Status.SERVER_ERROR_BUSY, Status.SERVER_ERROR_TEMPORARY_ERROR}
                assert said(refused)
                assert went(page) == 0
                assert page.status_code in {200, 503}
                assert health.status_code in {200, 503}
                # What needs no writing goes on.
                async with site.client("ipp") as client:
                    assert (await client.get_printer_attributes()).code == Status.SUCCESSFUL_OK
                    assert (await client.get_jobs()).code == Status.SUCCESSFUL_OK
            new = await site.accepted("ipp", "after", document(4))
            await site.held(new)
            async with asyncio.timeout(60):
                while not went(await release(visitor, jobs[0])):
                    await asyncio.sleep(0.1)
            await site.until(jobs[0], JobState.COMPLETED)
        assert {job.name for job in await site.jobs()} == {"job-1", "job-2", "after"}
        assert len(tray(tmp_path / "tray")) == 1
        assert tracebacks(server.log) == []


async def test_a_disk_that_is_nearly_full_takes_nothing_and_releases_all(tmp_path: Path) -> None:
    async with installed(tmp_path) as (site, jobs):
        async with site.serving(healthy=False, SPOOL__LOW_BYTES=str(1 << 60)) as server, site.visitor() as visitor:
            refused = await site.submit("ipp", "new", document(3))
            assert refused.code == Status.SERVER_ERROR_TEMPORARY_ERROR
            assert said(refused) == "The gateway's disk is nearly full. Try again later, or tell the administrator."
            assert "storage-low" in (await visitor.client.get("/healthz")).text
            await sign_in(visitor)
            assert went(await release(visitor, jobs[0])) == 1
            await site.until(jobs[0], JobState.COMPLETED)
            await visitor.post(f"/jobs/{jobs[1]}/delete", {"sure": "yes"})
            await site.until(jobs[1], JobState.CANCELED)
        assert tracebacks(server.log) == []
        assert len(await site.jobs()) == 2
        async with site.serving():
            await site.accepted("ipp", "after", document(4))


async def test_a_second_process_on_the_same_data_ends_at_once(tmp_path: Path) -> None:
    site = await Site.made(tmp_path / "data", {"ipp": "socket://127.0.0.1:9"})
    async with site.serving("front"):
        ports = {"IPP__PORT": str(free_port()), "HTTP__PORT": str(free_port())}
        began = time.monotonic()
        second = await site.launch(tmp_path / "second.log", "serve", **ports)
        assert await second.ended() == 1
        assert time.monotonic() - began < 20, "it waited for something"
        words = (tmp_path / "second.log").read_text()
        assert f"Papertap already runs on {site.data} as process" in words
        assert "Stop it first" in words
        assert "Traceback" not in words
        await site.accepted("ipp", "still served", document(1))
