"""RFC 1179 against the LPD sink, octet by octet."""

import asyncio
import json
from pathlib import Path

import pytest

from ipp.virtual import Features, VirtualPrinter, count_only
from ipp.virtual.lpd import parse_control_file
from ipp.wire import JobState
from tests.ipp.virtual.samples import a_pdf, until


def test_control_file_section_7() -> None:
    control = parse_control_file(b"Hhost\nPalice\nJTax return\nldfA001host\nldfA001host\nUdfA001host\nNtax.pdf\n")
    assert (control.host, control.user, control.name, control.copies) == ("host", "alice", "Tax return", 2)


def test_an_empty_control_file_is_a_nameless_job_of_nobody() -> None:
    control = parse_control_file(b"")
    assert (control.name, control.user, control.copies) == ("", "anonymous", 1)


def _printer(path: Path) -> VirtualPrinter:
    return VirtualPrinter(path, ipp_port=None, raw_port=None, features=Features(speed=0), render=count_only)


async def _talk(port: int, *octets: bytes) -> bytes:
    """Send each part after the acknowledgement of the one before."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = b""
    for part in octets:
        writer.write(part)
        answers += await asyncio.wait_for(reader.read(4096), 60)
    writer.write_eof()
    answers += await asyncio.wait_for(reader.read(), 60)
    writer.close()
    await writer.wait_closed()
    return answers


CONTROL = b"Hhost\nPbob\nJLetter\nldfA001host\nUdfA001host\nNletter.pdf\n"


@pytest.mark.parametrize("control_first", [True, False])
async def test_receive_job_in_either_order(tmp_path: Path, control_first: bool) -> None:
    document = a_pdf(2)
    control = (b"\x02%d cfA001host\n" % len(CONTROL), CONTROL + b"\0")
    data = (b"\x03%d dfA001host\n" % len(document), document + b"\0")
    order = (*control, *data) if control_first else (*data, *control)
    async with _printer(tmp_path) as printer:
        assert await _talk(printer.port("lpd"), b"\x02virtual\n", *order) == b"\0" * 5
        await until(lambda: printer.jobs[0].state is JobState.COMPLETED)
        (job,) = printer.jobs
        assert (job.name, job.user, job.impressions_completed) == ("Letter", "bob", 2)
        assert job.documents[0].path.read_bytes() == document


async def test_a_broken_off_data_file_prints_nothing(tmp_path: Path) -> None:
    async with _printer(tmp_path) as printer:
        head = (b"\x02virtual\n", b"\x02%d cfA001host\n" % len(CONTROL), CONTROL + b"\0", b"\x031000 dfA001host\n")
        assert await _talk(printer.port("lpd"), *head) == b"\0" * 4
        await until(lambda: printer.jobs and printer.jobs[0].ended)
        (job,) = printer.jobs
        assert (job.state, job.impressions_completed) == (JobState.ABORTED, 0)
        assert json.loads((job.folder.path / "job.json").read_text())["state"] == "aborted"


async def test_queue_state_lists_jobs_and_remove_takes_them_out(tmp_path: Path) -> None:
    async with _printer(tmp_path) as printer:
        await printer.misbehave(printer.orders.parse("paper-out:0"))
        document = b"\x03%d dfA001host\n" % len(a_pdf()), a_pdf() + b"\0"
        await _talk(
            printer.port("lpd"), b"\x02virtual\n", b"\x02%d cfA001host\n" % len(CONTROL), CONTROL + b"\0", *document
        )
        await until(lambda: printer.jobs[0].state is JobState.PROCESSING_STOPPED)
        listing = await _talk(printer.port("lpd"), b"\x04virtual\n")
        assert b"media-empty-error" in listing
        assert b"bob\t1\tLetter" in listing
        await _talk(printer.port("lpd"), b"\x05virtual host 1\n")
        await until(lambda: printer.jobs[0].state is JobState.CANCELED)


@pytest.mark.parametrize("nonsense", [b"\n", b"\x09what\n", b"\x02virtual\n\x02-1 cfA\n", b"GET / HTTP/1.1\r\n\r\n"])
async def test_nonsense_ends_the_connection_and_no_job(tmp_path: Path, nonsense: bytes) -> None:
    async with _printer(tmp_path) as printer:
        reader, writer = await asyncio.open_connection("127.0.0.1", printer.port("lpd"))
        writer.write(nonsense)
        assert await asyncio.wait_for(reader.read(), 60) in {b"", b"\0"}
        writer.close()
        await writer.wait_closed()
        assert printer.jobs == ()
