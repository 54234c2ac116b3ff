"""Documents taken in one process and converted in another that knows it through PostgreSQL and the spool alone."""

from pathlib import Path

import pytest

from gateway.domain.job import JobState
from ipp.virtual import VirtualPrinter, count_only
from ipp.wire import Status
from ipp.wire import build as made
from sandbox import kinds
from sandbox.memory import _tree
from tests.faults.whole import Site, job_id, said, tracebacks
from tests.ipp.virtual.samples import in_pieces
from tests.postgresql import cluster
from tests.sandbox.office import documents as d

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("office-killed")]


async def test_an_office_document_is_converted_by_a_worker_elsewhere(tmp_path: Path) -> None:
    with cluster() as url:
        async with VirtualPrinter(tmp_path / "tray", render=count_only) as printer:
            site = await Site.made(
                tmp_path / "data",
                {"ipp": printer.uri("ipp")},
                DATABASE__URL=url,
                SANDBOX__OFFICE_AT_START="true",
                SANDBOX__LEASE_SECONDS="30.0",
            )
            async with site.serving("front") as front:
                number = await _accepted(site, d.docx_with("far away", pages=3))
                waiting = await site.until(number, JobState.PENDING)
                assert (waiting.claimed_by, waiting.prepared) == (None, False)
                # Nothing that could open a document runs where it was taken.
                assert _jails(front.process.pid) == []
                async with site.serving("prepare") as worker:
                    job = await site.held(number)
                    assert _jails(worker.process.pid)
            assert (job.pages, [one.format for one in job.documents]) == (3, [kinds.DOCX])
            assert await site.unreadable() == []
            assert [tracebacks(server.log) for server in (front, worker)] == [[], []]


def _jails(pid: int) -> list[str]:
    found = [Path(f"/proc/{one}/comm").read_text().strip() for one in _tree(pid)]
    return [name for name in found if name in {"bwrap", "soffice.bin"}]


async def _accepted(site: Site, octets: bytes) -> int:
    operation = (made.name("job-name", "elsewhere"), made.mime("document-format", kinds.DOCX))
    async with site.client("ipp") as client:
        answer = await client.print_job(in_pieces(octets, 65_536), operation)
    assert answer.code <= Status.SUCCESSFUL_OK_CONFLICTING_ATTRIBUTES, (hex(answer.code), said(answer))
    return job_id(answer)
