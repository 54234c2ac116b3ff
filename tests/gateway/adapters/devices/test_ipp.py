"""IPP and IPPS against the virtual printer, which can go wrong at every step."""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

from gateway.adapters.devices import drivers
from gateway.domain.device import DeviceState
from gateway.domain.ticket import JobTicket, MediaCol
from gateway.services.ports import DeviceError
from ipp.virtual import Lie, Misbehaviour
from ipp.wire import JobState
from tests.gateway.adapters.devices.bench import QUICK, a_bench, an_order
from tests.ipp.virtual.samples import QuickClock, a_pdf, until


async def test_a_job_is_followed_to_its_end(tmp_path: Path) -> None:
    document = a_pdf(3, pad=500_000)
    async with a_bench(tmp_path, "ipp") as bench:
        order = an_order(document)
        number = await bench.send(order, document)
        assert number == "1"
        assert bench.progress[0] == 0
        assert bench.progress[-1] == len(document)
        last = (await bench.followed(order, number))[-1]
        assert last.done
        assert last.confirmed
        assert not last.aborted
        assert (last.impressions_completed, last.device_job) == (3, "1")
        (job,) = bench.printer.jobs
        assert (job.name, job.user) == (order.name, "alice")
        assert job.documents[0].path.read_bytes() == document


async def test_the_device_is_asked_for_what_it_can_do_and_no_more(tmp_path: Path) -> None:
    ticket = JobTicket(
        copies=2,
        sides="two-sided-long-edge",
        print_color_mode="monochrome",
        print_quality=5,
        orientation_requested=4,
        finishings=(4, 99),
        output_bin="mailbox-7",
        media_col=None,
        media="iso_a4_210x297mm",
        printer_resolution=(600, 600, 3),
        multiple_document_handling="separate-documents-uncollated-copies",
        print_scaling="fit",
        page_ranges=((1, 1),),
        number_up=2,
    )
    async with a_bench(tmp_path, "ipp") as bench:
        await bench.send(an_order(a_pdf(), ticket=ticket, copies=2), a_pdf())
        assert bench.printer.jobs[0].asked == {
            "copies": [2],
            "sides": ["two-sided-long-edge"],
            "print-color-mode": ["monochrome"],
            "print-quality": [5],
            "orientation-requested": [4],
            "finishings": [4],
            "media": ["iso_a4_210x297mm"],
            "multiple-document-handling": ["separate-documents-uncollated-copies"],
            "print-scaling": ["fit"],
            "printer-resolution": ["Resolution(x=600, y=600, units=3)"],
        }


async def test_a_simplex_grey_printer_is_not_asked_for_more(tmp_path: Path) -> None:
    ticket = JobTicket(sides="two-sided-long-edge", print_color_mode="color", media="na_ledger_11x17in")
    async with a_bench(tmp_path, "ipp", color=False, duplex=False) as bench:
        await bench.send(an_order(a_pdf(), ticket=ticket), a_pdf())
        assert bench.printer.jobs[0].asked == {}


async def test_describe(tmp_path: Path) -> None:
    async with a_bench(tmp_path, "ipp", formats=("application/pdf", "image/urf"), copies=7) as bench:
        found = await bench.driver.describe(bench.device)
        assert found is not None
        assert found.formats == ("application/pdf", "image/urf")
        assert (found.color, found.duplex, found.copies) == (True, True, 7)
        assert found.resolutions == (300, 600)
        assert [(m.name, m.x, m.y, m.source, m.ready) for m in found.media] == [
            ("iso_a4_210x297mm", 21000, 29700, "tray-1", True),
            ("na_letter_8.5x11in", 21590, 27940, "tray-2", True),
        ]
        assert found.make_and_model == "Papertap Virtual Printer"


async def test_status_tells_state_and_reasons(tmp_path: Path) -> None:
    async with a_bench(tmp_path, "ipp") as bench:
        assert (await bench.driver.status(bench.device)).state is DeviceState.IDLE
        await bench.printer.misbehave(Misbehaviour(paper_out=0))
        await bench.send(an_order(a_pdf()), a_pdf())
        await until(lambda: bench.printer.jobs[0].state is JobState.PROCESSING_STOPPED)
        status = await bench.driver.status(bench.device)
        assert (status.state, status.can_print) == (DeviceState.STOPPED, False)
        assert status.reasons == ("media-empty-error", "media-needed")
        await bench.printer.misbehave(Misbehaviour(refuse=True))
        assert (await bench.driver.status(bench.device)).state is DeviceState.UNREACHABLE


