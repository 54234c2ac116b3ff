"""WebSockets of the listener: a stranger's client (websockets), and raw octets for what no client would send."""

import asyncio
import struct
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway.adapters.http import Listener
from tests.fakes import FakeClock
from tests.gateway.adapters.http.serving import Wire, connected, serving, until

KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455 section 1.3
ACCEPT = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
TEXT, BINARY, CLOSE, PING, CONT = 0x1, 0x2, 0x8, 0x9, 0x0


class Echo:
    """Sends back what comes; /deaf accepts and reads nothing, /flood sends 32 MiB, /late never accepts."""

    def __init__(self) -> None:
        self.ended: list[int] = []
        self.go = asyncio.Event()
        self.paths: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.paths.append(scope["path"])
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        await receive()
        if scope["path"] == "/late":
            await self.go.wait()
            return
        await send({"type": "websocket.accept"})
        if scope["path"] == "/deaf":
            await self.go.wait()
        if scope["path"] == "/flood":
            for _ in range(512):
                await send({"type": "websocket.send", "bytes": bytes(65536)})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        self.ended.append(message["code"])


def url(listener: Listener, path: str = "/") -> str:
    return f"ws://127.0.0.1:{listener.port}{path}"


def handshake(path: str = "/", *headers: str, method: str = "GET") -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1", "Host: a", "Upgrade: websocket", "Connection: Upgrade",
        f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13", *headers, "", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def frame(opcode: int, data: bytes = b"", *, fin: bool = True, masked: bool = True) -> bytes:
    head = bytes([(0x80 if fin else 0) | opcode])
    size = len(data)
    length = size if size < 126 else 126 if size < 65536 else 127
    head += bytes([length | (0x80 if masked else 0)])
    head += struct.pack("!H", size) if length == 126 else struct.pack("!Q", size) if length == 127 else b""
    if not masked:
        return head + data
    mask = b"\x37\xfa\x21\x3d"  # RFC 6455 section 5.7
    return head + mask + bytes(octet ^ mask[i % 4] for i, octet in enumerate(data))


async def opened(wire: Wire, path: str = "/") -> None:
    await wire.send(handshake(path))
    head = await wire.head()
    assert head.startswith(b"HTTP/1.1 101 ")
    assert ACCEPT in head


async def closed_with(wire: Wire) -> int:
    """The code of the close frame at the end of what the server sent."""
    data = await wire.rest()
    assert data[:1] == b"\x88", data[:40]
    return int(struct.unpack("!H", data[2:4])[0])


async def test_a_strangers_client_talks_and_leaves() -> None:
    echo = Echo()
    async with serving(echo) as listener:
        async with connect(url(listener)) as peer:
            for text in ("hello", "ü" * 20_000):
                await peer.send(text)
                assert await peer.recv() == text
            assert listener.connections == 1
        await until(lambda: not listener.connections)
    assert echo.ended == [1000]
    assert listener.admission.open == 0


async def test_nothing_is_compressed() -> None:
    async with serving(Echo()) as listener, connect(url(listener)) as peer:
        assert "Sec-WebSocket-Extensions" not in (peer.response.headers if peer.response else {})


async def test_requests_before_the_upgrade_leave_no_deadline_behind() -> None:
    clock = FakeClock()
    async with serving(Echo(), clock=clock, keep_alive_seconds=0.05) as listener, connected(listener) as wire:
        await wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await wire.head()
        await opened(wire)
        await asyncio.sleep(0.15)  # three times what an idle HTTP connection is given
        await wire.send(frame(TEXT, b"still here"))
        assert await wire.exactly(12) == b"\x81\x0astill here"


async def test_an_upgrade_behind_a_running_request_is_an_ordinary_request() -> None:
    class Slow(Echo):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["path"] == "/slow":
                await self.go.wait()
            await super().__call__(scope, receive, send)

    echo = Slow()
    async with serving(echo) as listener, connected(listener) as wire:
        await wire.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + handshake("/ws"))
        echo.go.set()
        answers = await wire.rest()
    assert answers.count(b"HTTP/1.1 404") == 2
    assert b"101" not in answers


