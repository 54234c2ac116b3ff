"""Clients that lie about HTTP, lengths and compression, against the whole front: each hears what was wrong, or nothing.

After all of them the spool holds nothing, the log no exception, and decent clients are served.
"""

import asyncio
import gzip
import random
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from ipp.wire import Operation, Status, build
from tests.faults.raw import Answer, asked, connected, head, message, request
from tests.faults.whole import Server, Site, document, tracebacks

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("bad-clients"),
]

MIB = 1024 * 1024
MOST = 2_000_000  # octets of a document
MOST_UNPACKED = 20 * MIB
PDF = build.mime("document-format", "application/pdf")
ENVELOPE = message(Operation.PRINT_JOB, build.name("job-name", "bad"), PDF)
ATTRIBUTES = message(Operation.GET_PRINTER_ATTRIBUTES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Front:
    site: Site
    server: Server

    async def ask(self, octets: bytes) -> Answer | None:
        return await asked(self.site.port, octets)

    async def is_well(self) -> None:
        """A decent client is answered, and nothing is left of the bad one."""
        answer = await self.ask(request(ATTRIBUTES))
        assert answer is not None
        assert answer.ipp_status == Status.SUCCESSFUL_OK
        async with asyncio.timeout(60):
            while self.site.spooled():
                await asyncio.sleep(0.02)
        assert tracebacks(self.server.log) == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    limits = {"IPP__MAX_DOCUMENT": str(MOST), "IPP__MAX_DECOMPRESSED": str(MOST_UNPACKED)}
    site = await Site.made(tmp_path_factory.mktemp("bad") / "data", {"ipp": "socket://127.0.0.1:9"}, **limits)
    async with site.serving("front") as server:
        yield Front(site=site, server=server)


@pytest_asyncio.fixture(loop_scope="module")
async def front(served: Front) -> AsyncIterator[Front]:
    yield served
    await served.is_well()
    assert await served.site.jobs() == []


SIZE = f"Content-Length: {len(ATTRIBUTES)}"
CHUNKED = "Transfer-Encoding: chunked"
NONSENSE = {
    "both lengths": (head("/ipp/print/ipp", SIZE, CHUNKED) + b"0\r\n\r\n", {400}),
    "both lengths, the other way round": (head("/ipp/print/ipp", CHUNKED, SIZE) + b"0\r\n\r\n", {400}),
    "two lengths": (head("/ipp/print/ipp", SIZE, "Content-Length: 3") + ATTRIBUTES, {400}),
    "a length below zero": (head("/ipp/print/ipp", "Content-Length: -1") + ATTRIBUTES, {400}),
    "a length in words": (head("/ipp/print/ipp", "Content-Length: ten") + ATTRIBUTES, {400}),
    "a length with a sign": (head("/ipp/print/ipp", "Content-Length: +10") + ATTRIBUTES, {400}),
    "a length beyond all": (head("/ipp/print/ipp", "Content-Length: " + "9" * 40) + ATTRIBUTES, {400, 413}),
    "a chunk size in words": (head("/ipp/print/ipp", CHUNKED) + b"ten\r\n" + ATTRIBUTES, {400}),
    "a chunk size beyond all": (head("/ipp/print/ipp", CHUNKED) + b"F" * 20 + b"\r\n" + ATTRIBUTES, {400}),
    "a chunk size below zero": (head("/ipp/print/ipp", CHUNKED) + b"-5\r\n" + ATTRIBUTES, {400}),
    "a chunk without its end": (head("/ipp/print/ipp", CHUNKED) + b"3\r\nabcdef\r\n0\r\n\r\n", {400}),
    "an encoding that nobody knows": (head("/ipp/print/ipp", "Transfer-Encoding: rot13") + ATTRIBUTES, {400, 415}),
    "chunks that are not last": (head("/ipp/print/ipp", "Transfer-Encoding: chunked, gzip") + ATTRIBUTES, {400, 415}),
    "a space before the colon": (head("/ipp/print/ipp", "Transfer-Encoding : chunked") + b"0\r\n\r\n", {400}),
    "a NUL in a header": (head("/ipp/print/ipp", SIZE, "X-Odd: a\0b") + ATTRIBUTES, {400}),
    "a huge header": (head("/ipp/print/ipp", SIZE, "X-Long: " + "x" * 200_000) + ATTRIBUTES, {400, 431}),
    "many headers": (head("/ipp/print/ipp", SIZE, *(f"X-{n}: {n}" for n in range(20_000))) + ATTRIBUTES, {400, 431}),
    "a huge address": (head("/ipp/print/" + "x" * 100_000, SIZE) + ATTRIBUTES, {400, 414, 431}),
    "a method that nobody knows": (b"BREW /ipp/print HTTP/1.1\r\nHost: a\r\n\r\n", {400, 404, 405}),
    "a method that is not for printing": (
        b"PUT /ipp/print HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        {404, 405},
    ),
    "a version that nobody knows": (b"GET / HTTP/9.9\r\nHost: a\r\n\r\n", {400, 404, 405}),
    "no HTTP at all": (b"\x00\x01\x02\x03" * 50 + b"\r\n\r\n", {400}),
    "another protocol": (b"@PJL INFO STATUS\r\n\r\n", {400}),
    "an empty body": (request(b""), {400}),
    "two octets": (request(b"\x02\x00"), {400}),
    "no content type": (b"POST /ipp/print/ipp HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab", {415}),
    "another content type": (head(kind="text/html") + b"", {415, 411}),
    "a form": (head("/ipp/print/ipp", SIZE, kind="application/x-www-form-urlencoded") + ATTRIBUTES, {415}),
    "more than is taken": (head("/ipp/print/ipp", f"Content-Length: {MOST * 10}") + ENVELOPE, {413}),
}


@pytest.mark.parametrize("name", NONSENSE)
async def test_what_is_no_http_is_a_4xx_with_words(front: Front, name: str) -> None:
    octets, statuses = NONSENSE[name]
    answer = await front.ask(octets)
    assert answer is not None
    assert answer.status in statuses, answer
    assert len(answer.body) > 10, "it says what was wrong"


async def test_addresses_that_mean_nothing(front: Front) -> None:
    for path in ("/ipp/print/nobody", "/ipp/print/../../etc/passwd", "/ipp/print/%00", "/ipp/%ff"):
        answer = await front.ask(request(ATTRIBUTES.replace(b"/ipp/print/ipp", b"/ipp/print/xxx"), path))
        assert answer is not None
        assert answer.status in {400, 404, 405} or answer.ipp_status == Status.CLIENT_ERROR_NOT_FOUND, (path, answer)


@pytest.mark.parametrize(
    "first", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(600), b"\x16", b"\x16" * 5000]
)
async def test_what_is_no_tls_is_hung_up_on(front: Front, first: bytes) -> None:
    async with connected(front.site.port) as wire:
        await wire.send(first)
        wire.writer.write_eof()
        assert await wire.closed(15)


