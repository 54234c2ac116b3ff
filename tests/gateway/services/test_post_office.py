"""The post office: durable, oldest first, patient with a mail server, and finished with a letter at some time."""

import asyncio

import pytest

from gateway.domain.letter import DAY, Letter, PostState
from gateway.errors import BadRequest, NotPossible
from gateway.services.ports import Undelivered
from gateway.services.post_office import AWAY_SECONDS, KEPT_SECONDS, LEASE, POLL_SECONDS, PostOffice, delay_after
from tests.fakes import FakeClock
from tests.fakes_personal import FakeCourier, MemoryOutbox, away


class Office:
    def __init__(self, *, per_minute: int = 100) -> None:
        self.clock, self.outbox, self.courier = FakeClock(), MemoryOutbox(), FakeCourier()
        self.office = self.another(per_minute=per_minute)

    def another(self, *, per_minute: int = 100, name: str = "w") -> PostOffice:
        return PostOffice(outbox=self.outbox, courier=self.courier, clock=self.clock, per_minute=per_minute, name=name)

    async def send(self, to: str = "ann@example.org", **given: object) -> bool:
        return await self.office.send(Letter(kind="test", to=to, **given))  # type: ignore[arg-type]

    async def states(self) -> list[PostState]:
        return [post.state for post in await self.outbox.posts()]


async def test_a_letter_is_kept_then_sent_once() -> None:
    one = Office()
    assert await one.send()
    assert await one.states() == [PostState.WAITING]
    await one.office.run_once()
    await one.office.run_once()
    assert [post.to for post in one.courier.delivered] == ["ann@example.org"]
    assert await one.states() == [PostState.SENT]


async def test_without_a_server_nothing_is_promised() -> None:
    one = Office()
    office = PostOffice(outbox=one.outbox, courier=None, clock=one.clock, per_minute=1)
    assert not office.enabled
    with pytest.raises(NotPossible, match="no mail server"):
        await office.send(Letter(kind="test", to="ann@example.org"))
    await asyncio.wait_for(office.run(), 60)
    assert await one.states() == []


async def test_what_cannot_be_a_letter_is_not_kept() -> None:
    one = Office()
    with pytest.raises(BadRequest):
        await one.send("ann@example.org\r\nRCPT TO:<all@example.org>")
    assert await one.states() == []


async def test_a_key_is_used_once() -> None:
    one = Office()
    assert [await one.send(key="notice:7"), await one.send(key="notice:7")] == [True, False]


async def test_the_oldest_goes_first_and_no_more_than_the_rate() -> None:
    one = Office(per_minute=4)
    for number in range(6):
        await one.send(f"a{number}@example.org")
    await one.office.run_once()
    assert [post.to[:2] for post in one.courier.delivered] == ["a0", "a1", "a2", "a3"]
    one.clock.tick(60)
    await one.office.run_once()
    assert [post.to[:2] for post in one.courier.delivered][4:] == ["a4", "a5"]


async def test_a_refused_letter_waits_longer_each_time_and_is_given_up_after_two_days() -> None:
    one = Office()
    await one.send()
    waits = []
    while (await one.states()) == [PostState.WAITING]:
        one.courier.refusals.append(Undelivered("451 greylisted"))
        await one.office.run_once()
        [post] = await one.outbox.posts()
        waits.append(post.due_at - one.clock.now())
        one.clock.tick(max(0.0, post.due_at - one.clock.now()))
    assert waits[:9] == [60, 120, 240, 480, 960, 1920, 3840, 7680, 4 * 3600]
    [post] = await one.outbox.posts()
    assert (post.state, post.answer) == (PostState.GIVEN_UP, "451 greylisted")
    assert one.clock.now() - post.created_at <= 2 * DAY
    assert delay_after(50) == 4 * 3600


async def test_a_final_no_is_taken_for_one_and_the_next_letter_goes() -> None:
    one = Office()
    await one.send("nobody@example.org")
    await one.send("ann@example.org")
    one.courier.refusals.append(Undelivered("550 no such user", permanent=True))
    await one.office.run_once()
    assert await one.states() == [PostState.SENT, PostState.GIVEN_UP]
    assert (one.office.sent, one.office.given_up) == (1, 1)


async def test_what_is_no_use_any_more_is_not_sent() -> None:
    one = Office()
    await one.send(useful_seconds=600)
    one.clock.tick(601)
    await one.office.run_once()
    assert one.courier.delivered == []
    assert await one.states() == [PostState.GIVEN_UP]


async def test_a_server_that_is_away_is_left_alone_for_a_while() -> None:
    one = Office()
    for number in range(3):
        await one.send(f"a{number}@example.org")
    one.courier.refusals.append(away())
    task = asyncio.create_task(one.office.run())
    await one.clock.until_sleeping()
    assert one.courier.delivered == []
    await one.clock.advance(AWAY_SECONDS + POLL_SECONDS)
    assert [post.to[:2] for post in one.courier.delivered] == ["a1", "a2"]
    await one.clock.advance(60)
    assert [post.to[:2] for post in one.courier.delivered] == ["a1", "a2", "a0"]
    task.cancel()


async def test_a_letter_taken_in_wakes_the_carrier() -> None:
    one = Office()
    task = asyncio.create_task(one.office.run())
    await one.clock.until_sleeping()
    await one.send()
    await one.clock.settle()
    assert len(one.courier.delivered) == 1
    task.cancel()


async def test_a_letter_that_cannot_be_written_does_not_stop_the_others() -> None:
    one = Office()
    await one.send("a0@example.org")
    await one.send("a1@example.org")
    one.courier.refusals.append(KeyError("name"))
    await one.office.run_once()
    assert await one.states() == [PostState.SENT, PostState.GIVEN_UP]


async def test_what_a_dead_process_had_claimed_goes_out_later() -> None:
    one = Office()
    await one.send()
    await one.outbox.claim("dead", now=one.clock.now(), lease=LEASE, limit=1, per_minute=10)
    await one.office.recover(alone=False)
    await one.office.run_once()
    assert one.courier.delivered == []
    await one.office.recover(alone=True)
    await one.office.run_once()
    assert len(one.courier.delivered) == 1


async def test_what_became_of_letters_is_forgotten_after_a_month() -> None:
    one = Office()
    await one.send()
    task = asyncio.create_task(one.office.run())
    await one.clock.until_sleeping()
    assert await one.states() == [PostState.SENT]
    one.clock.tick(KEPT_SECONDS)
    await one.clock.settle()
    assert await one.states() == []
    task.cancel()
