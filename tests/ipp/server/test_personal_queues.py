"""Printers of one's own: the address says whose they are, nothing asks for a password, and nobody else gets in."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from gateway.domain.printer import Authentication
from gateway.domain.rights import Role
from gateway.settings import Ipp, Settings
from ipp.wire import GroupTag, Operation, Status, build
from tests.fakes import a_printer, fake_pdf
from tests.ipp.server.house import CAPABILITIES, Client, House, a_house, two_printers
from tests.ipp.server.test_authentication import PASSWORD, basic

IPAD = {"address": "192.0.2.30", "secure": True}


def staff_printer(**fields: Any) -> Any:
    given: dict[str, Any] = {
        "uuid": UUID(int=3),
        "authentication": Authentication.BASIC,
        "devices": ("laser",),
        "capabilities": CAPABILITIES,
        "created_at": 1.0,
    }
    return a_printer("staff", **given | fields)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    made = a_house(printer_rows=(*two_printers(), staff_printer()))
    await made.identity.add_user("alice", password=PASSWORD, role=Role.OPERATOR)
    made.identity.when_disabled.append(made.queues.revoke_all)
    async with made.running():
        yield made


async def own(house: House, printer: str = "staff", **how: Any) -> Client:
    token, _ = await house.queues.add(await house.identity.get("alice"), "iPhone", printer)
    return Client(house, path=f"/ipp/u/{token}/print", user="Whoever", **how)


@pytest.mark.parametrize("secure", [True, False])
async def test_attributes_come_without_a_challenge_and_name_the_queue(house: House, secure: bool) -> None:
    phone = await own(house, secure=secure)
    answer = await phone.ask(Operation.GET_PRINTER_ATTRIBUTES)
    assert answer.code == Status.SUCCESSFUL_OK
    group = answer.group(GroupTag.PRINTER)
    uris = group.get("printer-uri-supported")
    asks = group.get("uri-authentication-supported")
    assert uris is not None
    assert asks is not None
    assert set(asks.values) == {"none"}, "a phone must not ask for a password"
    assert len(uris.values) == len(asks.values) == 2
    for uri in uris.values:
        assert str(uri).endswith(phone.path)
    again = await phone.ask(Operation.GET_PRINTER_ATTRIBUTES, request_id=2)
    assert again.group(GroupTag.PRINTER) == group


async def test_jobs_belong_to_the_tokens_user(house: House) -> None:
    phone = await own(house)
    answer = await phone.ask(Operation.PRINT_JOB, document=fake_pdf())
    assert answer.code == Status.SUCCESSFUL_OK
    job_id = answer.job("job-id")
    assert str(answer.job("job-uri")).endswith(f"{phone.path}/{job_id}")
    row = house.jobs.rows[job_id]
    assert (row.owner, row.printer, row.address) == ("alice", "staff", phone.address)
    asked = await phone.ask(Operation.GET_JOB_ATTRIBUTES, build.integer("job-id", job_id))
    assert asked.job("job-id") == job_id
    by_uri = replace(phone, path=f"{phone.path}/{job_id}")
    assert (await by_uri.ask(Operation.CANCEL_JOB)).code == Status.SUCCESSFUL_OK


async def test_a_job_in_two_steps(house: House) -> None:
    phone = await own(house, "")
    job_id = (await phone.ask(Operation.CREATE_JOB)).job("job-id")
    sent = await phone.ask(
        Operation.SEND_DOCUMENT,
        build.integer("job-id", job_id),
        build.boolean("last-document", True),
        document=fake_pdf(),
    )
    assert sent.code == Status.SUCCESSFUL_OK
    assert (house.jobs.rows[job_id].owner, house.jobs.rows[job_id].printer) == ("alice", "find-me")


async def test_it_is_no_operators_way_in(house: House) -> None:
    phone = await own(house)
    assert (await phone.ask(Operation.PAUSE_PRINTER)).code == Status.CLIENT_ERROR_NOT_AUTHORIZED
    mine = (await phone.ask(Operation.PRINT_JOB, document=fake_pdf())).job("job-id")
    stranger = Client(house, path="/ipp/print/staff", secure=True, headers=basic("alice", PASSWORD))
    assert (await stranger.ask(Operation.GET_JOB_ATTRIBUTES, build.integer("job-id", mine))).code == 0
    await house.identity.add_user("bob", password=PASSWORD)
    theirs = Client(house, path="/ipp/print/staff", secure=True, headers=basic("bob", PASSWORD))
    theirs_id = (await theirs.ask(Operation.PRINT_JOB, document=fake_pdf())).job("job-id")
    asked = await phone.ask(Operation.GET_JOB_ATTRIBUTES, build.integer("job-id", theirs_id))
    assert asked.code == Status.CLIENT_ERROR_NOT_FOUND


@pytest.mark.parametrize(
    "path",
    ["/ipp/u/guess/print", "/ipp/u/" + "a" * 28 + "/print", "/ipp/u//print", "/ipp/u/" + "a" * 28, "/ipp/u/x/print/y"],
)
async def test_what_is_no_queue_is_not_found(house: House, path: str) -> None:
    answer = await Client(house, path=path).ask(Operation.GET_PRINTER_ATTRIBUTES)
    assert answer.status == 404 or answer.code == Status.CLIENT_ERROR_NOT_FOUND
    assert not house.jobs.rows


async def test_a_revoked_queue_prints_nothing_even_when_its_answers_are_known_by_heart(house: House) -> None:
    phone = await own(house)
    for request_id in (1, 2):
        assert (await phone.ask(Operation.GET_PRINTER_ATTRIBUTES, request_id=request_id)).code == 0
    await house.identity.disable("alice")
    assert (await phone.ask(Operation.GET_PRINTER_ATTRIBUTES, request_id=3)).status == 404
    assert (await phone.ask(Operation.PRINT_JOB, document=fake_pdf())).status == 404
    assert not house.jobs.rows


async def test_the_token_stands_in_no_log(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    phone = await own(house)
    token = phone.path.split("/")[3]
    await phone.ask(Operation.PRINT_JOB, document=fake_pdf())
    await phone.post(b"\xff" * 40)
    await house.identity.disable("alice")
    await phone.ask(Operation.PRINT_JOB, document=fake_pdf())
    assert token not in caplog.text
    assert token not in repr(house.attempts.__dict__)


async def test_cleartext_is_refused_where_the_house_wants_tls() -> None:
    made = a_house(settings=Settings(ipp=Ipp(require_tls=True)))
    await made.identity.add_user("alice", password=PASSWORD)
    async with made.running():
        plain = await own(made, "")
        assert (await plain.ask(Operation.PRINT_JOB, document=fake_pdf())).code == Status.CLIENT_ERROR_FORBIDDEN


# --- passwords that a device keeps -----------------------------------------------------------------------------------


async def strict(minutes: int | None) -> tuple[House, Client]:
    made = a_house(printer_rows=(*two_printers(), staff_printer(ask_again_minutes=minutes)))
    for name in ("alice", "bob"):
        await made.identity.add_user(name, password=PASSWORD)
    await made.printers.refresh()
    return made, Client(made, path="/ipp/print/staff", headers=basic("alice", PASSWORD), **IPAD)


async def test_a_strict_printer_asks_who_holds_the_device_now() -> None:
    house, ipad = await strict(10)
    assert (await ipad.ask(Operation.PRINT_JOB, document=fake_pdf())).status == 401, "it may be kept"
    assert (await ipad.ask(Operation.PRINT_JOB, document=fake_pdf())).status == 401, "nobody types that fast"
    house.clock.tick(6)
    assert (await ipad.ask(Operation.PRINT_JOB, document=fake_pdf())).code == Status.SUCCESSFUL_OK
    assert (await ipad.ask(Operation.PRINT_JOB, document=fake_pdf())).code == Status.SUCCESSFUL_OK
    house.clock.tick(600)
    assert (await ipad.ask(Operation.CREATE_JOB)).status == 401
    assert (await ipad.ask(Operation.GET_JOBS)).code == Status.SUCCESSFUL_OK, "looking asks for nothing"


async def test_for_each_job_validating_first() -> None:
    house, ipad = await strict(0)
    assert (await replace(ipad, headers={}).ask(Operation.VALIDATE_JOB)).status == 401
    house.clock.tick(6)
    assert (await ipad.ask(Operation.VALIDATE_JOB)).code == Status.SUCCESSFUL_OK
    job = (await ipad.ask(Operation.CREATE_JOB)).job("job-id")
    sent = await ipad.ask(
        Operation.SEND_DOCUMENT,
        build.integer("job-id", job),
        build.boolean("last-document", True),
        document=fake_pdf(),
    )
    assert sent.code == Status.SUCCESSFUL_OK
    assert (await ipad.ask(Operation.VALIDATE_JOB)).status == 401


async def test_forget_this_phone_asks_once_where_nothing_is_strict() -> None:
    house, ipad = await strict(None)
    assert (await ipad.ask(Operation.PRINT_JOB, document=fake_pdf())).code == Status.SUCCESSFUL_OK
    house.clock.tick(1)
    house.fresh.forget("alice")
    assert (await ipad.ask(Operation.PRINT_JOB, document=fake_pdf())).status == 401
    house.clock.tick(6)
    assert (await ipad.ask(Operation.PRINT_JOB, document=fake_pdf())).code == Status.SUCCESSFUL_OK


# --- labels ----------------------------------------------------------------------------------------------------------


async def test_a_job_without_owner_tells_its_label_to_who_sent_it(house: House) -> None:
    client = Client(house, user="mobile")
    job_id = (await client.ask(Operation.PRINT_JOB, document=fake_pdf())).job("job-id")
    label = house.claims.label(house.jobs.rows[job_id])
    asked = await client.ask(Operation.GET_JOB_ATTRIBUTES, build.integer("job-id", job_id))
    assert asked.job("job-state-message").startswith(f"Label: {label}")
    phone = await own(house)
    mine = (await phone.ask(Operation.PRINT_JOB, document=fake_pdf())).job("job-id")
    asked = await phone.ask(Operation.GET_JOB_ATTRIBUTES, build.integer("job-id", mine))
    assert "Label" not in asked.job("job-state-message")
