"""The same over a real HTTP server: chunked bodies, Expect: 100-continue, early answers, broken connections (row 9)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from ipp.wire import Message, Operation, Status, decode, encode
from tests.fakes import fake_pdf
from tests.ipp.server.house import House, WallClock, a_house, a_request

PRINT = encode(a_request(Operation.PRINT_JOB))
BIG = 3 * 2**20


@dataclass
class Wire:
    """One connection, octets in and out."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
        await self.writer.drain()

    async def head(self) -> tuple[int, dict[str, str]]:
        raw = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 60)
        first, *lines = raw.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines if line)
        return int(first.split()[1]), headers

    async def answer(self) -> Message:
        status, headers = await self.head()
        body = await asyncio.wait_for(self.reader.readexactly(int(headers["content-length"])), 60)
        assert status == 200, body
        return decode(body)[0]


@asynccontextmanager
async def served() -> AsyncIterator[tuple[House, int]]:
    house = a_house(clock=WallClock())
    async with house.serving() as port:
        yield house, port


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


def head(*lines: str) -> bytes:
    given = ("POST /ipp/print HTTP/1.1", "Host: localhost", "Content-Type: application/ipp", *lines)
    return "".join(f"{line}\r\n" for line in given).encode() + b"\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def test_a_chunked_request_and_the_next_on_the_same_connection() -> None:
    async with served() as (house, port), connected(port) as wire:
        for _ in range(2):
            await wire.send(head("Transfer-Encoding: chunked"))
            await wire.send(chunk(PRINT[:50]), chunk(PRINT[50:] + fake_pdf()[:5]), chunk(fake_pdf()[5:]), b"0\r\n\r\n")
            assert (await wire.answer()).code == Status.SUCCESSFUL_OK
        assert [job.documents[0].size for job in house.jobs.rows.values()] == [len(fake_pdf())] * 2


async def test_a_client_that_expects_100_continue_gets_it() -> None:
    async with served() as (_, port), connected(port) as wire:
        octets = PRINT + fake_pdf()
        await wire.send(head(f"Content-Length: {len(octets)}", "Expect: 100-continue"))
        assert (await wire.head())[0] == 100
        await wire.send(octets)
        assert (await wire.answer()).code == Status.SUCCESSFUL_OK


async def test_a_document_that_is_too_large_is_refused_instead_of_continued() -> None:
    async with served() as (_, port), connected(port) as wire:
        await wire.send(head(f"Content-Length: {10**13}", "Expect: 100-continue"))
        assert (await wire.head())[0] == 413


async def test_a_refusal_comes_before_the_document_and_the_connection_goes_on() -> None:
    async with served() as (house, port), connected(port) as wire:
        await house.printers.disable("find-me")
        await wire.send(head(f"Content-Length: {len(PRINT) + BIG}"), PRINT)
        assert (await wire.answer()).code == Status.SERVER_ERROR_NOT_ACCEPTING_JOBS
        await wire.send(bytes(BIG))
        again = encode(a_request(Operation.GET_PRINTER_ATTRIBUTES, request_id=2))
        await wire.send(head(f"Content-Length: {len(again)}"), again)
        assert (await wire.answer()).request_id == 2


@pytest.mark.parametrize("how", ["Content-Length: 100000", "Transfer-Encoding: chunked"])
async def test_a_connection_that_breaks_in_the_document_leaves_nothing(how: str) -> None:
    async with served() as (house, port):
        async with connected(port) as wire:
            data = PRINT + fake_pdf()[:10]
            await wire.send(head(how), chunk(data) if "chunked" in how else data)
            while not house.spool.unfinished:
                await asyncio.sleep(0.01)
        while house.spool.unfinished:
            await asyncio.sleep(0.01)
        assert not house.jobs.rows
        assert not house.spool.objects
