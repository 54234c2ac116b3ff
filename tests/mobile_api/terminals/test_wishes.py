"""Taps that had no contact, told later: done once, in time, and never for whom the house knows no more."""

from typing import Any

import pytest

from gateway.domain.job import JobState
from gateway.domain.terminal import OnTap
from tests.terminal_house import CARD, OTHER, Peer, TerminalHouse, a_terminal_house, talking
from tests.webprint.web_house import PIN


@pytest.fixture
async def rooms() -> TerminalHouse:
    return await a_terminal_house(terminals={"offline_hours": 8})


async def stamp_of(rooms: TerminalHouse, name: str = "alice") -> str:
    return rooms.desk.offline.stamp(await rooms.house.identity.get(name))


async def wished(rooms: TerminalHouse, peer: Peer, key: str = "w1", ago: float = 60, **fields: Any) -> list[Any]:
    plain = {"key": key, "stamp": await stamp_of(rooms), "at": int(rooms.clock.now() - ago), "proof": "card"}
    return await peer.ask("wish", **plain | fields)


async def test_what_waited_at_the_tap_prints_once(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled(on_tap=OnTap.RELEASE)
    waited = await rooms.house.add(created_at=rooms.clock.now() - 90)
    later = await rooms.house.add(created_at=rooms.clock.now() - 30)
    async with rooms.listening() as url:
        async with talking(url, key) as peer:
            feedback, result, _, wish = await wished(rooms, peer)
            assert (feedback["code"], result["sent"]) == ("sent", [waited.id])
            assert (wish["key"], wish["state"]) == ("w1", "done")
        async with talking(url, key) as peer:  # the answer was lost, and it comes again under another id
            (wish,) = await wished(rooms, peer)
            assert wish["state"] == "before"
            assert (await peer.ask("list"))[0]["kind"] == "not-authenticated", "nobody was signed in by it"
    assert (await rooms.house.jobs.get(later.id) or later).state is JobState.PENDING_HELD


async def test_it_does_not_disturb_whoever_is_there(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled(on_tap=OnTap.RELEASE)
    await rooms.house.add(created_at=rooms.clock.now() - 90)
    async with rooms.listening() as url, talking(url, key) as peer:
        assert (await peer.ask("pin", pin=PIN))[0]["code"] == "signed-in"
        await wished(rooms, peer)
        assert (await peer.ask("list"))[0]["type"] == "list"


@pytest.mark.parametrize(("ago", "state"), [(299, "done"), (301, "too-late"), (-59, "done"), (-62, "too-late")])
async def test_too_late_by_any_clock(rooms: TerminalHouse, ago: float, state: str) -> None:
    key, _ = await rooms.enrolled(on_tap=OnTap.RELEASE)
    async with rooms.listening() as url, talking(url, key) as peer:
        assert (await wished(rooms, peer, ago=ago))[-1]["state"] == state


async def test_nothing_for_whom_the_house_knows_no_more(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled(on_tap=OnTap.RELEASE)
    job = await rooms.house.add(created_at=rooms.clock.now() - 90)
    old = await stamp_of(rooms)
    async with rooms.listening() as url, talking(url, key) as peer:
        await rooms.house.identity.set_pin("alice", "9035718")
        assert (await wished(rooms, peer, stamp=old))[-1]["state"] == "refused", "the PIN was changed meanwhile"
        fresh = await stamp_of(rooms)
        await rooms.house.identity.disable("alice")
        for number, stamp in enumerate((fresh, fresh[:-2] + "zz", "nonsense")):
            feedback, wish = await wished(rooms, peer, f"w{number}", stamp=stamp)
            assert (feedback["code"], wish["state"]) == ("wrong", "refused")
    assert (await rooms.house.jobs.get(job.id) or job).state is JobState.PENDING_HELD


async def test_where_a_tap_does_not_print_a_wish_does_not_either(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled(on_tap=OnTap.SIGN_IN)
    async with rooms.listening() as url, talking(url, key) as peer:
        assert (await wished(rooms, peer, ago=0))[-1]["state"] == "too-late"
        (sync,) = await peer.ask("sync", stamps=[])
        assert sync["wish_seconds"] == 0


async def test_less_than_the_group_must_show_is_not_enough() -> None:
    rooms = await a_terminal_house(terminals={"offline_hours": 8}, kiosk={"group_proofs": {"staff": ("card-pin",)}})
    await rooms.house.identity.change_user("alice", groups=("staff",))
    key, _ = await rooms.enrolled(on_tap=OnTap.RELEASE)
    async with rooms.listening() as url, talking(url, key) as peer:
        for number, (proof, state) in enumerate((("card", "refused"), ("pin", "refused"), ("card-pin", "done"))):
            assert (await wished(rooms, peer, f"w{number}", proof=proof))[-1]["state"] == state


@pytest.mark.parametrize(
    "fields", [{"proof": "password"}, {"proof": ["card"]}, {"at": -1}, {"at": "now"}, {"stamp": ""}, {"key": ""}]
)
async def test_what_is_no_wish(rooms: TerminalHouse, fields: dict[str, Any]) -> None:
    key, _ = await rooms.enrolled(on_tap=OnTap.RELEASE)
    async with rooms.listening() as url, talking(url, key) as peer:
        assert (await wished(rooms, peer, **fields))[0]["kind"] == "bad-request"


async def test_another_terminals_key_is_another_wish(rooms: TerminalHouse) -> None:
    one, _ = await rooms.enrolled("one", on_tap=OnTap.RELEASE)
    two, _ = await rooms.enrolled("two", on_tap=OnTap.RELEASE)
    async with rooms.listening() as url, talking(url, one) as first, talking(url, two) as second:
        assert (await wished(rooms, first))[-1]["state"] == "done"
        assert (await wished(rooms, second))[-1]["state"] == "done"
        assert (await first.ask("card", raw=CARD))[0]["code"] == "nothing-to-print"
        assert (await first.ask("card", raw=OTHER))[0]["code"] == "unknown-card"
