"""The reader agent against the gateway's own listener: taps in, feedback out, whatever becomes of the line."""

import asyncio
import contextlib
import os
import pty
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.domain.job import JobState
from gateway.domain.terminal import OnTap
from mobile_api.reader.agent import Agent
from mobile_api.reader.keyfile import Account
from mobile_api.reader.link import Revoked
from mobile_api.reader.offline import Cache
from mobile_api.reader.sources import Evdev, Serial, Silent, Source, TcpClient, TcpServer, source_of
from tests.gateway.adapters.http.serving import until
from tests.terminal_house import CARD, OTHER, TerminalHouse, a_terminal_house
from tests.webprint.web_house import PIN

NOW = 1_800_000_000.0


class Desk:
    """An agent that runs, what it said, and a hand that holds cards to it."""

    def __init__(self, agent: Agent, said: list[tuple[str, str]]) -> None:
        self.agent = agent
        self.said = said
        self.source = Silent()

    async def tap(self, card: str) -> str:
        """The first word of feedback to it."""
        before = len(self.said)
        self.agent.card(card)
        await until(lambda: len(self.said) > before)
        return self.said[before][0]

    async def pin(self, pin: str) -> str:
        before = len(self.said)
        self.agent.pin(pin)
        await until(lambda: len(self.said) > before)
        return self.said[before][0]


@asynccontextmanager
async def working(
    url: str, key: str, *sources: Source, cache: Cache | None = None, polling: bool = False, secure: bool = False
) -> AsyncIterator[Desk]:
    said: list[tuple[str, str]] = []
    account = Account(url=url, key=key, terminal="box", station="copy-room")
    agent = Agent(
        account=account,
        sources=list(sources),
        say=lambda code, _tone, text: said.append((code, text)),
        cache=cache,
        polling=polling,
        now=lambda: NOW,
        patience=0.05,
    )
    if secure:  # what runs over loopback here would be TLS elsewhere; see the test of the open wire
        agent._cache = cache
    running = asyncio.create_task(agent.run())
    try:
        yield Desk(agent, said)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def rooms() -> TerminalHouse:
    return await a_terminal_house(terminals={"offline_hours": 8})


@pytest.mark.parametrize("polling", [False, True])
async def test_a_tap_prints_by_socket_and_by_polling(rooms: TerminalHouse, polling: bool) -> None:
    key, _ = await rooms.enrolled(on_tap=OnTap.RELEASE)
    await rooms.house.add()
    async with rooms.listening() as url, working(url, key, polling=polling) as desk:
        await desk.agent.link.online.wait()
        desk.agent._patience = 10
        assert await desk.tap(CARD) == "sent"
        assert await desk.tap(CARD) == "nothing-to-print"
        assert await desk.tap(OTHER) == "unknown-card"


