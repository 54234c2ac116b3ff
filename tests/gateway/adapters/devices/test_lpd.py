"""LPD: the control file, the queue and its refusals (RFC 1179)."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.services.ports import DeviceError
from ipp.virtual import Misbehaviour
from ipp.wire import JobState
from tests.gateway.adapters.devices.bench import PATIENT, Bench, a_bench, an_order
from tests.ipp.virtual.samples import a_pdf, until


async def _exchange(
    tmp_path: Path, answers: bytes, name: str = "Tax", uri: str = "lpd://127.0.0.1:{}/a%20queue"
) -> bytes:
    """What the driver writes to a server that gives these acknowledgements."""
    heard = bytearray()
    left = list(answers)

    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while left and (data := await reader.read(4096)):
            heard.extend(data)
            writer.write(bytes([left.pop(0)]))
            await writer.drain()
        writer.close()

    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    async with listening, a_bench(tmp_path, "lpd") as bench:
        uri = uri.format(listening.sockets[0].getsockname()[1])
        bench.device = replace(bench.device, uri=uri)
        order = an_order(b"document", name=name, user="al ice\nX", copies=2)
        try:
            assert await bench.send(order, b"document") == "007"
        except DeviceError as error:
            return f"{error.bytes_sent} {error.busy}".encode()
    return bytes(heard)


async def test_the_octets_on_the_wire(tmp_path: Path) -> None:
    control = b"Hpapertap\nPal_ice?X\nJTax\nldfA007papertap\nldfA007papertap\nUdfA007papertap\nNTax\n"
    assert await _exchange(tmp_path, b"\0" * 5) == (
        b"\x02a_queue\n" + b"\x02%d cfA007papertap\n" % len(control) + control + b"\0"
        b"\x038 dfA007papertap\n" + b"document\0"
    )


async def test_no_name_can_start_a_line_of_the_control_file(tmp_path: Path) -> None:
    heard = await _exchange(tmp_path, b"\0" * 5, name="x\nldfA007papertap\n\0ü")
    assert b"\nJx?ldfA007papertap???\n" in heard


@pytest.mark.parametrize("refused_at", range(4))
async def test_a_refusal_before_the_document_is_busy(tmp_path: Path, refused_at: int) -> None:
    assert await _exchange(tmp_path, b"\0" * refused_at + b"\1") == b"0 True"


async def test_a_refusal_after_the_document_is_an_unknown_outcome(tmp_path: Path) -> None:
    assert await _exchange(tmp_path, b"\0\0\0\0\1") == b"8 False"


async def test_a_document_of_another_length_is_cut_off(tmp_path: Path) -> None:
    async with a_bench(tmp_path, "lpd") as bench:
        with pytest.raises(DeviceError, match="as long as announced"):
            await bench.send(an_order(a_pdf(), size=len(a_pdf()) + 1), a_pdf())
        await until(lambda: bench.printer.jobs and bench.printer.jobs[0].ended)
        assert bench.printer.jobs[0].state is JobState.ABORTED


async def test_status_is_what_the_queue_says(tmp_path: Path) -> None:
    async with a_bench(tmp_path, "lpd") as bench:
        await _stopped(bench)
        status = await bench.driver.status(bench.device)
        assert status.can_print
        assert "media-empty-error" in status.message


async def test_cancel_removes_the_job(tmp_path: Path) -> None:
    async with a_bench(tmp_path, "lpd") as bench:
        await _stopped(bench)
        await bench.driver.cancel(bench.device, str(bench.printer.jobs[0].id))
        await until(lambda: bench.printer.jobs[0].state is JobState.CANCELED)


async def _stopped(bench: Bench) -> None:
    bench.limits = PATIENT
    await bench.printer.misbehave(Misbehaviour(paper_out=0))
    await bench.send(an_order(a_pdf()), a_pdf())
    await until(lambda: bench.printer.jobs[0].state is JobState.PROCESSING_STOPPED)
