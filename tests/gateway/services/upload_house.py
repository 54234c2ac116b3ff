"""Uploads on the house of intake, with guests."""

from collections.abc import AsyncIterator
from typing import Any

from gateway.domain.upload import Upload
from gateway.domain.user import Actor
from gateway.errors import BadRequest
from gateway.services.guests import Guests
from gateway.services.intake import Intake
from gateway.services.limits import Limits, policies
from gateway.services.printers import Printers
from gateway.services.upload_pieces import Piece, Wanted
from gateway.services.uploads import Uploads
from gateway.settings import Identity, Settings
from tests.fakes import (
    FakeClock,
    FakeHasher,
    FakeKeyring,
    MemoryAttemptStore,
    MemoryEventBus,
    MemoryJobStore,
    MemoryPrinterStore,
    MemorySpool,
    a_device,
    a_printer,
)
from tests.fakes_upload import MemoryGuestStore, MemoryUploadStore

ALICE = Actor(user="alice", address="192.0.2.10", via="web")
BOB = Actor(user="bob", address="192.0.2.11", via="web")


class Dock:
    """Where uploads arrive. `restart` forgets what a process keeps in memory."""

    def __init__(self, **settings: Any) -> None:
        self.settings = Settings(data="unused", **settings)
        self.clock, self.jobs, self.events = FakeClock(), MemoryJobStore(), MemoryEventBus()
        self.spool, self.keyring, self.attempts = MemorySpool(self.clock), FakeKeyring(), MemoryAttemptStore()
        self.rows, self.guest_rows = MemoryUploadStore(), MemoryGuestStore()
        store = MemoryPrinterStore([a_printer(is_default=True), a_printer("open", guests=True)], [a_device()])
        self.printers = Printers(store=store, jobs=self.jobs, events=self.events, clock=self.clock)

    async def open(self) -> "Dock":
        await self.printers.refresh()
        self.restart()
        return self

    def restart(self) -> None:
        self.intake = Intake(
            spool=self.spool,
            keyring=self.keyring,
            jobs=self.jobs,
            printers=self.printers,
            attempts=self.attempts,
            events=self.events,
            clock=self.clock,
            hasher=FakeHasher(),
            settings=self.settings,
        )
        limits = Limits(clock=self.clock, table=policies(Identity()))
        self.guests = Guests(
            guests=self.guest_rows,
            hasher=FakeHasher(),
            clock=self.clock,
            limits=limits,
            settings=self.settings.guests,
        )
        self.uploads = Uploads(
            uploads=self.rows,
            guests=self.guests,
            intake=self.intake,
            jobs=self.jobs,
            printers=self.printers,
            spool=self.spool,
            keyring=self.keyring,
            clock=self.clock,
            hasher=FakeHasher(),
            limits=limits,
            settings=self.settings,
        )

    async def begin(self, size: int, *, actor: Actor = ALICE, **fields: Any) -> Upload:
        plain = {"printer": "find-me", "name": "Report.pdf", "format": "application/pdf", "size": size}
        return await self.uploads.begin(actor, Wanted(**plain | fields))  # type: ignore[arg-type]  # reason: the caller names fields

    async def send(
        self, upload: Upload, data: bytes, *, offset: int = 0, actor: Actor = ALICE, **fields: Any
    ) -> Upload:
        return await self.uploads.write(upload.id, actor, Piece(offset=offset, body=body(data), **fields))

    async def content(self, job_id: int, number: int = 1) -> bytes:
        """A document of a job as the spool gives it back."""
        job = await self.jobs.get(job_id)
        assert job is not None
        assert job.key is not None
        found = job.documents[number - 1]
        return b"".join([data async for data in self.spool.read(found.id, self.keyring.unwrap(job.key))])


async def body(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def broken(*chunks: bytes) -> AsyncIterator[bytes]:
    """The connection breaks after these."""
    for chunk in chunks:
        yield chunk
    raise BadRequest("The connection broke.")
