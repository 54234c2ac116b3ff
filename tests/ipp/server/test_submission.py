"""Print-Job, Validate-Job, Create-Job, Send-Document, Close-Job (RFC 8011 sections 4.2 and 4.3, PWG 5100.7)."""

import gzip

import pytest

from gateway.domain.job import JobState, Reason
from gateway.domain.ticket import JobTicket
from ipp.wire import Attribute, Group, GroupTag, Operation, Status, build
from ipp.wire import JobState as WireState
from tests.fakes import fake_pdf
from tests.ipp.server.house import Client

LAST, MORE = build.boolean("last-document", True), build.boolean("last-document", False)


def job_group(*attributes: Attribute) -> list[Group]:
    return [Group(GroupTag.JOB, attributes)]


async def test_print_job_answers_with_the_job(client: Client) -> None:
    answer = await client.ask(
        Operation.PRINT_JOB,
        build.name("job-name", "Report"),
        build.name("document-name", "report.pdf"),
        build.mime("document-format", "application/pdf"),
        document=fake_pdf(),
        groups=job_group(build.integer("copies", 2)),
    )
    assert answer.code == Status.SUCCESSFUL_OK
    assert answer.job("job-uri") == f"ipp://printer.example:8631/ipp/print/find-me/{answer.job('job-id')}"
    assert answer.job("job-state") == WireState.PENDING
    assert answer.job("job-state-reasons") == "none"
    job = client.house.jobs.rows[answer.job("job-id")]
    assert (job.name, job.printer, job.source, job.owner) == ("Report", "find-me", "ipp", None)
    assert (job.requested_name, job.address) == ("alice", client.address)
    assert job.ticket == JobTicket(copies=2)
    document = job.documents[0]
    assert (document.name, document.format, document.size) == ("report.pdf", "application/pdf", len(fake_pdf()))


async def test_an_unsupported_attribute_prints_and_is_told(client: Client) -> None:
    groups = job_group(build.keyword("coffee", "black"), build.integer("copies", 2))
    answer = await client.ask(Operation.PRINT_JOB, document=fake_pdf(), groups=groups)
    assert answer.code == Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
    assert answer.unsupported() == ["coffee"]
    assert client.house.jobs.rows[answer.job("job-id")].ticket.copies == 2


@pytest.mark.parametrize(
    "insisting", [build.boolean("ipp-attribute-fidelity", True), build.keyword("job-mandatory-attributes", "coffee")]
)
@pytest.mark.parametrize("operation", [Operation.PRINT_JOB, Operation.VALIDATE_JOB, Operation.CREATE_JOB])
async def test_fidelity_refuses_and_keeps_nothing(client: Client, operation: Operation, insisting: Attribute) -> None:
    answer = await client.ask(operation, insisting, groups=job_group(build.keyword("coffee", "black")))
    assert answer.code == Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
    assert answer.unsupported() == ["coffee"]
    assert not client.house.jobs.rows


async def test_print_job_without_a_document_is_a_bad_request(client: Client) -> None:
    assert (await client.ask(Operation.PRINT_JOB)).code == Status.CLIENT_ERROR_BAD_REQUEST
    assert not client.house.jobs.rows


@pytest.mark.parametrize("operation", [Operation.PRINT_JOB, Operation.VALIDATE_JOB])
@pytest.mark.parametrize("kind", ["video/mp4", "application/x-executable", "image/x-unknown", "nonsense"])
async def test_an_unknown_format_is_refused(client: Client, operation: Operation, kind: str) -> None:
    document = fake_pdf() if operation is Operation.PRINT_JOB else b""
    answer = await client.ask(operation, build.mime("document-format", kind), document=document)
    assert answer.code == Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED
    assert not client.house.jobs.rows


async def test_validate_job_keeps_nothing(client: Client) -> None:
    answer = await client.ask(Operation.VALIDATE_JOB, build.mime("document-format", "application/pdf"))
    assert answer.code == Status.SUCCESSFUL_OK
    assert answer.message.group(GroupTag.JOB) is None
    assert not client.house.jobs.rows


@pytest.mark.parametrize("kind", ["gzip", "deflate"])
async def test_a_compressed_document_is_kept_plain(client: Client, kind: str) -> None:
    import zlib

    packed = gzip.compress(fake_pdf(), mtime=0) if kind == "gzip" else zlib.compress(fake_pdf())
    answer = await client.ask(Operation.PRINT_JOB, build.keyword("compression", kind), document=packed)
    document = client.house.jobs.rows[answer.job("job-id")].documents[0]
    assert (document.size, document.compression) == (len(fake_pdf()), kind)


