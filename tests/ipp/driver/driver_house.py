"""The services of a gateway behind LPR and raw ports, and a sender that says every octet itself."""

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from gateway.domain.events import IntakeAttempt
from gateway.domain.job import Job
from gateway.services.driver_names import DriverNames
from gateway.settings import Lpd, Raw, Settings
from ipp.driver import LpdServer, RawServer
from ipp.driver.desk import Desk
from ipp.driver.listing import Listing
from tests.ipp.server.house import House, a_house

LOOPBACK = ("127.0.0.0/8",)
ACK = b"\0"
PATIENCE = 60.0


@dataclass
class Sender:
    """One connection, octets in and out."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
        await self.writer.drain()

    async def asks(self, *parts: bytes) -> bytes:
        """What is answered, one octet."""
        await self.say(*parts)
        return await asyncio.wait_for(self.reader.read(1), PATIENCE)

    async def rest(self) -> bytes:
        """All that is still said, until the other side closes."""
        return await asyncio.wait_for(self.reader.read(), PATIENCE)

    def ends(self) -> None:
        self.writer.write_eof()

    def breaks(self) -> None:
        """With a reset."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.writer.transport.abort()


class DriverHouse:
    """Both servers over the services of an IPP house; `settings` are those of both ways."""

    def __init__(self, house: House, lpd: Lpd, raw: Raw) -> None:
        self.house = house
        names = DriverNames(users=house.users, owner_of=house.users.user_by_email, identity=house.identity)
        desk = partial(Desk, intake=house.intake, printers=house.printers, names=names)
        listing = Listing(
            desk=desk(source="lpd"), printers=house.printers, release=house.release, label_of=house.claims.label
        )
        self.lpd = LpdServer(
            desk=desk(source="lpd"), listing=listing, settings=lpd, largest=house.settings.ipp.max_document
        )
        self.raw = RawServer(
            desk=desk(source="raw"), printers=house.printers, settings=raw, clock=house.clock, listen=listening
        )

    @asynccontextmanager
    async def sender(self, port: int | None = None) -> AsyncIterator[Sender]:
        """To LPR, or to a raw port."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port or self.lpd.port)
        try:
            yield Sender(reader, writer)
        finally:
            writer.close()

    async def change(self, printer: str, **changes: Any) -> None:
        await self.house.printers.change_printer(printer, **changes)
        await self.raw.follow()

    @property
    def jobs(self) -> list[Job]:
        return list(self.house.jobs.rows.values())

    async def content(self, job: Job) -> list[bytes]:
        assert job.key is not None
        key, found = self.house.keyring.unwrap(job.key), []
        for document in job.documents:
            octets = b"".join([chunk async for chunk in self.house.spool.read(document.id, key)])
            assert document.sha256 == hashlib.sha256(octets).hexdigest()
            found.append(octets)
        return found

    async def attempts(self) -> list[IntakeAttempt]:
        """What was written down of all tries."""
        await self.house.intake.stop()
        return list(self.house.attempts.rows)

    @property
    def arriving(self) -> int:
        """Octets of documents that are on their way in."""
        return sum(len(writer._data) for writer in self.house.spool.unfinished)

    def nothing_left(self) -> bool:
        return not self.house.spool.objects and not self.house.spool.unfinished


@asynccontextmanager
async def served(
    lpd: Lpd | None = None, raw: Raw | None = None, settings: Settings | None = None
) -> AsyncIterator[DriverHouse]:
    house = a_house(settings=settings or Settings())
    await house.printers.refresh()
    drivers = DriverHouse(house, lpd or Lpd(), raw or Raw())
    await drivers.lpd.start(await listening(0))
    await drivers.raw.follow()
    try:
        yield drivers
    finally:
        await asyncio.gather(drivers.lpd.stop(0.1), drivers.raw.stop(0.1))
        await house.intake.stop()


async def listening(port: int) -> Sequence[socket.socket]:
    one = socket.create_server(("127.0.0.1", port))
    one.setblocking(False)
    return [one]


async def until(condition: Callable[[], object]) -> None:
    """The other side of a socket takes its moments."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)


def control(
    *files: str, number: str = "012", host: str = "host", user: str = "ada", name: str = "Report", copies: int = 1
) -> bytes:
    lines = [f"H{host}", f"P{user}", f"J{name}"]
    for file in files or (f"dfA{number}{host}",):
        lines += [f"l{file}"] * copies + [f"U{file}", f"N{name}"]
    return "".join(f"{line}\n" for line in lines).encode()


def part(kind: int, octets: bytes, name: str = "A012host", *, count: int | None = None) -> tuple[bytes, bytes]:
    """The line that announces a file, and the file with its octet 0."""
    size = len(octets) if count is None else count
    return bytes([kind]) + f"{size} {'c' if kind == 2 else 'd'}f{name}\n".encode(), octets + b"\0"


async def sends(sender: Sender, *parts: tuple[bytes, bytes], queue: bytes = b"find-me") -> list[bytes]:
    """A whole receive-job command; the answer to each step."""
    answers = [await sender.asks(b"\x02" + queue + b"\n")]
    for line, octets in parts:
        answers += [await sender.asks(line), await sender.asks(octets)]
    return answers


def members(house: DriverHouse, *networks: str) -> Any:
    """Names that come from these networks are believed at find-me."""
    return house.change("find-me", name_networks=networks or LOOPBACK)
