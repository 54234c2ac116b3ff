"""Operations on jobs: seeing, ending, holding, changing, printing again (RFC 8011, RFC 3380, RFC 3998, PWG 5100.7)."""

from typing import Any

import pytest

from gateway.domain.job import Job, JobState, Reason
from gateway.domain.printer import HeldView
from gateway.domain.user import Actor
from ipp.wire import Attribute, Group, GroupTag, Operation, Status, ValueTag, build
from ipp.wire import JobState as WireState
from tests.fakes import a_held_job, a_job, fake_pdf
from tests.ipp.server.house import Client, House, a_house

SENDER: dict[str, Any] = {"owner": None, "requested_name": "alice", "address": "192.0.2.10"}


def ids(answer: Any) -> list[Any]:
    return [group.get("job-id").value for group in answer.message.groups_of(GroupTag.JOB)]


async def a_held(client: Client, **fields: Any) -> Job:
    (job,) = await client.house.jobs.add([a_held_job(**SENDER | fields)])
    return job


def job_id(job: Job) -> Attribute:
    return build.integer("job-id", job.id)


# -- Get-Jobs


async def test_get_jobs_gives_id_and_uri_of_the_open_jobs_unless_asked_for_more(client: Client) -> None:
    held = await a_held(client)
    await a_held(client, state=JobState.COMPLETED, ended_at=1.0)
    answer = await client.ask(Operation.GET_JOBS)
    (group,) = answer.message.groups_of(GroupTag.JOB)
    assert [a.name for a in group] == ["job-id", "job-uri"]
    assert ids(answer) == [held.id]


@pytest.mark.parametrize(
    ("which", "found"),
    [
        ("not-completed", [1, 2, 3, 4]),
        ("completed", [7, 6, 5]),
        ("all", [1, 2, 3, 4, 5, 6, 7]),
        ("pending", [1]),
        ("pending-held", [2]),
        ("processing", [3]),
        ("processing-stopped", [4]),
        ("canceled", [5]),
        ("aborted", [6]),
        ("proof-print", []),
    ],
)
async def test_which_jobs(client: Client, which: str, found: list[int]) -> None:
    """In the order of their arrival; ended ones newest first (RFC 8011 section 4.2.6.2)."""
    for state in JobState:
        await a_held(client, state=state)
    answer = await client.ask(Operation.GET_JOBS, build.keyword("which-jobs", which))
    assert ids(answer) == found


async def test_an_unknown_which_jobs_is_named(client: Client) -> None:
    answer = await client.ask(Operation.GET_JOBS, build.keyword("which-jobs", "fetchable"))
    assert answer.code == Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
    assert answer.unsupported() == ["which-jobs"]


async def test_limit_and_first_index_cut_a_window(client: Client) -> None:
    await client.house.jobs.add([a_held_job(**SENDER) for _ in range(10)])
    window = await client.ask(Operation.GET_JOBS, build.integer("limit", 3), build.integer("first-index", 4))
    assert ids(window) == [4, 5, 6]
    chosen = await client.ask(Operation.GET_JOBS, build.integer("job-ids", 9, 2, 77))
    assert ids(chosen) == [2, 9]


async def test_my_jobs_are_those_of_the_asking_name(client: Client) -> None:
    await a_held(client)
    other = Client(client.house, user="not-alice")
    mine = build.boolean("my-jobs", True)
    assert len(ids(await client.ask(Operation.GET_JOBS, mine))) == 1
    assert ids(await other.ask(Operation.GET_JOBS, mine)) == []
    assert ids(await other.ask(Operation.GET_JOBS)) == []


async def test_a_changed_job_is_never_told_from_memory(client: Client) -> None:
    job = await a_held(client)
    before = await client.ask(Operation.GET_JOB_ATTRIBUTES, job_id(job))
    await client.ask(Operation.CANCEL_JOB, job_id(job), build.text("message", "No longer needed"))
    after = await client.ask(Operation.GET_JOB_ATTRIBUTES, job_id(job))
    assert (before.job("job-state"), after.job("job-state")) == (WireState.PENDING_HELD, WireState.CANCELED)
    assert after.job("job-state-message") == "No longer needed"


# -- Get-Job-Attributes


