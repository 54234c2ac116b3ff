"""What faces people and programs: one listener for pages, API, IPP, terminals, mail and names, and what announces it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from starlette.types import ASGIApp

from discovery.interfaces import choose, interfaces
from discovery.mdns import Advertiser
from discovery.records import Ports as AdvertisedPorts
from gateway.adapters.backups import BackupFolder
from gateway.adapters.http import Admission, Limits, Listener
from gateway.adapters.http.listener import TlsMode
from gateway.adapters.profiles import SignedProfiles
from gateway.app.acme import renewals_of
from gateway.app.administration import administration, shares_of
from gateway.app.announced import Announced
from gateway.app.api import LazyApi, api_figures, api_services, event_window
from gateway.app.build import Gateway
from gateway.app.dns import NameServer
from gateway.app.drivers import DriverFront
from gateway.app.figures import driver_figures, figures, mail_figures, takings_figures
from gateway.app.live_checks import health_of
from gateway.app.mail import MailFront, MailIn
from gateway.app.network_doctor import network_doctor
from gateway.app.queues import queues_of, set_up_of
from gateway.app.remote import remote_access, remote_work
from gateway.app.site import Site
from gateway.app.surroundings import NetworkSurroundings
from gateway.app.terminals import terminal_hub
from gateway.app.tls import certificates_of, own_host
from gateway.domain.description import dns_sd_name
from gateway.runner import GRACE_SECONDS
from gateway.services.challenge_answers import ChallengeAnswers
from gateway.services.delegates import Delegates
from gateway.services.desk import Desk
from gateway.services.doctor import Doctor
from gateway.services.kiosk import Kiosk
from gateway.services.kiosk_sessions import KioskSessions
from gateway.services.preview import Preview
from gateway.services.programs import Programs
from gateway.services.queues import Reach
from gateway.services.statistics import Statistics
from gateway.services.takings import Takings
from gateway.settings import Http, Https, Ipp, Settings
from ipp.server import create_app as create_ipp_app
from mobile_api.terminals.app import create_terminals
from webprint.app import create_app as create_pages
from webprint.live import LiveJobs
from webprint.site import Ports

CERTIFICATE_SECONDS = 10.0

log = logging.getLogger(__name__)


class Front:
    """Everything that clients talk to: listeners, IPP, pages, announcements. `ipp` and the like are real ports."""

    def __init__(self, gateway: Gateway, mail: MailIn, preview: Preview | None = None) -> None:
        settings = gateway.settings
        self._gateway = gateway
        self._preview = preview
        self._live = _live(gateway)
        self._kiosk = _kiosk(gateway)
        self.terminals = terminal_hub(gateway, self._kiosk)
        self._remote = remote_access(gateway) if settings.remote.enabled else None
        self._listeners: dict[str, Listener] = {}
        self._dns_sd_names: dict[str, str] = {}
        self._dns: NameServer | None = None
        self.metrics = figures(gateway, self._listeners)
        self._api_events = event_window(gateway)
        self._api_figures = api_figures(self.metrics, self._api_events)
        self.host = own_host(settings)
        self.data = settings.data
        self.certificates = certificates_of(settings, gateway.clock, gateway.host_names.all)
        self._challenges = ChallengeAnswers()
        self.renewals = renewals_of(settings, self.certificates, self._challenges, gateway.clock)
        self._mail = MailFront(gateway, mail, self.certificates)
        mail_figures(self.metrics, self._mail)
        self._drivers = DriverFront(gateway)
        driver_figures(self.metrics, self._drivers)
        self._takings = Takings(
            receipts_of=gateway.database.why.receipts_of, events=gateway.events, clock=gateway.clock
        )
        takings_figures(self.metrics, self._takings)
        backups = BackupFolder(settings)
        health = health_of(gateway, self.certificates, self.listening, backups, self._mail.desk)
        self._administration = administration(gateway, self.certificates, backups, health, self.renewals)
        self.profiles = SignedProfiles(self.certificates, organization=settings.site.organization or settings.site.name)
        self._mail_in = mail

        self._queues = queues_of(gateway, self.certificates, reach=self._reach, own_host=self._own_host)
        self._network = network_doctor(
            gateway,
            queues=self._queues,
            reach=self._reach,
            hosts=lambda: (self._own_host(),),
            authority=lambda: self.certificates.ca_pem or b"",
        )
        self._set_up = set_up_of(gateway, self.certificates, self.profiles, self._queues, dns_port=self._dns_port)

    # -- the parts of its life

    async def start(self) -> None:
        """Everything listens when this returns; StartupError names what does not."""
        await asyncio.to_thread(self.certificates.load)
        await self._gateway.intake.start()
        settings = self._gateway.settings
        limits = _limits(settings)
        admission, site = Admission(limits), self._site()
        for name, port, tls in _wanted(settings):
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
        if settings.dns.enabled:
            self._dns = NameServer(self._gateway, ipp_port=self.ports().ipp)
            await self._dns.start()
        await self._mail.start()
        await self._drivers.start()

    async def stop(self) -> None:
        """Requests that run may end; then what waits for the barrier is committed."""
        if self._dns is not None:
            await self._dns.stop()
        await asyncio.gather(self._mail.stop(GRACE_SECONDS / 4), self._drivers.stop(GRACE_SECONDS / 4))
        await asyncio.gather(*(listener.stop(GRACE_SECONDS / 2) for listener in self._listeners.values()))
        await self._gateway.intake.stop()
        await self._gateway.sign_in.links.settle()

    def background(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """What goes on beside answering."""
        work: dict[str, Callable[[], Awaitable[None]]] = {
            "notifications": self._gateway.notifications.run,
            "certificates": self._watch_certificates,
            "live": self._live.run,
            "terminals": self.terminals.run,
            **self._mail.background(),
            **self._drivers.background(),
            "api-events": self._api_events.run,
            "metrics": partial(self.metrics.count_events, self._gateway.events),
            "takings": self._takings.run,
        }
        if self._preview is not None:
            work["previews"] = self._preview.run
        if self.renewals is not None:
            work["acme"] = self.renewals.run
        if self._remote is not None:
            work["remote"] = remote_work(self._gateway, self._remote)
        if self._gateway.settings.mdns.enabled:
            work["mdns"] = self._advertise
        if self._gateway.settings.dns.enabled:
            work["dns"] = self._answer_names
        return work

    # -- what others ask of it

    def ports(self) -> Ports:
        real = {name: listener.port for name, listener in self._listeners.items()}
        return Ports(http=real.get("http"), https=real.get("https"), ipp=real.get("ipp"))

    def _reach(self) -> Reach:
        ports = self.ports()
        return Reach(ipp=ports.ipp, https=ports.https)

    def _own_host(self) -> str:
        """For who came by a name that leads nowhere else: the address that a phone in this network can open."""
        return next((a for a in choose((), interfaces()).tell if ":" not in a), self.host)

    def _dns_port(self) -> int | None:
        return self._dns.port if self._dns else None

    def page_url(self) -> str:
        """The address of the start page that a phone in the same network can open."""
        ports = self.ports()
        if self._gateway.settings.site.base_url:
            return self._gateway.settings.site.base_url.rstrip("/") + "/"
        host = self._own_host()
        return f"http://{host}:{ports.http}/" if ports.http else f"https://{host}:{ports.https or ports.ipp}/"

    def _site(self) -> Site:
        gateway = self._gateway
        pages = create_pages(
            release=gateway.release,
            preview=self._preview,
            kiosk=self._kiosk,
            terminals=self.terminals.desk,
            doctor=Doctor(
                surroundings=NetworkSurroundings(interfaces=gateway.settings.mdns.interfaces), clock=gateway.clock
            ),
            network=self._network,
            uploads=gateway.uploads,
            guests=gateway.guests,
            desk=_desk(gateway),
            shares=shares_of(gateway),
            delegates=_delegates(gateway),
            statistics=_statistics(gateway),
            live=self._live,
            personal=gateway.personal,
            people=gateway.people,
            mail_links=self._mail_in.links,
            mail_desk=self._mail.desk,
            house=gateway.house,
            sign_in=gateway.sign_in,
            phone=gateway.phone,
            remote=self._remote,
            profiles=lambda: self.profiles,
            hosts=lambda: self.certificates.hosts,
            printers=gateway.printers,
            sites=gateway.sites,
            administration=self._administration,
            setup=self._set_up,
            programs=Programs(tokens=gateway.tokens, webhooks=gateway.webhooks.kept),
            identity=gateway.identity,
            settings=gateway.settings,
            clock=gateway.clock,
            ca_certificate=lambda: self.certificates.ca_pem or b"",
            ports=self.ports,
            challenge=self._challenges.get,
            public_name=self.certificates.is_public,
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
            virtual_host=gateway.host_names.printer_of,
            queues=gateway.phone.queues,
            label_of=gateway.phone.claims.label,
            fresh=gateway.phone.fresh,
        )
        portal = pages.state.guard.sessions
        api = LazyApi(
            partial(
                api_services,
                gateway,
                portal=portal,
                queues=self._queues,
                network=self._network,
                preview=self._preview,
                administration=self._administration,
                terminals=self.terminals.desk.terminals,
                connected=self.terminals.desk.connected,
                health=self._health,
                figures=self._api_figures,
                events=self._api_events,
            )
        )
        mounted: dict[str, ASGIApp] = {
            "/api/v1/": api,
            "/terminals/": create_terminals(self.terminals),
        }
        return Site(ipp=ipp, pages=pages, health=self._health, metrics=self.metrics.text, mounted=mounted)

    def listening(self) -> dict[str, int]:
        """Real ports by name, of all that takes something in or answers."""
        mail, names = self._mail.server, self._dns
        further = {"smtp": mail.port, "lmtp": mail.lmtp_port, "dns": names.port if names else None}
        real = {name: listener.port for name, listener in self._listeners.items()}
        return real | {name: port for name, port in further.items() if port is not None} | self._drivers.ports()

    async def _health(self) -> tuple[str, ...]:
        """Why no work is accepted now; empty is healthy."""
        return await self._administration.health.refusing()

    async def _watch_certificates(self) -> None:
        while True:
            await self._gateway.clock.sleep(CERTIFICATE_SECONDS)
            await asyncio.to_thread(self.certificates.refresh)

    async def _answer_names(self) -> None:
        assert self._dns is not None, "background work begins when all parts have started"
        await self._dns.run()

    async def _advertise(self) -> None:
        ports, settings = self.ports(), self._gateway.settings
        await Advertiser(
            printers=Announced(self._gateway.printers, self._gateway.sites, settings.mdns),
            events=self._gateway.events,
            settings=settings.mdns,
            ports=AdvertisedPorts(ipp=ports.ipp, ipps=ports.ipp),
            base_url=settings.site.base_url or f"http://{self.host}:{ports.http}",
            clock=self._gateway.clock,
            on_name=self._dns_sd_names.__setitem__,
        ).run()


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
        currency=lambda: gateway.settings.site.currency,
        guests=gateway.guests,
        access=gateway.personal.access_log,
    )


def _live(gateway: Gateway) -> LiveJobs:
    return LiveJobs(release=gateway.release, identity=gateway.identity, events=gateway.events, clock=gateway.clock)


def _delegates(gateway: Gateway) -> Delegates:
    return Delegates(store=gateway.database.shares, users=gateway.database.users, clock=gateway.clock)


def _statistics(gateway: Gateway) -> Statistics:
    zone = gateway.settings.site.time_zone
    return Statistics(history=gateway.database.history, clock=gateway.clock, time_zone=zone)


def _wanted(settings: Settings) -> Iterator[tuple[str, int, TlsMode]]:
    """Name, port and kind of each listener; further ports carry their number in their name."""
    kinds: tuple[tuple[str, Http | Https | Ipp, TlsMode], ...] = (
        ("http", settings.http, "detect"),  # HSTS turns http://host:8080 into https://host:8080
        ("https", settings.https, "always"),
        ("ipp", settings.ipp, "detect"),
    )
    for name, group, tls in kinds:
        if group.enabled:
            yield name, group.port, tls
            yield from ((f"{name}-{port}", port, tls) for port in group.further_ports)


def _limits(settings: Settings) -> Limits:
    given = settings.http
    return Limits(
        header_seconds=given.header_seconds,
        min_body_rate=given.min_body_rate,
        keep_alive_seconds=given.keep_alive_seconds,
        max_connections=given.max_connections,
        max_connections_per_address=given.max_connections_per_address,
    )
