"""What RAW and LPD have in common: a document goes out whole, or the error says how much of it did."""

import asyncio
from pathlib import Path

import pytest

from gateway.domain.device import DeviceState
from gateway.services.ports import DeviceError, Progress
from ipp.virtual import Misbehaviour
from ipp.wire import JobState
from tests.gateway.adapters.devices.bench import QUICK, a_bench, an_order
from tests.ipp.virtual.samples import a_pdf, until

BOTH = pytest.mark.parametrize("protocol", ["raw", "lpd"])
BIG = a_pdf(2, pad=20_000_000)


@BOTH
@pytest.mark.parametrize("document", [a_pdf(1), a_pdf(3, pad=1_000_000)])
async def test_the_whole_document_arrives(tmp_path: Path, protocol: str, document: bytes) -> None:
    async with a_bench(tmp_path, protocol) as bench:
        order = an_order(document)
        number = await bench.send(order, document)
        await until(lambda: bench.printer.jobs and bench.printer.jobs[0].state is JobState.COMPLETED)
        (job,) = bench.printer.jobs
        assert job.documents[0].path.read_bytes() == document
        assert str(order.release_id) in job.name
        assert bench.progress[0] == 0
        assert bench.progress[-1] == len(document)
        assert bench.progress == sorted(bench.progress)
        assert await bench.followed(order, number) == [Progress(device_job=number, done=True, confirmed=False)]
        assert await bench.driver.find(bench.device, order) is None
        assert await bench.driver.describe(bench.device) is None


@BOTH
async def test_a_device_that_refuses_has_got_nothing(tmp_path: Path, protocol: str) -> None:
    async with a_bench(tmp_path, protocol) as bench:
        await bench.printer.misbehave(Misbehaviour(refuse=True))
        with pytest.raises(DeviceError) as caught:
            await bench.send(an_order(a_pdf()), a_pdf())
        assert caught.value.bytes_sent == 0
        assert bench.progress == []
        status = await bench.driver.status(bench.device)
        assert status.state is DeviceState.UNREACHABLE
        await bench.printer.behave()
        assert (await bench.driver.status(bench.device)).can_print


@BOTH
async def test_a_reset_in_the_middle_says_how_much_had_gone_out(tmp_path: Path, protocol: str) -> None:
    async with a_bench(tmp_path, protocol) as bench:
        await bench.printer.misbehave(Misbehaviour(reset=100_000))
        with pytest.raises(DeviceError, match="broke the connection") as caught:
            await bench.send(an_order(BIG), BIG)
        assert 0 < caught.value.bytes_sent < len(BIG)
        assert bench.progress[0] == 0


@BOTH
async def test_a_device_that_stops_reading_is_interrupted_in_time(tmp_path: Path, protocol: str) -> None:
    async with a_bench(tmp_path, protocol) as bench:
        bench.limits = QUICK
        await bench.printer.misbehave(Misbehaviour(stall=100_000))
        with pytest.raises(DeviceError, match="took nothing") as caught:
            await bench.send(an_order(BIG), BIG)
        assert 0 < caught.value.bytes_sent < len(BIG)


@BOTH
async def test_a_small_document_that_is_never_acknowledged_is_not_called_printed(tmp_path: Path, protocol: str) -> None:
    async with a_bench(tmp_path, protocol) as bench:
        bench.limits = QUICK
        await bench.printer.misbehave(Misbehaviour(stall=0))
        with pytest.raises(DeviceError) as caught:
            await bench.send(an_order(a_pdf()), a_pdf())
        assert caught.value.bytes_sent == len(a_pdf())


@BOTH
async def test_leaving_in_the_middle_resets_the_connection_and_nothing_prints(tmp_path: Path, protocol: str) -> None:
    async with a_bench(tmp_path, protocol) as bench:
        await bench.printer.misbehave(Misbehaviour(slow=100_000))
        sending = asyncio.create_task(bench.send(an_order(BIG), BIG))
        await until(lambda: len(bench.progress) > 2)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await bench.printer.behave()
        await until(lambda: bench.printer.jobs and bench.printer.jobs[0].ended)
        assert bench.printer.jobs[0].state is JobState.ABORTED


@BOTH
async def test_a_body_that_fails_breaks_the_connection_and_is_raised(tmp_path: Path, protocol: str) -> None:
    class Failed(Exception):
        pass

    async def body():  # noqa: ANN202 - an async generator of octets
        yield a_pdf()[:50]
        raise Failed

    async with a_bench(tmp_path, protocol) as bench:
        with pytest.raises(Failed):
            await bench.driver.send(bench.device, an_order(a_pdf()), body(), bench.note)
        await until(lambda: bench.printer.jobs and bench.printer.jobs[0].ended)
        assert bench.printer.jobs[0].state is JobState.ABORTED


@pytest.mark.parametrize("uri", ["socket://169.254.169.254:80", "lpd://169.254.169.254/x", "ipp://169.254.169.254/x"])
async def test_no_driver_leaves_the_permitted_networks(tmp_path: Path, uri: str) -> None:
    async with a_bench(tmp_path, "raw") as bench:
        bench.device = _at(bench.device, uri)
        with pytest.raises(DeviceError, match="none that devices may have"):
            await bench.send(an_order(a_pdf()), a_pdf())


def _at(device, uri):  # noqa: ANN001, ANN202 - Device to Device
    from dataclasses import replace

    return replace(device, uri=uri)
