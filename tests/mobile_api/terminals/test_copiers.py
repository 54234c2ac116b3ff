"""Unlocking a copier over the terminal protocol, spoken by a client that none of us wrote."""

import pytest

from gateway.domain.copier import CopierState
from tests.terminal_house import CARD, TerminalHouse, a_terminal_house, talking


@pytest.fixture
async def rooms() -> TerminalHouse:
    return await a_terminal_house()


async def test_a_visit_that_copies_and_scans(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, talking(url, key) as peer:
        (error,) = await peer.ask("copier-begin", key="s1", counters={"copies": 10, "scans": 4})
        assert error["kind"] == "not-authenticated"
        await peer.ask("card", raw=CARD)
        (begun,) = await peer.ask("copier-begin", key="s1", counters={"copies": 10, "scans": 4})
        assert (begun["type"], begun["key"], begun["device"]) == ("copier", "s1", "copy-room")
        assert (begun["state"], begun["counts"]) == ("open", {})
        await peer.ask("sign-out")
        (ended,) = await peer.ask("copier-end", key="s1", counters={"copies": 13, "scans": 4})
        assert (ended["state"], ended["counts"]) == ("counted", {"copies": 3, "scans": 0})
        (again,) = await peer.ask("copier-end", key="s1", counters={"copies": 999, "scans": 999})
        assert again["counts"] == ended["counts"]


async def test_after_a_power_cut_the_terminal_is_told_what_is_open(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url:
        async with talking(url, key) as peer:
            await peer.ask("card", raw=CARD)
            await peer.ask("copier-begin", key="s1", counters={"copies": 10})
        async with talking(url, key) as peer:
            (state,) = await peer.ask("hello", version=1)
            assert state["copiers"] == ["s1"]
            (ended,) = await peer.ask("copier-end", key="s1", counters={"copies": 12})
            assert ended["counts"] == {"copies": 2}
            assert (await peer.ask("hello", version=1))[0]["copiers"] == []


async def test_without_counters_the_device_itself_is_asked(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, talking(url, key) as peer:
        await peer.ask("card", raw=CARD)
        (error,) = await peer.ask("copier-begin", key="s1")
        assert error["kind"] == "not-possible"
        rooms.meter.count = 70
        await peer.ask("copier-begin", key="s1")
        rooms.meter.count = 75
        await rooms.desk.settle_copiers()
        assert rooms.copier_rows.rows[1].state is CopierState.OPEN, "alice is still there"
        await peer.ask("sign-out")
        await rooms.desk.settle_copiers()
        assert rooms.copier_rows.rows[1].state is CopierState.LATE
        (ended,) = await peer.ask("copier-end", key="s1")
        assert (ended["state"], ended["counts"]) == ("late", {"copies": 5})


@pytest.mark.parametrize(
    "fields",
    [
        {"key": "", "counters": {"copies": 1}},
        {"key": "x" * 101, "counters": {"copies": 1}},
        {"key": "k", "counters": {}},
        {"key": "k", "counters": {"copies": -1}},
        {"key": "k", "counters": {"copies": True}},
        {"key": "k", "counters": {"impressions": 1}},
        {"key": "k", "counters": {"money": 1}},
        {"key": "k", "counters": [1]},
    ],
)
async def test_what_is_no_reading(rooms: TerminalHouse, fields: dict[str, object]) -> None:
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, talking(url, key) as peer:
        await peer.ask("card", raw=CARD)
        (error,) = await peer.ask("copier-begin", **fields)
        assert error["kind"] == "bad-request"


async def test_a_terminal_at_several_devices_unlocks_none(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled(station="find-me")
    async with rooms.listening() as url, talking(url, key) as peer:
        await peer.ask("card", raw=CARD)
        (error,) = await peer.ask("copier-begin", key="s1", counters={"copies": 1})
        assert "several devices" in error["text"]
