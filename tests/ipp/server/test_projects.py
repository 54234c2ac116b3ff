"""job-account-id (PWG 5100.7 section 6.8.3) as the code of a project: taken where its owner may use it, never a leak."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from gateway.domain.printer import Authentication, ReleasePolicy
from gateway.domain.project import ProjectPolicy
from ipp.wire import Attribute, GroupTag, Operation, Status, build
from tests.fakes import a_printer, fake_pdf
from tests.fakes_projects import a_project
from tests.ipp.server.house import CAPABILITIES, Client, a_house, two_printers
from tests.ipp.server.test_authentication import PASSWORD, basic
from tests.ipp.server.test_submission import job_group

IGNORED = Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES


@pytest.fixture
async def alice() -> AsyncIterator[Client]:
    """Signed in at a Printer that prints at once and requires a project."""
    staff = a_printer(
        "staff",
        uuid=UUID(int=3),
        policy=ReleasePolicy.DIRECT,
        authentication=Authentication.BASIC,
        projects=ProjectPolicy.REQUIRED,
        devices=("laser",),
        capabilities=CAPABILITIES,
    )
    house = a_house(printer_rows=(*two_printers(), staff))
    async with house.running():
        await house.identity.add_user("alice", password=PASSWORD)
        await house.projects.save_projects(
            [a_project("P-1"), a_project("T-7", title="Merger", everyone=False, users=("bob",))]
        )
        client = Client(house, path="/ipp/print/staff", secure=True)
        client.headers = basic("alice", PASSWORD)
        yield client


def account(code: str) -> Attribute:
    return build.name("job-account-id", code)


async def test_a_code_in_any_case_is_the_jobs_project_and_it_prints(alice: Client) -> None:
    answer = await alice.ask(Operation.PRINT_JOB, document=fake_pdf(), groups=job_group(account("p-1")))
    assert answer.code == Status.SUCCESSFUL_OK
    await alice.house.prepare()
    job = alice.house.jobs.rows[answer.job("job-id")]
    assert (job.project, job.output_device) == ("P-1", "laser")
    told = await alice.ask(Operation.GET_JOB_ATTRIBUTES, build.integer("job-id", job.id))
    assert told.job("job-account-id") == "P-1"


@pytest.mark.parametrize("code", ["T-7", "nothing"])
async def test_anothers_and_none_are_left_out_alike_and_the_job_waits(alice: Client, code: str) -> None:
    answer = await alice.ask(Operation.PRINT_JOB, document=fake_pdf(), groups=job_group(account(code)))
    assert (answer.code, answer.unsupported()) == (IGNORED, ["job-account-id"])
    assert "Merger" not in str(answer.message)
    await alice.house.prepare()
    job_id = answer.job("job-id")
    told = await alice.ask(Operation.GET_JOB_ATTRIBUTES, build.integer("job-id", job_id))
    found = told.group(GroupTag.JOB).get("job-state-reasons")
    assert found is not None
    assert "account-info-needed" in found.values
    changed = await alice.ask(
        Operation.SET_JOB_ATTRIBUTES, build.integer("job-id", job_id), groups=job_group(account("P-1"))
    )
    assert changed.code == Status.SUCCESSFUL_OK
    assert alice.house.jobs.rows[job_id].output_device == "laser"


@pytest.mark.parametrize(
    "operation", [Operation.PRINT_JOB, Operation.VALIDATE_JOB, Operation.CREATE_JOB], ids=lambda one: one.name
)
async def test_with_fidelity_such_a_code_is_refused(alice: Client, operation: Operation) -> None:
    insisting = build.boolean("ipp-attribute-fidelity", True)
    answer = await alice.ask(operation, insisting, document=fake_pdf(), groups=job_group(account("T-7")))
    assert answer.code == Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
    assert not alice.house.jobs.rows


async def test_a_set_to_anothers_project_is_refused(alice: Client) -> None:
    answer = await alice.ask(Operation.PRINT_JOB, document=fake_pdf())
    job_id = build.integer("job-id", answer.job("job-id"))
    await alice.house.prepare()
    for code in ("T-7", "nothing"):
        changed = await alice.ask(Operation.SET_JOB_ATTRIBUTES, job_id, groups=job_group(account(code)))
        assert changed.code == Status.CLIENT_ERROR_NOT_FOUND
