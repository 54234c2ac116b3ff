"""The client against peers that misbehave: each failure says whether the printer can have received anything."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from ipp.client import (
    BadResponse,
    HttpRefused,
    Interrupted,
    IppClient,
    NotAuthenticated,
    Patience,
    Unreachable,
)
from ipp.wire import Status
from tests.ipp.client.peer import Line, Sheets, http, ipp, peer

QUICK = Patience(answer=0.3, stall=0.3, go_ahead=0.02)
EAGER = Patience(go_ahead=0.02)
PIECE = bytes(65536)


async def test_connection_refused() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        document = Sheets(b"x")
        async with IppClient(f"ipp://127.0.0.1:{unused.getsockname()[1]}/") as client:
            with pytest.raises(Unreachable, match=r"no connection to 127\.0\.0\.1 port") as caught:
                await client.print_job(document)
    assert caught.value.bytes_sent == 0
    assert document.taken == 0


async def test_a_name_that_does_not_resolve() -> None:
    async with IppClient("ipp://a..b/") as client:
        with pytest.raises(Unreachable, match=r"no connection to a\.\.b"):
            await client.get_printer_attributes()


async def test_no_answer_to_the_tls_handshake() -> None:
    async def mute(line: Line) -> None:
        await line.until_closed()

    async with peer(mute) as there, IppClient(there.secure_uri, timeout=Patience(connect=0.2)) as client:
        with pytest.raises(Unreachable, match=r"within 0\.2 s"):
            await client.get_printer_attributes()


class TestBeforeTheDocument:
    async def test_closed_after_the_attributes(self) -> None:
        async def close(line: Line) -> None:
            await line.head()
            await line.chunk()

        document = Sheets(b"x")
        async with peer(close) as there, IppClient(there.uri) as client:
            with pytest.raises(Interrupted, match="closed by the printer") as caught:
                await client.print_job(document)
        assert caught.value.bytes_sent == 0
        assert document.taken == 0

    async def test_reset_after_the_head(self) -> None:
        async def reset(line: Line) -> None:
            await line.head()
            line.reset()

        document = Sheets(b"x")
        async with peer(reset) as there, IppClient(there.uri) as client:
            with pytest.raises(Interrupted, match="broke the connection") as caught:
                await client.print_job(document)
        assert caught.value.bytes_sent == 0
        assert document.taken == 0

    async def test_credentials_wanted(self) -> None:
        async def challenge(line: Line) -> None:
            await line.head()
            await line.chunk()
            await line.send(http(b"", "WWW-Authenticate: Basic realm=x", status="401 Unauthorized"))
            assert await line.until_closed() == b""

        document = Sheets(b"x")
        async with peer(challenge) as there, IppClient(there.uri, user="ann", password="secret") as client:
            with pytest.raises(NotAuthenticated, match="HTTP 401"):
                await client.print_job(document)
        assert document.taken == 0

    async def test_an_ipp_refusal_spares_the_document_and_ends_the_connection(self) -> None:
        async def refuse(line: Line) -> None:
            await line.head()
            await line.chunk()
            await line.answer(Status.CLIENT_ERROR_NOT_AUTHORIZED)
            assert await line.until_closed() == b""

        document = Sheets(b"x")
        async with peer(refuse) as there, IppClient(there.uri) as client:
            response = await client.print_job(document)
        assert response.code == Status.CLIENT_ERROR_NOT_AUTHORIZED
        assert document.taken == 0


class TestDuringTheDocument:
    async def test_reset(self) -> None:
        async def reset(line: Line) -> None:
            await line.attributes(await line.head())
            await line.chunk()
            line.reset()

        document = Sheets(PIECE, times=1000)
        async with peer(reset) as there, IppClient(there.uri) as client:
            with pytest.raises(Interrupted, match="broke the connection") as caught:
                await client.print_job(document)
        assert 0 < caught.value.bytes_sent < 1000 * len(PIECE)
        assert caught.value.bytes_sent % len(PIECE) == 0

    async def test_a_printer_that_stops_reading(self) -> None:
        async def stop(line: Line) -> None:
            await line.head()
            await line.chunk()
            await released.wait()

        released = asyncio.Event()
        document = Sheets(PIECE, times=1000)
        async with peer(stop) as there, IppClient(there.uri, timeout=QUICK) as client:
            with pytest.raises(Interrupted, match=r"takes no more data for 0\.3 s") as caught:
                await client.print_job(document)
            released.set()
        # What the kernel's buffers hold and no more was asked of the document: 64 MB stayed where they were.
        assert 0 < caught.value.bytes_sent < 32 * 1024 * 1024
        assert document.taken * len(PIECE) == caught.value.bytes_sent

    async def test_a_refusal_ends_the_upload(self) -> None:
        async def refuse(line: Line) -> None:
            if "chunked" in await line.head():
                await line.chunk()
            await line.answer(Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED)
            await line.until_closed()

        document = Sheets(PIECE, times=1000)
        async with peer(refuse) as there, IppClient(there.uri, timeout=EAGER) as client:
            response = await client.print_job(document)
            assert response.code == Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED
            assert document.taken < 1000
            await client.get_printer_attributes()
            assert there.lines == 2

    async def test_a_refusal_is_seen_while_the_printer_reads_no_more(self) -> None:
        async def refuse(line: Line) -> None:
            await line.attributes(await line.head())
            await line.reader.readexactly(1000)
            await line.answer(Status.SERVER_ERROR_BUSY)
            await released.wait()

        released = asyncio.Event()
        # One piece that no buffer holds: the client is certain to be waiting for the network.
        document = Sheets(bytes(64 * 1024 * 1024))
        async with peer(refuse) as there, IppClient(there.uri) as client:
            response = await client.print_job(document)
            released.set()
        assert response.code == Status.SERVER_ERROR_BUSY

    async def test_a_reset_is_seen_although_nothing_ever_waits(self) -> None:
        async def reset(line: Line) -> None:
            await line.attributes(await line.head())
            line.reset()

        document = Sheets(b"x", times=20_000)
        async with peer(reset) as there, IppClient(there.uri) as client:
            with pytest.raises(Interrupted) as caught:
                await client.print_job(document)
        assert caught.value.bytes_sent < 20_000

    async def test_an_http_refusal_tells_how_much_went_out(self) -> None:
        async def refuse(line: Line) -> None:
            await line.head()
            await line.chunk()
            await line.chunk()
            await line.send(http(b"", status="413 Too Large"))
            await line.until_closed()

        async with peer(refuse) as there, IppClient(there.uri, timeout=EAGER) as client:
            with pytest.raises(HttpRefused, match="HTTP status 413") as caught:
                await client.print_job(Sheets(PIECE, times=1000))
        assert caught.value.bytes_sent >= len(PIECE)

    @pytest.mark.parametrize("go_ahead", [True, False])
    async def test_success_before_the_end_does_not_end_the_upload(self, go_ahead: bool) -> None:
        async def hasty(line: Line) -> None:
            head = await line.head()
            attributes = await (line.attributes(head) if go_ahead else line.chunk())
            await line.answer()
            request = await line.body(head, attributes)
            received.append(len(request.document))
            await line.until_closed()

        received: list[int] = []
        async with peer(hasty) as there, IppClient(there.uri) as client:
            assert (await client.print_job(Sheets(PIECE, times=50))).code == Status.SUCCESSFUL_OK
        assert received == [50 * len(PIECE)]

    async def test_a_document_that_fails_is_cut_off_and_not_ended(self) -> None:
        async def spool() -> AsyncIterator[bytes]:
            yield b"first"
            msg = "the spool lost a block"
            raise OSError(msg)

        async def take(line: Line) -> None:
            await line.attributes(await line.head())
            received.put_nowait(await line.until_closed())

        received: asyncio.Queue[bytes] = asyncio.Queue()
        async with peer(take) as there, IppClient(there.uri) as client:
            with pytest.raises(OSError, match="lost a block"):
                await client.print_job(spool())
            async with asyncio.timeout(60):
                assert not (await received.get()).endswith(b"0\r\n\r\n")

    async def test_cancelling_cuts_the_document_off(self) -> None:
        async def endless() -> AsyncIterator[bytes]:
            yield b"first"
            started.set()
            await asyncio.Event().wait()

        async def take(line: Line) -> None:
            await line.attributes(await line.head())
            received.put_nowait(await line.until_closed())

        started = asyncio.Event()
        received: asyncio.Queue[bytes] = asyncio.Queue()
        async with peer(take) as there, IppClient(there.uri) as client:
            task = asyncio.create_task(client.print_job(endless()))
            await started.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            async with asyncio.timeout(60):
                assert not (await received.get()).endswith(b"0\r\n\r\n")


class TestAfterTheRequest:
    async def test_no_answer_to_a_document(self) -> None:
        async def mute(line: Line) -> None:
            await line.request()
            await line.until_closed()

        async with peer(mute) as there, IppClient(there.uri, timeout=QUICK) as client:
            with pytest.raises(Interrupted, match=r"did not answer for 0\.3 s") as caught:
                await client.print_job(Sheets(b"12345"))
        assert caught.value.bytes_sent == 5

    async def test_closed_in_place_of_an_answer(self) -> None:
        async def close(line: Line) -> None:
            await line.request()

        async with peer(close) as there, IppClient(there.uri) as client:
            with pytest.raises(Interrupted, match="closed by the printer") as caught:
                await client.create_job()
            assert there.lines == 1, "a request that changes something is never sent twice"
        assert caught.value.bytes_sent == 0

    async def test_polling_is_not_repeated_on_a_fresh_connection(self) -> None:
        async def close(line: Line) -> None:
            await line.request()

        async with peer(close) as there, IppClient(there.uri) as client:
            with pytest.raises(Interrupted):
                await client.get_printer_attributes()
            assert there.lines == 1

    async def test_polling_is_not_repeated_after_a_time_out(self) -> None:
        async def once(line: Line) -> None:
            await line.request()
            await line.answer()
            await line.request()
            await line.until_closed()

        async with peer(once) as there, IppClient(there.uri, timeout=QUICK) as client:
            await client.get_printer_attributes()
            with pytest.raises(Interrupted, match="did not answer"):
                await client.get_printer_attributes()
            assert there.lines == 1

    @pytest.mark.parametrize("keep", [12, 60, -1])
    async def test_half_an_answer(self, keep: int) -> None:
        async def half(line: Line) -> None:
            await line.request()
            await line.send(http(ipp())[:keep])

        async with peer(half) as there, IppClient(there.uri) as client:
            with pytest.raises(Interrupted, match="broke the connection") as caught:
                await client.print_job(Sheets(b"12345"))
        assert caught.value.bytes_sent == 5

    async def test_an_answer_that_drips(self) -> None:
        async def drip(line: Line) -> None:
            await line.request()
            for octet in http(ipp()):
                await line.send(bytes([octet]))

        async with peer(drip) as there, IppClient(there.uri) as client:
            assert (await client.get_printer_attributes()).code == Status.SUCCESSFUL_OK

    async def test_an_answer_that_ends_with_the_connection(self) -> None:
        async def old(line: Line) -> None:
            await line.request()
            await line.send(b"HTTP/1.0 200 OK\r\nContent-Type: application/ipp\r\n\r\n" + ipp())

        async with peer(old) as there, IppClient(there.uri) as client:
            for _ in range(2):
                assert (await client.get_printer_attributes()).code == Status.SUCCESSFUL_OK
            assert there.lines == 2

    async def test_no_ipp_in_the_answer(self) -> None:
        async def web(line: Line) -> None:
            await line.request()
            await line.send(http(b"<html>", media_type="text/html"))
            await line.until_closed()

        async with peer(web) as there, IppClient(there.uri) as client:
            with pytest.raises(BadResponse, match="'text/html'") as caught:
                await client.print_job(Sheets(b"12345"))
        assert caught.value.bytes_sent == 5
