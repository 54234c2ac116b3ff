"""Outbox: a letter is taken in once, claimed by one, and settled for good."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from gateway.adapters.db import open_database
from gateway.domain.letter import Post, PostState
from gateway.services.ports import Outbox
from tests.builders import NOW
from tests.fakes_personal import MemoryOutbox


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def outbox(request: pytest.FixtureRequest) -> AsyncIterator[Outbox]:
    if request.param == "memory":
        yield MemoryOutbox()
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    yield opened.outbox
    await opened.close()


def a_post(**fields: Any) -> Post:
    given: dict[str, Any] = {
        "uuid": uuid4(),
        "kind": "test",
        "to": "ann@example.org",
        "language": "de",
        "values": {"name": "Bericht “ü”.pdf"},
        "key": None,
        "created_at": NOW,
        "due_at": NOW,
        "useful_until": NOW + 100,
    }
    return Post(**given | fields)


async def claim(outbox: Outbox, worker: str = "w", **given: Any) -> list[Post]:
    return await outbox.claim(worker, **({"now": NOW, "lease": 10.0, "limit": 10, "per_minute": 100} | given))


async def test_a_letter_comes_back_as_it_was_put(outbox: Outbox) -> None:
    post = a_post(key="notice:7")
    assert await outbox.put(post)
    [found] = await outbox.posts()
    assert (found.uuid, found.values, found.key, found.state) == (post.uuid, post.values, "notice:7", PostState.WAITING)
    assert (found.tries, found.claimed_by, found.ended_at) == (0, None, None)


async def test_of_one_key_only_the_first_is_taken(outbox: Outbox) -> None:
    taken = await asyncio.gather(*(outbox.put(a_post(key="same")) for _ in range(5)))
    assert sorted(taken) == [False, False, False, False, True]
    assert [await outbox.put(a_post()), await outbox.put(a_post())] == [True, True]
    assert len(await outbox.posts()) == 3


async def test_the_oldest_that_is_due_comes_first(outbox: Outbox) -> None:
    posts = [a_post(due_at=NOW + 5), a_post(), a_post(due_at=NOW - 5)]
    for post in posts:
        await outbox.put(post)
    assert [p.uuid for p in await claim(outbox, limit=1)] == [posts[1].uuid]
    [second] = await claim(outbox)
    assert (second.uuid, second.tries, second.claimed_by) == (posts[2].uuid, 1, "w")
    assert await claim(outbox) == []
    assert [p.uuid for p in await claim(outbox, now=NOW + 6)] == [posts[0].uuid]


async def test_a_claim_belongs_to_one_until_it_lapses(outbox: Outbox) -> None:
    await outbox.put(a_post())
    claimed = await asyncio.gather(*(claim(outbox, f"w{n}") for n in range(4)))
    assert sum(map(len, claimed)) == 1
    [[post]] = [each for each in claimed if each]
    assert not await outbox.settle(post.uuid, "other", state=PostState.SENT, now=NOW, answer="")
    [again] = await claim(outbox, "later", now=NOW + 10)
    assert again.tries == 2
    assert not await outbox.settle(post.uuid, str(post.claimed_by), state=PostState.SENT, now=NOW, answer="")
    assert await outbox.settle(again.uuid, "later", state=PostState.SENT, now=NOW + 11, answer="250 ok")


async def test_a_letter_that_ended_keeps_no_values(outbox: Outbox) -> None:
    await outbox.put(a_post(values={"url": "https://x/secret"}))
    await outbox.put(a_post(values={"url": "https://x/other"}))
    first, second = await claim(outbox)
    await outbox.settle(first.uuid, "w", state=PostState.SENT, now=NOW + 1, answer="250 queued")
    await outbox.settle(second.uuid, "w", state=PostState.GIVEN_UP, now=NOW + 2, answer="550 no")
    given_up, sent = await outbox.posts()
    assert (sent.state, sent.values, sent.answer, sent.ended_at) == (PostState.SENT, {}, "250 queued", NOW + 1)
    assert (given_up.state, given_up.values, given_up.claimed_by) == (PostState.GIVEN_UP, {}, None)
    assert await claim(outbox, now=NOW + 90) == []
    assert await outbox.posts(states=[PostState.GIVEN_UP]) == [given_up]


async def test_a_postponed_letter_waits_for_its_time_with_its_values(outbox: Outbox) -> None:
    await outbox.put(a_post())
    [post] = await claim(outbox)
    await outbox.settle(post.uuid, "w", state=PostState.WAITING, now=NOW, answer="451 later", due_at=NOW + 60)
    assert await claim(outbox, now=NOW + 59) == []
    [again] = await claim(outbox, now=NOW + 60)
    assert (again.values, again.answer, again.tries) == (post.values, "451 later", 2)


async def test_the_rate_counts_what_was_sent_and_what_is_being_sent(outbox: Outbox) -> None:
    for _ in range(5):
        await outbox.put(a_post())
    first, _second = await claim(outbox, limit=2, per_minute=3)
    await outbox.settle(first.uuid, "w", state=PostState.SENT, now=NOW, answer="")
    assert len(await claim(outbox, per_minute=3)) == 1
    assert await claim(outbox, "other", per_minute=3) == []
    assert len(await claim(outbox, now=NOW + 60, per_minute=3)) == 3


async def test_claims_of_the_dead_are_released(outbox: Outbox) -> None:
    await outbox.put(a_post())
    await claim(outbox, "dead", lease=1e6)
    assert await outbox.release_claims() == 1
    assert await outbox.release_claims() == 0
    assert len(await claim(outbox)) == 1


async def test_old_letters_are_purged_oldest_first(outbox: Outbox) -> None:
    for _ in range(4):
        await outbox.put(a_post())
    for place, post in enumerate((await claim(outbox))[:3]):
        await outbox.settle(post.uuid, "w", state=PostState.SENT, now=NOW + 3 - place, answer="")
    assert await outbox.purge_posts(before=NOW + 2, limit=1) == 1
    assert [post.ended_at for post in await outbox.posts()] == [None, NOW + 2, NOW + 3]
    assert await outbox.purge_posts(before=NOW + 9) == 2
    assert [post.state for post in await outbox.posts()] == [PostState.WAITING]
