"""The listener on real sockets: framing, early answers, deadlines, limits and the graceful stop."""

import asyncio
import contextlib
import os
import resource
import socket
from functools import partial
from typing import Any

import pytest
import uvloop

from gateway.adapters.http import Admission, Limits, Listener
from gateway.errors import StartupError
from tests.fakes import FakeClock
from tests.gateway.adapters.http.serving import Mirror, connected, serving, until

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def post(path: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: a", *headers, "", ""]).encode() + body


async def test_keep_alive_serves_one_request_after_the_other() -> None:
    async with serving(Mirror()) as listener, connected(listener) as wire:
        for _ in range(3):
            await wire.send(GET)
            status, seen = await wire.answer()
            assert (status, seen["scheme"], seen["client"][0]) == (200, "http", "127.0.0.1")
        assert listener.requests == 3
        assert listener.connections == 1


async def test_the_date_is_the_clocks() -> None:
    clock = FakeClock()
    async with serving(Mirror(), clock=clock) as listener, connected(listener) as wire:
        await wire.send(GET)
        assert b"date: Fri, 15 Jan 2027 08:00:00 GMT" in await wire.head()
        clock.tick(60)
        listener.tick()
        await wire.send(GET)
        assert b"date: Fri, 15 Jan 2027 08:01:00 GMT" in await wire.reader.readuntil(b"08:01:00 GMT")


async def test_head_and_body_go_out_in_one_piece() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"body"})

    async with serving(app) as listener, connected(listener) as wire:
        for _ in range(3):
            await wire.send(GET)
            first = await asyncio.wait_for(wire.reader.read(65536), 60)
            assert first.startswith(b"HTTP/1.1 200 OK")
            assert first.endswith(b"\r\n\r\nbody")


async def test_a_head_does_not_wait_for_a_body_that_takes_its_time() -> None:
    go_on = asyncio.Event()

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"body"})

    async with serving(app) as listener, connected(listener) as wire:
        await wire.send(GET)
        assert (await wire.head()).startswith(b"HTTP/1.1 200 OK")
        go_on.set()
        assert await wire.exactly(4) == b"body"


async def test_an_answer_without_a_body_goes_out_as_well() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": [(b"connection", b"close")]})
        await send({"type": "http.response.body", "body": b""})

    async with serving(app) as listener, connected(listener) as wire:
        await wire.send(GET)
        assert (await wire.rest()).startswith(b"HTTP/1.1 204 No Content")


