"""gateway.services.ports.TerminalStore and UsedCodes, in memory and on both databases."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.adapters.db import Database, open_database
from gateway.domain.terminal import CodeFor, OnTap, Terminal
from gateway.errors import Conflict
from gateway.services.ports import TerminalStore, UsedCodes
from gateway.settings import Settings
from tests.builders import NOW
from tests.fakes_terminals import MemoryTerminalStore, MemoryUsedCodes


@dataclass(frozen=True, kw_only=True, slots=True)
class Both:
    terminals: TerminalStore
    used: UsedCodes


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Both]:
    del tmp_path
    if request.param == "memory":
        yield Both(terminals=MemoryTerminalStore(), used=MemoryUsedCodes())
        return
    settings: Settings = request.getfixturevalue(f"{request.param}_settings")
    opened: Database = await open_database(settings)
    yield Both(terminals=opened.terminals, used=opened.used_codes)
    await opened.close()


def a_terminal(name: str = "lobby-box", **fields: object) -> Terminal:
    plain = Terminal(
        name=name,
        uuid=uuid4(),
        station="lobby",
        info="Box at the door “ü”",
        on_tap=OnTap.RELEASE,
        transform="strip|dec:8",
        key_hash=f"key {name}",
        screen_hash=f"screen {name}",
        code_hash=f"code {name}",
        code_for=CodeFor.SCREEN,
        code_expires_at=NOW + 900,
        locked_at=NOW,
        alert="Numbers in a row.",
        created_at=NOW,
        seen_at=NOW,
        seen_address="192.0.2.7",
    )
    return replace(plain, **fields)  # type: ignore[arg-type]  # reason: the caller names fields


async def test_a_terminal_is_kept_whole_and_found_by_each_hash(both: Both) -> None:
    saved = await both.terminals.save_terminal(a_terminal())
    bare = await both.terminals.save_terminal(
        a_terminal("a-box", key_hash=None, screen_hash=None, code_hash=None, locked_at=None, seen_at=None)
    )
    assert saved.version == 1
    assert await both.terminals.terminal("lobby-box") == saved
    assert await both.terminals.by_key("key lobby-box") == saved
    assert await both.terminals.by_screen("screen lobby-box") == saved
    assert await both.terminals.by_code("code lobby-box") == saved
    assert await both.terminals.by_code("key lobby-box") is None
    assert await both.terminals.terminals() == [bare, saved]


async def test_being_seen_is_no_change_of_a_version(both: Both) -> None:
    saved = await both.terminals.save_terminal(a_terminal())
    await both.terminals.seen(saved.uuid, at=NOW + 5, address="192.0.2.9")
    found = await both.terminals.terminal("lobby-box")
    assert found == replace(saved, seen_at=NOW + 5, seen_address="192.0.2.9")
    assert (await both.terminals.save_terminal(replace(found, info="new"))).version == 2


async def test_of_two_changes_at_once_one_is_told(both: Both) -> None:
    saved = await both.terminals.save_terminal(a_terminal())
    await both.terminals.save_terminal(replace(saved, info="first"))
    with pytest.raises(Conflict):
        await both.terminals.save_terminal(replace(saved, info="second"))
    with pytest.raises(Conflict):
        await both.terminals.save_terminal(a_terminal(key_hash=None, screen_hash=None, code_hash=None))
    await both.terminals.delete_terminal("lobby-box")
    assert await both.terminals.terminals() == []


async def test_a_code_is_used_once_and_forgotten_when_it_could_not_be_used_anyway(both: Both) -> None:
    tries = await asyncio.gather(*(both.used.use("n", expires_at=NOW + 60, now=NOW) for _ in range(5)))
    assert sorted(tries) == [False] * 4 + [True]
    assert await both.used.use("other", expires_at=NOW + 60, now=NOW)
    assert not await both.used.use("n", expires_at=NOW + 99, now=NOW + 59)
    assert await both.used.use("n", expires_at=NOW + 120, now=NOW + 60)
