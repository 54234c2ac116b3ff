"""Live pages: told at once, told once, told only what is theirs, and let go when their session ends."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from gateway.domain.delegation import Right
from gateway.domain.events import Event, Happening
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.rights import Role
from gateway.domain.user import Actor
from gateway.errors import Throttled
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import House
from webprint.live import HEARTBEAT, IN_ALL, PER_SESSION, SWEEP, Page
from webprint.own import own_jobs

ALICE = Actor(user="alice", address="192.0.2.1", via="web")
BOB = Actor(user="bob", address="192.0.2.2", via="web")
OLGA = Actor(user="olga", role=Role.OPERATOR, address="192.0.2.3", via="web")


class Screen:
    """One open page: what it was told, in order."""

    def __init__(self, house: House, page: Page) -> None:
        self.page = page
        self.stream = house.live.stream(page)
        self.told: list[tuple[str, dict[str, object]]] = []
        self.beats = 0
        self.ended = False
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for octets in self.stream:
            for message in octets.decode().split("\r\n\r\n"):
                lines = dict(line.split(": ", 1) for line in message.split("\r\n") if ": " in line)
                if "event" in lines:
                    self.told.append((lines["event"], json.loads(lines["data"])))
                elif message == ":":
                    self.beats += 1
        self.ended = True

    @property
    def marks(self) -> list[object]:
        return [data["mark"] for event, data in self.told if event == "list"]


@pytest.fixture
async def live(house: House) -> AsyncIterator[House]:
    task = asyncio.create_task(house.live.run())
    await settle()
    yield house
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def settle() -> None:
    for _ in range(200):
        await asyncio.sleep(0)


async def opened(house: House, actor: Actor = ALICE, *, everybody: bool = False) -> tuple[Screen, str]:
    """A page of a session of its own."""
    user = await house.identity.get(actor.user or "")
    cookie, session = await house.identity.open_session(user, method="password", address=actor.address)
    page = house.live.open(actor, session=session.id_hash, cookie=cookie, everybody=everybody)
    screen = Screen(house, page)
    await settle()
    return screen, cookie


def happened(house: House, event: Event, job: Job) -> None:
    house.events.publish(
        Happening(event=event, at=house.clock.now(), printer=job.printer, job_id=job.id, owner=job.owner)
    )


async def mark(house: House, actor: Actor = ALICE) -> str:
    return (await own_jobs(house.release, actor)).mark


async def test_a_page_is_told_the_mark_of_its_list(live: House) -> None:
    screen, _ = await opened(live)
    assert screen.marks[-1] == await mark(live)


async def test_a_new_job_is_told_at_once_with_the_new_mark(live: House) -> None:
    screen, _ = await opened(live)
    before = screen.marks[-1]
    job = await live.add()
    happened(live, Event.JOB_CREATED, job)
    await settle()
    assert screen.marks[-1] == await mark(live) != before


async def test_what_changes_nothing_that_is_shown_is_not_told(live: House) -> None:
    job = await live.add()
    screen, _ = await opened(live)
    told = list(screen.told)
    await live.change(job.id, attempts=3, claimed_by="worker")
    happened(live, Event.JOB_STATE_CHANGED, job)
    await settle()
    assert screen.told == told


async def test_others_are_told_nothing(live: House) -> None:
    screen, _ = await opened(live, BOB)
    told = list(screen.told)
    happened(live, Event.JOB_CREATED, await live.add())
    printing = await live.add(state=JobState.PROCESSING, impressions=9, impressions_completed=3)
    happened(live, Event.JOB_PROGRESS, printing)
    await settle()
    assert screen.told == told


async def test_progress_is_told_in_numbers(live: House) -> None:
    fields = {"state": JobState.PROCESSING, "reasons": (Reason.JOB_PRINTING,), "output_device": "lobby"}
    job = await live.add(**fields, impressions=30, impressions_completed=11)
    screen, _ = await opened(live)
    marks = list(screen.marks)
    happened(live, Event.JOB_PROGRESS, job)
    await settle()
    assert screen.told[-1] == ("job", {"id": job.id, "done": 11, "all": 30})
    assert screen.marks == marks, "the list is not asked for because of it"


async def test_all_pages_of_a_person_share_one_question(live: House) -> None:
    screens = [(await opened(live))[0] for _ in range(20)]
    asked = 0
    find = live.jobs.find

    async def counted(query: object) -> list[Job]:
        nonlocal asked
        asked += 1
        return await find(query)  # type: ignore[arg-type]  # reason: passed on

    live.jobs.find = counted  # type: ignore[method-assign]  # reason: only looks on
    happened(live, Event.JOB_CREATED, await live.add())
    await settle()
    assert len({screen.marks[-1] for screen in screens}) == 1
    assert asked == 3, "open, ended, claimable"


async def test_a_delegate_is_told_of_the_owners_jobs(live: House) -> None:
    await live.delegates.grant(ALICE, "bob", rights=[Right.RELEASE])
    screen, _ = await opened(live, BOB)
    happened(live, Event.JOB_CREATED, await live.add())
    await settle()
    assert screen.marks[-1] == await mark(live, BOB) != await mark(live, replace(BOB, user="nobody"))
    assert len(screen.marks) > 1


async def test_unclaimed_jobs_are_told_where_they_came_from(live: House) -> None:
    here, _ = await opened(live, ALICE)
    there, _ = await opened(live, BOB)
    before = len(there.marks)
    job = await live.add(owner=None, address=ALICE.address, created_at=live.clock.now())
    happened(live, Event.JOB_CREATED, job)
    await settle()
    assert here.marks[-1] == await mark(live)
    assert len(there.marks) == before


async def test_an_operator_who_looks_at_everybody_is_told_of_everything(live: House) -> None:
    screen, _ = await opened(live, OLGA, everybody=True)
    before = len(screen.told)
    happened(live, Event.JOB_CREATED, await live.add())
    await settle()
    assert screen.told[before:] == [("list", {"mark": ""})], "it asks in any case"


async def test_nobody_else_looks_at_everybody(live: House) -> None:
    screen, _ = await opened(live, BOB, everybody=True)
    before = len(screen.told)
    happened(live, Event.JOB_CREATED, await live.add())
    await settle()
    assert len(screen.told) == before


async def test_printers_that_change_are_told_to_all(live: House) -> None:
    screen, _ = await opened(live)
    live.events.publish(Happening(event=Event.DEVICE_STATE_CHANGED, at=live.clock.now(), device="lobby"))
    await settle()
    assert screen.told[-1] == ("printers", {})


async def test_what_no_event_told_is_found_by_looking(live: House) -> None:
    screen, _ = await opened(live)
    await live.add()  # as another process does on SQLite
    await live.clock.advance(SWEEP)
    await settle()
    assert screen.marks[-1] == await mark(live)


async def test_heartbeats(live: House) -> None:
    screen, _ = await opened(live)
    await live.clock.advance(2 * HEARTBEAT)
    await settle()
    assert screen.beats >= 2


async def test_a_revoked_session_is_told_nothing_more_and_let_go(live: House) -> None:
    screen, cookie = await opened(live)
    other, _ = await opened(live)
    told = len(screen.told)
    await live.identity.close_session(cookie)
    happened(live, Event.JOB_CREATED, await live.add())
    await settle()
    assert screen.ended
    assert len(screen.told) == told
    assert not other.ended
    assert live.live.pages == 1


async def test_a_session_that_expires_in_silence_is_let_go(live: House) -> None:
    screen, _ = await opened(live)
    live.clock.tick(live.settings.identity.session_seconds)
    await live.clock.advance(HEARTBEAT + SWEEP)
    await settle()
    assert screen.ended
    assert live.live.pages == 0


async def test_an_open_page_is_no_sign_of_life(live: House) -> None:
    screen, _ = await opened(live)
    idle = live.settings.identity.idle_seconds
    for _ in range(int(idle // SWEEP) + 5):
        await live.clock.advance(SWEEP)
    await settle()
    assert screen.ended


async def test_a_session_has_few_and_the_server_has_not_too_many(live: House) -> None:
    for _ in range(PER_SESSION):
        live.live.open(ALICE, session="one", cookie="x")
    with pytest.raises(Throttled):
        live.live.open(ALICE, session="one", cookie="x")
    for number in range(IN_ALL - PER_SESSION):
        live.live.open(ALICE, session=f"session {number}", cookie="x")
    with pytest.raises(Throttled):
        live.live.open(BOB, session="another", cookie="x")


async def test_a_page_that_is_closed_leaves_nothing(live: House) -> None:
    screen, _ = await opened(live)
    screen.task.cancel()
    await asyncio.gather(screen.task, return_exceptions=True)
    await screen.stream.aclose()  # type: ignore[attr-defined]  # reason: it is an asynchronous generator
    assert live.live.pages == 0
    happened(live, Event.JOB_CREATED, await live.add())
    await settle()


async def test_when_the_server_ends_the_pages_are_let_go(house: House) -> None:
    task = asyncio.create_task(house.live.run())
    await settle()
    screen, _ = await opened(house)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await settle()
    assert screen.ended


@asynccontextmanager
async def signed_in(house: House) -> AsyncIterator[Visitor]:
    async with visiting(house.app()) as visitor:
        await visitor.sign_in()
        yield visitor


async def test_signing_out_lets_the_other_windows_go_at_once(live: House) -> None:
    async with signed_in(live) as visitor:
        (session,) = live.users._sessions.values()
        page = live.live.open(ALICE, session=session.id_hash, cookie="x")
        screen = Screen(live, page)
        await settle()
        await visitor.post("/signout")
        await settle()
        assert screen.ended


async def test_without_the_teller_a_page_hears_to_poll(house: House) -> None:
    async with signed_in(house) as visitor:
        answer = await visitor.get("/jobs/events")
        assert (answer.status_code, answer.content) == (204, b"")


async def test_too_many_pages_hear_to_poll(live: House) -> None:
    async with signed_in(live) as visitor:
        (session,) = live.users._sessions.values()
        for _ in range(PER_SESSION):
            live.live.open(ALICE, session=session.id_hash, cookie="x")
        assert (await visitor.get("/jobs/events")).status_code == 429


async def test_the_page_carries_the_mark_that_it_shows(live: House) -> None:
    await live.add()
    async with signed_in(live) as visitor:
        text = (await visitor.get("/jobs")).text
        assert f'data-mark="{await mark(live, replace(ALICE, address="127.0.0.1"))}"' in text
        assert 'data-mark=""' in (await visitor.get("/jobs?before=99")).text
