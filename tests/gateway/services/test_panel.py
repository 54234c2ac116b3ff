"""One's touch at the screen, and where a release asks who stands there."""

from typing import Any

import pytest

from gateway.domain.job import Job, JobState
from gateway.domain.phone import Presence
from gateway.domain.user import Actor
from gateway.errors import LimitReached, NotFound, NotPossible, PresenceRequired
from gateway.services.panel import Panel, Turn, Waiting
from tests.gateway.services.house import ALICE, BOB, OPERATOR, House


async def a_house(**device: Any) -> tuple[House, Panel]:
    house = await House.built()
    await house.printers.change_device("laser", **device)
    return house, Panel(release=house.release, clock=house.clock)


def asked(panel: Panel, job: Job, actor: Actor = ALICE, place: str = "laser") -> Waiting:
    return panel.ask(place, actor, actor.user or "", [job.id], device="laser", changes={"copies": 2})


async def test_a_touch_prints_what_the_phone_asked_for() -> None:
    house, panel = await a_house(presence=Presence.PANEL)
    job = await house.held()
    wait = asked(panel, job)
    assert [one.id for one in panel.waiting("laser")] == [wait.id]
    assert panel.waiting("inkjet") == []
    done = await panel.touch("laser", wait.id)
    assert (done.turn, done.outcomes[0].refusal) == (Turn.DONE, None)
    row = house.jobs.rows[job.id]
    assert (row.state, row.output_device, row.ticket.copies, row.released_by) == (JobState.PENDING, "laser", 2, "alice")
    assert panel.waiting("laser") == []
    with pytest.raises(NotPossible):
        await panel.touch("laser", wait.id)


async def test_nothing_is_printed_without_a_touch_within_the_minute() -> None:
    house, panel = await a_house(presence=Presence.PANEL)
    job = await house.held()
    wait = asked(panel, job)
    house.clock.tick(60)
    assert panel.waiting("laser") == []
    assert panel.of(wait.id, ALICE).turn is Turn.OVER
    with pytest.raises(NotPossible, match="too long"):
        await panel.touch("laser", wait.id)
    assert house.jobs.rows[job.id].state is JobState.PENDING_HELD


async def test_a_touch_at_another_screen_and_anothers_question_are_nothing() -> None:
    house, panel = await a_house(presence=Presence.PANEL)
    wait = asked(panel, await house.held())
    with pytest.raises(NotFound):
        await panel.touch("inkjet", wait.id)
    with pytest.raises(NotFound):
        await panel.touch("laser", "guess")
    with pytest.raises(NotFound):
        panel.of(wait.id, BOB)


async def test_one_asks_once_and_a_screen_offers_few() -> None:
    house, panel = await a_house(presence=Presence.PANEL)
    job = await house.held()
    asked(panel, job)
    second = asked(panel, job)
    assert [one.id for one in panel.waiting("laser")] == [second.id]
    for number in range(4):
        asked(panel, job, Actor(user=f"user{number}"))
    with pytest.raises(LimitReached):
        asked(panel, job, Actor(user="one too many"))


async def test_the_clock_of_the_wall_plays_no_part() -> None:
    house, panel = await a_house(presence=Presence.PANEL)
    wait = asked(panel, await house.held())
    house.clock.jump(-7200)
    house.clock.tick(61)
    assert panel.of(wait.id, ALICE).turn is Turn.OVER


@pytest.mark.parametrize("presence", [Presence.CODE, Presence.PANEL])
async def test_a_release_from_a_chair_is_refused(presence: Presence) -> None:
    house, _panel = await a_house(presence=presence)
    job = await house.held()
    for actor in (ALICE, Actor(user="alice", address=ALICE.address, present_at="inkjet", via="web")):
        (outcome,) = await house.release.release([job.id], actor, device="laser")
        assert isinstance(outcome.refusal, PresenceRequired)
        assert "Laser" in outcome.refusal.message
    with pytest.raises(PresenceRequired):
        await house.release.proof(job.id, ALICE, device="laser", changes={"copies": 3})
    with pytest.raises(PresenceRequired):
        await house.release.release_shared(job.id, ALICE, device="laser", by="a link", charged_to=None)
    assert house.jobs.rows[job.id].state is JobState.PENDING_HELD


@pytest.mark.parametrize(
    "actor",
    [
        Actor(user="alice", present_at="laser", via="web"),
        Actor(user="alice", via="kiosk"),
        OPERATOR,
    ],
)
async def test_who_stands_there_or_runs_the_printers_may(actor: Actor) -> None:
    house, _panel = await a_house(presence=Presence.CODE)
    job = await house.held()
    (outcome,) = await house.release.release([job.id], actor, device="laser")
    assert outcome.refusal is None


async def test_a_printer_may_ask_for_more_than_the_device() -> None:
    house, _panel = await a_house()
    await house.printers.change_printer("find-me", presence=Presence.CODE)
    job = await house.held()
    for device in ("laser", "inkjet"):
        (outcome,) = await house.release.release([job.id], ALICE, device=device)
        assert isinstance(outcome.refusal, PresenceRequired)
