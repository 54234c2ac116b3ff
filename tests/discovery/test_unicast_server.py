"""The sockets: both families, UDP and TCP, who talks too long, and defects that end nothing."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from dnslib import DNSRecord

from discovery.unicast_client import NoAnswer, ask
from discovery.unicast_server import CONNECTIONS_PER_ADDRESS_MAX, DnsServer
from gateway.errors import StartupError
from gateway.settings import Dns
from tests.discovery.naming import ZONE, Naming, many, question
from tests.peers.dns_fuzz import packets

SECONDS = 60.0


@asynccontextmanager
async def serving(naming: Naming, host: str = "127.0.0.1") -> AsyncIterator[DnsServer]:
    server = DnsServer((await naming.ready()).authority, host=host, port=0)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def by_tcp(port: int, *octets: bytes) -> list[bytes]:
    """Everything is sent at once; the answers until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = []
    try:
        async with asyncio.timeout(SECONDS):
            for part in octets:
                writer.write(part)
            writer.write_eof()
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                answers.append(await reader.readexactly(size))
    except (asyncio.IncompleteReadError, ConnectionError):
        return answers
    finally:
        writer.close()


def framed(packet: bytes) -> bytes:
    return len(packet).to_bytes(2, "big") + packet


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9", "::1"])
async def test_the_answer_comes_from_the_address_that_was_asked(address: str) -> None:
    async with serving(Naming(), host="") as server:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect((address, server.port))  # takes from this address alone
            client.settimeout(SECONDS)
            loop = asyncio.get_running_loop()
            client.send(question(ZONE, "SOA"))
            answer = await loop.run_in_executor(None, client.recv, 4096)
    assert str(DNSRecord.parse(answer).rr[0].rdata).startswith("ns.print.example.org.")


async def test_a_client_that_is_told_to_comes_by_tcp() -> None:
    async with serving(Naming(printers=many(200), settings=Dns(resolvers=("127.0.0.0/8",)))) as server:
        reply = await ask("127.0.0.1", server.port, ("_ipp", "_tcp", *ZONE), "PTR")
    assert (reply.rcode, reply.authoritative, len(reply.targets)) == (0, True, 200)


async def test_several_questions_on_one_connection_are_answered_in_order() -> None:
    async with serving(Naming()) as server:
        asked = [question(ZONE, "SOA", ident=n) for n in range(5)]
        answers = await by_tcp(server.port, b"".join(map(framed, asked)))
    assert [answer[:2] for answer in answers] == [packet[:2] for packet in asked]


@pytest.mark.parametrize("octets", [b"\0", b"\0\0", b"\xff\xff" + b"a" * 5000, b"\0\x0cshort", framed(b"\x80" * 40)])
async def test_what_is_no_question_ends_its_connection_alone(octets: bytes) -> None:
    async with serving(Naming()) as server:
        assert await by_tcp(server.port, octets) == []
        assert len(await by_tcp(server.port, framed(question(ZONE, "SOA")))) == 1


async def test_one_address_has_some_connections_and_no_more() -> None:
    async with serving(Naming()) as server:
        several = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(CONNECTIONS_PER_ADDRESS_MAX)]
        for reader, writer in several:
            writer.write(framed(question(ZONE, "SOA")))
            await asyncio.wait_for(reader.readexactly(2), SECONDS)
        assert await by_tcp(server.port, framed(question(ZONE, "SOA"))) == []
        assert (await ask("127.0.0.1", server.port, ZONE, "SOA")).rcode == 0, "UDP goes on"
        for _, writer in several:
            writer.close()
        for _ in range(1000):
            if await by_tcp(server.port, framed(question(ZONE, "SOA"))):
                break
        else:
            raise AssertionError("who left gives no room")


async def test_a_defect_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Defective:
        def answer(self, packet: bytes, _address: str, *, tcp: bool = False) -> bytes:
            if packet[:2] == b"\0\0":
                raise RuntimeError("a defect")
            return packet

    server = DnsServer(Defective(), host="127.0.0.1", port=0)
    await server.start()
    try:
        assert await by_tcp(server.port, framed(b"\0\0defect")) == []
        assert await by_tcp(server.port, framed(b"\0\1fine")) == [b"\0\1fine"]
    finally:
        await server.stop()


async def test_damaged_packets_leave_it_answering() -> None:
    async with serving(Naming()) as server:
        chance = random.Random(11)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setblocking(False)
            for packet in packets(chance, 400):
                client.sendto(packet, ("127.0.0.1", server.port))
        for packet in packets(chance, 100):
            await by_tcp(server.port, framed(packet))
        assert (await ask("127.0.0.1", server.port, ZONE, "SOA")).rcode == 0


async def test_a_port_that_is_taken_is_named() -> None:
    async with serving(Naming()) as server:
        second = DnsServer(Naming().authority, host="127.0.0.1", port=server.port)
        with pytest.raises(StartupError, match=f"port {server.port} of 127.0.0.1 for DNS"):
            await second.start()
    with pytest.raises(StartupError, match="Cannot listen"):
        await DnsServer(Naming().authority, host="192.0.2.1", port=0).start()


async def test_silence_and_rubbish_are_no_answer() -> None:
    class Rubbish:
        def answer(self, packet: bytes, _address: str, *, tcp: bool = False) -> bytes | None:
            chain = b"".join((0xC000 | 10 + 2 * n).to_bytes(2, "big") for n in range(600))
            return packet[:2] + b"\x80\0\0\1\xff\xff\0\0\0\0" + chain

    server = DnsServer(Rubbish(), host="127.0.0.1", port=0)
    await server.start()
    port = server.port
    try:
        with pytest.raises(NoAnswer, match="no DNS"):
            await ask("127.0.0.1", port, ZONE, "SOA")
    finally:
        await server.stop()
    with pytest.raises(NoAnswer):
        await ask("127.0.0.1", port, ZONE, "SOA", seconds=0.05)
