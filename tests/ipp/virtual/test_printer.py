"""The virtual printer as its clients see it: IPP and RAW jobs, the files they leave, and each misbehaviour."""

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from ipp.client import Interrupted, IppClient, Unreachable
from ipp.virtual import Features, Lie, Misbehaviour, VirtualPrinter, count_only
from ipp.wire import GroupTag, JobState, Message, PrinterState, Status, build
from tests.ipp.virtual.samples import a_pdf, a_pwg_raster, in_pieces, until

NAME = (build.name("requesting-user-name", "alice"), build.name("job-name", "Tax return / 2026"))


def _printer(path: Path, **features: object) -> VirtualPrinter:
    return VirtualPrinter(path, features=Features(speed=0, **features), render=count_only)  # type: ignore[arg-type]  # a test's short hand


async def _print(printer: VirtualPrinter, octets: bytes, *job: object, media_type: str = "application/pdf") -> Message:
    async with IppClient(printer.uri("ipp")) as client:
        operation = (*NAME, build.mime("document-format", media_type))
        return await client.print_job(in_pieces(octets), operation, job)  # type: ignore[arg-type]  # attributes


async def print_pdf(printer: VirtualPrinter, pages: int, *, wait: bool = True) -> None:
    """A job of so many pages, and all of it on paper if it is waited for."""
    assert (await _print(printer, a_pdf(pages))).code == Status.SUCCESSFUL_OK
    job = printer.jobs[-1]
    await until(lambda: not wait or (job.ended and printer.machine.state is PrinterState.IDLE))


async def test_print_job_leaves_a_folder(tmp_path: Path) -> None:
    document = a_pdf(3)
    async with _printer(tmp_path) as printer:
        answer = await _print(
            printer, document, build.integer("copies", 2), build.keyword("sides", "two-sided-long-edge")
        )
        assert answer.code == Status.SUCCESSFUL_OK
        await until(lambda: printer.machine.state is PrinterState.IDLE and printer.jobs[0].ended)
    (folder,) = tmp_path.iterdir()
    assert folder.name == "0001-Tax-return-2026"
    assert (folder / "document.pdf").read_bytes() == document
    facts = json.loads((folder / "job.json").read_text())
    assert facts["user"] == "alice"
    assert facts["asked"] == {"copies": [2], "sides": ["two-sided-long-edge"]}
    assert (facts["impressions_completed"], facts["sheets_completed"]) == (6, 3)
    assert facts["documents"][0]["sha256"] == hashlib.sha256(document).hexdigest()
    assert facts["documents"][0]["octets"] == len(document)


async def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        async with _printer(tmp_path) as printer:
            await _print(printer, a_pdf())
            await until(lambda: printer.jobs[0].ended)
    assert sorted(path.name[:5] for path in tmp_path.iterdir()) == ["0001-", "0002-"]


async def test_default_rendering_draws_pdf_and_raster(tmp_path: Path) -> None:
    async with VirtualPrinter(tmp_path, features=Features(speed=0)) as printer:
        await _print(printer, a_pdf(2))
        await _print(printer, a_pwg_raster(1), media_type="image/pwg-raster")
        await until(lambda: len(printer.jobs) == 2 and all(job.ended for job in printer.jobs), 60)
        assert [job.impressions_completed for job in printer.jobs] == [2, 1]
    pictures = sorted(path.relative_to(tmp_path).as_posix()[-13:] for path in tmp_path.glob("*/page-*.png"))
    assert pictures == ["page-0001.png", "page-0001.png", "page-0002.png"]