async def test_tcp_readers_that_call_and_that_are_called(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled(on_tap=OnTap.RELEASE)
    heard: list[str] = []

    async def reader(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A box that waits to be called, sends a card without any end of line, and shows what it is told."""
        writer.write(b"04A2197F")
        heard.append((await stream.readline()).decode())
        await stream.read()
        writer.close()

    box = await asyncio.start_server(reader, "127.0.0.1", 0)
    called, calling = TcpClient("127.0.0.1", box.sockets[0].getsockname()[1]), TcpServer("127.0.0.1", 0)
    async with rooms.listening() as url, working(url, key, called, calling) as desk:
        desk.agent._patience = 10
        await until(lambda: bool(heard))
        assert heard == ["ASK nothing-to-print Nothing waits for you here.\r\n"]
        await until(lambda: calling.port != 0)
        stream, writer = await asyncio.open_connection("127.0.0.1", calling.port)
        writer.write(b"\x02deadbeef\r\n")
        assert (await asyncio.wait_for(stream.readline(), 60)).startswith(b"BAD unknown-card ")
        writer.close()
        box.close()


async def test_a_reader_from_a_network_that_was_not_named_is_not_heard() -> None:
    taps: list[str] = []

    async def tap(raw: str, _source: Source) -> None:
        taps.append(raw)

    server = TcpServer("127.0.0.1", 0, allowed=("192.0.2.0/24",))
    running = asyncio.create_task(server.run(tap))
    await until(lambda: server.port != 0)
    stream, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"04A2197F\n")
    with contextlib.suppress(ConnectionError):
        assert await stream.read() == b""
    assert taps == []
    writer.close()
    running.cancel()


async def collected(source: Source, *, count: int) -> list[str]:
    taps: list[str] = []

    async def tap(raw: str, _source: Source) -> None:
        taps.append(raw)

    running = asyncio.create_task(source.run(tap))
    await until(lambda: len(taps) >= count or running.done())
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return taps


async def test_a_serial_line() -> None:
    near, far = pty.openpty()
    source = source_of(f"serial:{os.ttyname(far)}?baud=19200")
    assert isinstance(source, Serial)
    collecting = asyncio.create_task(collected(source, count=2))
    await asyncio.sleep(0.05)
    os.write(near, b"04A2197F\r0499AA01\r")
    assert await collecting == ["04A2197F", "0499AA01"]
    os.close(near)
    os.close(far)


async def test_a_keyboard_device(tmp_path: Path) -> None:
    path = tmp_path / "event3"
    os.mkfifo(path)
    source = source_of(f"evdev:{path}")
    assert isinstance(source, Evdev)
    collecting = asyncio.create_task(collected(source, count=1))
    await asyncio.sleep(0.05)
    with path.open("wb") as out:
        for code in (11, 5, 28):  # 0, 4, Enter
            for value in (1, 0):
                out.write(struct.pack("llHHi", 0, 0, 1, code, value) + struct.pack("llHHi", 0, 0, 0, 0, 0))
    assert await collecting == ["04"]


@pytest.mark.parametrize("text", ["", "stdin:x", "usb", "serial:", "serial:/dev/x?baud=7", "tcp:host", "tcp:h:port"])
def test_what_is_no_reader(text: str) -> None:
    with pytest.raises(ValueError):
        source_of(text)


async def test_a_card_that_lies_on_the_reader_is_one_tap(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, working(url, key) as desk:
        desk.agent._patience = 10
        for _ in range(5):
            await desk.agent.tapped(OTHER, desk.source)
        await until(lambda: bool(desk.said))
        await desk.agent.tapped("PIN:" + PIN, desk.source)
        await until(lambda: len(desk.said) > 2)
    assert [code for code, _ in desk.said] == ["unknown-card", "code", "signed-in"]


async def test_a_key_that_is_void_ends_the_agent_and_forgets_everybody(rooms: TerminalHouse, tmp_path: Path) -> None:
    key, _ = await rooms.enrolled()
    path = tmp_path / "box.offline"
    cache = Cache(path, key, memory_kib=8)
    cache.remember("stamp", "Ann", card=CARD, pin=None, now=NOW)
    assert path.exists()
    async with rooms.listening() as url:
        await rooms.terminals.revoke("box")
        account = Account(url=url, key=key, terminal="box", station="copy-room")
        agent = Agent(account=account, sources=[], say=lambda *_: None)
        agent._cache = cache
        with pytest.raises(Revoked, match="not known here"):
            await asyncio.wait_for(agent.run(), 60)
    assert not path.exists()


# --- without the gateway


async def met(url: str, key: str, cache: Cache) -> None:
    """One contact: signs in, and learns who may be remembered."""
    async with working(url, key, cache=cache, secure=True) as desk:
        desk.agent._patience = 10
        await desk.agent.link.online.wait()
        assert await desk.tap(CARD) == "signed-in"
        assert await desk.pin(PIN) == "signed-in"
        desk.agent.sync()
        await until(lambda: cache.hours == 8)
        assert len(cache.entries) == 1


async def test_who_was_here_before_signs_in_offline_and_is_told_that_nothing_prints(
    rooms: TerminalHouse, tmp_path: Path
) -> None:
    key, _ = await rooms.enrolled()
    cache = Cache(tmp_path / "box.offline", key, memory_kib=8)
    async with rooms.listening() as url:
        await met(url, key, cache)
    async with working(url, key, cache=cache, secure=True) as desk:  # the gateway is gone
        assert await desk.tap(CARD) == "offline-signed-in"
        assert "nothing prints" in desk.said[0][1]
        assert await desk.pin(PIN) == "offline-signed-in"
        assert await desk.pin("000000") == "offline"
        assert await desk.tap(OTHER) == "offline"


async def tapped_alone(rooms: TerminalHouse, tmp_path: Path) -> tuple[str, Path]:
    """(key, file) of a box that prints on a tap, to which a card was held while the gateway was away."""
    key, _ = await rooms.enrolled(on_tap=OnTap.RELEASE)
    path = tmp_path / "box.offline"
    cache = Cache(path, key, memory_kib=8)
    async with rooms.listening() as url, working(url, key, cache=cache, secure=True) as desk:
        desk.agent._patience = 10
        await until(lambda: cache.wish_seconds == 300)
        assert await desk.tap(CARD) == "nothing-to-print"
        assert [entry.name for entry in cache.entries.values()] == ["Alice Ode"]
    async with working(url, key, cache=cache, secure=True) as desk:
        assert await desk.tap(CARD) == "wish-waiting"
        assert await desk.tap(OTHER) == "offline"
        assert "within 5 min" in desk.said[0][1]
    return key, path


async def test_a_tap_without_contact_prints_once_there_is_some(rooms: TerminalHouse, tmp_path: Path) -> None:
    key, path = await tapped_alone(rooms, tmp_path)
    job = await rooms.house.add(created_at=NOW - 60)
    cache = Cache(path, key, memory_kib=8)  # the box was switched off and on
    (wish,) = cache.wishes.values()
    assert (wish.name, wish.at) == ("Alice Ode", NOW)
    async with rooms.listening() as url, working(url, key, cache=cache, secure=True) as desk:
        await until(lambda: bool(desk.said))
        assert desk.said[0][0] == "sent"
        await until(lambda: not cache.wishes)
    assert (await rooms.house.jobs.get(job.id) or job).state is JobState.PENDING
    assert Cache(path, key, memory_kib=8).wishes == {}


async def test_it_prints_for_nobody_who_was_disabled_meanwhile(rooms: TerminalHouse, tmp_path: Path) -> None:
    key, path = await tapped_alone(rooms, tmp_path)
    job = await rooms.house.add(created_at=NOW - 60)
    await rooms.house.identity.disable("alice")
    cache = Cache(path, key, memory_kib=8)
    async with rooms.listening() as url, working(url, key, cache=cache, secure=True):
        await until(lambda: not cache.wishes)
        await until(lambda: not cache.entries)
    assert (await rooms.house.jobs.get(job.id) or job).state is JobState.PENDING_HELD


async def test_what_had_no_contact_in_time_is_told_and_forgotten(rooms: TerminalHouse, tmp_path: Path) -> None:
    key, path = await tapped_alone(rooms, tmp_path)
    cache = Cache(path, key, memory_kib=8)
    agent = Agent(
        account=Account(url="http://127.0.0.1:9", key=key, terminal="box", station="copy-room"),
        sources=[],
        say=lambda code, _tone, text: said.append((code, text)),
        now=lambda: NOW + 300,
    )
    said: list[tuple[str, str]] = []
    agent._cache = cache
    agent.deliver()
    assert [code for code, _ in said] == ["too-late"]
    assert "Alice Ode" in said[0][1]
    assert Cache(path, key, memory_kib=8).wishes == {}


async def test_whoever_was_disabled_is_forgotten_at_the_next_contact(rooms: TerminalHouse, tmp_path: Path) -> None:
    key, _ = await rooms.enrolled()
    cache = Cache(tmp_path / "box.offline", key, memory_kib=8)
    async with rooms.listening() as url:
        await met(url, key, cache)
        await rooms.house.identity.disable("alice")
        async with working(url, key, cache=cache, secure=True) as desk:
            await desk.agent.link.online.wait()
            await until(lambda: not cache.entries)


async def test_over_an_open_wire_nothing_is_remembered(rooms: TerminalHouse, tmp_path: Path) -> None:
    key, _ = await rooms.enrolled()
    cache = Cache(tmp_path / "box.offline", key, memory_kib=8)
    async with rooms.listening() as url, working(url, key, cache=cache) as desk:
        desk.agent._patience = 10
        assert await desk.tap(CARD) == "signed-in"
    assert cache.entries == {}
    assert not (tmp_path / "box.offline").exists()


async def test_a_stamp_is_void_as_soon_as_a_proof_changes(rooms: TerminalHouse) -> None:
    identity, offline = rooms.house.identity, rooms.desk.offline
    stamp = offline.stamp(await identity.get("alice"))
    assert await offline.good([stamp, "nonsense", stamp[:-2] + "zz", ""]) == [stamp]
    await identity.set_pin("alice", "9035718")
    assert await offline.good([stamp]) == []
    stamp = offline.stamp(await identity.get("alice"))
    await identity.add_card("alice", OTHER)
    assert await offline.good([stamp]) == []
    for groups, allowed in (((), False), (("staff",), True)):
        rooms.desk.offline.settings = rooms.desk.offline.settings.model_copy(update={"offline_groups": ("staff",)})
        await identity.change_user("alice", groups=groups)
        assert bool(offline.stamp(await identity.get("alice"))) is allowed
