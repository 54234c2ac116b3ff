"""The client against a printer that none of us wrote: CUPS' ippeveprinter, plain and with its self-signed certificate."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ipp.client import IppClient, TlsFailure, TlsPolicy, Unreachable
from ipp.wire import GroupTag, JobState, Message, Operation, Status, build
from tests.ipp.client.peer import Sheets

pytestmark = pytest.mark.acceptance

PDF = build.mime("document-format", "application/pdf")
PIECES = (b"%PDF-1.7\n", *[bytes(65536)] * 40)

BUS = """<busconfig>
  <type>custom</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>"""


@dataclass
class EvePrinter:
    port: int
    spool: Path

    def uri(self, scheme: str) -> str:
        return f"{scheme}://127.0.0.1:{self.port}/ipp/print"


@pytest.fixture
async def eve(tmp_path: Path) -> AsyncIterator[EvePrinter]:
    """A printer on a free port. It won't start without a system bus, so it gets one of its own, with no Avahi on it."""
    bus, spool = tmp_path / "bus", tmp_path / "spool"
    spool.mkdir()
    (tmp_path / "bus.conf").write_text(BUS.format(path=bus))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    daemon = await asyncio.create_subprocess_exec(
        *("dbus-daemon", "--nofork", "--nopidfile", "--print-address", f"--config-file={tmp_path / 'bus.conf'}"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert daemon.stdout is not None
    assert await daemon.stdout.readline(), "dbus-daemon did not start"
    program = shutil.which("ippeveprinter", path=f"{os.environ['PATH']}:/usr/sbin")
    command = shutil.which("true")
    assert program, "ippeveprinter is missing: apt-get install cups-ipp-utils"
    assert command
    with (tmp_path / "log").open("wb") as log:
        printer = await asyncio.create_subprocess_exec(
            *(program, "-p", str(port), "-d", str(spool), "-K", str(tmp_path), "-k", "-c", command),
            *("-f", "application/pdf,image/pwg-raster", "-r", "off", "Oak"),
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={bus}"},
            stdout=log,
            stderr=log,
        )
    try:
        there = EvePrinter(port, spool)
        await answering(there)
        yield there
    finally:
        for process in (printer, daemon):
            process.kill()
            await process.wait()


async def answering(there: EvePrinter) -> None:
    async with asyncio.timeout(60), IppClient(there.uri("ipp")) as client:
        while True:
            try:
                await client.get_printer_attributes(["printer-state"])
            except Unreachable:
                await asyncio.sleep(0.05)  # The program says nothing when it is ready.
            else:
                return


async def finished(client: IppClient, job_id: int) -> Message:
    """Poll as a delivery does, until the job has come to an end."""
    async with asyncio.timeout(60):
        while True:
            response = await client.get_job_attributes(job_id, ["job-state", "job-name"])
            job = response.group(GroupTag.JOB)
            assert job is not None
            state = job.get("job-state")
            assert state is not None
            if state.value in {JobState.COMPLETED, JobState.ABORTED, JobState.CANCELED}:
                return response
            await asyncio.sleep(0.05)  # A program outside has no clock of ours.


def job_id_of(response: Message) -> int:
    assert Status(response.code) == Status.SUCCESSFUL_OK
    job = response.group(GroupTag.JOB)
    assert job is not None
    attribute = job.get("job-id")
    assert attribute is not None
    assert isinstance(attribute.value, int)
    return attribute.value


async def test_capabilities(eve: EvePrinter) -> None:
    async with IppClient(eve.uri("ipp")) as client:
        response = await client.get_printer_attributes(["all", "media-col-database"])
    printer = response.group(GroupTag.PRINTER)
    assert printer is not None
    assert response.code == Status.SUCCESSFUL_OK
    assert len(printer.attributes) > 90
    operations = printer.get("operations-supported")
    assert operations is not None
    assert Operation.PRINT_JOB in operations.values
    assert "media-col-database" in printer


async def test_print_job(eve: EvePrinter) -> None:
    async with IppClient(eve.uri("ipp"), user="ann") as client:
        job_id = job_id_of(await client.print_job(Sheets(*PIECES), [build.name("job-name", "oak"), PDF]))
        job = (await finished(client, job_id)).group(GroupTag.JOB)
        assert job is not None
        assert job.get("job-name") == build.name("job-name", "oak")
        assert job.get("job-state") == build.enum("job-state", JobState.COMPLETED)
        completed = await client.get_jobs(which="completed", requested=["job-id"])
        assert [group.get("job-id") for group in completed.groups_of(GroupTag.JOB)] == [build.integer("job-id", job_id)]
    assert (eve.spool / f"{job_id}-oak.pdf").read_bytes() == b"".join(PIECES)


async def test_create_job_and_send_document_over_tls_with_trust_on_first_use(eve: EvePrinter) -> None:
    reported: list[str] = []
    async with IppClient(eve.uri("ipps"), tls=TlsPolicy(on_first_use=reported.append), user="ann") as client:
        job_id = job_id_of(await client.create_job([build.name("job-name", "elm")], [build.integer("copies", 2)]))
        assert job_id_of(await client.send_document(job_id, Sheets(*PIECES), [PDF])) == job_id
        await finished(client, job_id)
    assert (eve.spool / f"{job_id}-elm.pdf").read_bytes() == b"".join(PIECES)
    (pin,) = reported
    async with IppClient(eve.uri("ipps"), tls=TlsPolicy(pinned_sha256=pin)) as client:
        assert (await client.get_jobs()).code == Status.SUCCESSFUL_OK
    async with IppClient(eve.uri("ipps"), tls=TlsPolicy(pinned_sha256="0" * 64)) as client:
        with pytest.raises(TlsFailure, match="another certificate"):
            await client.get_jobs()


async def test_refusals(eve: EvePrinter) -> None:
    async with IppClient(eve.uri("ipp")) as client:
        assert Status((await client.cancel_job(99)).code) == Status.CLIENT_ERROR_NOT_FOUND
        mime = build.mime("document-format", "application/x-nothing")
        refused = await client.print_job(Sheets(*PIECES), [mime])
        assert Status(refused.code) == Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
        canceled = job_id_of(await client.create_job())
        assert Status((await client.cancel_job(canceled)).code) == Status.SUCCESSFUL_OK
