"""RAW: what frames the document, and devices with habits of their own."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.adapters.devices.pjl import frame, quoted
from gateway.domain.ticket import JobTicket
from tests.gateway.adapters.devices.bench import QUICK, a_bench, an_order
from tests.ipp.virtual.samples import a_pdf


def test_the_frame_says_name_sides_and_language() -> None:
    order = an_order(b"", name="Tax", ticket=JobTicket(sides="two-sided-short-edge"), copies=2)
    head, tail = frame(order)
    assert head == (
        b'\x1b%-12345X@PJL\r\n@PJL JOB NAME="Tax"\r\n@PJL SET COPIES=2\r\n@PJL SET DUPLEX=ON\r\n'
        b"@PJL SET BINDING=SHORTEDGE\r\n@PJL ENTER LANGUAGE=PDF\r\n"
    )
    assert tail == b'\x1b%-12345X@PJL\r\n@PJL EOJ NAME="Tax"\r\n\x1b%-12345X'


@pytest.mark.parametrize(
    "hostile", ['a"\r\n@PJL SET X=1', "\x1b%-12345X@PJL DEFAULT PASSWORD=1", "\n\0\x7f\x9b", "ü" * 500, '"' * 100]
)
def test_no_name_can_leave_its_quotes(hostile: str) -> None:
    text = quoted(hostile)
    assert text[0] == text[-1] == '"'
    assert len(text) <= 82
    assert all(" " <= c <= "~" and c != '"' for c in text[1:-1])
    head, _ = frame(an_order(b"", name=hostile, user=hostile))
    assert head.count(b"\x1b") == 1
    assert head.count(b"\r\n") == 4


@pytest.mark.parametrize("media_type", ["image/pwg-raster", "image/urf"])
def test_a_format_without_a_pjl_language_goes_bare(media_type: str) -> None:
    assert frame(an_order(b"", format=media_type)) == (b"", b"")


async def test_pjl_false_sends_the_document_alone(tmp_path: Path) -> None:
    received = bytearray()

    async def sink(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.extend(await reader.read())
        writer.close()

    server = await asyncio.start_server(sink, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, a_bench(tmp_path, "raw") as bench:
        bench.device = replace(bench.device, uri=f"socket://127.0.0.1:{port}?pjl=false")
        await bench.send(an_order(a_pdf()), a_pdf())
    assert bytes(received) == a_pdf()


async def test_waiteof_false_is_content_once_the_device_has_taken_all(tmp_path: Path) -> None:
    done = asyncio.Event()

    async def never_closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        await done.wait()
        writer.close()

    server = await asyncio.start_server(never_closes, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, a_bench(tmp_path, "raw") as bench:
        bench.limits = QUICK
        bench.device = replace(bench.device, uri=f"socket://127.0.0.1:{port}?waiteof=false")
        assert await bench.send(an_order(a_pdf()), a_pdf()) is None
        done.set()
