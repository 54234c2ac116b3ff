"""Subscriptions over IPP (RFC 3995 sections 5 and 11) and Get-Notifications (RFC 3996)."""

import asyncio
from typing import Any

import pytest

from gateway.domain.job import JobState
from ipp.wire import Attribute, Group, GroupTag, Operation, Status, build, encode
from tests.fakes import a_held_job, fake_pdf
from tests.ipp.server.house import Client, a_request, ended

PULL = build.keyword("notify-pull-method", "ippget")
EVENTS = build.keyword("notify-events", "job-state-changed", "printer-state-changed")


def template(*attributes: Attribute) -> Group:
    return Group(GroupTag.SUBSCRIPTION, attributes)


async def subscribe(client: Client, *attributes: Attribute) -> int:
    groups = [template(PULL, *(attributes or (EVENTS,)))]
    answer = await client.ask(Operation.CREATE_PRINTER_SUBSCRIPTIONS, groups=groups)
    assert answer.code == Status.SUCCESSFUL_OK
    return value(answer, "notify-subscription-id")


def value(answer: Any, name: str, tag: GroupTag = GroupTag.SUBSCRIPTION) -> Any:
    attribute = answer.group(tag).get(name)
    assert attribute is not None, answer.message
    return attribute.value


def by_id(number: int) -> Attribute:
    return build.integer("notify-subscription-id", number)


def of(*numbers: int) -> Attribute:
    return build.integer("notify-subscription-ids", *numbers)


async def test_create_and_look_at_a_subscription(client: Client) -> None:
    given = (EVENTS, build.integer("notify-lease-duration", 600), build.octets("notify-user-data", b"me"))
    number = await subscribe(client, *given)
    answer = await client.ask(Operation.GET_SUBSCRIPTION_ATTRIBUTES, by_id(number))
    told = {a.name: a for a in answer.group(GroupTag.SUBSCRIPTION)}
    assert told["notify-events"].values == ("job-state-changed", "printer-state-changed")
    assert told["notify-lease-duration"].value == 600
    assert told["notify-lease-expiration-time"].value == told["notify-printer-up-time"].value + 600  # type: ignore[operator]  # integers
    assert told["notify-user-data"].value == b"me"
    assert told["notify-subscriber-user-name"].value == "alice"
    assert "notify-job-id" not in told
    some = await client.ask(
        Operation.GET_SUBSCRIPTION_ATTRIBUTES, by_id(number), build.keyword("requested-attributes", "notify-events")
    )
    assert [a.name for a in some.group(GroupTag.SUBSCRIPTION)] == ["notify-events"]


@pytest.mark.parametrize(
    ("bad", "status"),
    [
        ((build.uri("notify-recipient-uri", "mailto:a@b"),), Status.CLIENT_ERROR_URI_SCHEME_NOT_SUPPORTED),
        ((EVENTS,), Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED),
        ((build.keyword("notify-pull-method", "smoke"),), Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED),
        ((PULL, build.keyword("notify-events", "sunrise")), Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED),
        ((PULL, build.octets("notify-user-data", b"x" * 64)), Status.CLIENT_ERROR_REQUEST_VALUE_TOO_LONG),
    ],
)
async def test_a_bad_template_is_told_in_its_own_group(
    client: Client, bad: tuple[Attribute, ...], status: Status
) -> None:
    """One of two is bad: the other one stands. Both are bad: all are ignored."""
    both = await client.ask(Operation.CREATE_PRINTER_SUBSCRIPTIONS, groups=[template(*bad), template(PULL, EVENTS)])
    assert both.code == Status.SUCCESSFUL_OK_IGNORED_SUBSCRIPTIONS
    first, second = both.message.groups_of(GroupTag.SUBSCRIPTION)
    assert first.get("notify-status-code") == build.enum("notify-status-code", status)
    assert "notify-subscription-id" in second
    alone = await client.ask(Operation.CREATE_PRINTER_SUBSCRIPTIONS, groups=[template(*bad)])
    assert alone.code == Status.CLIENT_ERROR_IGNORED_ALL_SUBSCRIPTIONS


async def test_no_template_is_a_bad_request(client: Client) -> None:
    assert (await client.ask(Operation.CREATE_PRINTER_SUBSCRIPTIONS)).code == Status.CLIENT_ERROR_BAD_REQUEST


