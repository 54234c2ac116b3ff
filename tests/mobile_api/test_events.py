"""Server-Sent Events: what one may see, again from where one left off, until one may no more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from gateway.domain.events import Event, Happening
from gateway.domain.rights import Role
from gateway.domain.user import Actor
from gateway.errors import NotAuthenticated, Throttled
from mobile_api import events as module
from mobile_api.events import KEPT, PER_CALLER, EventWindow
from tests.mobile_api.api_house import ApiHouse

ALICE = Actor(user="alice", address="192.0.2.7")
OLGA = Actor(user="olga", role=Role.OPERATOR)


async def same() -> Actor:
    return ALICE


@dataclass
class Heard:
    """One stream, read in the background."""

    text: str = ""
    grew: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, part: str) -> str:
        async with asyncio.timeout(60):
            while part not in self.text:
                self.grew.clear()
                await self.grew.wait()
        return self.text

    def kinds(self) -> list[str]:
        return [line.removeprefix("event: ") for line in self.text.splitlines() if line.startswith("event: ")]


@asynccontextmanager
async def hearing(
    window: EventWindow, actor: Actor = ALICE, *, since: str | None = None, kinds: frozenset[str] = frozenset()
) -> AsyncIterator[Heard]:
    heard = Heard()

    async def again() -> Actor:
        return actor

    async def read() -> None:
        async for piece in window.stream(f"user:{actor.user}", actor, again, since=since, kinds=kinds):
            heard.text += piece.decode()
            heard.grew.set()

    task = asyncio.create_task(read())
    await heard.until("retry")
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def happened(house: ApiHouse, event: Event = Event.JOB_CREATED, **fields: object) -> None:
    given = {"event": event, "at": 1.0, "job_id": 7, "printer": "find-me", "owner": "alice"} | fields
    house.gateway.events.publish(Happening(**given))  # type: ignore[arg-type]  # reason: fields of the test


async def test_one_hears_of_the_own_jobs_and_staff_of_all(house: ApiHouse) -> None:
    async with hearing(house.events) as alice, hearing(house.events, OLGA) as olga:
        happened(house, owner="bob", job_id=8)
        happened(house, owner="ALICE")
        happened(house, Event.DEVICE_STATE_CHANGED, job_id=None, printer=None, device="laser", owner=None)
        happened(house, Event.SITES_CHANGED, job_id=None, printer=None, owner=None)
        happened(house, Event.PRINTER_STATE_CHANGED, job_id=None, owner=None)
        await alice.until("printer-state-changed")
        await olga.until("printer-state-changed")
    assert alice.kinds() == ["job-created", "printer-state-changed"]
    assert olga.kinds() == [
        "job-created",
        "job-created",
        "device-state-changed",
        "sites-changed",
        "printer-state-changed",
    ]
    assert '"job": 7' in alice.text
    assert "bob" not in olga.text  # a name is read from the row, by who may


async def test_who_comes_back_gets_what_was_missed(house: ApiHouse) -> None:
    async with hearing(house.events) as first:
        happened(house)
        await first.until("data: {")
    last = next(line for line in first.text.splitlines() if line.startswith("id: ")).removeprefix("id: ")
    happened(house, Event.JOB_COMPLETED)
    async with hearing(house.events, since=last) as again:
        await again.until("job-completed")
        assert again.kinds() == ["job-completed"]


@pytest.mark.parametrize("since", ["", "other-1", "x", "{epoch}-99999", "{epoch}-x", "{epoch}--1"])
async def test_who_asks_for_what_is_not_there_is_told_to_read_anew(house: ApiHouse, since: str) -> None:
    happened(house)
    async with hearing(house.events, since=since.replace("{epoch}", house.events._epoch)) as heard:
        await heard.until("event: reset")
        happened(house, Event.JOB_STOPPED)
        await heard.until("job-stopped")
        assert heard.kinds() == ["reset", "job-stopped"]


async def test_the_window_is_bounded(house: ApiHouse) -> None:
    for _ in range(KEPT + 10):
        happened(house)
        await asyncio.sleep(0)
    while house.events._last < KEPT + 10:
        await asyncio.sleep(0)
    assert len(house.events._kept) == KEPT
    async with hearing(house.events, since=f"{house.events._epoch}-5") as heard:
        await heard.until("event: reset")


async def test_kinds_narrow_the_stream(house: ApiHouse) -> None:
    async with hearing(house.events, kinds=frozenset({"job-completed"})) as heard:
        happened(house)
        happened(house, Event.JOB_COMPLETED)
        await heard.until("job-completed")
        assert heard.kinds() == ["job-completed"]


async def test_a_stream_ends_with_the_right_to_it(house: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT", 0.01)
    beats = 0

    async def again() -> Actor:
        nonlocal beats
        beats += 1
        if beats > 2:
            raise NotAuthenticated("over")
        return ALICE

    pieces = [piece async for piece in house.events.stream("user:alice", ALICE, again, since=None, kinds=frozenset())]
    assert pieces[-1] == b":\n\n"
    assert house.events.streams == 0


async def test_nobody_holds_too_many(house: ApiHouse) -> None:
    async with hearing(house.events), hearing(house.events), hearing(house.events), hearing(house.events):
        house.events.check("user:alice")
        async with hearing(house.events):
            assert house.events.streams == PER_CALLER
            with pytest.raises(Throttled):
                house.events.check("user:alice")
            house.events.check("user:bob")
    assert house.events.streams == 0


async def test_the_route_streams_and_asks_for_the_right_scope(house: ApiHouse) -> None:
    async with house.client(token=await house.token("root", "reports")) as narrow:
        assert (await narrow.get("events")).status_code == 403
    async with house.client(token=await house.token("alice")) as alice:
        assert (await alice.get("events?kind=job-eaten")).status_code == 422


async def test_answers_are_counted(house: ApiHouse) -> None:
    async with house.client() as stranger:
        await stranger.get("health")
        await stranger.get("me")
    text = house.metrics.text().decode()
    assert 'papertap_api_answers_total{status="200"} 1.0' in text
    assert 'papertap_api_answers_total{status="401"} 1.0' in text
    assert "papertap_api_seconds_bucket" in text
    assert "papertap_api_streams 0.0" in text