async def test_chunked_and_counted_bodies() -> None:
    async with serving(Mirror()) as listener, connected(listener) as wire:
        await wire.send(post("/", "Content-Length: 5", body=b"hello"))
        assert (await wire.answer())[1]["octets"] == 5
        await wire.send(post("/", "Transfer-Encoding: chunked", body=b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"))
        assert (await wire.answer())[1]["octets"] == 7


async def test_expect_continue_is_answered_when_the_body_is_wanted() -> None:
    async with serving(Mirror()) as listener, connected(listener) as wire:
        await wire.send(post("/", "Content-Length: 5", "Expect: 100-continue"))
        assert await wire.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        await wire.send(b"hello")
        assert (await wire.answer())[1]["octets"] == 5
        await wire.send(GET)
        assert (await wire.answer())[0] == 200


async def test_an_early_refusal_comes_instead_of_100_and_ends_the_connection() -> None:
    async with serving(Mirror()) as listener, connected(listener) as wire:
        await wire.send(post("/early", "Content-Length: 5000000", "Expect: 100-continue"))
        head = await wire.head()
        assert head.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in head
        assert await wire.rest() == b"too large"


async def test_a_refused_body_is_read_on_so_that_the_answer_arrives() -> None:
    async with serving(Mirror()) as listener, connected(listener) as wire:
        await wire.send(post("/early", "Content-Length: 4000000"))
        assert (await wire.head()).startswith(b"HTTP/1.1 413 ")
        for _ in range(40):
            await wire.send(bytes(100_000))
        assert await wire.rest() == b"too large"
        await until(lambda: listener.connections == 0)


async def test_a_refused_body_that_never_ends_is_cut() -> None:
    clock = FakeClock()
    async with serving(Mirror(), clock=clock) as listener, connected(listener) as wire:
        await wire.send(post("/early", "Content-Length: 4000000"))
        assert await wire.exactly(9) == b"HTTP/1.1 "
        listener.tick()
        clock.tick(31)
        listener.tick()
        await until(lambda: listener.connections == 0)
        assert listener.dropped == {"linger": 1}


async def test_a_small_refused_body_keeps_the_connection() -> None:
    async with serving(Mirror()) as listener, connected(listener) as wire:
        await wire.send(post("/early", "Content-Length: 5"))
        head = await wire.head()
        assert b"connection: close" not in head
        assert await wire.exactly(9) == b"too large"
        await wire.send(b"hello" + GET)
        assert (await wire.answer())[0] == 200


async def test_an_answer_before_the_last_chunk_keeps_the_connection() -> None:
    async with serving(Mirror(), keep_alive_seconds=0.1) as listener, connected(listener) as wire:
        await wire.send(post("/early", "Transfer-Encoding: chunked", body=b"3\r\nabc\r\n"))
        assert b"connection: close" not in await wire.head()
        assert await wire.exactly(9) == b"too large"
        await wire.send(b"0\r\n\r\n")
        await wire.send(GET)
        assert (await wire.answer())[0] == 200
        assert await wire.rest() == b"", "idle connections end after the keep-alive time here, too"


async def test_idling_after_a_refused_body_is_limited() -> None:
    async with serving(Mirror(), keep_alive_seconds=0.1) as listener, connected(listener) as wire:
        await wire.send(post("/early", "Content-Length: 5"))
        await wire.head()
        await wire.send(b"hello")
        assert await wire.rest() == b"too large"


async def test_a_chunked_body_behind_its_refusal_is_read_for_a_while_only() -> None:
    async with serving(Mirror()) as listener, connected(listener) as wire:
        await wire.send(post("/early", "Transfer-Encoding: chunked"))
        assert b"connection: close" not in await wire.head()
        chunk = b"8000\r\n" + bytes(0x8000) + b"\r\n"
        for _ in range(20):
            await wire.send(chunk)
        assert await wire.rest() == b"too large"


async def test_a_request_right_behind_a_refused_body_is_not_cut_by_the_keep_alive_time() -> None:
    app = Mirror()
    async with serving(app) as listener, connected(listener) as wire:
        await wire.send(post("/early", "Content-Length: 5"))
        await wire.head()
        await wire.exactly(9)
        app.entered.clear()
        await wire.send(b"hello" + b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        await app.entered.wait()
        (connection,) = listener._open_connections()
        assert connection.timeout_keep_alive_task is None
        app.go.set()
        assert (await wire.answer())[0] == 200


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with serving(Mirror()) as listener, connected(listener) as wire:
        await wire.send(post("/", "Content-Length: 1", body=b"x") + GET + post("/", "Content-Length: 2", body=b"yz"))
        assert [(await wire.answer())[1]["octets"] for _ in range(3)] == [1, 0, 2]


@pytest.mark.parametrize(
    "request_",
    [
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHo st: a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"nonsense\r\n\r\n",
        b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
async def test_ambiguous_or_malformed_messages_are_refused(request_: bytes) -> None:
    async with serving(Mirror()) as listener, connected(listener) as wire:
        await wire.send(request_)
        answer = await wire.rest()
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"connection: close" in answer


async def test_an_upgrade_is_answered_and_ends_the_connection() -> None:
    async with serving(Mirror()) as listener, connected(listener) as wire:
        await wire.send(b"OPTIONS / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: TLS/1.2\r\n\r\n")
        answer = await wire.rest()
        assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("ended", [True, False], ids=["in one read", "without an end"])
async def test_an_oversized_header_is_refused(ended: bool) -> None:
    async with serving(Mirror(), max_header=4096) as listener, connected(listener) as wire:
        await wire.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 5000 + (b"\r\n\r\n" if ended else b""))
        answer = await wire.rest()
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert b"4096 octets" in answer


async def test_a_large_body_behind_a_small_header_is_no_large_header() -> None:
    async with serving(Mirror(), max_header=1024) as listener, connected(listener) as wire:
        await wire.send(post("/", "Content-Length: 8000", body=bytes(8000)))
        assert (await wire.answer())[1]["octets"] == 8000


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"\r\n", GET[:-2]])
async def test_a_header_that_does_not_come_is_given_up(sent: bytes) -> None:
    clock = FakeClock()
    async with serving(Mirror(), clock=clock) as listener, connected(listener) as wire:
        await wire.send(sent)
        await until(lambda: listener.connections == 1)
        clock.tick(9)
        listener.tick()
        assert listener.connections == 1
        clock.tick(2)
        listener.tick()
        assert (await wire.rest()).startswith(b"HTTP/1.1 408 ")
        assert listener.dropped == {"header": 1}


async def test_empty_lines_between_requests_do_not_hold_a_connection() -> None:
    clock = FakeClock()
    async with serving(Mirror(), clock=clock) as listener, connected(listener) as wire:
        await wire.send(GET)
        await wire.answer()
        await wire.send(b"\r\n")
        connection = next(iter(listener._open_connections()))
        await until(lambda: connection._header_since is not None)
        clock.tick(11)
        listener.tick()
        assert (await wire.rest()).startswith(b"HTTP/1.1 408 ")


async def test_a_slow_body_is_dropped_while_others_are_served() -> None:
    clock, app = FakeClock(), Mirror()
    async with serving(app, clock=clock) as listener, connected(listener) as slow, connected(listener) as brisk:
        await slow.send(post("/", "Content-Length: 100000", body=bytes(20_000)))
        await until(lambda: app.received == 20_000)
        await brisk.send(GET)
        await brisk.answer()
        clock.tick(29)
        listener.tick()
        await brisk.send(GET)
        assert (await brisk.answer())[0] == 200
        clock.tick(2)
        listener.tick()
        assert (await slow.rest()).startswith(b"HTTP/1.1 408 ")
        assert app.gone.is_set()
        assert listener.dropped == {"body": 1}
        await brisk.send(GET)
        assert (await brisk.answer())[0] == 200


async def test_a_body_of_sufficient_rate_goes_on_for_windows() -> None:
    clock, app = FakeClock(), Mirror()
    async with serving(app, clock=clock) as listener, connected(listener) as wire:
        await wire.send(post("/", "Content-Length: 120000"))
        for part in range(1, 4):
            await wire.send(bytes(40_000))
            await until(partial(_has_received, app, part * 40_000))
            clock.tick(31)
            listener.tick()
        assert (await wire.answer())[1]["octets"] == 120_000


async def test_waiting_for_a_busy_application_is_not_the_clients_fault() -> None:
    clock, app = FakeClock(), Mirror()
    async with serving(app, clock=clock) as listener, connected(listener) as wire:
        await wire.send(post("/wait", "Content-Length: 300000", body=bytes(300_000)))
        await app.entered.wait()
        connection = next(iter(listener._open_connections()))
        await until(lambda: connection.flow.read_paused)
        for _ in range(5):
            clock.tick(31)
            listener.tick()
        app.go.set()
        assert (await wire.answer())[1]["octets"] == 300_000


@pytest.mark.parametrize("last", [False, True], ids=["kept", "closing"])
async def test_a_client_that_reads_nothing_is_dropped(last: bool) -> None:
    clock = FakeClock()
    async with serving(Mirror(), clock=clock) as listener, connected(listener, limit=1024) as wire:
        await wire.send(b"GET /big HTTP/1.1\r\nHost: a\r\n" + (b"Connection: close\r\n\r\n" if last else b"\r\n"))
        await until(lambda: any(c.flow.write_paused for c in listener._open_connections()))
        listener.tick()
        clock.tick(59)
        listener.tick()
        assert listener.connections == 1
        clock.tick(2)
        listener.tick()
        await until(lambda: listener.connections == 0)
        assert listener.dropped == {"write": 1}


async def test_a_client_that_reads_slowly_may_go_on() -> None:
    clock = FakeClock()
    async with serving(Mirror(), clock=clock) as listener, connected(listener) as wire:
        await wire.send(b"GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        await wire.head()
        for _ in range(4):
            before = _unsent(listener)
            await wire.exactly(4 * 1024 * 1024)
            await until(partial(_has_less_unsent, listener, before))
            clock.tick(50)
            listener.tick()
        assert len(await wire.rest()) == 8 * 1024 * 1024


def _has_received(app: Mirror, octets: int) -> bool:
    return app.received == octets


def _has_less_unsent(listener: Listener, than: int) -> bool:
    return _unsent(listener) < than


def _unsent(listener: Listener) -> int:
    return sum(connection.transport.get_write_buffer_size() for connection in listener._open_connections())


async def test_without_descriptors_accepting_waits_for_better_times() -> None:
    async with serving(Mirror()) as listener:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        client = socket.socket()
        client.setblocking(False)
        # No descriptor is left for the listener, whatever else the process has open.
        resource.setrlimit(resource.RLIMIT_NOFILE, (client.fileno() + 1, hard))
        filler = []
        try:
            with contextlib.suppress(OSError):
                while True:
                    filler.append(os.dup(0))
            await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", listener.port))
            await until(lambda: listener._door._paused)
        finally:
            for descriptor in filler:
                os.close(descriptor)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        listener.tick()
        await asyncio.get_running_loop().sock_sendall(client, GET)
        answer = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 1000), 60)
        assert answer.startswith(b"HTTP/1.1 200 ")
        client.close()


async def test_the_application_sees_the_client_leave() -> None:
    app = Mirror()
    async with serving(app) as listener, connected(listener) as wire:
        await wire.send(post("/", "Content-Length: 100000", body=b"x"))
        await app.entered.wait()
        wire.writer.close()
        await asyncio.wait_for(app.gone.wait(), 60)


async def test_idle_connections_are_closed_after_the_keep_alive_time() -> None:
    async with serving(Mirror(), keep_alive_seconds=0.05) as listener, connected(listener) as wire:
        await wire.send(GET)
        await wire.answer()
        assert await wire.rest() == b""


async def test_ipv6_and_ipv4_share_a_free_port() -> None:
    async with serving(Mirror(), host="") as listener:
        async with connected(listener, "127.0.0.1") as wire:
            await wire.send(GET)
            assert (await wire.answer())[1]["client"][0] == "127.0.0.1"
        async with connected(listener, "::1") as wire:
            await wire.send(GET)
            assert (await wire.answer())[1]["client"][0] == "::1"


async def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        listener = Listener(Mirror(), host="127.0.0.1", port=port, tls="never", limits=Limits(), clock=FakeClock())
        with pytest.raises(StartupError, match=f"already listens on port {port}"):
            await listener.start()


async def test_two_listeners_may_share_a_port_when_asked() -> None:
    async with serving(Mirror()) as first:
        pass
    options: dict[str, Any] = {"host": "127.0.0.1", "tls": "never", "limits": Limits(), "clock": FakeClock()}
    first = Listener(Mirror(), port=0, reuse_port=True, **options)
    await first.start()
    second = Listener(Mirror(), port=first.port, reuse_port=True, **options)
    await second.start()
    assert first.port == second.port
    await first.stop(0)
    await second.stop(0)


async def test_connections_over_the_limit_are_closed() -> None:
    async with serving(Mirror(), max_connections=2, reserve=0) as listener:
        async with connected(listener) as one, connected(listener) as two, connected(listener) as three:
            assert await three.rest() == b""
            await one.send(GET)
            assert (await one.answer())[0] == 200
            await two.send(GET)
            assert (await two.answer())[0] == 200
        await until(lambda: listener.admission.open == 0)
        async with connected(listener) as again:
            await again.send(GET)
            assert (await again.answer())[0] == 200
        assert listener.dropped == {"limit": 1}


def test_the_reserve_is_for_the_machine_itself() -> None:
    admission = Admission(Limits(max_connections=4, max_connections_per_address=2, reserve=1))
    slots = [admission.take(a) for a in ("10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.3", "127.0.0.1")]
    assert [slot is not None for slot in slots] == [True, True, False, True, False, True]
    assert admission.take("::1") is None
    assert admission.refused == 3
    first = slots[0]
    assert first is not None
    first.release()
    first.release()
    assert admission.open == 3
    assert admission.take("fe80::1%eth0") is None
    assert admission.take("::1") is not None


async def test_stop_lets_running_requests_end() -> None:
    app = Mirror()
    async with serving(app) as listener, connected(listener) as busy, connected(listener) as idle:
        await idle.send(GET)
        await idle.answer()
        await busy.send(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        app.entered.clear()
        await app.entered.wait()
        stopping = asyncio.create_task(listener.stop(grace=10))
        assert await idle.rest() == b""
        app.go.set()
        head = await busy.head()
        assert head.startswith(b"HTTP/1.1 200 ")
        assert b"connection: close" in head
        await asyncio.wait_for(stopping, 60)
        with pytest.raises(OSError, match=r"refused|Connect call failed"):
            await asyncio.open_connection("127.0.0.1", listener.port)


async def test_stop_ends_what_does_not_end_by_itself() -> None:
    app = Mirror()
    async with serving(app) as listener, connected(listener) as wire:
        await wire.send(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        await app.entered.wait()
        await listener.stop(grace=0.05)
        assert await wire.rest() == b""
        assert not listener._state.tasks


def test_it_works_on_uvloop() -> None:
    async def main() -> None:
        async with serving(Mirror(), tls="never") as listener, connected(listener) as wire:
            await wire.send(post("/", "Content-Length: 5", "Expect: 100-continue"))
            await wire.head()
            await wire.send(b"hello")
            assert (await wire.answer())[1]["octets"] == 5

    uvloop.run(main())