async def test_the_attributes_of_a_job(client: Client) -> None:
    job = await a_held(client, impressions=3, media_sheets=2, message="Waiting.")
    answer = await client.ask(Operation.GET_JOB_ATTRIBUTES, job_id(job))
    told = {a.name: a for a in answer.group(GroupTag.JOB)}
    assert {
        "job-uri", "job-id", "job-uuid", "job-name", "job-printer-uri", "job-originating-user-name", "job-state",
        "job-state-message", "job-state-reasons", "job-impressions", "job-impressions-completed", "time-at-creation",
        "time-at-processing", "time-at-completed", "date-time-at-creation", "date-time-at-processing",
        "date-time-at-completed", "job-printer-up-time", "document-format-supplied", "compression-supplied",
        "job-media-sheets", "number-of-documents", "job-k-octets", "copies", "job-hold-until",
    } <= told.keys()  # fmt: skip
    assert told["job-impressions"].value == 3
    assert told["time-at-completed"].tag == ValueTag.NO_VALUE
    assert told["job-state-reasons"].values == ("job-queued-for-marker", "job-release-wait")
    assert told["job-printer-up-time"].value == told["time-at-creation"].value


@pytest.mark.parametrize(
    ("asked", "there", "absent"),
    [
        (["job-state"], "job-state", "job-id"),
        (["job-template"], "copies", "job-state"),
        (["job-description"], "job-state", "copies"),
        (["all"], "copies", "nothing"),
        (["job-printer-up-time"], "job-printer-up-time", "job-id"),
        (["job-id", "no-such-attribute"], "job-id", "no-such-attribute"),
    ],
)
async def test_requested_attributes(client: Client, asked: list[str], there: str, absent: str) -> None:
    job = await a_held(client)
    answer = await client.ask(Operation.GET_JOB_ATTRIBUTES, job_id(job), build.keyword("requested-attributes", *asked))
    assert there in answer.group(GroupTag.JOB)
    assert absent not in answer.group(GroupTag.JOB)


# -- what a phone sees of a held job (row 18)


@pytest.fixture
async def tidy(house: House) -> Client:
    """A client of a Printer that shows held jobs as completed."""
    await house.printers.change_printer("find-me", held_view=HeldView.COMPLETED)
    return Client(house)


async def test_a_held_job_may_be_shown_as_completed_and_still_be_canceled(tidy: Client) -> None:
    job = await a_held(tidy)
    answer = await tidy.ask(Operation.GET_JOB_ATTRIBUTES, job_id(job))
    reasons = answer.group(GroupTag.JOB).get("job-state-reasons")
    assert reasons is not None
    assert answer.job("job-state") == WireState.COMPLETED
    assert "queued-in-device" in reasons.values
    assert isinstance(answer.job("time-at-completed"), int)
    assert ids(await tidy.ask(Operation.GET_JOBS)) == []
    assert ids(await tidy.ask(Operation.GET_JOBS, build.keyword("which-jobs", "completed"))) == [job.id]
    assert (await tidy.ask(Operation.CANCEL_JOB, job_id(job))).code == Status.SUCCESSFUL_OK
    assert tidy.house.jobs.rows[job.id].state is JobState.CANCELED


async def test_a_job_that_is_still_coming_in_is_shown_as_it_is(tidy: Client) -> None:
    created = await tidy.ask(Operation.CREATE_JOB)
    assert created.job("job-state") == WireState.PENDING_HELD
    assert ids(await tidy.ask(Operation.GET_JOBS)) == [created.job("job-id")]


# -- ending


async def test_a_completed_job_cannot_be_canceled(client: Client) -> None:
    job = await a_held(client, state=JobState.COMPLETED, ended_at=1.0)
    assert (await client.ask(Operation.CANCEL_JOB, job_id(job))).code == Status.CLIENT_ERROR_NOT_POSSIBLE


async def test_cancel_my_jobs_leaves_the_jobs_of_others(client: Client) -> None:
    mine, ended = await a_held(client), await a_held(client, state=JobState.COMPLETED)
    other = await a_held(client, requested_name="bob")
    assert (await client.ask(Operation.CANCEL_MY_JOBS)).code == Status.SUCCESSFUL_OK
    states = {job.id: job.state for job in client.house.jobs.rows.values()}
    assert states == {mine.id: JobState.CANCELED, ended.id: JobState.COMPLETED, other.id: JobState.PENDING_HELD}


async def test_cancel_my_jobs_by_ids_is_all_or_nothing(client: Client) -> None:
    mine, other = await a_held(client), await a_held(client, requested_name="bob")
    answer = await client.ask(Operation.CANCEL_MY_JOBS, build.integer("job-ids", mine.id, other.id))
    assert answer.code == Status.CLIENT_ERROR_NOT_POSSIBLE
    told = answer.group(GroupTag.UNSUPPORTED).get("job-ids")
    assert told is not None
    assert told.values == (other.id,)
    assert client.house.jobs.rows[mine.id].state is JobState.PENDING_HELD
    assert (await client.ask(Operation.CANCEL_MY_JOBS, build.integer("job-ids", mine.id))).code == 0
    assert client.house.jobs.rows[mine.id].state is JobState.CANCELED