async def test_paper_out_is_a_stop_and_the_job_goes_on(tmp_path: Path) -> None:
    async with a_bench(tmp_path, "ipp") as bench:
        await bench.printer.misbehave(Misbehaviour(paper_out=2))
        order = an_order(a_pdf(4))
        number = await bench.send(order, a_pdf(4))
        stops = []
        async for progress in bench.driver.follow(bench.device, order, number):
            if progress.stopped and not stops:
                stops.append(progress)
                bench.printer.refill()
        assert stops[0].reasons == ("media-empty-error", "media-needed")
        assert stops[0].impressions_completed == 2
        assert (progress.done, progress.aborted, progress.impressions_completed) == (True, False, 4)


async def test_a_device_that_vanishes_while_printing_is_a_stop(tmp_path: Path) -> None:
    async with a_bench(tmp_path, "ipp") as bench:
        await bench.printer.misbehave(Misbehaviour(paper_out=1))
        order = an_order(a_pdf(2))
        number = await bench.send(order, a_pdf(2))
        await bench.printer.misbehave(Misbehaviour(refuse=True))
        async for progress in bench.driver.follow(bench.device, order, number):
            if progress.reasons == ("connecting-to-device",):
                assert progress.stopped
                await bench.printer.behave()
        assert (progress.done, progress.aborted, progress.impressions_completed) == (True, False, 2)


async def test_a_device_that_forgets_the_job_leaves_the_outcome_unknown(tmp_path: Path) -> None:
    async with a_bench(tmp_path, "ipp") as bench:
        await bench.printer.misbehave(Misbehaviour(reboot=1))
        order = an_order(a_pdf(3))
        number = await bench.send(order, a_pdf(3))
        with pytest.raises(DeviceError, match="no longer knows") as caught:
            await bench.followed(order, number)
        assert caught.value.bytes_sent == len(a_pdf(3))
        assert await bench.driver.find(bench.device, order) is None


async def test_a_number_given_to_another_job_is_not_ours(tmp_path: Path) -> None:
    async with a_bench(tmp_path, "ipp") as bench:
        order = an_order(a_pdf())
        number = await bench.send(order, a_pdf())
        bench.printer.reboot()
        assert await bench.send(an_order(a_pdf(), name="Somebody else's"), a_pdf()) == number
        with pytest.raises(DeviceError, match="no longer knows"):
            await bench.followed(order, number)


@pytest.mark.parametrize(("lie", "aborted", "impressions"), [(Lie.COMPLETED, False, 0), (Lie.ABORTED, True, 3)])
async def test_lies_are_told_as_they_are_heard(tmp_path: Path, lie: Lie, aborted: bool, impressions: int) -> None:
    async with a_bench(tmp_path, "ipp") as bench:
        await bench.printer.misbehave(Misbehaviour(lie=lie))
        order = an_order(a_pdf(3))
        last = (await bench.followed(order, await bench.send(order, a_pdf(3))))[-1]
        assert (last.aborted, last.impressions_completed) == (aborted, impressions)


async def test_busy_is_told_and_nothing_was_printed(tmp_path: Path) -> None:
    async with a_bench(tmp_path, "ipp") as bench:
        await bench.printer.misbehave(Misbehaviour(busy=1))
        with pytest.raises(DeviceError, match="server-error-busy") as caught:
            await bench.send(an_order(a_pdf()), a_pdf())
        assert (caught.value.busy, caught.value.bytes_sent) == (True, 0)
        assert await bench.send(an_order(a_pdf()), a_pdf()) == "1"


async def test_a_refused_format_printed_nothing(tmp_path: Path) -> None:
    async with a_bench(tmp_path, "ipp", formats=("image/urf",)) as bench:
        with pytest.raises(DeviceError, match="document-format-not-supported") as caught:
            await bench.send(an_order(a_pdf()), a_pdf())
        assert (caught.value.busy, caught.value.bytes_sent) == (False, 0)


async def test_refuse_reset_and_stall(tmp_path: Path) -> None:
    document = a_pdf(1, pad=20_000_000)
    async with a_bench(tmp_path, "ipp") as bench:
        await bench.printer.misbehave(Misbehaviour(refuse=True))
        with pytest.raises(DeviceError) as caught:
            await bench.send(an_order(document), document)
        assert caught.value.bytes_sent == 0
        assert bench.progress == []
        await bench.printer.misbehave(Misbehaviour(reset=100_000))
        order = an_order(document)
        with pytest.raises(DeviceError) as caught:
            await bench.send(order, document)
        assert 0 < caught.value.bytes_sent < len(document)
        await bench.printer.behave()
        await until(lambda: bench.printer.jobs[0].ended)
        found = await bench.driver.find(bench.device, order)
        assert found is not None
        assert (found.done, found.aborted, found.impressions_completed) == (True, True, 0)
        bench.limits = QUICK
        await bench.printer.misbehave(Misbehaviour(stall=100_000))
        with pytest.raises(DeviceError) as caught:
            await bench.send(an_order(document), document)
        assert 0 < caught.value.bytes_sent < len(document)


