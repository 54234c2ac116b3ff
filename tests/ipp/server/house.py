"""A whole gateway behind the IPP server: the real services over ports in memory, called in-process or over a socket."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import uvicorn

from gateway.domain.capabilities import Capabilities, Media
from gateway.domain.device import Device, DeviceState, DeviceStatus
from gateway.domain.job import Cause, advance
from gateway.domain.printer import Printer, ReleasePolicy
from gateway.services.app_passwords import AppPasswords
from gateway.services.charging import Charging
from gateway.services.claims import Claims
from gateway.services.delivery import Delivery
from gateway.services.fresh_sign_in import FreshSignIn
from gateway.services.identity import Identity
from gateway.services.intake import Intake
from gateway.services.notifications import Notifications
from gateway.services.personal_queues import PersonalQueues
from gateway.services.ports import Clock, JobChange, Stage
from gateway.services.preparation import Preparation
from gateway.services.printers import Printers
from gateway.services.release import Release
from gateway.services.subscription_rows import SubscriptionRows
from gateway.settings import Settings
from ipp.server import create_app
from ipp.wire import Attribute, Group, GroupTag, Message, Operation, build, decode, encode
from tests.fakes import (
    FakeClock,
    FakeConverter,
    FakeDriver,
    FakeHasher,
    FakeKeyring,
    MemoryAttemptStore,
    MemoryEventBus,
    MemoryJobStore,
    MemoryPrinterStore,
    MemorySpool,
    MemoryUserStore,
    a_device,
    a_printer,
)
from tests.fakes_identity import MemoryCredentialStore
from tests.fakes_numbers import MemorySideNumbers
from tests.fakes_phone import MemoryQueueStore
from tests.fakes_projects import MemoryProjectStore
from tests.fakes_subscriptions import MemorySubscriptionStore, anybody

INDEX_4X6 = Media(name="na_index-4x6_4x6in", x=10160, y=15240, source="by-pass-tray", type="photographic", margin=0)
CAPABILITIES = Capabilities(media=(*Capabilities().media, INDEX_4X6), media_types=("stationery", "photographic"))


class WallClock:
    """The machine's own time, for tests that talk to a program of somebody else."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def a_laser() -> Device:
    idle = DeviceStatus(state=DeviceState.IDLE)
    return a_device("laser", capabilities=CAPABILITIES, status=idle)


def two_printers() -> tuple[Printer, ...]:
    shared: dict[str, Any] = {"devices": ("laser",), "capabilities": CAPABILITIES, "created_at": 1_000_000.0}
    return (
        a_printer("direct", uuid=UUID(int=1), info="Direct", policy=ReleasePolicy.DIRECT, **shared),
        a_printer("find-me", uuid=UUID(int=2), info="Find me", is_default=True, **shared),
    )


