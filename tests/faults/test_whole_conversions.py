"""kill -9 of the gateway while LibreOffice converts: every accepted document is converted later, and no jail stays."""

import asyncio
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.adapters.keyring import FileKeyring
from gateway.adapters.spool import open_spool
from gateway.domain.job import Job, JobState
from ipp.virtual import VirtualPrinter, count_only
from ipp.wire import Status
from ipp.wire import build as made
from sandbox.memory import _tree
from tests.faults.whole import PATIENCE, Site, job_id, said, tracebacks
from tests.ipp.virtual.samples import in_pieces
from tests.sandbox.office import documents as d

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600), pytest.mark.xdist_group("office-killed")]

KINDS: tuple[Callable[[str], bytes], ...] = (
    lambda token: d.docx_with(token, pages=3),
    lambda token: d.xlsx_with({"One": [[token]], "Two": [["more"]], "Three": [["most"]]}),
    lambda token: d.pptx(3, token),
    lambda token: d.odp(3, token),
)
PAGES = 3


async def test_conversions_survive_a_kill(tmp_path: Path, long: bool) -> None:
    rounds, each = (15, 8) if long else (1, 4)
    async with VirtualPrinter(tmp_path / "tray", render=count_only) as printer:
        site = await Site.made(
            tmp_path / "data",
            {"ipp": printer.uri("ipp")},
            SANDBOX__OFFICE_AT_START="true",
            SANDBOX__LEASE_SECONDS="20.0",
        )
        accepted: dict[int, str] = {}
        for number in range(rounds):
            async with site.serving() as server:
                for n in range(each):
                    token = f"token{number:02}x{n:02}end"
                    accepted[await _accepted(site, token, KINDS[n % len(KINDS)](token))] = token
                await _converting(site)
                await asyncio.sleep(random.uniform(0, 0.5))
                before = _begun(_tree(server.process.pid))
                server.kill()
                await server.ended()
                await _gone(before)
            assert not tracebacks(server.log)
            async with site.serving() as server:
                jobs = [await site.held(job) for job in accepted]
                before = _begun(_tree(server.process.pid))
            await _gone(before)
            assert not tracebacks(server.log)
        assert len(jobs) == rounds * each
        for job in jobs:
            assert job.pages == PAGES
            found = await _words(site, job)
            assert [token for token in accepted.values() if token in found] == [accepted[job.id]]


async def _accepted(site: Site, name: str, octets: bytes) -> int:
    operation = (made.name("job-name", name), made.mime("document-format", "application/octet-stream"))
    async with site.client("ipp") as client:
        answer = await client.print_job(in_pieces(octets, 65_536), operation)
    assert answer.code <= Status.SUCCESSFUL_OK_CONFLICTING_ATTRIBUTES, (hex(answer.code), said(answer))
    return job_id(answer)


async def _converting(site: Site) -> None:
    async with asyncio.timeout(PATIENCE):
        while not any(job.state is JobState.PROCESSING for job in await site.jobs()):
            await asyncio.sleep(0.01)


def _begun(pids: list[int]) -> dict[int, str]:
    """When each of the processes began, so that a number that is given out again is not taken for the old process."""
    found = {pid: _start(pid) for pid in pids}
    assert len(found) > 4, "there are no jails"
    return found


def _start(pid: int) -> str:
    """In ticks since the machine began; "" once it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return "" if fields[0] in "ZX" else fields[19]


async def _gone(before: dict[int, str]) -> None:
    """Jails end with the process that started them, without anybody's help."""
    end = time.monotonic() + 60
    while left := [pid for pid, start in before.items() if start and _start(pid) == start]:
        assert time.monotonic() < end, f"processes {left} outlived the gateway"
        await asyncio.sleep(0.05)


async def _words(site: Site, job: Job) -> str:
    """Of the printable document, as it lies in the spool."""
    keyring, spool = FileKeyring(site.data / "keys"), open_spool(site.settings())
    try:
        assert job.key is not None
        assert job.printable is not None
        octets = b"".join([chunk async for chunk in spool.read(job.printable.id, keyring.unwrap(job.key))])
    finally:
        spool.close()
    done = await asyncio.to_thread(
        subprocess.run, ["pdftotext", "-", "-"], input=octets, capture_output=True, check=True
    )
    return done.stdout.decode()
