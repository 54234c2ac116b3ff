"""RFC 8011 section 4.1: what every request must look like, and what is answered when it does not."""

import pytest

from ipp.wire import Group, GroupTag, Message, Operation, Status, build, encode
from tests.fakes import fake_pdf
from tests.ipp.server.house import Client, a_request

GET = Operation.GET_PRINTER_ATTRIBUTES
CHARSET = build.charset("attributes-charset", "utf-8")
LANGUAGE = build.language("attributes-natural-language", "en")
PRINTER_URI = build.uri("printer-uri", "ipp://printer.example/ipp/print")


def raw(*attributes: object, version: tuple[int, int] = (2, 0), groups: tuple[Group, ...] | None = None) -> bytes:
    made = groups if groups is not None else (Group(GroupTag.OPERATION, attributes),)  # type: ignore[arg-type]  # attributes
    return encode(Message(version, GET, 7, made))


@pytest.mark.parametrize("request_id", [0, -1])
async def test_a_request_id_below_one_is_a_bad_request(client: Client, request_id: int) -> None:
    answer = await client.ask(GET, request_id=request_id)
    assert answer.code == Status.CLIENT_ERROR_BAD_REQUEST
    assert answer.message.request_id == request_id
    assert answer.message.group(GroupTag.PRINTER) is None


@pytest.mark.parametrize(
    "attributes",
    [
        (),
        (CHARSET,),
        (CHARSET, PRINTER_URI),
        (LANGUAGE, PRINTER_URI),
        (LANGUAGE, CHARSET, PRINTER_URI),
        (PRINTER_URI, CHARSET, LANGUAGE),
        (CHARSET, LANGUAGE),
        (build.keyword("attributes-charset", "utf-8"), LANGUAGE, PRINTER_URI),
        (CHARSET, LANGUAGE, build.keyword("printer-uri", "ipp://printer.example/ipp/print")),
        (CHARSET, LANGUAGE, PRINTER_URI, PRINTER_URI),
    ],
)
async def test_charset_language_and_target_must_come_first_and_once(client: Client, attributes: tuple[object]) -> None:
    answer = await client.post(raw(*attributes))
    assert answer.code == Status.CLIENT_ERROR_BAD_REQUEST
    assert answer.message.request_id == 7


@pytest.mark.parametrize(
    "groups",
    [
        (),
        (Group(GroupTag.JOB, ()), Group(GroupTag.OPERATION, (CHARSET, LANGUAGE, PRINTER_URI))),
        (Group(GroupTag.OPERATION, (CHARSET, LANGUAGE, PRINTER_URI)), Group(GroupTag.OPERATION, ())),
    ],
)
async def test_there_is_one_operation_group_and_it_leads(client: Client, groups: tuple[Group, ...]) -> None:
    assert (await client.post(raw(groups=groups))).code == Status.CLIENT_ERROR_BAD_REQUEST


async def test_another_charset_is_refused_as_such(client: Client) -> None:
    answer = await client.post(raw(build.charset("attributes-charset", "utf-16"), LANGUAGE, PRINTER_URI))
    assert answer.code == Status.CLIENT_ERROR_CHARSET_NOT_SUPPORTED


@pytest.mark.parametrize(("version", "told"), [((0, 0), (1, 1)), ((3, 0), (1, 1)), ((9, 9), (1, 1))])
async def test_an_unknown_version_is_told_with_a_known_one(
    client: Client, version: tuple[int, int], told: tuple[int, int]
) -> None:
    answer = await client.ask(GET, version=version)
    assert answer.status == 200
    assert (answer.code, answer.message.version) == (Status.SERVER_ERROR_VERSION_NOT_SUPPORTED, told)


@pytest.mark.parametrize(
    ("version", "told"),
    [((1, 0), (1, 0)), ((1, 1), (1, 1)), ((2, 0), (2, 0)), ((2, 2), (2, 2)), ((1, 5), (1, 1)), ((2, 9), (2, 2))],
)
async def test_known_versions_are_answered_in_kind(
    client: Client, version: tuple[int, int], told: tuple[int, int]
) -> None:
    answer = await client.ask(GET, version=version)
    assert (answer.code, answer.message.version) == (Status.SUCCESSFUL_OK, told)


@pytest.mark.parametrize("operation", [Operation.PRINT_URI, Operation.SEND_URI, Operation.FETCH_JOB])
async def test_what_is_not_in_the_table_is_not_supported(client: Client, operation: Operation) -> None:
    answer = await client.ask(operation, build.uri("document-uri", "file:///etc/passwd"))
    assert answer.code == Status.SERVER_ERROR_OPERATION_NOT_SUPPORTED


