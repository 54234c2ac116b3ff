"""Listeners and workers on top of the services: what `papertap serve` runs."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import uvloop

from discovery.interfaces import choose, host_name, interfaces
from discovery.mdns import Advertiser
from discovery.records import Ports as AdvertisedPorts
from gateway.adapters.certificates import Certificates, CustomerFiles, server_names
from gateway.adapters.converter import SandboxConverter
from gateway.adapters.events import LocalEventBus
from gateway.adapters.http import Admission, Limits, Listener
from gateway.adapters.http.listener import TlsMode
from gateway.adapters.lock import DataLock
from gateway.adapters.logs import configure_logging
from gateway.app.build import Gateway, build
from gateway.app.figures import figures
from gateway.app.site import Site
from gateway.domain.description import dns_sd_name
from gateway.errors import PapertapError, StartupError, Unavailable
from gateway.runner import GRACE_SECONDS, Part, run
from gateway.services.delegates import Delegates
from gateway.services.delivery import Delivery
from gateway.services.desk import Desk
from gateway.services.kiosk import Kiosk
from gateway.services.kiosk_sessions import KioskSessions
from gateway.services.preparation import Preparation
from gateway.services.preview import Preview
from gateway.services.retention import Retention
from gateway.services.shares import Shares
from gateway.services.statistics import Statistics
from gateway.settings import Settings
from ipp.server import create_app as create_ipp_app
from webprint.app import create_app as create_pages
from webprint.live import LiveJobs
from webprint.site import Ports

ROLES = frozenset({"front", "prepare", "deliver"})
HOUSEKEEPING_SECONDS = 1.0
CERTIFICATE_SECONDS = 60.0
FORGETTING_SECONDS = 3600.0

log = logging.getLogger(__name__)


def serve(settings: Settings, *, roles: frozenset[str] = ROLES) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit status."""
    unknown = roles - ROLES
    if unknown or not roles:
        raise StartupError(f"Unknown roles {', '.join(sorted(unknown))}: give some of {', '.join(sorted(ROLES))}.")
    configure_logging()
    return uvloop.run(_serve(settings, roles))


async def _serve(settings: Settings, roles: frozenset[str]) -> int:
    async with opened(settings) as gateway:
        return await serve_gateway(gateway, roles)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Gateway]:
    """The gateway with its data directory locked: of two processes the second exits at once with a clear message."""
    with DataLock(settings.data) if not settings.database.url else contextlib.nullcontext():
        async with build(settings) as gateway:
            yield gateway


async def serve_gateway(
    gateway: Gateway, roles: frozenset[str] = ROLES, *, ready: Callable[["Front | None"], None] = lambda _: None
) -> int:
    """Runs the roles on an opened gateway; `ready` is called with the front once everything listens."""
    alone = not gateway.settings.database.url
    parts: list[Part] = []
    background: dict[str, Callable[[], Awaitable[None]]] = {"printers": gateway.printers.run}
    if not isinstance(gateway.events, LocalEventBus):
        background["events"] = gateway.events.run
    # A front alone has no jails: what looks into documents is then done elsewhere.
    converter = SandboxConverter(gateway.settings.sandbox) if roles & {"prepare", "deliver"} else None
    drain: Callable[[], Awaitable[None]] | None = None
    if converter is not None:
        parts.append(_Jails(converter))
    if converter is not None and "prepare" in roles:
        preparation = _preparation(gateway, converter)
        parts.append(_Recovery(partial(preparation.recover, alone=alone)))
        background["preparation"] = preparation.run
    if converter is not None and "deliver" in roles:
        delivery = _delivery(gateway, converter)
        parts.append(_Recovery(partial(delivery.recover, alone=alone)))
        background["delivery"] = delivery.run
        background["housekeeping"] = partial(_housekeeping, gateway)
        parts.append(_Recovery(partial(gateway.mailer.recover, alone=alone)))
        background["mail"] = gateway.mailer.run
        background["notices"] = gateway.personal.notices.run
        background["access-log"] = partial(_forget_looks, gateway)
        drain = delivery.stop
    front = Front(gateway, _preview(gateway, converter)) if "front" in roles else None
    if front is not None:
        parts.append(front)
        background |= front.background()
    return await run(parts, background, storage=gateway.spool, ready=lambda: ready(front), drain=drain)


def _preparation(gateway: Gateway, converter: SandboxConverter) -> Preparation:
    return Preparation(
        jobs=gateway.database.jobs,
        printers=gateway.printers,
        spool=gateway.spool,
        keyring=gateway.keyring,
        converter=converter,
        events=gateway.events,
        clock=gateway.clock,
        workers=gateway.settings.sandbox.workers,
        name=gateway.worker,
        lease=gateway.settings.sandbox.lease_seconds,
        guest_pages=gateway.settings.sandbox.guest_pages,
    )


def _delivery(gateway: Gateway, converter: SandboxConverter) -> Delivery:
    return Delivery(
        jobs=gateway.database.jobs,
        printers=gateway.printers,
        spool=gateway.spool,
        keyring=gateway.keyring,
        converter=converter,
        drivers=gateway.drivers,
        events=gateway.events,
        clock=gateway.clock,
        numbers=gateway.database.numbers,
        settings=gateway.settings.delivery,
        name=gateway.worker,
    )