async def test_create_send_close_get_cancel(tmp_path: Path) -> None:
    async with _printer(tmp_path) as printer, IppClient(printer.uri("ipp"), user="alice") as client:
        job = (await client.create_job(NAME)).group(GroupTag.JOB)
        assert job is not None
        attribute = job.get("job-id")
        assert attribute is not None
        number = attribute.value
        assert isinstance(number, int)
        assert printer.jobs[0].state is JobState.PENDING_HELD
        await client.send_document(number, in_pieces(a_pdf()), last=True)
        await until(lambda: printer.jobs[0].state is JobState.COMPLETED)
        again = await client.send_document(number, in_pieces(a_pdf()), last=True)
        assert again.code == Status.CLIENT_ERROR_NOT_POSSIBLE
        assert (await client.cancel_job(number)).code == Status.CLIENT_ERROR_NOT_POSSIBLE
        assert (await client.cancel_job(99)).code == Status.CLIENT_ERROR_NOT_FOUND
        found = await client.get_job_attributes(number, ("job-state", "job-name"))
        group = found.group(GroupTag.JOB)
        assert group is not None
        assert {a.name: a.value for a in group} == {"job-state": JobState.COMPLETED, "job-name": "Tax return / 2026"}
        listed = await client.get_jobs(which="completed", mine=True)
        assert len(list(listed.groups_of(GroupTag.JOB))) == 1
        assert not list((await client.get_jobs()).groups_of(GroupTag.JOB))


async def test_a_format_it_does_not_take_is_refused(tmp_path: Path) -> None:
    async with _printer(tmp_path, formats=("image/urf",)) as printer:
        answer = await _print(printer, a_pdf())
        assert answer.code == Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED
        assert printer.jobs == ()


async def test_media_col_database_only_when_asked_by_name(tmp_path: Path) -> None:
    async with _printer(tmp_path) as printer, IppClient(printer.uri("ipp")) as client:
        everything = (await client.get_printer_attributes()).group(GroupTag.PRINTER)
        asked = (await client.get_printer_attributes(("media-col-database",))).group(GroupTag.PRINTER)
        assert everything is not None
        assert asked is not None
        assert "media-col-database" not in everything
        assert "media-col-database" in asked


