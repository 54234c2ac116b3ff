"""Who is asking (rows 11, 13 and 15): Basic over TLS alone, a name without proof opens nothing."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest

from gateway.domain.job import JobState
from gateway.domain.printer import Authentication
from gateway.domain.rights import Grant, Role
from gateway.domain.user import Actor, User
from gateway.settings import Ipp, Settings
from ipp.wire import GroupTag, Operation, Status, build, encode
from tests.fakes import a_printer, fake_pdf
from tests.ipp.server.house import CAPABILITIES, Client, a_house, a_request, two_printers

PASSWORD = "correct horse battery"


def basic(name: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@pytest.fixture
async def staff() -> AsyncIterator[Client]:
    """A client of a Printer that asks for a password, over TLS and without credentials."""
    printer = a_printer(
        "staff",
        uuid=UUID(int=3),
        authentication=Authentication.BASIC,
        devices=("laser",),
        capabilities=CAPABILITIES,
        created_at=1.0,
    )
    house = a_house(printer_rows=(*two_printers(), printer))
    await house.identity.add_user("alice", password=PASSWORD)
    await house.identity.add_user("bob", password=PASSWORD)
    await house.identity.add_user("olga", password=PASSWORD, role=Role.OPERATOR)
    async with house.running():
        yield Client(house, path="/ipp/print/staff", secure=True)


SUBMITS = [Operation.VALIDATE_JOB, Operation.CREATE_JOB, Operation.PRINT_JOB]


@pytest.mark.parametrize("operation", SUBMITS)
async def test_submission_is_challenged_over_tls(staff: Client, operation: Operation) -> None:
    answer = await staff.ask(operation)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith('Basic realm="')
    assert not staff.house.jobs.rows


@pytest.mark.parametrize("operation", SUBMITS)
@pytest.mark.parametrize("headers", [{}, basic("alice", PASSWORD)])
async def test_submission_over_cleartext_is_refused_with_the_way_out(
    staff: Client, operation: Operation, headers: dict[str, str]
) -> None:
    """A phone that already sent its password in the clear is refused too, so that it never gets used to it."""
    staff.secure, staff.headers = False, headers
    answer = await staff.ask(operation, document=fake_pdf())
    assert (answer.status, answer.code) == (200, Status.CLIENT_ERROR_NOT_AUTHENTICATED)
    told = answer.group(GroupTag.OPERATION).get("status-message")
    assert told is not None
    assert "ipps://printer.example:8631/ipp/print/staff" in str(told.value)


@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize("headers", [{}, basic("alice", "wrong"), {"authorization": "Negotiate abc"}])
async def test_printer_attributes_are_never_challenged(staff: Client, secure: bool, headers: dict[str, str]) -> None:
    staff.secure, staff.headers = secure, headers
    answer = await staff.ask(Operation.GET_PRINTER_ATTRIBUTES)
    assert (answer.status, answer.code) == (200, Status.SUCCESSFUL_OK)


async def test_a_challenge_does_not_wait_for_the_document(staff: Client) -> None:
    message = encode(a_request(Operation.PRINT_JOB, path=staff.path))
    answer = await staff.post(message, headers={"content-length": str(2**30)}, cut=True)
    assert (answer.status, answer.headers["connection"]) == (401, "close")


async def test_the_authenticated_name_wins_over_the_claimed_one(staff: Client) -> None:
    staff.headers, staff.user = basic("alice", PASSWORD), "mobile"
    answer = await staff.ask(Operation.PRINT_JOB, document=fake_pdf())
    job = staff.house.jobs.rows[answer.job("job-id")]
    assert (job.owner, job.requested_name) == ("alice", "mobile")
    shown = await staff.ask(Operation.GET_JOB_ATTRIBUTES, build.integer("job-id", job.id))
    assert shown.job("job-originating-user-name") == "alice"


async def test_an_app_password_prints_until_it_is_removed(staff: Client) -> None:
    """Row 13: for who signs in to the pages in ways that a print dialog does not know."""
    alice = await staff.house.identity.get("alice")
    password, row = await staff.house.app_passwords.add(alice, "Phone")
    staff.headers = basic("alice", password)
    answer = await staff.ask(Operation.PRINT_JOB, document=fake_pdf())
    assert staff.house.jobs.rows[answer.job("job-id")].owner == "alice"
    staff.headers = basic("bob", password)
    assert (await staff.ask(Operation.VALIDATE_JOB)).status == 401
    await staff.house.app_passwords.remove(alice, row.id)
    staff.headers = basic("alice", password)
    assert (await staff.ask(Operation.VALIDATE_JOB)).status == 401


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic !!!",
        "Basic",
        "Bearer token",
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        "Digest username=alice",
    ],
)
async def test_unreadable_credentials_are_asked_for_again(staff: Client, authorization: str) -> None:
    staff.headers = {"authorization": authorization}
    assert (await staff.ask(Operation.VALIDATE_JOB)).status == 401


async def test_a_wrong_password_is_asked_for_again_until_it_is_too_often(staff: Client) -> None:
    staff.headers = basic("alice", "wrong")
    statuses = [(await staff.ask(Operation.VALIDATE_JOB)).status for _ in range(6)]
    assert statuses[0] == 401
    last = await staff.ask(Operation.VALIDATE_JOB)
    assert (last.status, last.code) == (200, Status.SERVER_ERROR_BUSY)


async def test_a_claimed_name_does_not_reach_that_users_jobs(staff: Client) -> None:
    staff.headers = basic("alice", PASSWORD)
    job_id = build.integer("job-id", (await staff.ask(Operation.PRINT_JOB, document=fake_pdf())).job("job-id"))
    impostor = Client(staff.house, path=staff.path, secure=True, user="alice", headers=basic("bob", PASSWORD))
    for operation in (Operation.GET_JOB_ATTRIBUTES, Operation.CANCEL_JOB, Operation.HOLD_JOB, Operation.RESTART_JOB):
        assert (await impostor.ask(operation, job_id)).code == Status.CLIENT_ERROR_NOT_FOUND
    assert (await impostor.ask(Operation.GET_JOBS)).message.group(GroupTag.JOB) is None
    nobody = Client(staff.house, path=staff.path, secure=False, user="alice")
    assert (await nobody.ask(Operation.GET_JOBS)).message.group(GroupTag.JOB) is None


async def test_an_unclaimed_job_is_its_senders_under_the_same_name_from_the_same_address(client: Client) -> None:
    job_id = build.integer("job-id", (await client.ask(Operation.PRINT_JOB, document=fake_pdf())).job("job-id"))
    elsewhere = Client(client.house, address="192.0.2.99")
    other_name = Client(client.house, user="mallory")
    for stranger in (elsewhere, other_name):
        assert (await stranger.ask(Operation.CANCEL_JOB, job_id)).code == Status.CLIENT_ERROR_NOT_FOUND
        assert (await stranger.ask(Operation.GET_JOBS)).message.group(GroupTag.JOB) is None
    assert (await client.ask(Operation.CANCEL_JOB, job_id)).code == Status.SUCCESSFUL_OK


async def test_an_operator_signs_in_over_tls(staff: Client) -> None:
    staff.headers = basic("olga", PASSWORD)
    assert (await staff.ask(Operation.PAUSE_PRINTER)).code == Status.SUCCESSFUL_OK
    assert staff.house.printers.get("staff").paused


async def test_a_user_is_no_operator(staff: Client) -> None:
    staff.headers = basic("alice", PASSWORD)
    assert (await staff.ask(Operation.PAUSE_PRINTER)).code == Status.CLIENT_ERROR_NOT_AUTHORIZED
    staff.address = "127.0.0.1"  # a trusted address does not lift a user who has shown who he is
    assert (await staff.ask(Operation.PAUSE_PRINTER)).code == Status.CLIENT_ERROR_NOT_AUTHORIZED


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1"])
async def test_a_trusted_address_works_as_operator(client: Client, address: str) -> None:
    client.address = address
    assert (await client.ask(Operation.PAUSE_PRINTER)).code == Status.SUCCESSFUL_OK


@pytest.mark.parametrize("address", ["127.0.0.2", "::1", "", "not an address", "192.0.2.10"])
async def test_any_other_address_does_not(client: Client, address: str) -> None:
    client.address = address
    assert (await client.ask(Operation.PAUSE_PRINTER)).code == Status.CLIENT_ERROR_NOT_AUTHENTICATED


async def test_nobody_is_trusted_unless_it_is_said() -> None:
    house = a_house(trusted=())
    async with house.running():
        answer = await Client(house, address="127.0.0.1").ask(Operation.PAUSE_PRINTER)
    assert answer.code == Status.CLIENT_ERROR_NOT_AUTHENTICATED


async def test_where_tls_is_required_only_looking_is_possible_without() -> None:
    house = a_house(settings=Settings(ipp=Ipp(require_tls=True)))
    async with house.running():
        plain, tls = Client(house), Client(house, secure=True)
        attributes = await plain.ask(Operation.GET_PRINTER_ATTRIBUTES)
        assert attributes.printer("uri-security-supported") == "tls"
        assert (await plain.ask(Operation.VALIDATE_JOB)).code == Status.CLIENT_ERROR_FORBIDDEN
        assert (await tls.ask(Operation.VALIDATE_JOB)).code == Status.SUCCESSFUL_OK


async def test_names_are_cleaned_of_what_no_list_should_show(client: Client) -> None:
    client.user = "eve\r\n\x1b[31m"
    answer = await client.ask(Operation.PRINT_JOB, document=fake_pdf())
    assert client.house.jobs.rows[answer.job("job-id")].requested_name == "eve[31m"


async def test_an_operator_who_cancels_his_own_jobs_leaves_those_of_others(staff: Client) -> None:
    staff.headers = basic("alice", PASSWORD)
    theirs = (await staff.ask(Operation.PRINT_JOB, document=fake_pdf())).job("job-id")
    staff.headers = basic("olga", PASSWORD)
    own = (await staff.ask(Operation.PRINT_JOB, document=fake_pdf())).job("job-id")
    assert (await staff.ask(Operation.CANCEL_MY_JOBS)).code == Status.SUCCESSFUL_OK
    rows = staff.house.jobs.rows
    assert (rows[own].state, rows[theirs].state) == (JobState.CANCELED, JobState.PENDING)


async def test_a_printer_for_a_group_asks_who_is_there(staff: Client) -> None:
    """It announces no authentication; the service asks, and over TLS the client gets a chance to answer."""
    await staff.house.printers.change_printer("direct", groups=("teachers",))
    staff.path = "/ipp/print/direct"
    assert (await staff.ask(Operation.VALIDATE_JOB)).status == 401
    staff.headers = basic("alice", PASSWORD)
    assert (await staff.ask(Operation.VALIDATE_JOB)).code == Status.CLIENT_ERROR_NOT_AUTHORIZED
    staff.headers, staff.secure = {}, False
    assert (await staff.ask(Operation.VALIDATE_JOB)).code == Status.CLIENT_ERROR_NOT_AUTHENTICATED


async def test_an_operator_of_a_site_runs_its_printers_alone(staff: Client) -> None:
    house, actor_of = staff.house, staff.house.identity.actor_of

    async def at_north(user: User, *, address: str, via: str) -> Actor:
        grant = Grant(role=Role.OPERATOR, site="north")
        return replace(await actor_of(user, address=address, via=via), grants=(grant,))

    house.identity.actor_of = at_north  # type: ignore[method-assign]  # the rights of a row that this house lacks
    staff.headers = basic("alice", PASSWORD)
    assert (await staff.ask(Operation.PAUSE_PRINTER)).code == Status.CLIENT_ERROR_NOT_AUTHORIZED
    await house.printers.change_printer("staff", site="north")
    assert (await staff.ask(Operation.PAUSE_PRINTER)).code == Status.SUCCESSFUL_OK
    assert (await staff.ask(Operation.PURGE_JOBS)).code == Status.SUCCESSFUL_OK
    await house.printers.change_printer("staff", site="south")
    assert (await staff.ask(Operation.RESUME_PRINTER)).code == Status.CLIENT_ERROR_NOT_AUTHORIZED
