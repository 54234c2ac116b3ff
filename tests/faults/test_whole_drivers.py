"""kill -9 while drivers print by LPR: what was told the last octet 0 is there, and what was not is sent again and there once."""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from tests.faults.whole import PATIENCE, Site, document, sha256, tracebacks
from tests.ipp.driver.driver_house import ACK, control, part
from tests.peers.processes import free_port

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]

SENDERS = 4


def a_document(number: int) -> bytes:
    """The same octets whenever it is asked for."""
    return document(number, pad=(100, 20_000, 300_000)[number % 3])


class Senders:
    """`told`: jobs whose last octet came; `unsure`: those that were on their way when the line went dead."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._numbers = count(1)
        self.told: set[int] = set()
        self.unsure: set[int] = set()

    async def send(self) -> None:
        """Until the server goes away."""
        with suppress(OSError, asyncio.IncompleteReadError):
            async with asyncio.timeout(PATIENCE):
                while True:
                    await self.job(next(self._numbers))

    async def again(self) -> None:
        """As senders do at the next occasion: well within the time in which a job is known again."""
        for number in sorted(self.unsure):
            await self.job(number)

    async def job(self, number: int) -> None:
        """Data first or control first, by its number."""
        self.unsure.add(number)
        name = f"A{number % 1000:03d}faults"
        said = control(f"df{name}", host="faults", name=f"job-{number}")
        parts = [part(2, said, name), part(3, a_document(number), name)]
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            for octets in (b"\x02raw\n", *(piece for one in parts[:: -1 if number % 2 else 1] for piece in one)):
                writer.write(octets)
                assert await reader.readexactly(1) == ACK
        finally:
            writer.close()
        self.unsure.discard(number)
        self.told.add(number)


async def test_no_acknowledged_job_is_lost_and_none_doubled(tmp_path: Path, long: bool) -> None:
    rounds, seconds = (30, 4.0) if long else (2, 1.0)
    port = free_port()
    settings = {"LPD__ENABLED": "true", "LPD__PORT": str(port)}
    site = await Site.made(tmp_path / "data", {"raw": "socket://127.0.0.1:9"}, **settings)
    senders = Senders(port)
    for _ in range(rounds):
        async with site.serving("front") as server:
            await senders.again()
            sending = [asyncio.create_task(senders.send()) for _ in range(SENDERS)]
            await asyncio.sleep(random.uniform(0.5, 1.0) * seconds)
            server.kill()
            await server.ended()
            await asyncio.gather(*sending)
            assert tracebacks(server.log) == []
    async with site.serving("front") as server:
        await senders.again()
        assert tracebacks(server.log) == []
    jobs = await site.jobs()
    made = Counter(job.name for job in jobs)
    assert len(senders.told) > SENDERS, "nothing was measured"
    assert {f"job-{number}" for number in senders.told} - made.keys() == set(), "acknowledged and lost"
    assert {name for name, times in made.items() if times > 1} == set(), "printed twice"
    wanted = {f"job-{number}": sha256(a_document(number)) for number in senders.told}
    assert {job.name: job.documents[0].sha256 for job in jobs if job.name in wanted} == wanted
    assert await site.unreadable() == []
    print(f"{rounds} kills, {len(senders.told)} acknowledged")