async def test_damaged_ipp_and_plain_http_get_answers(tmp_path: Path) -> None:
    async with _printer(tmp_path) as printer:
        for body, content_type, expected in (
            (b"\x02\x00\x00\x02\x00\x00\x00\x07\x01\x47", "application/ipp", b"\x02\x00\x04\x00\x00\x00\x00\x07"),
            (b"", "text/html", b"Print to ipp://"),
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", printer.port("ipp"))
            head = f"POST / HTTP/1.1\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
            writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
            assert expected in await asyncio.wait_for(reader.read(), 60)
            writer.close()
            await writer.wait_closed()


async def test_raw_job_with_pjl(tmp_path: Path) -> None:
    document = a_pdf(2, pad=5000)
    head = b'\x1b%-12345X@PJL\r\n@PJL JOB NAME="Letter"\r\n@PJL SET COPIES=2\r\n@PJL ENTER LANGUAGE=PDF\r\n'
    tail = b'\x1b%-12345X@PJL\r\n@PJL EOJ NAME="Letter"\r\n\x1b%-12345X'
    async with _printer(tmp_path) as printer:
        await _raw(printer, head + document + tail)
        (job,) = printer.jobs
        assert (job.name, job.impressions_completed) == ("Letter", 4)
        assert job.documents[0].path.read_bytes() == document


async def test_raw_without_an_octet_is_no_job(tmp_path: Path) -> None:
    async with _printer(tmp_path) as printer:
        _, writer = await asyncio.open_connection("127.0.0.1", printer.port("raw"))
        writer.close()
        await writer.wait_closed()
        await _raw(printer, a_pdf())
        assert len(printer.jobs) == 1


async def test_a_silent_raw_sender_has_ended_its_job(tmp_path: Path) -> None:
    printer = VirtualPrinter(tmp_path, features=Features(speed=0), render=count_only, raw_idle=0.05)
    async with printer:
        _, writer = await asyncio.open_connection("127.0.0.1", printer.port("raw"))
        writer.write(a_pdf())
        await until(lambda: printer.jobs and printer.jobs[0].state is JobState.COMPLETED)
        writer.close()
        await writer.wait_closed()


async def _raw(printer: VirtualPrinter, octets: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", printer.port("raw"))
    writer.write(octets)
    writer.write_eof()
    assert await asyncio.wait_for(reader.read(), 60) == b""
    writer.close()
    await writer.wait_closed()
    await until(lambda: printer.jobs and printer.jobs[-1].ended)


async def test_refuse_keeps_the_port_and_ends(tmp_path: Path) -> None:
    async with _printer(tmp_path) as printer:
        port = printer.port("ipp")
        await printer.misbehave(Misbehaviour(refuse=True))
        with pytest.raises(Unreachable):
            await _print(printer, a_pdf())
        await printer.behave()
        assert (await _print(printer, a_pdf())).code == Status.SUCCESSFUL_OK
        assert printer.port("ipp") == port


async def test_reset_breaks_the_connection_and_prints_nothing(tmp_path: Path) -> None:
    async with _printer(tmp_path) as printer:
        await printer.misbehave(Misbehaviour(reset=1500))
        with pytest.raises(Interrupted) as caught:
            await _print(printer, a_pdf(pad=50_000))
        assert caught.value.bytes_sent > 0
        await until(lambda: printer.jobs[0].ended)
        assert (printer.jobs[0].state, printer.jobs[0].impressions_completed) == (JobState.ABORTED, 0)


async def test_a_stall_ends_when_the_order_is_withdrawn(tmp_path: Path) -> None:
    async with _printer(tmp_path) as printer:
        await printer.misbehave(Misbehaviour(stall=100))
        sending = asyncio.create_task(_print(printer, a_pdf(pad=5000)))
        await until(lambda: printer.jobs)
        assert not sending.done()
        await printer.behave()
        assert (await sending).code == Status.SUCCESSFUL_OK


@pytest.mark.parametrize(
    ("order", "reason"),
    [("paper-out:2", "media-empty-error"), ("jam:2", "media-jam-error"), ("door:2", "door-open-error")],
)
async def test_paper_out_jam_and_door_stop_until_refilled(tmp_path: Path, order: str, reason: str) -> None:
    async with _printer(tmp_path) as printer:
        await printer.misbehave(Misbehaviour.parse(order))
        await _print(printer, a_pdf(5))
        (job,) = printer.jobs
        await until(lambda: job.state is JobState.PROCESSING_STOPPED)
        assert printer.machine.state is PrinterState.STOPPED
        assert reason in printer.machine.reasons
        assert job.impressions_completed == 2
        printer.refill()
        await until(lambda: job.state is JobState.COMPLETED)
        assert job.impressions_completed == 5


async def test_an_empty_tray_stops_it_until_refilled(tmp_path: Path) -> None:
    async with _printer(tmp_path, sheets=2) as printer:
        await _print(printer, a_pdf(5), build.keyword("sides", "two-sided-long-edge"))
        (job,) = printer.jobs
        await until(lambda: job.state is JobState.PROCESSING_STOPPED)
        assert (job.impressions_completed, job.sheets_completed) == (4, 2)
        assert printer.machine.reasons == ("media-empty-error", "media-needed")
        printer.refill()
        await until(lambda: job.ended and printer.machine.state is PrinterState.IDLE)
        assert (job.impressions_completed, printer.machine.supplies.trays[0].sheets) == (5, 1)


async def test_an_empty_tray_lets_a_job_go_that_is_cancelled(tmp_path: Path) -> None:
    async with _printer(tmp_path, sheets=1) as printer:
        await _print(printer, a_pdf(3))
        await until(lambda: printer.machine.state is PrinterState.STOPPED)
        printer.machine.cancel(printer.jobs[0])
        await until(lambda: printer.machine.state is PrinterState.IDLE)
        assert printer.machine.impressions == 1
        await _print(printer, a_pdf(1), build.keyword("media", "na_letter_8.5x11in"))
        await until(lambda: printer.jobs[1].state is JobState.COMPLETED)


async def test_monochrome_pages_take_black_toner_alone(tmp_path: Path) -> None:
    async with _printer(tmp_path, toner=100) as printer:
        await _print(printer, a_pdf(3), build.keyword("print-color-mode", "monochrome"))
        await until(lambda: printer.jobs[0].ended)
        assert [toner.left for toner in printer.machine.supplies.toners] == [97, 100, 100, 100]


async def test_impressions_count_paper_whatever_is_said_of_the_jobs(tmp_path: Path) -> None:
    async with _printer(tmp_path) as printer:
        for lie in (Lie.COMPLETED, Lie.ABORTED):
            await printer.misbehave(Misbehaviour(lie=lie))
            await print_pdf(printer, 3)
        printer.reboot()
        assert printer.machine.impressions == 3


@pytest.mark.parametrize(
    ("lie", "state", "impressions"), [(Lie.COMPLETED, JobState.COMPLETED, 0), (Lie.ABORTED, JobState.ABORTED, 3)]
)
async def test_lies(tmp_path: Path, lie: Lie, state: JobState, impressions: int) -> None:
    async with _printer(tmp_path) as printer:
        await printer.misbehave(Misbehaviour(lie=lie))
        await _print(printer, a_pdf(3))
        await until(lambda: printer.jobs[0].ended)
        assert (printer.jobs[0].state, printer.jobs[0].impressions_completed) == (state, impressions)


async def test_reboot_forgets_the_jobs_and_prints_the_next(tmp_path: Path) -> None:
    async with _printer(tmp_path) as printer:
        await printer.misbehave(Misbehaviour(reboot=1))
        await _print(printer, a_pdf(3))
        await until(lambda: not printer.jobs)
        await _print(printer, a_pdf(3))
        await until(lambda: printer.jobs[0].state is JobState.COMPLETED)
        assert printer.jobs[0].id == 1


async def test_busy_so_many_times(tmp_path: Path) -> None:
    async with _printer(tmp_path) as printer:
        await printer.misbehave(Misbehaviour(busy=2))
        codes = [(await _print(printer, a_pdf())).code for _ in range(3)]
        assert codes == [Status.SERVER_ERROR_BUSY, Status.SERVER_ERROR_BUSY, Status.SUCCESSFUL_OK]


async def test_pages_take_their_time(tmp_path: Path) -> None:
    class Slow:
        def __init__(self) -> None:
            self.slept: list[float] = []

        def now(self) -> float:
            return 1000.0 + sum(self.slept)

        monotonic = now

        async def sleep(self, seconds: float) -> None:
            self.slept.append(seconds)

    clock = Slow()
    async with VirtualPrinter(tmp_path, features=Features(speed=4), render=count_only, clock=clock) as printer:
        await _print(printer, a_pdf(3))
        await until(lambda: printer.jobs[0].ended)
    assert clock.slept == [0.25, 0.25, 0.25]


async def test_a_document_that_cannot_be_drawn_is_that_jobs_misfortune(tmp_path: Path) -> None:
    async def draws_the_second(document: Path, _media_type: str, _directory: Path) -> int:
        if b"0 0 72 144" in document.read_bytes():
            return 1
        raise ValueError("unreadable")

    async with VirtualPrinter(tmp_path, features=Features(speed=0), render=draws_the_second) as printer:
        await _print(printer, b"%PDF-broken")
        await _print(printer, a_pdf())
        await until(lambda: len(printer.jobs) == 2 and all(job.ended for job in printer.jobs))
        assert [job.state for job in printer.jobs] == [JobState.ABORTED, JobState.COMPLETED]
        assert printer.jobs[0].reasons == ("document-format-error",)