@pytest.mark.parametrize(
    ("kind", "document", "status"),
    [
        ("gzip", fake_pdf(), Status.CLIENT_ERROR_COMPRESSION_ERROR),
        ("gzip", gzip.compress(fake_pdf(), mtime=0)[:-9], Status.CLIENT_ERROR_COMPRESSION_ERROR),
        ("compress", fake_pdf(), Status.CLIENT_ERROR_COMPRESSION_NOT_SUPPORTED),
    ],
)
async def test_a_damaged_or_unknown_compression_keeps_nothing(
    client: Client, kind: str, document: bytes, status: Status
) -> None:
    answer = await client.ask(Operation.PRINT_JOB, build.keyword("compression", kind), document=document)
    assert answer.code == status
    assert not client.house.jobs.rows
    assert not client.house.spool.objects


async def test_the_open_job_waits_for_documents_and_is_closed_by_the_last(client: Client) -> None:
    created = await client.ask(Operation.CREATE_JOB, build.name("job-name", "Two"))
    assert created.job("job-state") == WireState.PENDING_HELD
    job_id = build.integer("job-id", created.job("job-id"))
    first = await client.ask(Operation.SEND_DOCUMENT, job_id, MORE, document=fake_pdf())
    assert first.code == Status.SUCCESSFUL_OK
    assert first.job("job-state") == WireState.PENDING_HELD
    last = await client.ask(Operation.SEND_DOCUMENT, job_id, LAST, document=fake_pdf(2))
    assert last.job("job-state") == WireState.PENDING
    job = client.house.jobs.rows[created.job("job-id")]
    assert [document.number for document in job.documents] == [1, 2]
    after = await client.ask(Operation.SEND_DOCUMENT, job_id, LAST, document=fake_pdf())
    assert after.code == Status.CLIENT_ERROR_NOT_POSSIBLE


@pytest.mark.parametrize("closing", [Operation.CLOSE_JOB, Operation.SEND_DOCUMENT])
async def test_a_job_is_closed_without_another_document(client: Client, closing: Operation) -> None:
    job_id = build.integer("job-id", (await client.ask(Operation.CREATE_JOB)).job("job-id"))
    await client.ask(Operation.SEND_DOCUMENT, job_id, MORE, document=fake_pdf())
    extra = (LAST,) if closing is Operation.SEND_DOCUMENT else ()
    answer = await client.ask(closing, job_id, *extra)
    assert (answer.code, answer.job("job-state")) == (Status.SUCCESSFUL_OK, WireState.PENDING)


async def test_send_document_must_say_whether_it_is_the_last(client: Client) -> None:
    job_id = build.integer("job-id", (await client.ask(Operation.CREATE_JOB)).job("job-id"))
    answer = await client.ask(Operation.SEND_DOCUMENT, job_id, document=fake_pdf())
    assert answer.code == Status.CLIENT_ERROR_BAD_REQUEST
    empty = await client.ask(Operation.SEND_DOCUMENT, job_id, MORE)
    assert empty.code == Status.CLIENT_ERROR_BAD_REQUEST


async def test_another_cannot_send_into_the_job(client: Client) -> None:
    job_id = build.integer("job-id", (await client.ask(Operation.CREATE_JOB)).job("job-id"))
    other = Client(client.house, user="mallory")
    for operation in (Operation.SEND_DOCUMENT, Operation.CLOSE_JOB):
        assert (await other.ask(operation, job_id, LAST, document=fake_pdf())).code == Status.CLIENT_ERROR_NOT_FOUND


