"""HTTP around IPP (RFC 8010 section 4): content types, lengths, broken connections, damaged messages, icons."""

import asyncio
import zlib

import pytest

from gateway.settings import Ipp, Settings
from ipp.wire import Operation, Status, build, encode
from tests.fakes import fake_pdf
from tests.ipp.server.house import Client, House, a_house, a_request

PRINT = encode(a_request(Operation.PRINT_JOB))


@pytest.mark.parametrize("kind", ["text/html", "application/x-www-form-urlencoded", ""])
async def test_only_application_ipp_is_taken(client: Client, kind: str) -> None:
    answer = await client.post(PRINT, headers={"content-type": kind})
    assert answer.status == 415


async def test_parameters_and_case_of_the_content_type_do_not_matter(client: Client) -> None:
    message = encode(a_request(Operation.GET_PRINTER_ATTRIBUTES))
    answer = await client.post(message, headers={"content-type": "Application/IPP; charset=utf-8"})
    assert (answer.status, answer.code) == (200, Status.SUCCESSFUL_OK)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/ipp/print", 405), ("PUT", "/ipp/print/x", 405)])
async def test_other_methods_are_refused(client: Client, method: str, path: str, status: int) -> None:
    answer = await client.call(method, path, [{"type": "http.request", "body": b""}])
    assert answer.status == status


async def test_icons_are_square_pictures_of_the_size_they_are_named_by(client: Client) -> None:
    for uri in (await client.ask(Operation.GET_PRINTER_ATTRIBUTES)).group(4).get("printer-icons").values:  # type: ignore[union-attr,arg-type]  # it is there
        path = "/" + str(uri).split("/", 3)[3]
        answer = await client.get(path)
        edge = int(path.removeprefix("/ipp/icons/").removesuffix(".png"))
        assert answer.headers["content-type"] == "image/png"
        assert answer.body.startswith(b"\x89PNG\r\n\x1a\n")
        assert answer.body[16:24] == edge.to_bytes(4, "big") * 2
        pixels = answer.body[answer.body.index(b"IDAT") + 4 : answer.body.index(b"IEND") - 8]
        assert len(zlib.decompress(pixels)) == edge * (1 + 4 * edge)
    assert (await client.get("/ipp/icons/49.png")).status == 404


async def test_a_message_may_come_octet_by_octet(client: Client) -> None:
    octets = PRINT + fake_pdf()
    answer = await client.post(*(octets[i : i + 1] for i in range(len(octets))))
    assert answer.code == Status.SUCCESSFUL_OK
    job = client.house.jobs.rows[answer.job("job-id")]
    assert job.documents[0].size == len(fake_pdf())


@pytest.mark.parametrize("size", [0, 1, 7])
async def test_what_is_no_message_is_http_400(client: Client, size: int) -> None:
    answer = await client.post(b"\x02" * size)
    assert answer.status == 400
    assert "offset" in answer.body.decode()


async def test_a_damaged_message_is_answered_with_its_own_request_id(client: Client) -> None:
    answer = await client.post(bytes([2, 0, 0, 2, 0, 0, 0, 9, 1, 0x47, 0xFF, 0xFF]) + b"x" * 20)
    assert (answer.status, answer.code) == (200, Status.CLIENT_ERROR_BAD_REQUEST)
    assert answer.message.request_id == 9


async def test_a_connection_that_ends_in_the_message_is_answered_with_nothing(client: Client) -> None:
    with pytest.raises(ConnectionResetError):
        await client.post(PRINT[:40], cut=True)


async def test_a_document_that_is_cut_short_leaves_nothing(client: Client) -> None:
    with pytest.raises(ConnectionResetError):
        await client.post(PRINT, fake_pdf()[:10], cut=True)
    assert not client.house.jobs.rows
    assert not client.house.spool.objects


async def test_fewer_octets_than_promised_are_a_cut_document(client: Client) -> None:
    octets = PRINT + fake_pdf()
    with pytest.raises(ConnectionResetError):
        await client.post(octets, headers={"content-length": str(len(octets) + 1)})
    assert not client.house.jobs.rows


