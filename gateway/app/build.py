"""Stores and services, wired: what the command line works with and what serving is built on."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gateway.adapters.clock import SystemClock
from gateway.adapters.db import Database, database_url, migrate, open_database
from gateway.adapters.devices import DriverSet, Limits, drivers
from gateway.adapters.events import LocalEventBus
from gateway.adapters.hasher import Argon2Hasher
from gateway.adapters.keyring import FileKeyring
from gateway.adapters.leaked_passwords import LeakedFile
from gateway.adapters.mail import SmtpCourier, courier_of
from gateway.adapters.snmp import Snmp
from gateway.adapters.spool import LocalSpool, open_spool
from gateway.app.administration import egress_of
from gateway.app.credit import dues_of
from gateway.app.directories import directory_services, keepers_of
from gateway.app.house import house_services, lay_foundation
from gateway.app.people import people_services
from gateway.app.personal import personal_services
from gateway.app.phones import phone_services, push_service
from gateway.app.pictures import picture_of
from gateway.app.signing_in import sign_in_services
from gateway.app.webhooks import WebhookServices, webhook_services
from gateway.domain.device import Device
from gateway.domain.user import Actor
from gateway.errors import StartupError
from gateway.services.api_tokens import ApiTokens
from gateway.services.app_passwords import AppPasswords
from gateway.services.charging import Charging
from gateway.services.delegates import Delegates
from gateway.services.device_book import learn
from gateway.services.guests import Guests
from gateway.services.host_names import HostNames
from gateway.services.house import House
from gateway.services.identity import Identity
from gateway.services.intake import Intake
from gateway.services.kept_files import KeptFiles
from gateway.services.notifications import Notifications
from gateway.services.order import Order
from gateway.services.people import People
from gateway.services.personal import Personal
from gateway.services.phone_services import PhoneServices
from gateway.services.ports import JobQuery, SnmpAccess
from gateway.services.post_office import PostOffice
from gateway.services.printers import Printers
from gateway.services.release import Release
from gateway.services.signin_methods import SignInMethods
from gateway.services.site_settings import SiteSettings
from gateway.services.sites import Sites
from gateway.services.standing import Standings
from gateway.services.subscription_rows import SubscriptionRows
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
    hasher: Argon2Hasher
    drivers: DriverSet
    printers: Printers
    sites: Sites
    host_names: HostNames
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
    people: People
    sign_in: SignInMethods
    tokens: ApiTokens
    webhooks: WebhookServices
    house: House
    phone: PhoneServices
    site: SiteSettings

    @property
    def worker(self) -> str:
        """The name under which this process claims jobs."""
        return _worker()

    async def learn(self, name: str) -> Device:
        """Asks a device what it can do and how it is, and keeps the answer."""
        return await learn(self.printers, self.drivers, name)


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Gateway]:
    """Opens the data directory, made when absent; StartupError says what stands in the way."""
    _make_private(settings)
    await migrate(database_url(settings))
    database = await open_database(settings)
    try:
        gateway = await _wire(settings, database)
        await gateway.printers.refresh()
        await gateway.sites.refresh()
        try:
            yield gateway
        finally:
            await gateway.drivers.aclose()
    finally:
        await database.close()


def _make_private(settings: Settings) -> None:
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StartupError(f"The data directory {settings.data} cannot be made: {error.strerror}.") from error


def _device_limits(settings: Settings) -> Limits:
    return Limits(stall=settings.delivery.stall_seconds, poll=settings.delivery.poll_seconds)


def snmp_access(settings: Settings) -> SnmpAccess:
    given = settings.devices.snmp
    return SnmpAccess(
        version=given.version,
        community=given.community.get_secret_value(),
        user=given.user,
        authentication=given.authentication.get_secret_value(),
        privacy=given.privacy.get_secret_value(),
    )


def _worker() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


async def _known(database: Database, identity: Identity, name: str, address: str) -> Actor | None:
    user = await database.users.user(name)
    return None if user is None or user.disabled else await identity.one_step_of(user, address=address, via="ipp")


def _postgresql_events(url: str, clock: SystemClock) -> "PostgresqlEventBus":
    from gateway.adapters.notify import PostgresqlEventBus  # noqa: PLC0415 - 9 MB of driver, which SQLite needs not

    return PostgresqlEventBus(url, clock=clock)


async def _wire(settings: Settings, database: Database) -> Gateway:
    site = SiteSettings(settings=settings, house=database.house)
    await site.load()  # before anything reads what it may change
    clock = SystemClock()
    events = _postgresql_events(settings.database.url, clock) if settings.database.url else LocalEventBus()
    fresh = not await database.jobs.count(JobQuery(limit=None)) and not await database.users.user_count()
    keyring = FileKeyring(settings.data / "keys", create_if_new=fresh)
    hasher = Argon2Hasher(settings.data / "keys", create_if_new=fresh)
    spool = open_spool(settings)
    printers = Printers(store=database.printers, jobs=database.jobs, events=events, clock=clock)
    standings = Standings(store=database.roles)
    foundation = await lay_foundation(
        settings=settings, database=database, keyring=keyring, hasher=hasher, standings=standings, clock=clock
    )
    directories = directory_services(database=database, keyring=keyring, hasher=hasher, clock=clock, worker=_worker())
    identity = Identity(
        users=database.users,
        hasher=hasher,
        clock=clock,
        settings=settings.identity,
        standings=standings,
        second=foundation.second,
        leaked=LeakedFile(settings.identity.passwords.leaked_file),
        app_passwords=AppPasswords(store=database.credentials, users=database.users, hasher=hasher, clock=clock),
        elsewhere=keepers_of(settings, directories, standings),
    )
    charging = Charging(store=database.projects, identity=identity, clock=clock)
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
        charging=charging,
    )
    guests = Guests(
        guests=database.guests, hasher=hasher, clock=clock, limits=identity.limits, settings=settings.guests
    )
    pictures = partial(picture_of, database=database, spool=spool, keyring=keyring)
    courier = courier_of(settings, clock=clock, pictures=pictures)
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
        dues=dues_of(settings),
        charging=charging,
    )
    push = push_service(settings, database, clock)
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
        audit=foundation.audit,
        clock=clock,
        push=push,
    )
    people = people_services(
        settings=settings,
        database=database,
        identity=identity,
        personal=personal,
        directories=directories,
        spool=spool,
        keyring=keyring,
        audit=foundation.audit,
        clock=clock,
    )
    house = house_services(
        foundation,
        database=database,
        identity=identity,
        personal=personal,
        people=people,
        charging=charging,
        files=KeptFiles(spool=spool, keyring=keyring, clock=clock),
        clock=clock,
        time_zone=settings.site.time_zone,
    )
    return Gateway(
        settings=settings,
        site=site,
        clock=clock,
        events=events,
        database=database,
        spool=spool,
        keyring=keyring,
        hasher=hasher,
        drivers=drivers(
            clock=clock,
            on_pin=printers.pin_certificate,
            limits=_device_limits(settings),
            egress=egress_of(settings),
            snmp=Snmp(port=settings.devices.snmp_port),
            snmp_access=snmp_access(settings),
        ),
        printers=printers,
        host_names=HostNames(printers, zone=settings.dns.zone if settings.dns.enabled else ""),
        sites=Sites(store=database.sites, printers=printers, events=events, clock=clock),
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
            hasher=hasher,
            limits=identity.limits,
            settings=settings,
        ),
        release=release,
        notifications=Notifications(
            rows=SubscriptionRows(
                store=database.subscriptions,
                known=partial(_known, database, identity),
                jobs=database.jobs,
                clock=clock,
            ),
            events=events,
            jobs=database.jobs,
            printers=printers,
            clock=clock,
        ),
        order=Order(jobs=database.jobs, printers=printers, events=events, clock=clock),
        courier=courier,
        mailer=mailer,
        personal=personal,
        people=people,
        sign_in=sign_in_services(
            settings=settings.identity,
            database=database,
            identity=identity,
            hasher=hasher,
            mailer=mailer,
            addresses=personal.addresses,
            clock=clock,
        ),
        webhooks=webhook_services(
            settings=settings,
            database=database,
            keyring=keyring,
            printers=printers,
            personal=personal,
            house=house,
            mailer=mailer,
            events=events,
            clock=clock,
            name=_worker(),
        ),
        tokens=ApiTokens(
            store=database.tokens,
            users=database.users,
            identity=identity,
            hasher=hasher,
            audit=house.audit,
            clock=clock,
        ),
        house=house,
        phone=phone_services(
            settings=settings,
            database=database,
            identity=identity,
            printers=printers,
            release=release,
            notices=personal.notices,
            hasher=hasher,
            clock=clock,
            push=push,
        ),
    )