@pytest.mark.parametrize("ending", ["fin", "rst"])
@pytest.mark.parametrize("length", ["Content-Length: 1900000", CHUNKED])
async def test_a_client_that_goes_away_in_mid_document_leaves_nothing(front: Front, length: str, ending: str) -> None:
    piece = ENVELOPE + document(1, pad=1_000_000)
    async with connected(front.site.port) as wire:
        framed = b"%x\r\n%b\r\n" % (len(piece), piece) if length == CHUNKED else piece
        await wire.send(head("/ipp/print/ipp", length) + framed)
        async with asyncio.timeout(60):
            while not front.site.spooled():
                await asyncio.sleep(0.01)
        if ending == "rst":
            wire.reset()
        else:
            wire.writer.write_eof()


async def test_a_length_that_was_too_short(front: Front) -> None:
    """The rest of the message is no request: it is refused, not believed."""
    async with connected(front.site.port) as wire:
        await wire.send(head("/ipp/print/ipp", f"Content-Length: {len(ATTRIBUTES) - 20}") + ATTRIBUTES)
        first, second = await wire.answer(), await wire.answer()
    assert first is not None
    assert first.status in {200, 400}
    assert not first.is_ipp or first.ipp_status == Status.CLIENT_ERROR_BAD_REQUEST
    assert second is None or second.status == 400


def bomb(octets: int) -> bytes:
    return gzip.compress(bytes(octets), 9)


def raw_bomb(octets: int) -> bytes:
    return zlib.compress(bytes(octets), 9)


PACKED = gzip.compress(document(1, pad=50_000))
TOO_LARGE = Status.CLIENT_ERROR_REQUEST_ENTITY_TOO_LARGE
UNPACKED = Status.CLIENT_ERROR_COMPRESSION_ERROR
NOISE = random.Random(1).randbytes(MOST + 1)
DOCUMENTS = {
    "a gzip bomb": ("gzip", bomb(64 * MIB), {UNPACKED, TOO_LARGE}),
    "a deflate bomb": ("deflate", raw_bomb(64 * MIB), {UNPACKED, TOO_LARGE}),
    "a bomb in a bomb": ("gzip", gzip.compress(bomb(64 * MIB) * 3 + bytes(MOST_UNPACKED), 9), {UNPACKED, TOO_LARGE}),
    "many members": ("gzip", gzip.compress(b"") * 9000 + PACKED[:-5], {UNPACKED}),
    "plain, said to be gzip": ("gzip", document(1), {UNPACKED}),
    "plain, said to be deflate": ("deflate", document(1), {UNPACKED}),
    "gzip that is cut": ("gzip", PACKED[:-9], {UNPACKED}),
    "gzip that is damaged": ("gzip", PACKED[:200] + b"\xff" * 50 + PACKED[250:], {UNPACKED}),
    "gzip with more behind it": ("gzip", PACKED + b"more", {UNPACKED}),
    "a compression that nobody knows": ("lzma", PACKED, {Status.CLIENT_ERROR_COMPRESSION_NOT_SUPPORTED}),
    "one octet too much": ("none", document(1, pad=MOST), {TOO_LARGE}),
    "one octet too much, packed": ("gzip", gzip.compress(NOISE, 0), {TOO_LARGE}),
    "nothing": ("none", b"", {Status.CLIENT_ERROR_BAD_REQUEST}),
    "nothing, packed": ("gzip", gzip.compress(b""), {Status.CLIENT_ERROR_DOCUMENT_FORMAT_ERROR, UNPACKED}),
}


@pytest.mark.parametrize("chunks", [False, True], ids=["length", "chunks"])
@pytest.mark.parametrize("name", DOCUMENTS)
async def test_documents_that_are_not_what_they_say(front: Front, name: str, chunks: bool) -> None:
    compression, octets, statuses = DOCUMENTS[name]
    body = message(Operation.PRINT_JOB, PDF, build.keyword("compression", compression)) + octets
    framed = head("/ipp/print/ipp", CHUNKED) + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if chunks else request(body)
    before = front.server.resident()
    answer = await front.ask(framed)
    assert answer is not None
    assert (answer.status, Status(answer.ipp_status)) in {(200, status) for status in statuses}, answer
    assert front.server.resident() - before < 32 * MIB
