"""The process that is killed: real spool, real SQLite, real intake, and clients that never stop sending.

One line on standard output for each thing a client would have learned: `ack UUID SHA256`, `refused KIND`, and
`quiet` when all COUNT documents were sent; then it waits to be killed.
"""

import argparse
import asyncio
import hashlib
import os
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from gateway.adapters.clock import SystemClock
from gateway.adapters.db import database_url, migrate, open_database
from gateway.adapters.keyring import FileKeyring
from gateway.adapters.spool import open_spool
from gateway.domain.user import Actor
from gateway.errors import Refusal
from gateway.services.intake import Incoming, Intake, Submission
from gateway.services.printers import Printers
from gateway.settings import Settings, SpoolSettings
from tests.fakes import FakeHasher, MemoryEventBus, MemoryPrinterStore, a_printer
from tests.faults import defects

SIZES = (1, 5_000, 100_000, 100_000, 100_000, 700_000)
CLIENT = Actor(address="192.0.2.1", claimed="client", via="ipp")


def settings_of(data: str, spool: str) -> Settings:
    """No watermark: these disks are small."""
    return Settings(data=Path(data), spool=SpoolSettings(url=f"file://{spool}", low_percent=0.0, low_bytes=0))


async def accept(arguments: argparse.Namespace) -> None:
    settings = settings_of(arguments.data, arguments.spool)
    await migrate(database_url(settings))
    database = await open_database(settings)
    keyring, spool = FileKeyring(settings.data / "keys", create_if_new=True), open_spool(settings)
    # Only now: a bug that loses the installation itself would prove nothing about jobs.
    defects.install(arguments.defect)
    jobs = defects.store(arguments.defect, database.jobs)
    events, clock = MemoryEventBus(), SystemClock()
    printers = Printers(store=MemoryPrinterStore([a_printer("find-me")]), jobs=jobs, events=events, clock=clock)
    await printers.refresh()
    intake = Intake(
        spool=spool,
        keyring=keyring,
        jobs=jobs,
        printers=printers,
        attempts=database.attempts,
        events=events,
        clock=clock,
        hasher=FakeHasher(),
        settings=settings,
    )
    await intake.start()
    numbers = iter(range(arguments.count))
    await asyncio.gather(*(client(intake, numbers) for _ in range(arguments.clients)))
    say("quiet")
    await asyncio.Event().wait()


async def client(intake: Intake, numbers: Iterator[int]) -> None:
    for number in numbers:
        document = random.randbytes(random.choice(SIZES))
        submission = Submission(printer="find-me", name=f"job {number}", actor=CLIENT, source="ipp")
        try:
            job = await intake.submit(submission, Incoming(body=body(document), format="application/pdf"))
        except Refusal as refusal:
            say(f"refused {refusal.kind}")
        else:
            say(f"ack {job.uuid} {hashlib.sha256(document).hexdigest()}")


async def body(document: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(document), 65536):
        await asyncio.sleep(0)
        yield document[start : start + 65536]


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("spool")
    parser.add_argument("--defect", default="")
    parser.add_argument("--count", type=int, default=1_000_000_000)
    parser.add_argument("--clients", type=int, default=1)
    asyncio.run(accept(parser.parse_args()))


if __name__ == "__main__":
    main()
