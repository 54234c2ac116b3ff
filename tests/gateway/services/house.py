"""The services on whole fakes, wired as the gateway wires them."""

from typing import Any

from gateway.domain.document import Document
from gateway.domain.job import Job
from gateway.domain.printer import ReleasePolicy
from gateway.domain.rights import Role
from gateway.domain.user import Actor
from gateway.services.charging import Charging
from gateway.services.delegates import Delegates
from gateway.services.dues import Dues
from gateway.services.identity import Identity
from gateway.services.preparation import Preparation
from gateway.services.printers import Printers
from gateway.services.release import Release
from gateway.settings import Identity as IdentitySettings
from gateway.settings import Jobs
from tests.fakes import (
    FakeClock,
    FakeConverter,
    FakeHasher,
    FakeKeyring,
    MemoryEventBus,
    MemoryJobStore,
    MemoryPrinterStore,
    MemorySpool,
    MemoryUserStore,
    a_held_job,
    a_job,
)
from tests.fakes_jobs import MemoryShareStore
from tests.fakes_projects import MemoryProjectStore

ALICE = Actor(user="alice", address="192.0.2.10")
BOB = Actor(user="bob", address="192.0.2.11")
OPERATOR = Actor(user="olga", role=Role.OPERATOR, address="192.0.2.12")
PHONE = Actor(address="192.0.2.20", claimed="mobile")


class House:
    """`await House.built()` has devices `laser` and `inkjet`, printers `find-me`, `direct` and `secure`.

    With `credit` what has a price is paid by it.
    """

    credit = False

    def __init__(self) -> None:
        dues = Dues(enabled=self.credit)
        self.clock = FakeClock()
        self.events = MemoryEventBus()
        self.jobs = MemoryJobStore()
        self.store = MemoryPrinterStore()
        self.spool = MemorySpool(self.clock)
        self.keyring = FakeKeyring()
        self.converter = FakeConverter()
        self.printers = Printers(store=self.store, jobs=self.jobs, events=self.events, clock=self.clock)
        self.users = MemoryUserStore()
        self.grants = MemoryShareStore()
        self.delegates = Delegates(store=self.grants, users=self.users, clock=self.clock)
        self.projects = MemoryProjectStore(lambda: self.jobs.ledger)
        self.identity = Identity(users=self.users, hasher=FakeHasher(), clock=self.clock, settings=IdentitySettings())
        self.charging = Charging(store=self.projects, identity=self.identity, clock=self.clock)
        self.release = Release(
            jobs=self.jobs,
            printers=self.printers,
            spool=self.spool,
            keyring=self.keyring,
            hasher=FakeHasher(),
            events=self.events,
            clock=self.clock,
            settings=Jobs(),
            delegates=self.delegates,
            dues=dues,
            charging=self.charging,
        )
        self.preparation = Preparation(
            jobs=self.jobs,
            printers=self.printers,
            spool=self.spool,
            keyring=self.keyring,
            converter=self.converter,
            events=self.events,
            clock=self.clock,
            workers=2,
            name="worker-1",
            dues=dues,
        )

    @classmethod
    async def built(cls) -> "House":
        house = cls()
        await house.printers.add_device("laser", "ipp://192.0.2.1/ipp/print", info="Laser", location="B-204")
        await house.printers.add_device("inkjet", "socket://192.0.2.2:9100", info="Inkjet")
        await house.printers.add_printer("find-me", devices=("laser", "inkjet"))
        await house.printers.add_printer("direct", policy=ReleasePolicy.DIRECT, devices=("laser",))
        await house.printers.add_printer("secure", policy=ReleasePolicy.SECURE, devices=("inkjet",))
        return house

    async def spooled(self, octets: bytes, **fields: Any) -> Job:
        """A job as intake leaves it, with that document in the spool."""
        plain, wrapped = self.keyring.new_key()
        document = await self.sealed(octets, plain, fields.pop("format", "application/pdf"))
        return await self.added(a_job(documents=(document,), key=wrapped, created_at=self.clock.now(), **fields))

    async def sealed(self, octets: bytes, key: bytes, media_type: str = "application/pdf") -> Document:
        writer = await self.spool.create(key)
        await writer.write(octets)
        object_id, size, sha256 = await writer.commit()
        return Document(id=object_id, format=media_type, size=size, sha256=sha256)

    async def added(self, job: Job) -> Job:
        (added,) = await self.jobs.add([job])
        return added

    async def held(self, **fields: Any) -> Job:
        return await self.added(a_held_job(**{"address": ALICE.address} | fields))