async def test_an_operator_cancels_everybodys_jobs(client: Client, operator: Client) -> None:
    job = await a_held(client)
    assert (await operator.ask(Operation.CANCEL_JOBS)).code == Status.SUCCESSFUL_OK
    after = client.house.jobs.rows[job.id]
    assert (after.state, after.reasons) == (JobState.CANCELED, (Reason.JOB_CANCELED_BY_OPERATOR,))


async def test_cancel_current_job_is_for_the_one_that_prints(client: Client) -> None:
    assert (await client.ask(Operation.CANCEL_CURRENT_JOB)).code == Status.CLIENT_ERROR_NOT_POSSIBLE
    waiting, printing = await a_held(client), await a_held(client, state=JobState.PROCESSING)
    wrong = await client.ask(Operation.CANCEL_CURRENT_JOB, job_id(waiting))
    assert wrong.code == Status.CLIENT_ERROR_NOT_POSSIBLE
    assert (await client.ask(Operation.CANCEL_CURRENT_JOB)).code == Status.SUCCESSFUL_OK
    assert client.house.jobs.rows[printing.id].state is JobState.CANCELED


# -- holding and changing


async def test_hold_and_release(client: Client) -> None:
    job = await a_held(client)
    assert (await client.ask(Operation.HOLD_JOB, job_id(job))).code == Status.SUCCESSFUL_OK
    held = client.house.jobs.rows[job.id]
    assert (held.reasons, held.ticket.job_hold_until) == ((Reason.JOB_HOLD_UNTIL_SPECIFIED,), "indefinite")
    assert (await client.ask(Operation.RELEASE_JOB, job_id(job))).code == Status.SUCCESSFUL_OK
    assert client.house.jobs.rows[job.id].has(Reason.JOB_RELEASE_WAIT)
    again = await client.ask(Operation.RELEASE_JOB, job_id(job))
    assert again.code == Status.CLIENT_ERROR_NOT_POSSIBLE, "Release-Job never lets a held job out at a printer"


async def test_an_unknown_hold_is_named(client: Client) -> None:
    job = await a_held(client)
    answer = await client.ask(Operation.HOLD_JOB, job_id(job), build.keyword("job-hold-until", "night"))
    assert answer.unsupported() == ["job-hold-until"]
    none = await client.ask(Operation.HOLD_JOB, job_id(job), build.keyword("job-hold-until", "no-hold"))
    assert none.code == Status.CLIENT_ERROR_NOT_POSSIBLE


async def change(client: Client, job: Job, *attributes: Attribute) -> Any:
    return await client.ask(Operation.SET_JOB_ATTRIBUTES, job_id(job), groups=[Group(GroupTag.JOB, attributes)])


async def test_set_job_attributes_changes_the_ticket_and_the_name(client: Client) -> None:
    job = await a_held(client)
    given = (build.integer("copies", 4), build.name("job-name", "Other"), build.keyword("sides", "one-sided"))
    assert (await change(client, job, *given)).code == Status.SUCCESSFUL_OK
    after = client.house.jobs.rows[job.id]
    assert (after.name, after.ticket.copies, after.ticket.sides) == ("Other", 4, "one-sided")
    assert (await change(client, job, Attribute("copies", ValueTag.DELETE_ATTRIBUTE, (None,)))).code == 0
    assert client.house.jobs.rows[job.id].ticket.copies == 1


async def test_set_job_attributes_does_what_job_hold_until_says(client: Client) -> None:
    job = await a_held(client)
    assert (await change(client, job, build.keyword("job-hold-until", "indefinite"))).code == Status.SUCCESSFUL_OK
    assert client.house.jobs.rows[job.id].has(Reason.JOB_HOLD_UNTIL_SPECIFIED)
    for _ in range(2):  # the second time there is nothing left to do, which is fine
        assert (await change(client, job, build.keyword("job-hold-until", "no-hold"))).code == Status.SUCCESSFUL_OK
        assert not client.house.jobs.rows[job.id].has(Reason.JOB_HOLD_UNTIL_SPECIFIED)


@pytest.mark.parametrize(
    ("attribute", "status", "tag"),
    [
        (build.uri("job-uuid", "urn:x"), Status.CLIENT_ERROR_ATTRIBUTES_NOT_SETTABLE, ValueTag.NOT_SETTABLE),
        (build.enum("job-state", 9), Status.CLIENT_ERROR_ATTRIBUTES_NOT_SETTABLE, ValueTag.NOT_SETTABLE),
        (build.integer("copies", 0), Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED, ValueTag.INTEGER),
    ],
)
async def test_set_job_attributes_is_all_or_nothing(
    client: Client, attribute: Attribute, status: Status, tag: ValueTag
) -> None:
    job = await a_held(client)
    answer = await change(client, job, build.name("job-name", "Other"), attribute)
    assert answer.code == status
    told = answer.group(GroupTag.UNSUPPORTED).get(attribute.name)
    assert told is not None
    assert told.tag == tag
    assert client.house.jobs.rows[job.id] == job


