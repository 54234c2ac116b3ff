"""gateway.services.ports.CopierStore, in memory and on both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.adapters.db import Database, open_database
from gateway.domain.copier import CopierSession, CopierState, CountedBy, Counter
from gateway.services.ports import CopierStore
from gateway.settings import Settings
from tests.builders import NOW
from tests.fakes_terminals import MemoryCopierStore


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[CopierStore]:
    del tmp_path
    if request.param == "memory":
        yield MemoryCopierStore()
        return
    settings: Settings = request.getfixturevalue(f"{request.param}_settings")
    opened: Database = await open_database(settings)
    yield opened.copiers
    await opened.close()


def a_session(key: str = "a", **fields: object) -> CopierSession:
    plain = CopierSession(
        key=key,
        terminal="box",
        device="tray",
        owner="Ann",
        started_at=NOW,
        counted_by=CountedBy.TERMINAL,
        began={Counter.COPIES: 5, Counter.SCANS: 2**40},
    )
    return replace(plain, **fields)  # type: ignore[arg-type]  # reason: the caller names fields


async def test_a_session_is_kept_whole_and_begins_once(store: CopierStore) -> None:
    begun = await store.begin(a_session())
    assert begun == a_session(id=begun.id)
    assert begun.id > 0
    assert await store.begin(a_session(owner="Bob", began={})) == begun
    assert await store.session("box", "a") == begun
    assert await store.session("box", "b") is None
    assert await store.session("other", "a") is None
    assert await store.open_sessions() == [begun]
    assert await store.printed(begun) == 0


async def test_it_is_settled_once(store: CopierStore) -> None:
    begun = await store.begin(a_session())
    settled = replace(begun, state=CopierState.LATE, counts={Counter.COPIES: 3}, ended_at=NOW + 9)
    assert await store.settle(settled)
    assert not await store.settle(replace(settled, counts={Counter.COPIES: 99}))
    assert await store.session("box", "a") == settled
    assert await store.open_sessions() == []


async def test_ones_own_newest_first(store: CopierStore) -> None:
    for key in "abc":
        await store.begin(a_session(key, owner="Bob" if key == "b" else "Ann"))
    assert [one.key for one in await store.sessions_of("ANN", limit=5)] == ["c", "a"]
    assert [one.key for one in await store.sessions_of("ann", limit=1)] == ["c"]