async def test_a_cut_second_document_leaves_the_job_open(client: Client) -> None:
    created = await client.ask(Operation.CREATE_JOB)
    job_id = build.integer("job-id", created.job("job-id"))
    send = encode(a_request(Operation.SEND_DOCUMENT, job_id, build.boolean("last-document", True)))
    with pytest.raises(ConnectionResetError):
        await client.post(send, fake_pdf()[:10], cut=True)
    again = await client.post(send, fake_pdf())
    assert again.code == Status.SUCCESSFUL_OK
    assert len(client.house.jobs.rows[created.job("job-id")].documents) == 1


@pytest.fixture
def small() -> House:
    return a_house(settings=Settings(ipp=Ipp(max_document=1000)))


async def test_a_document_that_is_promised_too_large_is_refused_before_it_is_read(small: House) -> None:
    async with small.running():
        answer = await Client(small).post(PRINT, headers={"content-length": str(10**12)}, cut=True)
    assert answer.status == 413
    assert answer.headers["connection"] == "close"


async def test_a_document_that_turns_out_too_large_is_refused(small: House) -> None:
    async with small.running():
        answer = await Client(small).post(PRINT, *[b"%PDF-1.7" + b"x" * 400] * 3)
    assert answer.code == Status.CLIENT_ERROR_REQUEST_ENTITY_TOO_LARGE
    assert not small.jobs.rows
    assert not small.spool.objects


async def test_a_refused_upload_is_answered_before_the_rest_of_it_has_come(client: Client) -> None:
    await client.house.printers.disable("find-me")
    answer = await client.post(PRINT, headers={"content-length": str(20 * 2**20)}, cut=True)
    assert answer.code == Status.SERVER_ERROR_NOT_ACCEPTING_JOBS
    assert answer.headers["connection"] == "close"


async def test_a_small_rest_does_not_cost_the_connection(client: Client) -> None:
    await client.house.printers.disable("find-me")
    answer = await client.post(PRINT, headers={"content-length": str(len(PRINT) + 5000)}, cut=True)
    assert answer.code == Status.SERVER_ERROR_NOT_ACCEPTING_JOBS
    assert "connection" not in answer.headers


async def test_a_job_that_could_not_be_told_of_is_not_printed_twice(client: Client) -> None:
    """The client hangs up while the job is being written; it sends the same again and gets the same job."""
    gone = asyncio.Event()
    octets = PRINT + fake_pdf()

    async def receive() -> dict[str, object]:
        if gone.is_set():
            return {"type": "http.disconnect"}
        gone.set()
        return {"type": "http.request", "body": octets, "more_body": False}

    async def send(_: dict[str, object]) -> None:
        """The octets go nowhere."""

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/ipp/print",
        "scheme": "http",
        "headers": [(b"host", b"printer.example"), (b"content-type", b"application/ipp")],
        "client": (client.address, 50000),
        "server": ("192.0.2.1", 8631),
    }
    await client.house.app(scope, receive, send)
    (first,) = client.house.jobs.rows
    again = await client.post(octets)
    assert again.job("job-id") == first
    assert (await client.post(octets)).job("job-id") != first


async def test_a_failing_send_is_noted_too(client: Client) -> None:
    octets = PRINT + fake_pdf()
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/ipp/print",
        "scheme": "http",
        "headers": [(b"content-type", b"application/ipp")],
        "client": (client.address, 50000),
        "server": ("192.0.2.1", 8631),
    }
    events = [{"type": "http.request", "body": octets, "more_body": False}]

    async def receive() -> dict[str, object]:
        if events:
            return events.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(_: dict[str, object]) -> None:
        raise BrokenPipeError

    await client.house.app(scope, receive, send)
    (first,) = client.house.jobs.rows
    assert (await client.post(octets)).job("job-id") == first


async def test_only_http_is_spoken(house: House) -> None:
    with pytest.raises(RuntimeError):
        await house.app({"type": "websocket"}, None, None)  # type: ignore[arg-type]  # nothing of it is used