@dataclass
class House:
    """The parts of one gateway. `workers` are the loops that a process would run."""

    clock: Clock
    settings: Settings = field(default_factory=Settings)
    printer_rows: Sequence[Printer] = field(default_factory=two_printers)
    trusted: tuple[str, ...] = ("127.0.0.1/32",)
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.jobs = MemoryJobStore()
        self.events = MemoryEventBus()
        self.spool = MemorySpool()
        self.keyring = FakeKeyring()
        self.users = MemoryUserStore()
        self.converter = FakeConverter()
        self.driver = FakeDriver()
        hasher, clock, settings = FakeHasher(), self.clock, self.settings
        rows = MemoryPrinterStore(printers=self.printer_rows, devices=[a_laser()])
        self.printers = Printers(store=rows, jobs=self.jobs, events=self.events, clock=clock)
        self.attempts = MemoryAttemptStore()
        shared: dict[str, Any] = {"jobs": self.jobs, "printers": self.printers, "events": self.events, "clock": clock}
        kept: dict[str, Any] = {"spool": self.spool, "keyring": self.keyring}
        self.app_passwords = AppPasswords(store=MemoryCredentialStore(), users=self.users, hasher=hasher, clock=clock)
        self.identity = Identity(
            users=self.users,
            hasher=hasher,
            clock=clock,
            settings=settings.identity,
            app_passwords=self.app_passwords,
        )
        self.projects = MemoryProjectStore(lambda: self.jobs.ledger)
        taking = kept | {"charging": Charging(store=self.projects, identity=self.identity, clock=clock)}
        self.intake = Intake(**shared, **taking, attempts=self.attempts, hasher=hasher, settings=settings)
        self.release = Release(**shared, **taking, hasher=hasher, settings=settings.jobs)
        self.subscription_rows = MemorySubscriptionStore(self.jobs)
        rows_of = SubscriptionRows(store=self.subscription_rows, known=anybody, jobs=self.jobs, clock=clock)
        self.notifications = Notifications(**shared, rows=rows_of)
        making: dict[str, Any] = {**shared, **kept, "converter": self.converter}
        self.preparation = Preparation(**making, workers=2, name="prepare")
        drivers = {"socket": self.driver}
        self.delivery = Delivery(
            **making, drivers=drivers, numbers=MemorySideNumbers(), settings=settings.delivery, name="deliver"
        )
        self.queues = PersonalQueues(
            store=MemoryQueueStore(), users=self.users, printers=self.printers, hasher=hasher, clock=clock
        )
        self.fresh = FreshSignIn(clock)
        self.claims = Claims(
            release=self.release, hasher=hasher, limits=self.identity.limits, clock=clock, settings=settings.jobs
        )
        self.app = create_app(
            intake=self.intake,
            release=self.release,
            printers=self.printers,
            identity=self.identity,
            notifications=self.notifications,
            settings=settings,
            clock=clock,
            trusted_operators=self.trusted,
            queues=self.queues,
            fresh=self.fresh,
            label_of=self.claims.label,
            **self.options,
        )

    @asynccontextmanager
    async def running(self, *, workers: bool = False) -> AsyncIterator["House"]:
        """Printers read, listeners listening; with `workers` jobs are prepared and printed, too."""
        await self.printers.refresh()
        loops: list[Callable[[], Awaitable[None]]] = [self.notifications.run]
        if workers:
            loops += [self.preparation.run, self.delivery.run, self.printers.run]
        tasks = [asyncio.ensure_future(loop()) for loop in loops]
        await asyncio.sleep(0)
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @asynccontextmanager
    async def serving(self, **tls: str) -> AsyncIterator[int]:
        """The port of a real HTTP server on 127.0.0.1 in front of it all; `tls` are uvicorn's ssl_ settings."""
        plain: dict[str, Any] = {"log_level": "warning", "lifespan": "off", "http": "httptools", "access_log": False}
        config = uvicorn.Config(self.app, **plain, **tls)
        server = uvicorn.Server(config)
        listener = socket.create_server(("127.0.0.1", 0))
        async with self.running(workers=True):
            task = asyncio.ensure_future(server.serve(sockets=[listener]))
            while not server.started:
                await asyncio.sleep(0.01)
            try:
                yield listener.getsockname()[1]
            finally:
                server.should_exit = True
                await task

    async def prepare(self) -> None:
        """Take every pending job through preparation, as the worker does."""
        for job in await self.jobs.claim(Stage.PREPARE, "prepare", now=self.clock.now(), lease=30.0, limit=100):
            await self.preparation.prepare(job)

    async def deliver(self) -> None:
        """What delivery makes of released jobs, without its loops: they are printed."""
        for job in await self.jobs.claim(Stage.DELIVER, "deliver", now=self.clock.now(), lease=30.0, limit=100):
            now = self.clock.now()
            await self.jobs.update(job.id, lambda job: JobChange(job=advance(job, Cause.COMPLETED, now=now)))  # noqa: B023 - called at once


def a_house(**fields: Any) -> House:
    return House(**{"clock": FakeClock(), **fields})


