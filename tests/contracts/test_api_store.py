"""ApiTokenStore and AnswerStore: in memory, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any
from uuid import uuid4

import pytest

from gateway.adapters.db import open_database
from gateway.domain.api_token import Answered, ApiToken
from gateway.domain.user import User
from gateway.services.ports import AnswerStore, ApiTokenStore, UserStore
from tests.builders import NOW, a_user
from tests.fakes import MemoryUserStore
from tests.fakes_api import MemoryAnswerStore, MemoryApiTokenStore


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    tokens: ApiTokenStore
    answers: AnswerStore
    users: UserStore


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def rows(request: pytest.FixtureRequest) -> AsyncIterator[Rows]:
    if request.param == "memory":
        yield Rows(tokens=MemoryApiTokenStore(), answers=MemoryAnswerStore(), users=MemoryUserStore())
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    yield Rows(tokens=opened.tokens, answers=opened.answers, users=opened.users)
    await opened.close()


def a_token(user: User, **fields: Any) -> ApiToken:
    given: dict[str, Any] = {
        "id": uuid4(),
        "user": user.uuid,
        "name": "Büro",
        "lookup": uuid4().hex,
        "scopes": ("jobs:own", "reports"),
        "networks": (ip_network("10.0.0.0/8"), ip_network("fd00::/8")),
        "created_at": NOW,
        "expires_at": NOW + 60.5,
    }
    return ApiToken(**given | fields)


async def test_a_token_comes_back_as_it_was_added(rows: Rows) -> None:
    alice, bob = await rows.users.save_user(a_user(name="alice")), await rows.users.save_user(a_user(name="bob"))
    token, plain = a_token(alice), a_token(bob, scopes=("jobs",), networks=(), expires_at=None, created_at=NOW + 1)
    for one in (token, plain):
        await rows.tokens.add_token(one)
    assert await rows.tokens.token(token.lookup) == token
    assert await rows.tokens.token("other") is None
    assert await rows.tokens.tokens() == [plain, token]
    assert await rows.tokens.tokens(user=alice.uuid) == [token]


async def test_the_last_use_is_kept(rows: Rows) -> None:
    token = a_token(await rows.users.save_user(a_user(name="alice")))
    await rows.tokens.add_token(token)
    await rows.tokens.token_used(token.id, at=NOW + 5, address="192.0.2.1")
    assert await rows.tokens.token(token.lookup) == replace(token, used_at=NOW + 5, used_from="192.0.2.1")
    await rows.tokens.token_used(uuid4(), at=NOW, address="")


async def test_a_token_is_removed_once(rows: Rows) -> None:
    token = a_token(await rows.users.save_user(a_user(name="alice")))
    await rows.tokens.add_token(token)
    assert [await rows.tokens.remove_token(token.id) for _ in range(2)] == [True, False]
    assert await rows.tokens.token(token.lookup) is None


def asked(**fields: Any) -> Answered:
    return Answered(**{"caller": "user:alice", "key": "k", "request": "hash", "at": NOW} | fields)


async def test_a_key_stands_for_its_first_request(rows: Rows) -> None:
    assert await rows.answers.begin(asked(), stale_before=NOW - 60) is None
    assert await rows.answers.begin(asked(request="other"), stale_before=NOW - 60) == asked()
    await rows.answers.finish("user:alice", "k", status=201, body='{"ü": 1}', location="/x")
    done = asked(status=201, body='{"ü": 1}', location="/x")
    assert await rows.answers.begin(asked(at=NOW + 900), stale_before=NOW + 800) == done
    assert await rows.answers.begin(asked(caller="user:bob"), stale_before=NOW) is None


async def test_of_many_at_once_one_goes_on(rows: Rows) -> None:
    begun = await asyncio.gather(*(rows.answers.begin(asked(), stale_before=NOW - 60) for _ in range(6)))
    assert sorted(row is None for row in begun) == [False] * 5 + [True]


async def test_a_row_of_the_dead_is_taken_over_and_a_failed_call_forgotten(rows: Rows) -> None:
    await rows.answers.begin(asked(), stale_before=NOW)
    assert await rows.answers.begin(asked(at=NOW + 61, request="new"), stale_before=NOW + 1) is None
    assert await rows.answers.begin(asked(), stale_before=NOW) == asked(at=NOW + 61, request="new")
    await rows.answers.forget("user:alice", "k")
    assert await rows.answers.begin(asked(), stale_before=NOW) is None


async def test_old_keys_are_purged(rows: Rows) -> None:
    for number in range(3):
        await rows.answers.begin(asked(key=str(number), at=NOW + number), stale_before=NOW - 60)
    assert await rows.answers.purge_answers(before=NOW + 2) == 2
    assert await rows.answers.begin(asked(key="2"), stale_before=NOW - 60) is not None