def _kiosk(gateway: Gateway) -> Kiosk:
    users, clock, settings = gateway.database.users, gateway.clock, gateway.settings
    return Kiosk(
        sessions=KioskSessions(users=users, identity=gateway.identity, clock=clock, settings=settings),
        identity=gateway.identity,
        users=users,
        printers=gateway.printers,
        release=gateway.release,
        jobs=gateway.database.jobs,
        clock=clock,
        settings=settings,
        guests=gateway.guests,
    )


def _desk(gateway: Gateway) -> Desk:
    return Desk(
        release=gateway.release,
        jobs=gateway.database.jobs,
        identity=gateway.identity,
        spool=gateway.spool,
        keyring=gateway.keyring,
        clock=gateway.clock,
        currency=gateway.settings.site.currency,
        guests=gateway.guests,
        access=gateway.personal.access_log,
    )


def _preview(gateway: Gateway, converter: SandboxConverter | None) -> Preview | None:
    if converter is None:
        return None
    return Preview(
        release=gateway.release,
        printers=gateway.printers,
        spool=gateway.spool,
        keyring=gateway.keyring,
        converter=converter,
        clock=gateway.clock,
        numbers=gateway.database.numbers,
        together=max(1, gateway.settings.sandbox.workers - 1),
    )


async def _housekeeping(gateway: Gateway) -> None:
    """Expiry, key destruction, timed holds, old sessions: all of it idempotent."""
    retention = Retention(
        jobs=gateway.database.jobs,
        attempts=gateway.database.attempts,
        spool=gateway.spool,
        events=gateway.events,
        clock=gateway.clock,
        settings=gateway.settings,
        uploads=gateway.database.uploads,
        shares=gateway.database.shares,
    )
    while True:
        await retention.run_once()
        await gateway.release.release_due()
        await gateway.uploads.purge()
        await gateway.guests.purge()
        await gateway.database.users.delete_expired_sessions(gateway.clock.now())
        await gateway.database.pending.purge(gateway.clock.now())
        await gateway.clock.sleep(HOUSEKEEPING_SECONDS)


async def _forget_looks(gateway: Gateway) -> None:
    while True:
        await gateway.personal.access_log.purge()
        await gateway.clock.sleep(FORGETTING_SECONDS)


class _Jails:
    """The pool of jails. A machine that gives none still takes and keeps jobs, and says so."""

    def __init__(self, converter: SandboxConverter) -> None:
        self._converter = converter

    async def start(self) -> None:
        try:
            await self._converter.start()
        except Unavailable as error:
            log.critical("documents cannot be prepared on this machine: %s", error)

    async def stop(self) -> None:
        await self._converter.stop()


class _Recovery:
    """What a worker that died left behind is put in order before anything new is claimed."""

    def __init__(self, recover: Callable[[], Awaitable[object]]) -> None:
        self._recover = recover

    async def start(self) -> None:
        await self._recover()

    async def stop(self) -> None:
        """Nothing runs."""


