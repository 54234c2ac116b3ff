"""AuditStore: rows in one chain, whoever writes them, in memory, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.adapters.db import open_database
from gateway.domain.audit import AuditEntry, AuditPoint, AuditQuery
from gateway.services.ports import AuditStore
from tests.builders import NOW
from tests.fakes_house import MemoryAuditStore


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[AuditStore]:
    if request.param == "memory":
        yield MemoryAuditStore()
        return
    opened = await open_database(request.getfixturevalue(f"{request.param}_settings"))
    yield opened.audit
    await opened.close()


async def add(store: AuditStore, **fields: object) -> AuditEntry:
    def make(last: AuditPoint | None) -> AuditEntry:
        plain = {"at": NOW, "actor": "Olga", "via": "web", "address": "::1", "action": "user.changed", "subject": "bob"}
        number = 1 if last is None else last.id + 1
        previous = "" if last is None else last.digest
        return AuditEntry(id=number, previous=previous, digest=f"d{number}", **plain | fields)  # type: ignore[arg-type]  # reason: names fields

    return await store.append(make)


async def test_a_row_comes_back_as_written(store: AuditStore) -> None:
    entry = await add(store, at=NOW + 0.123456789, text="Grüße", values={"b": "2", "a": "1\u2028"})
    assert await store.entries() == [entry]


async def test_of_many_at_once_each_follows_on_another(store: AuditStore) -> None:
    await asyncio.gather(*(add(store) for _ in range(30)))
    rows = await store.entries()
    assert [row.id for row in rows] == list(range(1, 31))
    assert [row.previous for row in rows] == ["", *(row.digest for row in rows[:-1])]


async def test_a_row_that_cannot_be_made_is_not_written(store: AuditStore) -> None:
    def fail(_: AuditPoint | None) -> AuditEntry:
        raise ValueError

    with pytest.raises(ValueError):
        await store.append(fail)
    assert await store.entries() == []


async def test_rows_page_by_page_and_by_what_they_say(store: AuditStore) -> None:
    rows = [await add(store, actor=actor, subject=f"user {n}") for n, actor in enumerate(["Olga", "root", "OLGA", "x"])]
    other = await add(store, action="role.given", text="100% of it")
    assert await store.entries(after_id=2, limit=2) == rows[2:]
    assert await store.find_entries(AuditQuery(limit=2)) == [other, rows[3]]
    assert await store.find_entries(AuditQuery(before_id=3)) == rows[1::-1]
    assert await store.find_entries(AuditQuery(actor="olga")) == [other, rows[2], rows[0]]
    assert await store.find_entries(AuditQuery(action="role.given")) == [other]
    assert await store.find_entries(AuditQuery(contains="USER 1")) == [rows[1]]
    assert await store.find_entries(AuditQuery(contains="0%")) == [other]
    assert await store.find_entries(AuditQuery(contains="%r")) == []


async def test_old_rows_go_and_where_they_ended_is_kept(store: AuditStore) -> None:
    assert await store.anchor() is None
    rows = [await add(store, at=NOW + n) for n in range(5)]
    assert await store.purge_entries(before=NOW + 2, limit=2, seal=lambda point: f"seal {point.id}") == 2
    assert await store.purge_entries(before=NOW + 2, limit=2, seal=lambda point: f"seal {point.id}") == 1
    assert await store.purge_entries(before=NOW + 2, limit=2, seal=lambda point: f"seal {point.id}") == 0
    assert await store.entries() == rows[3:]
    assert await store.anchor() == (AuditPoint(id=3, digest="d3"), "seal 3")


async def test_the_last_row_never_goes(store: AuditStore) -> None:
    last = [await add(store, at=NOW + n) for n in range(3)][-1]
    assert await store.purge_entries(before=NOW + 10, limit=10, seal=lambda _: "s") == 2
    assert await store.entries() == [last]
    assert await store.purge_entries(before=NOW + 10, limit=10, seal=lambda _: "s") == 0