async def test_find_and_cancel(tmp_path: Path) -> None:
    async with a_bench(tmp_path, "ipp") as bench:
        await bench.printer.misbehave(Misbehaviour(paper_out=1))
        order = an_order(a_pdf(3))
        await bench.send(order, a_pdf(3))
        await until(lambda: bench.printer.jobs[0].state is JobState.PROCESSING_STOPPED)
        found = await bench.driver.find(bench.device, order)
        assert found is not None
        assert (found.stopped, found.device_job) == (True, "1")
        assert await bench.driver.find(bench.device, an_order(a_pdf())) is None
        await bench.driver.cancel(bench.device, found.device_job)
        assert bench.printer.jobs[0].state is JobState.CANCELED
        await bench.driver.cancel(bench.device, found.device_job)
        await bench.driver.cancel(bench.device, None)
        await bench.printer.misbehave(Misbehaviour(refuse=True))
        with pytest.raises(DeviceError):
            await bench.driver.find(bench.device, order)


def _server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


async def test_the_first_certificate_is_pinned_and_another_refused(tmp_path: Path) -> None:
    async with a_bench(tmp_path / "a", "ipps", tls=_server_context(trustme.CA())) as bench:
        driver = bench.driver
        assert (await driver.status(bench.device)).can_print
        assert (await driver.status(bench.device)).can_print
        assert [name for name, _ in bench.pins] == ["laser"]
        pinned = replace(bench.device, pinned_certificate=bench.pins[0][1])
        bench.device = pinned
        order = an_order(a_pdf())
        assert await bench.send(order, a_pdf()) == "1"
        assert len(bench.pins) == 1
    async with a_bench(tmp_path / "b", "ipps", tls=_server_context(trustme.CA())) as bench:
        bench.device = replace(bench.device, pinned_certificate=pinned.pinned_certificate)
        status = await bench.driver.status(bench.device)
        assert status.state is DeviceState.UNREACHABLE
        assert "another certificate" in status.message
        with pytest.raises(DeviceError) as caught:
            await bench.send(an_order(a_pdf()), a_pdf())
        assert caught.value.bytes_sent == 0
        assert bench.printer.jobs == ()


async def test_media_col_wins_over_media_where_the_device_takes_it(tmp_path: Path) -> None:
    from gateway.adapters.devices.ipp_ticket import template
    from ipp.wire import Collection, Group, GroupTag, build

    media = MediaCol(x=21000, y=29700, source="tray-1", type="photographic")
    order = an_order(b"", ticket=JobTicket(media="iso_a4_210x297mm", media_col=media))
    printer = Group(
        GroupTag.PRINTER,
        (
            build.keyword("media-supported", "iso_a4_210x297mm"),
            build.keyword("media-col-supported", "media-size", "media-source", "media-type"),
            build.keyword("media-source-supported", "tray-1"),
            build.keyword("media-type-supported", "stationery"),
        ),
    )
    (attribute,) = template(order, printer)
    assert attribute.name == "media-col"
    assert isinstance(attribute.value, Collection)
    assert [member.name for member in attribute.value] == ["media-size", "media-source"]


async def test_who_made_the_drivers_lets_go_of_their_connections(tmp_path: Path) -> None:
    open_now: set[asyncio.StreamWriter] = set()

    async def on_pin(_name: str, _sha256: str) -> None:
        raise AssertionError("plain IPP has no certificate")

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", urlsplit(bench.device.uri).port)
        open_now.add(writer)
        copying = asyncio.create_task(_copy(there, writer))
        await _copy(reader, back)
        open_now.discard(writer)
        await copying
        writer.close()

    async with a_bench(tmp_path, "ipp") as bench, await asyncio.start_server(passed_on, "127.0.0.1", 0) as relay:
        port = relay.sockets[0].getsockname()[1]
        device = replace(bench.device, uri=f"ipp://127.0.0.1:{port}/ipp/print")
        made = drivers(clock=QuickClock(), on_pin=on_pin, limits=bench.limits)
        for _ in range(2):
            assert (await made["ipp"].status(device)).state is DeviceState.IDLE
            assert len(open_now) == 1
            await made.aclose()
            await until(lambda: not open_now)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()
