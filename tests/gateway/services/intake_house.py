"""Intake on whole fakes, with three Printers, and bodies that a test can hold up."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from gateway.domain.events import Event, IntakeAttempt
from gateway.domain.job import Job
from gateway.domain.printer import Authentication, Printer, ReleasePolicy
from gateway.domain.rights import Role
from gateway.domain.user import Actor
from gateway.errors import BadRequest
from gateway.services.intake import Incoming, Intake, Submission
from gateway.services.ports import JobChange
from gateway.services.printers import Printers
from gateway.settings import Settings
from tests.fakes import (
    FakeClock,
    FakeHasher,
    FakeKeyring,
    MemoryAttemptStore,
    MemoryEventBus,
    MemoryJobStore,
    MemoryPrinterStore,
    MemorySpool,
    a_printer,
)

PHONE = Actor(address="192.0.2.20", claimed="mobile", via="ipp")
ALICE = Actor(user="alice", address="192.0.2.10", groups=("staff",), via="ipp")
BOB = Actor(user="bob", address="192.0.2.11", via="ipp")
OPERATOR = Actor(user="olga", role=Role.OPERATOR, address="192.0.2.12", via="web")
PDF = b"%PDF-1.7 something printable"


class CountingStore(MemoryJobStore):
    """Remembers the groups that came to `add`; `gate` and `update_gate` hold the disk up while they are clear.

    A job named `poison` cannot be stored.
    """

    def __init__(self) -> None:
        super().__init__()
        self.groups: list[int] = []
        self.poison: str | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.update_gate = asyncio.Event()
        self.update_gate.set()

    async def update(self, job_id: int, change: Callable[[Job], JobChange | None]) -> Job:
        await self.update_gate.wait()
        return await super().update(job_id, change)

    async def add(self, jobs: Sequence[Job]) -> list[Job]:
        self.groups.append(len(jobs))
        await self.gate.wait()
        if any(job.name == self.poison for job in jobs):
            raise BadRequest("A text in the request cannot be stored.")
        return await super().add(jobs)


class FailingAttempts(MemoryAttemptStore):
    """Raises `failure` while it is set."""

    failure: Exception | None = None

    async def record_attempts(self, attempts: Sequence[IntakeAttempt]) -> None:
        if self.failure is not None:
            raise self.failure
        await super().record_attempts(attempts)


class IntakeHouse:
    """`await IntakeHouse.built()`: printers `find-me` (pull), `direct`, `members` (Basic, group "staff")."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = FakeClock()
        self.events = MemoryEventBus()
        self.jobs = CountingStore()
        self.attempts = FailingAttempts()
        self.spool = MemorySpool(self.clock)
        self.keyring = FakeKeyring()
        self.hasher = FakeHasher()
        self.store = MemoryPrinterStore(printers())
        self.printers = Printers(store=self.store, jobs=self.jobs, events=self.events, clock=self.clock)
        self.intake = Intake(
            spool=self.spool,
            keyring=self.keyring,
            jobs=self.jobs,
            printers=self.printers,
            attempts=self.attempts,
            events=self.events,
            clock=self.clock,
            hasher=self.hasher,
            settings=settings,
        )

    @classmethod
    async def built(cls, **settings: Any) -> "IntakeHouse":
        house = cls(Settings(**settings))
        await house.printers.refresh()
        await house.intake.start()
        return house

    async def submitted(self, octets: bytes = PDF, **changes: Any) -> Job:
        return await self.intake.submit(a_submission(**changes), a_document(octets))

    async def written(self) -> list[tuple[str, int | None]]:
        """Outcome and job id of every try, oldest first."""
        await self.intake.stop()
        return [(attempt.outcome, attempt.job_id) for attempt in self.attempts.rows]

    async def content(self, job: Job) -> list[bytes]:
        """The octets of each document, and that the row tells the truth of them."""
        assert job.key is not None
        found = []
        for document in job.documents:
            octets = b"".join([chunk async for chunk in self.spool.read(document.id, self.keyring.unwrap(job.key))])
            assert document.sha256 == hashlib.sha256(octets).hexdigest()
            assert document.size == len(octets)
            found.append(octets)
        return found

    def told(self, event: Event) -> list[int | None]:
        return [happening.job_id for happening in self.events.happenings if happening.event is event]

    def nothing_left(self) -> bool:
        return not self.spool.objects and not self.spool.unfinished


def printers() -> list[Printer]:
    return [
        a_printer("find-me", is_default=True, hold_seconds=3600.0 * 24),
        a_printer("direct", policy=ReleasePolicy.DIRECT, hold_seconds=3600.0 * 24),
        a_printer("members", authentication=Authentication.BASIC, groups=("staff",)),
        a_printer("closed", is_accepting_jobs=False, operator_message="Back on Monday."),
    ]


def a_submission(**changes: Any) -> Submission:
    plain: dict[str, Any] = {"printer": "find-me", "name": "Report", "actor": ALICE, "source": "ipp"}
    return Submission(**plain | changes)


def a_document(octets: bytes = PDF, **changes: Any) -> Incoming:
    return Incoming(**{"body": body(octets), "format": "application/pdf"} | changes)


async def body(octets: bytes, *, piece: int = 7) -> AsyncIterator[bytes]:
    for start in range(0, len(octets), piece):
        yield octets[start : start + piece]


async def broken_body(error: BaseException) -> AsyncIterator[bytes]:
    yield PDF
    raise error


class SlowBody:
    """Gives `first`, waits until `go_on` is set, gives `rest`, and ends when `rest_sent` is set, as it is at first."""

    def __init__(self, first: bytes = b"%PDF", rest: bytes = b" the rest") -> None:
        self.waiting = asyncio.Event()
        self.go_on = asyncio.Event()
        self.rest_sent = asyncio.Event()
        self.rest_sent.set()
        self._first = first
        self._rest = rest

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._first
        self.waiting.set()
        await self.go_on.wait()
        yield self._rest
        await self.rest_sent.wait()


async def unread_body() -> AsyncIterator[bytes]:
    raise AssertionError("no octet may be read of what is refused anyway")
    yield b""
