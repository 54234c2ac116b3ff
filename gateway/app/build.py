"""Stores and services, wired: what the command line works with and what serving is built on."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.adapters.clock import SystemClock
from gateway.adapters.db import Database, database_url, migrate, open_database
from gateway.adapters.devices import Limits, drivers
from gateway.adapters.events import LocalEventBus
from gateway.adapters.hasher import Argon2Hasher
from gateway.adapters.keyring import FileKeyring
from gateway.adapters.mail import SmtpCourier, courier_of
from gateway.adapters.spool import LocalSpool, open_spool
from gateway.app.personal import personal_services
from gateway.app.signing_in import sign_in_services
from gateway.domain.device import Device
from gateway.errors import StartupError
from gateway.services.app_passwords import AppPasswords
from gateway.services.delegates import Delegates
from gateway.services.guests import Guests
from gateway.services.identity import Identity
from gateway.services.intake import Intake
from gateway.services.notifications import Notifications
from gateway.services.order import Order
from gateway.services.personal import Personal
from gateway.services.ports import Drivers, JobQuery
from gateway.services.post_office import PostOffice
from gateway.services.printers import Printers
from gateway.services.release import Release
from gateway.services.signin_methods import SignInMethods
from gateway.services.uploads import Uploads
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.adapters.notify import PostgresqlEventBus


@dataclass(frozen=True, kw_only=True, slots=True)
class Gateway:
    """Everything that has no listener and no worker."""

    settings: Settings
    clock: SystemClock
    events: "LocalEventBus | PostgresqlEventBus"
    database: Database
    spool: LocalSpool
    keyring: FileKeyring
    drivers: Drivers
    printers: Printers
    identity: Identity
    intake: Intake
    guests: Guests
    uploads: Uploads
    release: Release
    notifications: Notifications
    order: Order
    courier: SmtpCourier | None
    mailer: PostOffice
    personal: Personal
    sign_in: SignInMethods

    @property
    def worker(self) -> str:
        """The name under which this process claims jobs."""
        return _worker()

    async def learn(self, name: str) -> Device:
        """Asks a device what it can do and how it is, and keeps the answer."""
        device = self.printers.device(name)
        driver = self.drivers[device.uri.partition(":")[0]]
        status = await driver.status(device)
        await self.printers.set_device_status(name, status)
        capabilities = await driver.describe(self.printers.device(name)) if status.can_print else None
        if capabilities is not None:
            await self.printers.change_device(name, capabilities=capabilities)
        return self.printers.device(name)


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Gateway]:
    """Opens the data directory, made when absent; StartupError says what stands in the way."""
    _make_private(settings)
    await migrate(database_url(settings))
    database = await open_database(settings)
    try:
        gateway = await _wire(settings, database)
        await gateway.printers.refresh()
        yield gateway
    finally:
        await database.close()


def _make_private(settings: Settings) -> None:
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StartupError(f"The data directory {settings.data} cannot be made: {error.strerror}.") from error


def _device_limits(settings: Settings) -> Limits:
    return Limits(stall=settings.delivery.stall_seconds, poll=settings.delivery.poll_seconds)


def _worker() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _postgresql_events(url: str, clock: SystemClock) -> "PostgresqlEventBus":
    from gateway.adapters.notify import PostgresqlEventBus  # noqa: PLC0415 - 9 MB of driver, which SQLite needs not

    return PostgresqlEventBus(url, clock=clock)


async def _wire(settings: Settings, database: Database) -> Gateway:
    clock = SystemClock()
    events = _postgresql_events(settings.database.url, clock) if settings.database.url else LocalEventBus()
    fresh = not await database.jobs.count(JobQuery(limit=None)) and not await database.users.user_count()
    keyring = FileKeyring(settings.data / "keys", create_if_new=fresh)
    hasher = Argon2Hasher(settings.data / "keys", create_if_new=fresh)
    spool = open_spool(settings)
    printers = Printers(store=database.printers, jobs=database.jobs, events=events, clock=clock)
    identity = Identity(
        users=database.users,
        hasher=hasher,
        clock=clock,
        settings=settings.identity,
        app_passwords=AppPasswords(store=database.credentials, users=database.users, hasher=hasher, clock=clock),
    )
    intake = Intake(
        spool=spool,
        keyring=keyring,
        jobs=database.jobs,
        printers=printers,
        attempts=database.attempts,
        events=events,
        clock=clock,
        hasher=hasher,
        settings=settings,
    )
    guests = Guests(
        guests=database.guests, hasher=hasher, clock=clock, limits=identity.limits, settings=settings.guests
    )
    courier = courier_of(settings, clock=clock)
    mailer = PostOffice(
        outbox=database.outbox, courier=courier, clock=clock, per_minute=settings.mail.max_per_minute, name=_worker()
    )
    release = Release(
        jobs=database.jobs,
        printers=printers,
        spool=spool,
        keyring=keyring,
        hasher=hasher,
        events=events,
        clock=clock,
        settings=settings.jobs,
        guest_pages=settings.guests.pages,
        delegates=Delegates(store=database.shares, users=database.users, clock=clock),
    )
    personal = personal_services(
        settings=settings,
        database=database,
        identity=identity,
        printers=printers,
        release=release,
        mailer=mailer,
        spool=spool,
        keyring=keyring,
        hasher=hasher,
        events=events,
        clock=clock,
    )
    return Gateway(
        settings=settings,
        clock=clock,
        events=events,
        database=database,
        spool=spool,
        keyring=keyring,
        drivers=drivers(clock=clock, on_pin=printers.pin_certificate, limits=_device_limits(settings)),
        printers=printers,
        identity=identity,
        intake=intake,
        guests=guests,
        uploads=Uploads(
            uploads=database.uploads,
            guests=guests,
            intake=intake,
            jobs=database.jobs,
            printers=printers,
            spool=spool,
            keyring=keyring,
            clock=clock,
            limits=identity.limits,
            settings=settings,
        ),
        release=release,
        notifications=Notifications(events=events, jobs=database.jobs, printers=printers, clock=clock),
        order=Order(jobs=database.jobs, events=events, clock=clock),
        courier=courier,
        mailer=mailer,
        personal=personal,
        sign_in=sign_in_services(
            settings=settings.identity,
            database=database,
            identity=identity,
            hasher=hasher,
            mailer=mailer,
            addresses=personal.addresses,
            clock=clock,
        ),
    )