async def test_too_many_subscriptions(client: Client) -> None:
    groups = [template(PULL, EVENTS)] * 60
    answer = await client.ask(Operation.CREATE_PRINTER_SUBSCRIPTIONS, groups=groups)
    assert answer.code == Status.SUCCESSFUL_OK_IGNORED_SUBSCRIPTIONS
    last = list(answer.message.groups_of(GroupTag.SUBSCRIPTION))[-1]
    code = build.enum("notify-status-code", Status.CLIENT_ERROR_TOO_MANY_SUBSCRIPTIONS)
    assert last.get("notify-status-code") == code


async def test_list_renew_and_cancel(client: Client) -> None:
    number = await subscribe(client)
    stranger = Client(client.house, user="mallory")
    listed = await client.ask(Operation.GET_SUBSCRIPTIONS, build.boolean("my-subscriptions", True))
    assert value(listed, "notify-subscription-id") == number
    assert (await stranger.ask(Operation.GET_SUBSCRIPTIONS)).message.group(GroupTag.SUBSCRIPTION) is None
    lease = [template(build.integer("notify-lease-duration", 90))]
    renewed = await client.ask(Operation.RENEW_SUBSCRIPTION, by_id(number), groups=lease)
    assert value(renewed, "notify-lease-duration") == 90
    for operation in (Operation.RENEW_SUBSCRIPTION, Operation.CANCEL_SUBSCRIPTION):
        assert (await stranger.ask(operation, by_id(number))).code == Status.CLIENT_ERROR_NOT_FOUND
        assert (await client.ask(operation)).code == Status.CLIENT_ERROR_BAD_REQUEST
    assert (await client.ask(Operation.CANCEL_SUBSCRIPTION, by_id(number))).code == Status.SUCCESSFUL_OK
    gone = await client.ask(Operation.GET_SUBSCRIPTION_ATTRIBUTES, by_id(number))
    assert gone.code == Status.CLIENT_ERROR_NOT_FOUND


async def test_a_subscription_for_a_job(client: Client) -> None:
    printed = await client.ask(Operation.PRINT_JOB, document=fake_pdf())
    job_id = build.integer("notify-job-id", printed.job("job-id"))
    made = await client.ask(Operation.CREATE_JOB_SUBSCRIPTIONS, job_id, groups=[template(PULL, EVENTS)])
    number = value(made, "notify-subscription-id")
    assert "notify-lease-duration" not in made.group(GroupTag.SUBSCRIPTION)
    listed = await client.ask(Operation.GET_SUBSCRIPTIONS, job_id)
    assert value(listed, "notify-subscription-id") == number
    told = await client.ask(Operation.GET_SUBSCRIPTION_ATTRIBUTES, by_id(number))
    assert value(told, "notify-job-id") == printed.job("job-id")
    stranger = Client(client.house, user="mallory")
    refused = await stranger.ask(Operation.CREATE_JOB_SUBSCRIPTIONS, job_id, groups=[template(PULL)])
    assert refused.code == Status.CLIENT_ERROR_NOT_FOUND
    nothing = await client.ask(Operation.CREATE_JOB_SUBSCRIPTIONS, groups=[template(PULL)])
    assert nothing.code == Status.CLIENT_ERROR_BAD_REQUEST


async def test_an_ended_job_cannot_be_watched(client: Client) -> None:
    sender: dict[str, Any] = {"owner": None, "requested_name": "alice", "address": client.address}
    (job,) = await client.house.jobs.add([a_held_job(state=JobState.COMPLETED, **sender)])
    given = build.integer("notify-job-id", job.id)
    answer = await client.ask(Operation.CREATE_JOB_SUBSCRIPTIONS, given, groups=[template(PULL)])
    assert answer.code == Status.CLIENT_ERROR_NOT_POSSIBLE


@pytest.mark.parametrize("operation", [Operation.PRINT_JOB, Operation.CREATE_JOB])
async def test_a_job_may_bring_its_subscription(client: Client, operation: Operation) -> None:
    document = fake_pdf() if operation is Operation.PRINT_JOB else b""
    good, bad = template(PULL, EVENTS), template(build.uri("notify-recipient-uri", "mailto:a@b"))
    answer = await client.ask(operation, document=document, groups=[good])
    assert answer.code == Status.SUCCESSFUL_OK
    assert value(answer, "notify-subscription-id") > 0
    mixed = await client.ask(operation, document=document, groups=[bad])
    assert mixed.code == Status.SUCCESSFUL_OK_IGNORED_SUBSCRIPTIONS
    assert mixed.job("job-id") in client.house.jobs.rows