class Front:
    """Everything that clients talk to: listeners, IPP, pages, announcements. `ipp` and the like are real ports."""

    def __init__(self, gateway: Gateway, preview: Preview | None = None) -> None:
        settings = gateway.settings
        self._gateway = gateway
        self._preview = preview
        self._live = _live(gateway)
        self._listeners: dict[str, Listener] = {}
        self._dns_sd_names: dict[str, str] = {}
        self.metrics = figures(gateway, self._listeners)
        self.host = f"{host_name(settings.mdns.host_name)}.local" if settings.mdns.enabled else socket.gethostname()
        self.certificates = Certificates(
            directory=settings.data / "tls",
            names=server_names(
                host_name=socket.gethostname(),
                further=(self.host, *settings.https.names),
                base_url=settings.site.base_url,
            ),
            addresses=choose((), interfaces()).tell,
            clock=gateway.clock,
            customer=_customer_files(settings),
        )

    # -- the parts of its life

    async def start(self) -> None:
        """Everything listens when this returns; StartupError names what does not."""
        await asyncio.to_thread(self.certificates.load)
        await self._gateway.intake.start()
        settings = self._gateway.settings
        limits = _limits(settings)
        admission, site = Admission(limits), self._site()
        wanted: tuple[tuple[str, bool, int, TlsMode], ...] = (
            ("http", settings.http.enabled, settings.http.port, "never"),
            ("https", settings.https.enabled, settings.https.port, "always"),
            ("ipp", settings.ipp.enabled, settings.ipp.port, "detect"),
        )
        for name, enabled, port, tls in wanted:
            if enabled:
                listener = Listener(
                    site,
                    host=settings.listen.host,
                    port=port,
                    tls=tls,
                    certificates=self.certificates,
                    limits=limits,
                    clock=self._gateway.clock,
                    admission=admission,
                )
                await listener.start()
                self._listeners[name] = listener

    async def stop(self) -> None:
        """Requests that run may end; then what waits for the barrier is committed."""
        await asyncio.gather(*(listener.stop(GRACE_SECONDS / 2) for listener in self._listeners.values()))
        await self._gateway.intake.stop()
        await self._gateway.sign_in.links.settle()

    def background(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What goes on beside answering."""
        work: dict[str, Callable[[], Awaitable[None]]] = {
            "notifications": self._gateway.notifications.run,
            "certificates": self._watch_certificates,
            "live": self._live.run,
            "metrics": partial(self.metrics.count_events, self._gateway.events),
        }
        if self._preview is not None:
            work["previews"] = self._preview.run
        if self._gateway.settings.mdns.enabled:
            work["mdns"] = self._advertise
        return work

    # -- what others ask of it

    def ports(self) -> Ports:
        real = {name: listener.port for name, listener in self._listeners.items()}
        return Ports(http=real.get("http"), https=real.get("https"), ipp=real.get("ipp"))

    def page_url(self) -> str:
        """The address of the start page that a phone in the same network can open."""
        ports = self.ports()
        if self._gateway.settings.site.base_url:
            return self._gateway.settings.site.base_url.rstrip("/") + "/"
        host = next((a for a in choose((), interfaces()).tell if ":" not in a), self.host)
        return f"http://{host}:{ports.http}/" if ports.http else f"https://{host}:{ports.https or ports.ipp}/"

    def _site(self) -> Site:
        gateway = self._gateway
        pages = create_pages(
            release=gateway.release,
            preview=self._preview,
            kiosk=_kiosk(gateway),
            uploads=gateway.uploads,
            guests=gateway.guests,
            desk=_desk(gateway),
            shares=_shares(gateway),
            delegates=_delegates(gateway),
            statistics=_statistics(gateway),
            live=self._live,
            personal=gateway.personal,
            sign_in=gateway.sign_in,
            hosts=lambda: self.certificates.hosts,
            printers=gateway.printers,
            identity=gateway.identity,
            settings=gateway.settings,
            clock=gateway.clock,
            ca_certificate=lambda: self.certificates.ca_pem or b"",
            ports=self.ports,
            lan_host=lambda: next((a for a in choose((), interfaces()).tell if ":" not in a), None),
        )
        ipp = create_ipp_app(
            intake=gateway.intake,
            release=gateway.release,
            printers=gateway.printers,
            identity=gateway.identity,
            notifications=gateway.notifications,
            settings=gateway.settings,
            clock=gateway.clock,
            trusted_operators=gateway.settings.ipp.trusted_operators,
            dns_sd_name=lambda printer: self._dns_sd_names.get(printer.name) or dns_sd_name(printer),
            control=gateway.order,
        )
        return Site(ipp=ipp, pages=pages, health=self._health, metrics=self.metrics.text)

    async def _health(self) -> tuple[str, ...]:
        """Why no work is accepted now; empty is healthy."""
        try:
            await self._gateway.database.check()
        except PapertapError:
            return (*self._gateway.intake.health, "database-unavailable")
        return self._gateway.intake.health

    async def _watch_certificates(self) -> None:
        while True:
            await self._gateway.clock.sleep(CERTIFICATE_SECONDS)
            await asyncio.to_thread(self.certificates.refresh)

    async def _advertise(self) -> None:
        ports, settings = self.ports(), self._gateway.settings
        await Advertiser(
            printers=self._gateway.printers,
            events=self._gateway.events,
            settings=settings.mdns,
            ports=AdvertisedPorts(ipp=ports.ipp, ipps=ports.ipp),
            base_url=settings.site.base_url or f"http://{self.host}:{ports.http}",
            clock=self._gateway.clock,
            on_name=self._dns_sd_names.__setitem__,
        ).run()


def _live(gateway: Gateway) -> LiveJobs:
    return LiveJobs(release=gateway.release, identity=gateway.identity, events=gateway.events, clock=gateway.clock)


def _shares(gateway: Gateway) -> Shares:
    return Shares(
        store=gateway.database.shares,
        release=gateway.release,
        printers=gateway.printers,
        limits=gateway.identity.limits,
        clock=gateway.clock,
    )


def _delegates(gateway: Gateway) -> Delegates:
    return Delegates(store=gateway.database.shares, users=gateway.database.users, clock=gateway.clock)


def _statistics(gateway: Gateway) -> Statistics:
    zone = gateway.settings.site.time_zone
    return Statistics(history=gateway.database.history, clock=gateway.clock, time_zone=zone)


def _customer_files(settings: Settings) -> CustomerFiles | None:
    given = settings.https
    if given.certificate is None and given.private_key is None:
        return None
    if given.certificate is None or given.private_key is None:
        raise StartupError("Give https.certificate and https.private_key together, or neither.")
    return CustomerFiles(certificate=given.certificate, private_key=given.private_key)


def _limits(settings: Settings) -> Limits:
    given = settings.http
    return Limits(
        header_seconds=given.header_seconds,
        min_body_rate=given.min_body_rate,
        keep_alive_seconds=given.keep_alive_seconds,
        max_connections=given.max_connections,
        max_connections_per_address=given.max_connections_per_address,
    )
