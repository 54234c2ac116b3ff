"""Projects of jobs: who may choose which, what is preselected, and what waits until one was chosen."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.job import Job, JobState, Reason
from gateway.domain.personal import NoticeKind
from gateway.domain.printer import ReleasePolicy
from gateway.domain.project import NEEDED, ProjectPolicy
from gateway.domain.ticket import JobTicket
from gateway.domain.user import SYSTEM, Actor
from gateway.errors import NotAuthenticated, NotFound, ProjectRequired
from gateway.services.occasions import occasions
from gateway.services.ports import Stage
from tests.builders import a_user
from tests.fake_time import NOW
from tests.fakes import fake_pdf
from tests.fakes_projects import a_project
from tests.gateway.services.house import ALICE, BOB, OPERATOR, PHONE, House

GUEST = Actor(user="guest:abc", via="guest")
OPEN, TEAM, OWN, OVER, ENDED = "P-2041", "T-7", "ALICE-1", "OLD-1", "OLD-2"


@pytest.fixture
async def house() -> House:
    """find-me and direct ask for a project, secure takes one; alice is in the team, bob is not."""
    house = await House.built()
    await house.users.save_user(a_user("alice", groups=("team",)))
    await house.users.save_user(a_user("bob"))
    for name in ("find-me", "direct"):
        await house.printers.change_printer(name, projects=ProjectPolicy.REQUIRED)
    await house.printers.change_printer("secure", projects=ProjectPolicy.OPTIONAL)
    await house.projects.save_projects(
        [
            a_project(OPEN, title="Harbour Bridge"),
            a_project(TEAM, title="Secret merger", everyone=False, groups=("TEAM",)),
            a_project(OWN, everyone=False, users=("Alice",)),
            a_project(OVER, until=NOW),
            a_project(ENDED, active=False),
        ]
    )
    return house


ANN = replace(ALICE, groups=("team",))


def charged(code: str | None, comment: str = "") -> JobTicket:
    return JobTicket(job_account_id=code, account_comment=comment)


async def release(house: House, job: Job, actor: Actor = ANN, **changes: Any) -> Job:
    (outcome,) = await house.release.release([job.id], actor, device="laser", changes=changes)
    if outcome.refusal is not None:
        raise outcome.refusal
    assert outcome.job is not None
    return outcome.job


# --- what somebody may choose


async def test_each_sees_the_own_projects_and_titles_of_no_other(house: House) -> None:
    assert [one.code for one in await house.charging.search(ANN)] == [OWN, OPEN, TEAM]
    assert [one.code for one in await house.charging.search(BOB)] == [OPEN]
    assert await house.charging.search(BOB, "merger") == []
    assert await house.charging.search(GUEST) == []
    assert await house.charging.search(PHONE) == []


@pytest.mark.parametrize("code", [TEAM, OWN, OVER, ENDED, "none", ""])
async def test_what_is_not_for_somebody_answers_as_not_there(house: House, code: str) -> None:
    with pytest.raises(NotFound) as refused:
        await house.charging.choose(BOB, code)
    assert refused.value.message == f'There is no project "{code}" for you.'


async def test_the_choice_at_one_tap_favourites_then_the_last_used(house: House) -> None:
    await house.charging.mark_favourite(ANN, "t-7", favourite=True)
    await house.release.change((await house.held()).id, ANN, {"job_account_id": OPEN})
    await house.charging.set_default(ANN, OWN)
    picker = await house.charging.picker(ANN)
    assert [one.code for one in picker.favourites] == [TEAM]
    assert [one.code for one in picker.recent] == [OWN, OPEN]
    assert picker.preset == OWN
    await house.charging.set_default(ANN, "")
    await house.charging.mark_favourite(ANN, TEAM, favourite=False)
    assert [one.code for one in (await house.charging.picker(ANN)).all] == [OPEN]
    left_the_team = replace(ANN, groups=())
    await house.charging.mark_favourite(ANN, TEAM, favourite=True)
    assert TEAM not in {one.code for one in (await house.charging.picker(left_the_team)).all}


async def test_habits_are_for_people_of_the_house(house: House) -> None:
    assert (await house.charging.picker(GUEST)).all == ()
    assert (await house.charging.picker(SYSTEM)).all == ()
    for actor in (GUEST, PHONE):
        with pytest.raises(NotAuthenticated):
            await house.charging.set_default(actor, OPEN)


# --- new jobs


@pytest.mark.parametrize(
    ("actor", "asked", "kept"),
    [
        pytest.param(ANN, "p-2041", OPEN, id="in any case"),
        pytest.param(ANN, TEAM, TEAM, id="by a group"),
        pytest.param(ANN, None, OWN, id="the default"),
        pytest.param(ANN, "", None, id="outright none"),
        pytest.param(ANN, OVER, None, id="over"),
        pytest.param(BOB, TEAM, None, id="not for bob"),
        pytest.param(BOB, None, None, id="no default"),
        pytest.param(PHONE, OPEN, None, id="a stranger"),
        pytest.param(GUEST, OPEN, None, id="a guest"),
    ],
)
async def test_a_new_job_has_the_project_that_its_owner_may_use(
    house: House, actor: Actor, asked: str | None, kept: str | None
) -> None:
    await house.charging.set_default(ANN, OWN)
    printer = house.printers.get("find-me")
    assert (await house.charging.accepted(printer, charged(asked), actor)).job_account_id == kept


async def test_a_printer_without_projects_takes_none(house: House) -> None:
    await house.charging.set_default(ANN, OWN)
    printer = await house.printers.change_printer("find-me", projects=ProjectPolicy.NONE)
    assert await house.charging.accepted(printer, charged(OPEN, "x"), ANN) == JobTicket()


async def test_a_comment_is_one_line_of_200_characters(house: House) -> None:
    ticket = await house.charging.accepted(house.printers.get("find-me"), charged(OPEN, "a\nb\u202e" + "x" * 300), ANN)
    assert ticket.account_comment.startswith("a bxxx")
    assert len(ticket.account_comment) == 200


# --- releasing


async def test_without_a_project_nothing_is_released_and_the_refusal_says_why(house: House) -> None:
    job = await house.held()
    with pytest.raises(ProjectRequired) as refused:
        await release(house, job)
    assert refused.value.message == NEEDED
    assert (await house.release.visible(job.id, ANN)).state is JobState.PENDING_HELD
    released = await release(house, job, job_account_id="p-2041", account_comment="Plans")
    assert (released.project, released.ticket.account_comment) == (OPEN, "Plans")
    assert released.state is JobState.PENDING


async def test_a_project_of_others_is_refused_at_release(house: House) -> None:
    job = await house.held(owner="bob", ticket=charged(OPEN))
    with pytest.raises(NotFound):
        await release(house, job, BOB, job_account_id=TEAM)


async def test_of_fifty_fields_that_name_no_project_none_helps(house: House) -> None:
    for changes in ({"job_account_id": ""}, {"job_account_id": None}, {"account_comment": "x"}):
        with pytest.raises(ProjectRequired):
            await release(house, await house.held(), **changes)
    with pytest.raises(ProjectRequired):
        await release(house, await house.held(ticket=charged(OPEN)), job_account_id="")


async def test_what_ended_since_it_was_chosen_is_asked_for_again(house: House) -> None:
    jobs = [await house.held(ticket=charged(OPEN)) for _ in range(2)]
    known = await house.projects.project(OPEN)
    assert known is not None
    await house.projects.save_projects([replace(known, until=NOW)])
    with pytest.raises(ProjectRequired, match="P-2041 has ended"):
        await release(house, jobs[0])
    assert (await release(house, jobs[0], job_account_id=TEAM)).project == TEAM


async def test_who_left_the_group_cannot_charge_its_project_any_more(house: House) -> None:
    job = await house.held(ticket=charged(TEAM))
    alice = await house.users.user("alice")
    assert alice is not None
    await house.users.save_user(replace(alice, groups=()))
    with pytest.raises(ProjectRequired):
        await release(house, job, ALICE)
    assert (await release(house, job, OPERATOR)).project == TEAM


async def test_a_selection_may_be_charged_where_only_some_printers_take_projects(house: House) -> None:
    await house.printers.change_printer("find-me", projects=ProjectPolicy.NONE)
    released = await release(house, await house.held(), job_account_id="no such", account_comment="x")
    assert released.ticket == JobTicket()


async def test_the_proof_of_a_job_needs_a_project_too(house: House) -> None:
    job = await prepared(house, "find-me", owner="alice", ticket=JobTicket(copies=3))
    with pytest.raises(ProjectRequired):
        await house.release.proof(job.id, ANN, device="laser")
    proof, rest = await house.release.proof(job.id, ANN, device="laser", changes={"job_account_id": OPEN})
    assert (proof.project, rest.project) == (OPEN, OPEN)
    assert not rest.has(Reason.ACCOUNT_INFO_NEEDED)


async def test_without_the_service_a_printer_that_asks_is_no_open_door() -> None:
    house = await House.built()
    await house.printers.change_printer("find-me", projects=ProjectPolicy.REQUIRED)
    house.release._charging = None
    with pytest.raises(ProjectRequired):
        await release(house, await house.held())


# --- jobs that wait for their project


async def prepared(house: House, printer: str, **fields: Any) -> Job:
    job = await house.spooled(fake_pdf(), printer=printer, **fields)
    (claimed,) = await house.jobs.claim(Stage.PREPARE, "worker-1", now=house.clock.now(), lease=60.0)
    await house.preparation._one(claimed)
    return await house.release.visible(job.id, OPERATOR)


async def test_a_direct_printer_holds_a_job_until_its_owner_chose_and_then_prints_it(house: House) -> None:
    job = await prepared(house, "direct", owner="alice")
    assert (job.state, job.message) == (JobState.PENDING_HELD, NEEDED)
    assert job.has(Reason.ACCOUNT_INFO_NEEDED)
    assert [kind for kind, _ in occasions(job)] == [NoticeKind.NEEDS_WORD]
    after = await house.release.change(job.id, ANN, {"job_account_id": OPEN})
    assert (after.state, after.output_device, after.project) == (JobState.PENDING, "laser", OPEN)
    assert after.message == ""


async def test_a_direct_printer_prints_what_has_its_project(house: House) -> None:
    job = await prepared(house, "direct", owner="alice", ticket=charged(OPEN))
    assert (job.state, job.output_device) == (JobState.PENDING, "laser")


async def test_a_held_job_waits_for_its_release_alone_once_it_was_chosen(house: House) -> None:
    job = await prepared(house, "find-me", owner="alice")
    # It is asked for at the release, as everybody expects there: no letter about each job.
    assert (job.message, job.reasons[0]) == ("", Reason.ACCOUNT_INFO_NEEDED)
    assert occasions(job) == [(NoticeKind.READY, "ready")]
    after = await house.release.change(job.id, ANN, {"job_account_id": OPEN})
    assert after.reasons == (Reason.JOB_QUEUED_FOR_MARKER, Reason.JOB_RELEASE_WAIT)
    assert (after.state, after.message) == (JobState.PENDING_HELD, "")
    with pytest.raises(ProjectRequired):
        await house.release.change(job.id, ANN, {"job_account_id": ""})


async def test_a_hold_that_ends_waits_on_without_a_project_that_counts(house: House) -> None:
    ticket = charged(OPEN).with_changes(job_hold_until="indefinite")
    job = await prepared(house, "direct", owner="alice", ticket=ticket)
    bare = await prepared(house, "direct", owner="alice", ticket=JobTicket(job_hold_until="indefinite"))
    known = await house.projects.project(OPEN)
    assert known is not None
    await house.projects.save_projects([replace(known, active=False)])
    for each, text in ((job, "P-2041 has ended"), (bare, NEEDED)):
        after = await house.release.unhold(each.id, ANN)
        assert after.state is JobState.PENDING_HELD
        assert after.has(Reason.ACCOUNT_INFO_NEEDED)
        assert text in after.message


async def test_what_goes_on_at_its_time_goes_by_its_owner(house: House) -> None:
    ticket = charged(TEAM).with_changes(job_hold_until_time=NOW + 60)
    job = await prepared(house, "direct", owner="alice", ticket=ticket)
    alice = await house.users.user("alice")
    assert alice is not None
    await house.users.save_user(replace(alice, groups=()))
    await house.clock.advance(61)
    assert await house.release.release_due() == 1
    after = await house.release.visible(job.id, ALICE)
    assert (after.state, "not yours any more" in after.message) == (JobState.PENDING_HELD, True)


async def test_printed_again_on_a_direct_printer_it_needs_a_project_that_is_still_open(house: House) -> None:
    job = await prepared(house, "direct", owner="alice", ticket=charged(OPEN))
    assert (await house.release.reprint(job.id, ALICE)).state is JobState.PENDING
    known = await house.projects.project(OPEN)
    assert known is not None
    await house.projects.save_projects([replace(known, active=False)])
    again = await house.release.reprint(job.id, ALICE)
    assert (again.state, again.reasons[0]) == (JobState.PENDING_HELD, Reason.ACCOUNT_INFO_NEEDED)


async def test_a_guest_is_told_that_guests_have_none(house: House) -> None:
    with pytest.raises(ProjectRequired, match="guests have none"):
        await release(house, await house.held(owner=GUEST.user), GUEST)


async def test_a_choice_is_kept_where_no_device_can_print_now(house: House) -> None:
    job = await prepared(house, "direct", owner="alice")
    for name in ("find-me", "direct", "secure"):
        await house.printers.change_printer(name, devices=(), policy=ReleasePolicy.DIRECT)
    for name in ("laser", "inkjet"):
        await house.printers.delete_device(name)
    after = await house.release.change(job.id, ANN, {"job_account_id": OPEN})
    assert (after.project, after.state) == (OPEN, JobState.PENDING_HELD)
    assert after.message not in {"", NEEDED}


async def test_the_receipt_names_project_and_comment(house: House) -> None:
    uncertain = await house.held(
        ticket=charged(OPEN, "Plans"),
        state=JobState.PROCESSING_STOPPED,
        reasons=(Reason.OUTCOME_UNKNOWN,),
        output_device="laser",
        release_id=a_project().uuid,
    )
    await house.release.resolve(uncertain.id, ANN, came_out=True)
    (receipt,) = house.jobs.ledger
    assert (receipt.project, receipt.comment) == (OPEN, "Plans")