async def test_get_notifications_tells_what_happened(client: Client) -> None:
    number = await subscribe(client)
    printed = await client.ask(Operation.PRINT_JOB, document=fake_pdf())
    await client.house.clock.settle()  # type: ignore[attr-defined]  # a FakeClock
    answer = await client.ask(Operation.GET_NOTIFICATIONS, of(number))
    assert answer.code == Status.SUCCESSFUL_OK
    told = {a.name: a.value for a in answer.group(GroupTag.EVENT_NOTIFICATION)}
    assert told["notify-subscribed-event"] == "job-created"
    assert (told["notify-subscription-id"], told["notify-sequence-number"]) == (number, 1)
    assert told["notify-job-id"] == printed.job("job-id")
    assert value(answer, "notify-get-interval", GroupTag.OPERATION) > 0
    later = await client.ask(Operation.GET_NOTIFICATIONS, of(number), build.integer("notify-sequence-numbers", 2))
    assert later.message.group(GroupTag.EVENT_NOTIFICATION) is None


async def test_a_printer_event_tells_its_state(client: Client, operator: Client) -> None:
    number = await subscribe(client)
    await operator.ask(Operation.PAUSE_PRINTER)
    await client.house.clock.settle()  # type: ignore[attr-defined]  # a FakeClock
    answer = await client.ask(Operation.GET_NOTIFICATIONS, of(number))
    told = {a.name: a.value for a in answer.group(GroupTag.EVENT_NOTIFICATION)}
    assert (told["notify-subscribed-event"], told["printer-state"]) == ("printer-stopped", 5)


async def test_unknown_subscriptions(client: Client) -> None:
    assert (await client.ask(Operation.GET_NOTIFICATIONS, of(4711))).code == Status.CLIENT_ERROR_NOT_FOUND
    assert (await client.ask(Operation.GET_NOTIFICATIONS)).code == Status.CLIENT_ERROR_BAD_REQUEST


async def test_notify_wait_holds_the_response_until_something_happens(client: Client) -> None:
    number = await subscribe(client)
    task = asyncio.ensure_future(
        client.ask(Operation.GET_NOTIFICATIONS, of(number), build.boolean("notify-wait", True))
    )
    await client.house.clock.settle()  # type: ignore[attr-defined]  # a FakeClock
    assert not task.done()
    others = await client.ask(Operation.GET_PRINTER_ATTRIBUTES)  # nobody else waits with it
    assert others.code == Status.SUCCESSFUL_OK
    await client.ask(Operation.PRINT_JOB, document=fake_pdf())
    assert value(await task, "notify-subscribed-event", GroupTag.EVENT_NOTIFICATION) == "job-created"


async def test_notify_wait_ends_after_a_minute_with_nothing(client: Client) -> None:
    number = await subscribe(client)
    task = asyncio.ensure_future(
        client.ask(Operation.GET_NOTIFICATIONS, of(number), build.boolean("notify-wait", True))
    )
    await client.house.clock.advance(60.0)  # type: ignore[attr-defined]  # a FakeClock
    answer = await task
    assert (answer.code, answer.message.group(GroupTag.EVENT_NOTIFICATION)) == (Status.SUCCESSFUL_OK, None)


async def test_a_client_that_hangs_up_while_it_waits_leaves_nobody_waiting(client: Client) -> None:
    number = await subscribe(client)
    request = a_request(Operation.GET_NOTIFICATIONS, of(number), build.boolean("notify-wait", True), path=client.path)
    hung_up = asyncio.Event()
    events = [{"type": "http.request", "body": encode(request), "more_body": False}]

    async def receive() -> dict[str, Any]:
        if events:
            return events.pop()
        await hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(event: dict[str, Any]) -> None:
        raise AssertionError(event)

    scope = {
        "type": "http",
        "method": "POST",
        "path": client.path,
        "headers": [(b"content-type", b"application/ipp")],
        "client": (client.address, 1),
        "server": ("192.0.2.1", 8631),
    }
    task = asyncio.ensure_future(client.house.app(scope, receive, send))
    clock: Any = client.house.clock
    await clock.settle()
    assert clock.sleepers == 1
    hung_up.set()
    await task
    await clock.settle()
    assert clock.sleepers == 0
    await ended(task)