async def test_a_pin_is_kept_as_a_hash_and_told_to_nobody(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    pin = build.octets("job-password", b"86420-secret")
    answer = await client.ask(Operation.PRINT_JOB, pin, document=fake_pdf())
    job = client.house.jobs.rows[answer.job("job-id")]
    assert job.password_hash
    assert "86420" not in repr(job)
    await client.house.prepare()
    job_id = build.integer("job-id", job.id)
    told = await client.ask(Operation.GET_JOB_ATTRIBUTES, job_id)
    assert (told.job("job-state"), told.job("job-state-reasons")) == (
        WireState.PENDING_HELD,
        Reason.JOB_QUEUED_FOR_MARKER,
    )
    reasons = told.group(GroupTag.JOB).get("job-state-reasons")
    assert reasons is not None
    assert "job-password-wait" in reasons.values
    assert b"86420" not in told.body
    assert "86420" not in caplog.text


@pytest.mark.parametrize("bad", [b"", b"x" * 256])
async def test_a_pin_of_an_impossible_length_is_a_bad_request(client: Client, bad: bytes) -> None:
    answer = await client.ask(Operation.PRINT_JOB, build.octets("job-password", bad), document=fake_pdf())
    assert answer.code == Status.CLIENT_ERROR_BAD_REQUEST
    assert not client.house.jobs.rows


async def test_a_hashed_pin_cannot_be_checked_and_is_refused(client: Client) -> None:
    given = (build.octets("job-password", b"1234"), build.keyword("job-password-encryption", "md5"))
    answer = await client.ask(Operation.VALIDATE_JOB, *given)
    assert answer.code == Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
    assert answer.unsupported() == ["job-password-encryption"]


async def test_a_document_password_is_kept_sealed_for_the_preparation(client: Client) -> None:
    given = build.octets("document-password", b"open sesame")
    answer = await client.ask(Operation.PRINT_JOB, given, document=fake_pdf())
    assert answer.code == Status.SUCCESSFUL_OK
    (job,) = client.house.jobs.rows.values()
    assert job.unlocking is not None
    assert client.house.spool.objects[job.unlocking.id].data == b"open sesame"
    assert "open sesame" not in repr(job)


@pytest.mark.parametrize("given", [b"", b"x" * 1024])
async def test_a_document_password_of_an_impossible_length_is_a_bad_request(client: Client, given: bytes) -> None:
    answer = await client.ask(Operation.PRINT_JOB, build.octets("document-password", given), document=fake_pdf())
    assert answer.code == Status.CLIENT_ERROR_BAD_REQUEST
    assert not client.house.jobs.rows


async def test_a_locked_gateway_refuses_and_says_so_of_itself(client: Client) -> None:
    client.house.keyring.locked = True
    locked = await client.ask(Operation.PRINT_JOB, document=fake_pdf())
    assert locked.code == Status.SERVER_ERROR_SERVICE_UNAVAILABLE
    told = await client.ask(Operation.GET_PRINTER_ATTRIBUTES)
    assert told.printer("printer-is-accepting-jobs") is False
    assert "locked" in told.printer("printer-state-reasons")


async def test_a_long_refusal_is_cut_for_status_message_and_told_in_full_beside_it(client: Client) -> None:
    name = "find-me"
    await client.house.printers.change_printer(name, is_accepting_jobs=False, operator_message="Wait. " * 60)
    answer = await client.ask(Operation.VALIDATE_JOB)
    short = answer.group(GroupTag.OPERATION).get("status-message")
    long = answer.group(GroupTag.OPERATION).get("detailed-status-message")
    assert short is not None
    assert long is not None
    assert len(str(short.value).encode()) <= 255 < len(str(long.value))
    assert client.house.jobs.rows == {}


async def test_a_canceled_open_job_takes_nothing_more(client: Client) -> None:
    job_id = build.integer("job-id", (await client.ask(Operation.CREATE_JOB)).job("job-id"))
    assert (await client.ask(Operation.CANCEL_JOB, job_id)).code == Status.SUCCESSFUL_OK
    answer = await client.ask(Operation.SEND_DOCUMENT, job_id, LAST, document=fake_pdf())
    assert answer.code == Status.CLIENT_ERROR_NOT_POSSIBLE
    (job,) = client.house.jobs.rows.values()
    assert job.state is JobState.CANCELED


async def test_a_booklet_with_a_cover_page_is_taken_counted_and_told_back(client: Client) -> None:
    asked = (
        build.keyword("imposition-template", "signature"),
        build.keyword("job-sheets", "standard"),
        build.integer("copies", 2),
    )
    answer = await client.ask(Operation.PRINT_JOB, document=fake_pdf(6), groups=job_group(*asked))
    assert answer.code == Status.SUCCESSFUL_OK
    await client.house.prepare()
    job = client.house.jobs.rows[answer.job("job-id")]
    assert job.ticket == JobTicket(copies=2, imposition_template="signature", job_sheets="standard")
    assert (job.impressions, job.media_sheets) == (2 * 4 + 1, 2 * 2 + 1)
    told = await client.ask(Operation.GET_JOB_ATTRIBUTES, build.integer("job-id", job.id))
    assert (told.job("imposition-template"), told.job("job-sheets")) == ("signature", "standard")


async def test_pages_that_share_a_side_in_another_direction(client: Client) -> None:
    asked = (build.integer("number-up", 4), build.keyword("presentation-direction-number-up", "toleft-tobottom"))
    answer = await client.ask(Operation.PRINT_JOB, document=fake_pdf(8), groups=job_group(*asked))
    assert answer.code == Status.SUCCESSFUL_OK
    await client.house.prepare()
    job = client.house.jobs.rows[answer.job("job-id")]
    assert (job.impressions, job.ticket.presentation_direction_number_up) == (2, "toleft-tobottom")