async def test_set_job_attributes_needs_something_to_set(client: Client) -> None:
    job = await a_held(client)
    assert (await change(client, job)).code == Status.CLIENT_ERROR_BAD_REQUEST


async def test_a_printing_job_cannot_be_changed(client: Client) -> None:
    job = await a_held(client, state=JobState.PROCESSING)
    assert (await change(client, job, build.integer("copies", 2))).code == Status.CLIENT_ERROR_NOT_POSSIBLE


# -- again, and order


@pytest.mark.parametrize("operation", [Operation.RESTART_JOB, Operation.REPROCESS_JOB, Operation.RESUBMIT_JOB])
async def test_printing_again_makes_a_new_job(client: Client, operation: Operation) -> None:
    printed = await client.ask(Operation.PRINT_JOB, document=fake_pdf())
    await client.house.prepare()
    answer = await client.ask(operation, build.integer("job-id", printed.job("job-id")))
    assert answer.code == Status.SUCCESSFUL_OK
    assert answer.job("job-id") != printed.job("job-id")


async def test_what_was_destroyed_cannot_be_printed_again(client: Client) -> None:
    job = await a_held(client, state=JobState.COMPLETED, key=None, printable=None)
    assert (await client.ask(Operation.RESTART_JOB, job_id(job))).code == Status.CLIENT_ERROR_NOT_POSSIBLE


async def test_order_and_suspension_need_a_delivery_that_can(client: Client, operator: Client) -> None:
    job = await a_held(client)
    printing = await a_held(client, state=JobState.PROCESSING)
    for operation in (Operation.PROMOTE_JOB, Operation.SCHEDULE_JOB_AFTER):
        assert (await operator.ask(operation, job_id(job))).code == Status.CLIENT_ERROR_NOT_POSSIBLE
    for operation in (Operation.SUSPEND_CURRENT_JOB, Operation.RESUME_JOB):
        assert (await client.ask(operation, job_id(printing))).code == Status.CLIENT_ERROR_NOT_POSSIBLE


class Control:
    """A delivery with power over the order, which notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.job = a_job()

    async def promote(self, job_id: int, actor: Actor) -> Job:
        self.asked.append(("promote", job_id))
        return self.job

    async def schedule_after(self, job_id: int, predecessor: int | None, actor: Actor) -> Job:
        self.asked.append(("after", job_id, predecessor))
        return self.job

    async def suspend(self, job_id: int, actor: Actor) -> Job:
        self.asked.append(("suspend", job_id))
        return self.job

    async def resume(self, job_id: int, actor: Actor) -> Job:
        self.asked.append(("resume", job_id))
        return self.job


async def test_a_delivery_that_can_is_asked() -> None:
    control = Control()
    house = a_house(options={"control": control})
    async with house.running():
        client, operator = Client(house), Client(house, address="127.0.0.1", user="root")
        first, second = await a_held(client), await a_held(client, state=JobState.PROCESSING)
        before = build.integer("predecessor-job-id", second.id)
        assert (await operator.ask(Operation.PROMOTE_JOB, job_id(first))).code == Status.SUCCESSFUL_OK
        assert (await operator.ask(Operation.SCHEDULE_JOB_AFTER, job_id(first), before)).code == Status.SUCCESSFUL_OK
        assert (await client.ask(Operation.SUSPEND_CURRENT_JOB)).code == Status.SUCCESSFUL_OK
        assert (await client.ask(Operation.RESUME_JOB, job_id(second))).code == Status.SUCCESSFUL_OK
    assert control.asked == [
        ("promote", first.id),
        ("after", first.id, second.id),
        ("suspend", second.id),
        ("resume", second.id),
    ]


async def test_a_list_that_was_kept_never_hides_a_change(client: Client) -> None:
    await client.house.jobs.add([a_held_job(**SENDER)])
    assert [ids(await client.ask(Operation.GET_JOBS)) for _ in range(2)] == [[1], [1]]
    await client.house.jobs.add([a_held_job(**SENDER)])
    assert ids(await client.ask(Operation.GET_JOBS)) == [1, 2]
    await client.ask(Operation.CANCEL_MY_JOBS)
    assert ids(await client.ask(Operation.GET_JOBS)) == []


async def test_a_list_that_was_kept_is_nobody_elses(client: Client) -> None:
    await client.house.jobs.add([a_held_job(**SENDER)])
    assert ids(await client.ask(Operation.GET_JOBS)) == [1]
    assert ids(await Client(client.house, user="mallory").ask(Operation.GET_JOBS)) == []
