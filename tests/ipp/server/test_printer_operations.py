"""An operator's work on a Printer (RFC 8011 section 4.2, RFC 3380, RFC 3998), and Identify-Printer (PWG 5100.13)."""

from typing import Any

import pytest

from gateway.domain.job import JobState, Reason
from gateway.domain.printer import Printer
from ipp.wire import Attribute, Group, GroupTag, Operation, Status, ValueTag, build
from tests.fakes import a_held_job
from tests.ipp.server.house import Client, a_house


def state(client: Client) -> tuple[bool, bool, bool]:
    printer = client.house.printers.get("find-me")
    return printer.paused, printer.is_accepting_jobs, printer.holding_new_jobs


@pytest.mark.parametrize(
    ("operations", "after"),
    [
        ([Operation.PAUSE_PRINTER], (True, True, False)),
        ([Operation.PAUSE_PRINTER_AFTER_CURRENT_JOB], (True, True, False)),
        ([Operation.PAUSE_PRINTER, Operation.RESUME_PRINTER], (False, True, False)),
        ([Operation.DISABLE_PRINTER], (False, False, False)),
        ([Operation.DISABLE_PRINTER, Operation.ENABLE_PRINTER], (False, True, False)),
        ([Operation.HOLD_NEW_JOBS], (False, True, True)),
        ([Operation.HOLD_NEW_JOBS, Operation.RELEASE_HELD_NEW_JOBS], (False, True, False)),
        ([Operation.SHUTDOWN_PRINTER], (True, False, False)),
        ([Operation.SHUTDOWN_PRINTER, Operation.STARTUP_PRINTER], (False, True, False)),
        ([Operation.SHUTDOWN_PRINTER, Operation.RESTART_PRINTER], (False, True, False)),
    ],
    ids=lambda value: "-".join(op.keyword for op in value) if isinstance(value, list) else "",
)
async def test_operations_that_switch(
    operator: Client, operations: list[Operation], after: tuple[bool, bool, bool]
) -> None:
    for operation in operations:
        assert (await operator.ask(operation)).code == Status.SUCCESSFUL_OK
    assert state(operator) == after


async def test_jobs_that_hold_new_jobs_held_are_let_go_and_others_stay(operator: Client) -> None:
    house = operator.house
    held = a_held_job(reasons=(Reason.JOB_HOLD_UNTIL_SPECIFIED,))
    own = a_held_job(
        reasons=(Reason.JOB_HOLD_UNTIL_SPECIFIED,), ticket=held.ticket.with_changes(job_hold_until="indefinite")
    )
    first, second = await house.jobs.add([held, own])
    await operator.ask(Operation.RELEASE_HELD_NEW_JOBS)
    assert house.jobs.rows[first.id].has(Reason.JOB_RELEASE_WAIT)
    assert house.jobs.rows[second.id].has(Reason.JOB_HOLD_UNTIL_SPECIFIED)


async def test_purge_ends_what_is_open_and_keeps_the_history(operator: Client) -> None:
    house = operator.house
    await house.jobs.add([a_held_job(), a_held_job(state=JobState.COMPLETED), a_held_job(printer="direct")])
    assert (await operator.ask(Operation.PURGE_JOBS)).code == Status.SUCCESSFUL_OK
    states = [job.state for job in house.jobs.rows.values()]
    assert states == [JobState.CANCELED, JobState.COMPLETED, JobState.PENDING_HELD]


async def change(client: Client, *attributes: Attribute) -> Any:
    return await client.ask(Operation.SET_PRINTER_ATTRIBUTES, groups=[Group(GroupTag.PRINTER, attributes)])


async def test_set_printer_attributes(operator: Client) -> None:
    given = (
        build.text("printer-info", "Printer at the door"),
        build.text("printer-message-from-operator", "Back at noon"),
        build.uri("printer-geo-location", "geo:50.1,8.6"),
        build.keyword("sides-default", "two-sided-long-edge"),
        build.keyword("media-default", "na_letter_8.5x11in"),
    )
    assert (await change(operator, *given)).code == Status.SUCCESSFUL_OK
    printer = operator.house.printers.get("find-me")
    assert (printer.info, printer.operator_message) == ("Printer at the door", "Back at noon")
    assert printer.geo_location == "geo:50.1,8.6"
    assert printer.defaults == {"sides": "two-sided-long-edge", "media": "na_letter_8.5x11in"}
    told = await operator.ask(Operation.GET_PRINTER_ATTRIBUTES)
    assert told.printer("media-default") == "na_letter_8.5x11in"


@pytest.mark.parametrize(
    ("attribute", "status"),
    [
        (build.uri("printer-uuid", "urn:uuid:x"), Status.CLIENT_ERROR_ATTRIBUTES_NOT_SETTABLE),
        (build.boolean("printer-is-accepting-jobs", False), Status.CLIENT_ERROR_ATTRIBUTES_NOT_SETTABLE),
        (build.text("printer-info", "x" * 128), Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED),
        (build.integer("printer-info", 1), Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED),
        (build.keyword("sides-default", "both"), Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED),
        (build.uri("printer-geo-location", "http://x"), Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED),
    ],
)
async def test_set_printer_attributes_is_all_or_nothing(operator: Client, attribute: Attribute, status: Status) -> None:
    before = operator.house.printers.get("find-me")
    answer = await change(operator, build.text("printer-location", "Roof"), attribute)
    assert answer.code == status
    assert answer.unsupported() == [attribute.name]
    assert operator.house.printers.get("find-me") == before


async def test_set_printer_attributes_needs_something_to_set(operator: Client) -> None:
    assert (await change(operator)).code == Status.CLIENT_ERROR_BAD_REQUEST


async def test_supported_values_are_what_could_be_set(client: Client) -> None:
    answer = await client.ask(Operation.GET_PRINTER_SUPPORTED_VALUES)
    told = {a.name: a for a in answer.group(GroupTag.PRINTER)}
    assert told["printer-location"].tag == ValueTag.ADMIN_DEFINE
    assert "two-sided-long-edge" in told["sides-default"].values
    asked = build.keyword("requested-attributes", "media-default", "printer-uuid")
    some = await client.ask(Operation.GET_PRINTER_SUPPORTED_VALUES, asked)
    assert [a.name for a in some.group(GroupTag.PRINTER)] == ["media-default"]


async def test_identify_printer_asks_whoever_can_show_it() -> None:
    shown: list[tuple[str, tuple[str, ...], str]] = []

    async def show(printer: Printer, actions: tuple[str, ...], message: str) -> None:
        shown.append((printer.name, actions, message))

    house = a_house(options={"identify": show})
    async with house.running():
        client = Client(house)
        plain = await client.ask(Operation.IDENTIFY_PRINTER, build.text("message", "Here"))
        some = await client.ask(Operation.IDENTIFY_PRINTER, build.keyword("identify-actions", "sound", "display"))
        none = await client.ask(Operation.IDENTIFY_PRINTER, build.keyword("identify-actions", "flash"))
    assert (plain.code, some.code) == (Status.SUCCESSFUL_OK, Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES)
    assert none.code == Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
    assert shown == [("find-me", ("display",), "Here"), ("find-me", ("display",), "")]


async def test_identify_printer_is_told_to_listeners_when_nobody_shows_it(client: Client) -> None:
    await client.ask(Operation.IDENTIFY_PRINTER, build.text("message", "Here I am"))
    assert [h.text for h in client.house.events.happenings if h.printer == "find-me"] == ["Here I am"]