# --- a client that speaks ASGI ----------------------------------------------------------------------------------------


@dataclass
class Answer:
    """What came back: the HTTP status and headers, and the message if the body is IPP."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> Message:
        assert self.headers["content-type"] == "application/ipp", self.body
        message, rest = decode(self.body)
        assert rest == b""
        return message

    @property
    def code(self) -> int:
        return self.message.code

    def group(self, tag: GroupTag) -> Group:
        found = self.message.group(tag)
        assert found is not None, self.message
        return found

    def job(self, name: str) -> Any:
        return self._value(GroupTag.JOB, name)

    def printer(self, name: str) -> Any:
        return self._value(GroupTag.PRINTER, name)

    def unsupported(self) -> list[str]:
        return [attribute.name for attribute in self.group(GroupTag.UNSUPPORTED)]

    def _value(self, tag: GroupTag, name: str) -> Any:
        attribute = self.group(tag).get(name)
        assert attribute is not None, f"no {name} in {self.message}"
        return attribute.value


def a_request(
    operation: Operation,
    *attributes: Attribute,
    path: str = "/ipp/print",
    user: str | None = "alice",
    version: tuple[int, int] = (2, 0),
    request_id: int = 1,
    groups: Sequence[Group] = (),
) -> Message:
    """A well-formed request to the Printer at `path`; `attributes` go behind those that every request has."""
    head = [
        build.charset("attributes-charset", "utf-8"),
        build.language("attributes-natural-language", "en"),
        build.uri("printer-uri", f"ipp://printer.example:8631{path}"),
    ]
    if user is not None:
        head.append(build.name("requesting-user-name", user))
    return Message(version, operation, request_id, (Group(GroupTag.OPERATION, (*head, *attributes)), *groups))


@dataclass
class Client:
    """Calls the application as an HTTP server would."""

    house: House
    path: str = "/ipp/print"
    address: str = "192.0.2.10"
    secure: bool = False
    user: str | None = "alice"
    headers: Mapping[str, str] = field(default_factory=dict)

    async def ask(
        self,
        operation: Operation,
        *attributes: Attribute,
        document: bytes = b"",
        groups: Sequence[Group] = (),
        **how: Any,
    ) -> Answer:
        message = a_request(operation, *attributes, path=self.path, user=self.user, groups=groups, **how)
        return await self.post(encode(message) + document)

    async def post(
        self, *chunks: bytes, path: str | None = None, headers: Mapping[str, str] | None = None, cut: bool = False
    ) -> Answer:
        """POST the chunks; `cut`: the connection ends where more was promised."""
        events = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
        if not cut:
            events[-1]["more_body"] = False
        return await self.call("POST", path or self.path, events, headers)

    async def get(self, path: str) -> Answer:
        return await self.call("GET", path, [{"type": "http.request", "body": b"", "more_body": False}])

    async def call(
        self, method: str, path: str, events: list[dict[str, Any]], headers: Mapping[str, str] | None = None
    ) -> Answer:
        given = {"host": "printer.example:8631", "content-type": "application/ipp", **self.headers, **(headers or {})}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "scheme": "https" if self.secure else "http",
            "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in given.items()],
            "client": (self.address, 50000),
            "server": ("192.0.2.1", 8631),
        }
        waiting = list(events)
        sent: list[dict[str, Any]] = []
        promised = bool(waiting) and waiting[-1].get("more_body", False)

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0)
            if waiting:
                return waiting.pop(0)
            if not promised:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def send(event: dict[str, Any]) -> None:
            sent.append(event)

        await self.house.app(scope, receive, send)
        if not sent:
            raise ConnectionResetError("nothing was answered")
        answered = {k.decode(): v.decode("latin-1") for k, v in sent[0]["headers"]}
        return Answer(sent[0]["status"], answered, b"".join(event.get("body", b"") for event in sent[1:]))


async def ended(task: "asyncio.Future[Any]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
