"""The client against peers that behave: what goes out on the wire, and when connections are reused."""

import asyncio

import pytest

from ipp.client import IppClient, Patience
from ipp.wire import Group, GroupTag, Operation, Status, build
from tests.ipp.client.peer import Line, Request, Sheets, peer


class Printer:
    """Answers everything and remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    async def __call__(self, line: Line) -> None:
        while not line.reader.at_eof():
            try:
                self.requests.append(await line.request())
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            await line.answer()


async def test_octets_of_the_head() -> None:
    printer = Printer()
    async with peer(printer) as there, IppClient(there.uri) as client:
        await client.get_printer_attributes()
        length = printer.requests[0].field("Content-Length")
        assert printer.requests[0].head == (
            "POST /ipp/print HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{there.port}\r\n"
            "Content-Type: application/ipp\r\n"
            "Accept: application/ipp\r\n"
            "User-Agent: papertap IPP/2.0\r\n"
            f"Content-Length: {length}\r\n\r\n"
        )


async def test_attributes_that_each_request_needs_come_first_and_in_order() -> None:
    printer = Printer()
    async with peer(printer) as there, IppClient(there.uri, user="ann") as client:
        await client.get_job_attributes(7, ["job-state"])
        await client.request(Operation.CANCEL_JOB, [build.uri("job-uri", "ipp://x/jobs/7")])
        extra = Group(GroupTag.OPERATION, (build.name("requesting-user-name", "bob"),))
        job = Group(GroupTag.JOB, (build.integer("copies", 2),))
        await client.request(Operation.CREATE_JOB, [build.name("job-name", "n"), extra, job])
    first, second, third = printer.requests
    lead = ["attributes-charset", "attributes-natural-language"]
    assert first.operation_attributes() == [
        *lead,
        "printer-uri",
        "job-id",
        "requesting-user-name",
        "requested-attributes",
    ]
    assert second.operation_attributes() == [*lead, "job-uri", "requesting-user-name"]
    assert third.operation_attributes() == [*lead, "printer-uri", "job-name", "requesting-user-name"]
    assert third.message.groups[0].get("requesting-user-name") == build.name("requesting-user-name", "bob")
    assert third.message.groups[1:] == (job,)
    assert [request.message.request_id for request in printer.requests] == [1, 2, 3]


async def test_every_helper_asks_for_its_operation() -> None:
    printer = Printer()
    name, copies = build.name("job-name", "n"), build.integer("copies", 2)
    async with peer(printer) as there, IppClient(there.uri) as client:
        await client.get_printer_attributes(["all", "media-col-database"])
        await client.validate_job([name], [copies])
        await client.print_job(Sheets(b"one", b"two"), [name], [copies])
        await client.create_job([name], [copies])
        await client.send_document(4, Sheets(b"three"), [build.mime("document-format", "application/pdf")])
        await client.get_jobs(which="completed", limit=3, mine=True, requested=["job-id"])
        await client.cancel_job(4)
    assert [Operation(request.message.code) for request in printer.requests] == [
        Operation.GET_PRINTER_ATTRIBUTES,
        Operation.VALIDATE_JOB,
        Operation.PRINT_JOB,
        Operation.CREATE_JOB,
        Operation.SEND_DOCUMENT,
        Operation.GET_JOBS,
        Operation.CANCEL_JOB,
    ]
    requested, validate, print_job, create, send, jobs, _ = printer.requests
    assert requested.message.groups[0].attributes[-1].values == ("all", "media-col-database")
    for request in (validate, print_job, create):
        assert request.message.groups[0].attributes[-1] == name
        assert request.message.groups[1] == Group(GroupTag.JOB, (copies,))
    assert print_job.document == b"onetwo"
    assert send.document == b"three"
    assert send.operation_attributes()[2:] == ["printer-uri", "job-id", "document-format", "last-document"]
    assert jobs.operation_attributes()[3:] == ["limit", "requested-attributes", "which-jobs", "my-jobs"]


async def test_the_response_is_given_whatever_its_status() -> None:
    job = Group(GroupTag.UNSUPPORTED, (build.unsupported("sides"),))

    async def refuse(line: Line) -> None:
        await line.request()
        await line.answer(Status.CLIENT_ERROR_NOT_FOUND, job)

    async with peer(refuse) as there, IppClient(there.uri) as client:
        response = await client.cancel_job(1)
    assert response.code == Status.CLIENT_ERROR_NOT_FOUND
    assert response.groups[1] == job


async def test_a_document_goes_out_in_chunks_and_empty_pieces_do_not_end_it() -> None:
    printer = Printer()
    async with peer(printer) as there, IppClient(there.uri) as client:
        await client.print_job(Sheets(b"", b"a", b"", b"0\r\n\r\n", bytes(200_000), b""))
    assert printer.requests[0].document == b"a0\r\n\r\n" + bytes(200_000)
    assert printer.requests[0].field("Transfer-Encoding") == "chunked"
    assert printer.requests[0].field("Content-Length") is None


async def test_a_document_larger_than_all_buffers() -> None:
    async def count(line: Line) -> None:
        await line.attributes(await line.head())
        while chunk := await line.chunk():
            sizes.append(len(chunk))
        await line.answer()

    sizes: list[int] = []
    async with peer(count) as there, IppClient(there.uri) as client:
        assert (await client.print_job(Sheets(bytes(16 << 20), times=2))).code == Status.SUCCESSFUL_OK
    assert sizes == [16 << 20] * 2


async def test_an_empty_document() -> None:
    printer = Printer()
    async with peer(printer) as there, IppClient(there.uri) as client:
        await client.send_document(1, Sheets())
    assert printer.requests[0].document == b""


async def test_a_printer_that_never_says_go_ahead() -> None:
    async def silent(line: Line) -> None:
        request = await line.body(await line.head())
        assert request.document == b"document"
        await line.answer()

    async with peer(silent) as there, IppClient(there.uri, timeout=Patience(go_ahead=0.01)) as client:
        assert (await client.print_job(Sheets(b"document"))).code == Status.SUCCESSFUL_OK


async def test_polling_reuses_the_connection_and_changing_requests_do_not() -> None:
    printer = Printer()
    async with peer(printer) as there, IppClient(there.uri) as client:
        for _ in range(3):
            await client.get_job_attributes(1)
        assert there.lines == 1
        await client.create_job()
        assert there.lines == 2
        await client.get_jobs()
        assert there.lines == 2
        await client.print_job(Sheets(b"x"))
        assert there.lines == 3
        await client.get_jobs()
        assert there.lines == 3


async def test_polling_goes_on_when_the_printer_closed_the_idle_connection() -> None:
    async def once(line: Line) -> None:
        await line.request()
        await line.answer()

    async def twice_half(line: Line) -> None:
        await line.request()
        await line.answer()
        await line.reader.read(1)  # It takes the next request and closes without a word.

    for script in (once, twice_half):
        async with peer(script) as there, IppClient(there.uri) as client:
            for _ in range(3):
                assert (await client.get_printer_attributes()).code == Status.SUCCESSFUL_OK
            assert there.lines == 3


async def test_words_without_a_question_close_the_connection() -> None:
    answered, closed = asyncio.Event(), asyncio.Event()

    async def chatty(line: Line) -> None:
        await line.request()
        await line.answer()
        await answered.wait()
        await line.send(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
        await line.until_closed()
        closed.set()

    async with peer(chatty) as there, IppClient(there.uri) as client:
        await client.get_printer_attributes()
        answered.set()
        async with asyncio.timeout(60):
            await closed.wait()
        assert (await client.get_printer_attributes()).code == Status.SUCCESSFUL_OK
        assert there.lines == 2


async def test_one_request_at_a_time() -> None:
    printer = Printer()
    async with peer(printer) as there, IppClient(there.uri) as client:
        await asyncio.gather(*(client.get_job_attributes(number) for number in range(1, 9)))
        assert there.lines == 1
    assert [request.message.request_id for request in printer.requests] == list(range(1, 9))


async def test_an_older_printer_is_spoken_to_in_its_version() -> None:
    versions: list[tuple[int, int]] = []

    async def old(line: Line) -> None:
        while not line.reader.at_eof():
            try:
                request = await line.request()
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            versions.append(request.message.version)
            too_new = request.message.version > (1, 1)
            await line.answer(Status.SERVER_ERROR_VERSION_NOT_SUPPORTED if too_new else Status.SUCCESSFUL_OK)

    async with peer(old) as there, IppClient(there.uri) as client:
        assert (await client.get_printer_attributes()).code == Status.SUCCESSFUL_OK
        assert (await client.print_job(Sheets(b"x"))).code == Status.SUCCESSFUL_OK
    assert versions == [(2, 0), (1, 1), (1, 1)]


async def test_the_address_can_be_chosen_and_refused() -> None:
    asked: list[tuple[str, int]] = []

    async def resolve(host: str, port: int) -> str:
        asked.append((host, port))
        if host == "metadata.invalid":
            msg = "not a printer network"
            raise PermissionError(msg)
        return "127.0.0.1"

    printer = Printer()
    async with peer(printer) as there:
        async with IppClient(f"ipp://oak.invalid:{there.port}/p", resolve=resolve) as client:
            await client.get_printer_attributes()
        async with IppClient("ipp://metadata.invalid/", resolve=resolve) as client:
            with pytest.raises(PermissionError, match="not a printer network"):
                await client.get_printer_attributes()
    assert asked == [("oak.invalid", there.port), ("metadata.invalid", 631)]
    assert printer.requests[0].field("Host") == f"oak.invalid:{there.port}"
    assert printer.requests[0].message.groups[0].get("printer-uri") == build.uri(
        "printer-uri", f"ipp://oak.invalid:{there.port}/p"
    )


async def test_a_wrong_value_is_noticed_before_anything_is_sent() -> None:
    printer = Printer()
    async with peer(printer) as there, IppClient(there.uri) as client:
        with pytest.raises(ValueError, match="'copies'"):
            await client.create_job(job=[build.integer("copies", 2**40)])
        assert there.lines == 0