async def test_an_operation_that_nobody_registered_is_not_supported(client: Client) -> None:
    message = a_request(GET)
    answer = await client.post(encode(Message(message.version, 0x7ABC, 1, message.groups)))
    assert answer.code == Status.SERVER_ERROR_OPERATION_NOT_SUPPORTED


@pytest.mark.parametrize(
    "path", ["/ipp/print/nobody", "/printers/direct", "/ipp/print/direct/x/y", "/ipp/print/direct/x"]
)
async def test_another_path_is_not_found(client: Client, path: str) -> None:
    answer = await client.post(encode(a_request(GET, path=path)), path=path)
    assert answer.code == Status.CLIENT_ERROR_NOT_FOUND


@pytest.mark.parametrize(
    ("path", "printer"),
    [("/ipp/print", "find-me"), ("/ipp/print/", "find-me"), ("/ipp/print/direct", "direct"), ("/ipp", "find-me")],
)
async def test_the_path_names_the_printer(client: Client, path: str, printer: str) -> None:
    answer = await client.post(encode(a_request(GET, path="/ipp/print")), path=path)
    assert answer.printer("printer-name") == printer


async def test_at_the_root_printer_uri_names_the_printer(client: Client) -> None:
    answer = await client.post(encode(a_request(GET, path="/ipp/print/direct")), path="/")
    assert answer.printer("printer-name") == "direct"


async def test_a_job_is_found_by_its_uri(client: Client) -> None:
    printed = await client.ask(Operation.PRINT_JOB, document=fake_pdf())
    job_uri = printed.job("job-uri")
    user = build.name("requesting-user-name", "alice")
    group = Group(GroupTag.OPERATION, (CHARSET, LANGUAGE, build.uri("job-uri", job_uri), user))
    answer = await client.post(encode(Message((2, 0), Operation.GET_JOB_ATTRIBUTES, 1, (group,))))
    assert answer.job("job-id") == printed.job("job-id")


async def test_a_job_of_another_printer_is_not_found(client: Client) -> None:
    printed = await client.ask(Operation.PRINT_JOB, document=fake_pdf())
    other = Client(client.house, path="/ipp/print/direct")
    answer = await other.ask(Operation.GET_JOB_ATTRIBUTES, build.integer("job-id", printed.job("job-id")))
    assert answer.code == Status.CLIENT_ERROR_NOT_FOUND


@pytest.mark.parametrize("job_id", [0, -1, 4711, 2**31 - 1])
async def test_a_job_that_is_not_there_is_not_found(client: Client, job_id: int) -> None:
    answer = await client.ask(Operation.GET_JOB_ATTRIBUTES, build.integer("job-id", job_id))
    assert answer.code == Status.CLIENT_ERROR_NOT_FOUND


async def test_a_job_operation_without_a_job_is_a_bad_request(client: Client) -> None:
    assert (await client.ask(Operation.CANCEL_JOB)).code == Status.CLIENT_ERROR_BAD_REQUEST
    wrong = build.keyword("job-id", "seven")
    assert (await client.ask(Operation.CANCEL_JOB, wrong)).code == Status.CLIENT_ERROR_BAD_REQUEST


@pytest.mark.parametrize(
    "attribute",
    [
        build.integer("limit", 1, 2),
        build.keyword("limit", "many"),
        build.integer("my-jobs", 1),
        build.integer("requested-attributes", 1),
        build.integer("which-jobs", 3),
        build.keyword("job-ids", "all"),
    ],
)
async def test_a_wrong_syntax_is_a_bad_request_that_names_the_attribute(client: Client, attribute: object) -> None:
    answer = await client.ask(Operation.GET_JOBS, attribute)  # type: ignore[arg-type]  # an attribute
    assert answer.code == Status.CLIENT_ERROR_BAD_REQUEST
    told = answer.group(GroupTag.OPERATION).get("status-message")
    assert told is not None
    assert attribute.name in str(told.value)  # type: ignore[attr-defined]  # an attribute


async def test_a_failure_of_ours_is_told_as_such_and_not_raised(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.house.jobs.failure = RuntimeError("a mistake of ours")
    answer = await client.ask(Operation.GET_JOBS)
    assert answer.code == Status.SERVER_ERROR_INTERNAL_ERROR
    assert "mistake" not in str(answer.body)
    assert "a mistake of ours" in caplog.text
