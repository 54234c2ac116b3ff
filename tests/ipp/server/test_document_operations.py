"""Operations on the Documents of a job (PWG 5100.5)."""

from typing import Any

import pytest

from gateway.domain.job import JobState
from ipp.wire import Attribute, Group, GroupTag, Operation, Status, ValueTag, build
from tests.fakes import a_document, a_held_job
from tests.ipp.server.house import Client


@pytest.fixture
async def job(client: Client) -> Attribute:
    """job-id of a held job with two documents."""
    documents = (a_document(name="one.pdf", size=2049), a_document(number=2, name="two.jpg", format="image/jpeg"))
    sender: dict[str, Any] = {"owner": None, "requested_name": "alice", "address": client.address}
    (added,) = await client.house.jobs.add([a_held_job(documents=documents, **sender)])
    return build.integer("job-id", added.id)


def number(value: int) -> Attribute:
    return build.integer("document-number", value)


async def test_get_documents_gives_their_numbers_unless_asked_for_more(client: Client, job: Attribute) -> None:
    answer = await client.ask(Operation.GET_DOCUMENTS, job)
    groups = list(answer.message.groups_of(GroupTag.DOCUMENT))
    assert [[(a.name, a.value) for a in group] for group in groups] == [
        [("document-number", 1)],
        [("document-number", 2)],
    ]
    one = await client.ask(Operation.GET_DOCUMENTS, job, build.integer("limit", 1))
    assert len(list(one.message.groups_of(GroupTag.DOCUMENT))) == 1


async def test_the_attributes_of_a_document(client: Client, job: Attribute) -> None:
    answer = await client.ask(Operation.GET_DOCUMENT_ATTRIBUTES, job, number(1))
    told = {a.name: a.value for a in answer.group(GroupTag.DOCUMENT)}
    assert (told["document-name"], told["document-format"], told["k-octets"]) == ("one.pdf", "application/pdf", 3)
    assert (told["document-state"], told["last-document"]) == (JobState.PENDING, False)
    last = await client.ask(Operation.GET_DOCUMENT_ATTRIBUTES, job, number(2))
    assert last.group(GroupTag.DOCUMENT).get("last-document") == build.boolean("last-document", True)


@pytest.mark.parametrize(
    "operation",
    [Operation.GET_DOCUMENT_ATTRIBUTES, Operation.CANCEL_DOCUMENT, Operation.SET_DOCUMENT_ATTRIBUTES],
)
async def test_a_document_must_be_named_and_be_there(client: Client, job: Attribute, operation: Operation) -> None:
    assert (await client.ask(operation, job)).code == Status.CLIENT_ERROR_BAD_REQUEST
    assert (await client.ask(operation, job, number(3))).code == Status.CLIENT_ERROR_NOT_FOUND
    other = Client(client.house, user="mallory")
    assert (await other.ask(operation, job, number(1))).code == Status.CLIENT_ERROR_NOT_FOUND


async def test_one_of_several_documents_cannot_be_taken_out(client: Client, job: Attribute) -> None:
    assert (await client.ask(Operation.CANCEL_DOCUMENT, job, number(1))).code == Status.CLIENT_ERROR_NOT_POSSIBLE
    assert client.house.jobs.rows[1].state is JobState.PENDING_HELD


async def test_the_only_document_takes_the_job_with_it(client: Client) -> None:
    sender: dict[str, Any] = {"owner": None, "requested_name": "alice", "address": client.address}
    (job,) = await client.house.jobs.add([a_held_job(**sender)])
    answer = await client.ask(Operation.CANCEL_DOCUMENT, build.integer("job-id", job.id), number(1))
    assert answer.code == Status.SUCCESSFUL_OK
    assert client.house.jobs.rows[job.id].state is JobState.CANCELED


async def test_documents_have_no_settings_of_their_own(client: Client, job: Attribute) -> None:
    given = [Group(GroupTag.DOCUMENT, (build.integer("copies", 2),))]
    answer = await client.ask(Operation.SET_DOCUMENT_ATTRIBUTES, job, number(1), groups=given)
    assert answer.code == Status.CLIENT_ERROR_ATTRIBUTES_NOT_SETTABLE
    told = answer.group(GroupTag.UNSUPPORTED).get("copies")
    assert told is not None
    assert told.tag == ValueTag.NOT_SETTABLE
    assert (await client.ask(Operation.SET_DOCUMENT_ATTRIBUTES, job, number(1))).code == Status.CLIENT_ERROR_BAD_REQUEST