@pytest.mark.parametrize(
    "request_",
    [
        handshake(method="POST"),
        handshake("/", "Content-Length: 3") + b"abc",
        handshake("/", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
    ],
)
async def test_only_a_get_without_a_body_is_upgraded(request_: bytes) -> None:
    async with serving(Echo()) as listener, connected(listener) as wire:
        await wire.send(request_)
        assert (await wire.rest()).startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        (handshake().replace(b"Version: 13", b"Version: 7"), b"400"),
        (handshake().replace(b"Sec-WebSocket-Key", b"X-Key"), b"400"),
        (handshake().replace(KEY.encode(), b"short"), b"400"),
        (handshake("/", *(f"X-{i}: y" for i in range(200))), b"400"),
        (handshake("/", "X-Long: " + "y" * 10_000), b"400"),
    ],
)
async def test_a_bad_handshake_gets_an_answer_and_frees_its_place(wrong: bytes, status: bytes) -> None:
    async with serving(Echo()) as listener:
        async with connected(listener) as wire:
            await wire.send(wrong)
            assert (await wire.rest())[9:12] == status
        await until(lambda: listener.admission.open == 0)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(TEXT, b"x" * 65537), 1009),
        (frame(TEXT, b"x" * 40_000, fin=False) + frame(CONT, b"x" * 40_000), 1009),
        (frame(TEXT, b"\xff\xfe"), 1007),
        (frame(TEXT, b"bare", masked=False), 1002),
        (frame(CONT, b"of nothing"), 1002),
        (bytes([0xC1, 0x80, 0, 0, 0, 0]), 1002),  # a reserved bit, as of compression that was not agreed on
        (frame(0x3), 1002),
        (frame(PING, b"x" * 126), 1002),
        (frame(TEXT, b"", fin=False) + frame(CONT, b"", fin=False) * 100, 1008),
        (frame(TEXT, b"x") * 200, 1008),
    ],
)
async def test_what_breaks_the_rules_is_told_so_and_sent_away(data: bytes, code: int) -> None:
    async with serving(Echo()) as listener:
        async with connected(listener) as wire:
            await opened(wire, "/deaf")
            await wire.send(data)
            assert await closed_with(wire) == code
        await until(lambda: listener.admission.open == 0)


async def test_silence_is_asked_at_half_time_and_ended_at_full() -> None:
    clock = FakeClock()
    async with serving(Echo(), clock=clock, idle_seconds=60.0) as listener, connected(listener) as wire:
        await opened(wire)
        clock.tick(31)
        listener.tick()
        assert await wire.exactly(2) == b"\x89\x00"
        await wire.send(frame(0xA))  # a pong is a sign of life
        await asyncio.sleep(0.05)
        clock.tick(31)
        listener.tick()
        assert await wire.exactly(2) == b"\x89\x00"
        clock.tick(30)
        listener.tick()
        assert await wire.rest() == b""
        assert listener.dropped == {"idle": 1}


async def test_a_handshake_that_nobody_answers_ends() -> None:
    clock, echo = FakeClock(), Echo()
    async with serving(echo, clock=clock, header_seconds=10.0) as listener, connected(listener) as wire:
        await wire.send(handshake("/late"))
        await until(lambda: bool(echo.paths))
        clock.tick(11)
        listener.tick()
        assert await wire.rest() == b""
        assert listener.dropped == {"handshake": 1}
        echo.go.set()


async def test_who_reads_nothing_is_sent_away_and_costs_a_bounded_buffer() -> None:
    clock = FakeClock()
    async with serving(Echo(), clock=clock, write_stall_seconds=60.0) as listener, connected(listener, limit=1024) as w:
        await opened(w, "/flood")
        for _ in range(3):
            await asyncio.sleep(0.05)
            clock.tick(50)
            listener.tick()
        await until(lambda: not listener.connections)
        assert listener.dropped == {"write": 1}


async def test_pings_whose_answers_nobody_reads_are_not_read_either() -> None:
    async with serving(Echo()) as listener, connected(listener, limit=1024) as wire:
        await opened(wire)
        ping = frame(PING, b"x" * 125) * 4096

        async def send_all() -> None:
            for _ in range(64):
                await wire.send(ping)

        with pytest.raises(TimeoutError):  # the stream fills up to what both kernels hold, and no further
            await asyncio.wait_for(send_all(), 1.0)
        wire.writer.transport.abort()
        await until(lambda: not listener.connections)


async def test_places_are_counted_an_address() -> None:
    async with serving(Echo(), host="127.0.0.1", max_connections=18) as listener:  # 16 of them are a reserve
        async with connect(url(listener)), connect(url(listener)):
            assert listener.admission.open == 2
        await until(lambda: listener.admission.open == 0)


async def test_stopping_says_that_it_goes_away() -> None:
    echo = Echo()
    async with serving(echo) as listener:
        peer = await connect(url(listener))
        await peer.send("x")
        await peer.recv()
        await listener.stop(grace=5.0)
        with pytest.raises(ConnectionClosed):
            await peer.recv()
        assert peer.close_code == 1012
    assert echo.ended == [1012]


async def test_an_application_may_refuse_with_a_status() -> None:
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.http.response.start", "status": 403, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b"no"})

    async with serving(app) as listener:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(url(listener)):
                pass
        assert refused.value.response.status_code == 403
        await until(lambda: listener.admission.open == 0)
