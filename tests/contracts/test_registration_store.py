"""RegistrationStore: one open row an address, each step taken once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import fields, replace
from uuid import uuid4

import pytest

from gateway.adapters.db import open_database
from gateway.domain.registration import Registration, RegistrationState
from gateway.services.ports import RegistrationStore
from tests.builders import NOW
from tests.databases import postgresql_settings, postgresql_url, sqlite_settings, sqlite_template
from tests.fakes_people import MemoryRegistrationStore

__all__ = ["postgresql_settings", "postgresql_url", "sqlite_settings", "sqlite_template"]
ASKED, WAITING, APPROVED = RegistrationState.ASKED, RegistrationState.WAITING, RegistrationState.APPROVED


def a_registration(email: str = "Ann@example.org", **changes: object) -> Registration:
    plain = Registration(
        uuid=uuid4(),
        email=email,
        full_name="Ann Öde",
        via="web",
        token_hash=uuid4().hex,
        language="de",
        origin="192.0.2.7",
        created_at=NOW,
        expires_at=NOW + 100,
        confirmed_at=NOW + 1,
        decided_at=NOW + 2,
        decided_by="olga",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # reason: the caller names fields


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[RegistrationStore]:
    if request.param == "memory":
        yield MemoryRegistrationStore()
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    yield opened.registrations
    await opened.close()


async def test_it_comes_back_as_kept_and_by_its_token(store: RegistrationStore) -> None:
    one = a_registration()
    assert await store.ask(one)
    assert await store.registration(one.uuid) == one
    assert await store.by_token(one.token_hash) == one
    assert await store.by_token("another") is None
    assert await store.registration(uuid4()) is None
    assert not [f.name for f in fields(one) if getattr(one, f.name) in {"", None}], "every field is tried"


async def test_asking_again_voids_the_older_link_unless_staff_decides_already(store: RegistrationStore) -> None:
    first, second = a_registration(), a_registration("ann@EXAMPLE.org")
    assert await store.ask(first)
    assert await store.ask(second)
    assert await store.by_token(first.token_hash) is None
    assert await store.move(replace(second, state=WAITING), was=ASKED)
    assert not await store.ask(a_registration())
    assert [row.uuid for row in await store.waiting()] == [second.uuid]
    assert await store.move(replace(second, state=APPROVED), was=WAITING)
    assert await store.ask(a_registration()), "an old one that was decided stands in nobody's way"


async def test_each_step_is_taken_once(store: RegistrationStore) -> None:
    one = a_registration()
    await store.ask(one)
    moved = replace(one, state=WAITING)
    assert sorted(await asyncio.gather(*(store.move(moved, was=ASKED) for _ in range(4)))) == [False] * 3 + [True]
    assert not await store.move(a_registration(), was=ASKED)


async def test_staff_sees_who_waits_longest_first(store: RegistrationStore) -> None:
    rows = [a_registration(f"{name}@example.org", confirmed_at=NOW + at) for name, at in (("b", 2), ("a", 1), ("c", 3))]
    for row in rows:
        await store.ask(row)
        await store.move(replace(row, state=WAITING), was=ASKED)
    await store.ask(a_registration("asked@example.org"))
    assert [row.email[0] for row in await store.waiting()] == ["a", "b", "c"]
    assert [row.email[0] for row in await store.waiting(limit=1)] == ["a"]
    assert await store.waiting_count() == 3


async def test_what_is_over_goes(store: RegistrationStore) -> None:
    old, live, decided = (a_registration(f"{name}@example.org") for name in ("old", "live", "decided"))
    await store.ask(replace(old, expires_at=NOW - 5))
    await store.ask(live)
    await store.ask(decided)
    await store.move(replace(decided, state=APPROVED, decided_at=NOW - 5), was=ASKED)
    assert await store.purge(before=NOW) == 2
    assert await store.registration(live.uuid) is not None
