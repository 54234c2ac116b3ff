"""A name server under attack: 100,000 damaged packets over UDP and TCP, and a flood in a forged name.

Everything is an answer, a FORMERR or silence; nothing is uncaught, and no flood gets back more than it sends.
"""

import asyncio
import random
import socket

import pytest

from discovery.unicast_client import ask
from discovery.unicast_server import DnsServer
from gateway.settings import Dns
from tests.discovery.naming import ZONE, Naming, many, question
from tests.peers.dns_fuzz import packets

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1200)]
STATUSES = {0, 1, 3, 4, 5}
SECONDS = 60.0


class Watched:
    """The authority, with everything that it ever raised: the server itself would only write that down."""

    def __init__(self, naming: Naming) -> None:
        self._authority = naming.authority
        self.raised: list[BaseException] = []
        self.seen = 0

    def answer(self, packet: bytes, address: str, *, tcp: bool = False) -> bytes | None:
        self.seen += 1
        try:
            answer = self._authority.answer(packet, address, tcp=tcp)
        except BaseException as error:
            self.raised.append(error)
            raise
        if answer is not None:
            assert answer[3] & 0xF in STATUSES
            assert tcp or len(answer) <= 1232
        return answer


async def test_damaged_packets(long: bool) -> None:
    count = 50_000 if long else 1500
    naming = await Naming(printers=many(40), settings=Dns(resolvers=("127.0.0.0/8",))).ready()
    watched = Watched(naming)
    server = DnsServer(watched, host="127.0.0.1", port=0)
    await server.start()
    try:
        chance = random.Random(20261130)
        await _by_udp(server.port, chance, count)
        over_udp = watched.seen
        await _by_tcp(server.port, chance, count)
        assert (await ask("127.0.0.1", server.port, ZONE, "SOA", seconds=SECONDS)).rcode == 0
    finally:
        await server.stop()
    assert watched.raised == []
    assert over_udp > count // 2, "most datagrams arrived"
    assert watched.seen - over_udp > count // 4, "those that have a length at all"


async def _by_udp(port: int, chance: random.Random, count: int) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        client.connect(("127.0.0.1", port))
        for number, packet in enumerate(packets(chance, count)):
            await loop.sock_sendall(client, packet)
            if number % 20 == 0:  # the server's buffer is not what is on trial
                await asyncio.sleep(0)
                await asyncio.sleep(0)


async def _by_tcp(port: int, chance: random.Random, count: int) -> None:
    """Each connection sends until the server has enough of it."""
    left = iter(packets(chance, count))
    waiting = next(left, None)
    while waiting is not None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            async with asyncio.timeout(SECONDS):
                while waiting is not None:
                    packet, waiting = waiting, next(left, None)
                    writer.write(len(packet).to_bytes(2, "big") + packet)
                    size = int.from_bytes(await reader.readexactly(2), "big")
                    await reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            continue
        finally:
            writer.close()


async def test_a_flood_gets_back_less_than_it_sends(long: bool) -> None:
    """From one address, whose owner never asked: what comes back is counted on the wire."""
    seconds = 20.0 if long else 2.0
    naming = await Naming(printers=many(40)).ready()
    server = DnsServer(naming.authority, host="127.0.0.1", port=0)
    await server.start()
    names = [(f"Printer number {n:04d}", "_ipp", "_tcp", *ZONE) for n in range(40)]
    flood = [question(name, kind) for name in names for kind in ("TXT", "ANY", "SRV")]
    flood += [question(("_ipp", "_tcp", *ZONE)), question(("nobody", *ZONE), "A"), question(ZONE, "NS")]
    sent = received = 0
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setblocking(False)
            client.connect(("127.0.0.1", server.port))
            end, number = asyncio.get_running_loop().time() + seconds, 0
            while asyncio.get_running_loop().time() < end:
                for _ in range(50):
                    sent += client.send(flood[number % len(flood)])
                    number += 1
                naming.clock.tick(50 / 2000)  # 2,000 questions a second, however slow this machine is
                await asyncio.sleep(0)
                received += _drained(client)
            await asyncio.sleep(0.2)
            received += _drained(client)
    finally:
        await server.stop()
    assert sent > 100_000
    assert received > 0
    assert received / sent <= 1.0


def _drained(client: socket.socket) -> int:
    octets = 0
    while True:
        try:
            octets += len(client.recv(4096))
        except BlockingIOError:
            return octets
