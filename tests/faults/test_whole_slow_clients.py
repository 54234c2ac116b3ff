"""Clients that take their time, on purpose: they are dropped, and nobody else notices them."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from ipp.wire import Operation, build
from tests.faults.raw import Healthy, Wire, connected, head, message
from tests.faults.whole import Site, document, tracebacks

pytestmark = pytest.mark.faults

HEADER_SECONDS = 2.0
BODY_SECONDS = 30.0  # over so long the rate of a body is averaged
PRINT = message(Operation.PRINT_JOB, build.name("job-name", "slow"), build.mime("document-format", "application/pdf"))

Trickle = Callable[[Wire], Coroutine[None, None, None]]


async def silent(_: Wire) -> None:
    """A half-open connection: there, and that is all."""


async def slow_header(wire: Wire) -> None:
    await wire.send(b"POST /ipp/print/ipp HTTP/1.1\r\nHost: a\r\n")
    for number in range(1000):
        await asyncio.sleep(0.5)
        await wire.send(b"X-%d: a\r\n" % number)


async def half_a_handshake(wire: Wire) -> None:
    await wire.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")


async def slow_body(wire: Wire) -> None:
    await wire.send(head("/ipp/print/ipp", "Content-Length: 1000000") + PRINT + document(1, pad=100))
    while True:
        await asyncio.sleep(1)
        await wire.send(b"%")


async def slow_chunks(wire: Wire) -> None:
    await wire.send(head("/ipp/print/ipp", "Transfer-Encoding: chunked") + b"%x\r\n%b\r\n" % (len(PRINT), PRINT))
    while True:
        await asyncio.sleep(1)
        await wire.send(b"1\r\n%\r\n")


async def slow_message(wire: Wire) -> None:
    """Not even the attributes come to their end."""
    await wire.send(head("/ipp/print/ipp", "Content-Length: 5000") + PRINT[:40])
    while True:
        await asyncio.sleep(1)
        await wire.send(b"a")


async def attacks(port: int, trickle: Trickle, seconds: float) -> float:
    """How long the connection was suffered; AssertionError when longer than `seconds`."""
    began = time.monotonic()
    async with connected(port) as wire:
        sending = asyncio.create_task(trickle(wire))
        try:
            assert await wire.closed(seconds), f"{trickle} is still there after {seconds} s"
        finally:
            sending.cancel()
            await asyncio.wait([sending])
    return time.monotonic() - began


async def test_slow_clients_are_dropped_while_others_are_served(tmp_path: Path, long: bool) -> None:
    """Bodies need half a minute to be found slow: that is the long form. In both they are there while others print."""
    each = 60 if long else 20
    site = await Site.made(tmp_path / "data", {"ipp": "socket://127.0.0.1:9"}, HTTP__HEADER_SECONDS=str(HEADER_SECONDS))
    async with site.serving("front") as server:
        before = server.resident()
        async with Healthy(site.port) as healthy, asyncio.TaskGroup() as tasks:
            quick = [
                tasks.create_task(attacks(site.port, trickle, HEADER_SECONDS + 3))
                for trickle in (silent, slow_header, half_a_handshake)
                for _ in range(each)
            ]
            slow = [
                tasks.create_task(attacks(site.port, trickle, BODY_SECONDS + 10))
                for trickle in (slow_body, slow_chunks, slow_message)
                for _ in range(each)
            ]
            began = time.monotonic()
            for number in range(5):
                await site.accepted("ipp", f"healthy-{number}", document(number, pad=100_000))
            printing = (time.monotonic() - began) / 5
            await asyncio.gather(*quick)
            if not long:
                for task in slow:
                    task.cancel()
        suffered = [task.result() for task in (*quick, *(slow if long else ()))]
        grown = (server.resident() - before) / 2**20
        print(f"{len(suffered)} dropped after {max(suffered):.1f} s at most, others waited {healthy.slowest:.3f} s at")
        print(f"most, printing took {printing:.3f} s, grown {grown:.1f} MiB")
        assert healthy.slowest < 1.0
        assert printing < 2.0
        assert grown < 16
    assert tracebacks(server.log) == []
    assert len(await site.jobs()) == 5
    assert len(site.spooled()) == 5, "nothing of the slow ones is left"
