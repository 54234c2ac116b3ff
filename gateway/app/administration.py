"""Wires what those who run the house work with."""

import asyncio
import ipaddress
import logging
from typing import TYPE_CHECKING

from discovery.interfaces import choose, interfaces
from discovery.neighbours import Neighbours
from gateway.adapters.backups import BackupFolder
from gateway.adapters.certificate_desk import CertificateDesk
from gateway.adapters.certificates import Certificates
from gateway.adapters.devices import Egress
from gateway.adapters.probing import NetworkProber
from gateway.adapters.restoring import RestoreFolder
from gateway.adapters.setup_files import DataSetupFiles
from gateway.errors import Refusal
from gateway.services.administration import Administration
from gateway.services.device_book import DeviceBook
from gateway.services.health import Health
from gateway.services.renewals import Renewals
from gateway.services.search import NetworkSearch
from gateway.services.setup import Setup
from gateway.services.shares import Shares
from gateway.services.why import Why
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.app.build import Gateway

HOUR = 3600.0
PROPOSED_PREFIX = 24  # of one's own network no more is proposed to be searched


log = logging.getLogger(__name__)


def egress_of(settings: Settings) -> Egress:
    allowed = tuple(ipaddress.ip_network(text, strict=False) for text in settings.devices.networks)
    return Egress(allowed=allowed, local=settings.devices.local)


def setup_of(gateway: "Gateway") -> Setup:
    return Setup(
        users=gateway.database.users,
        accounts=gateway.identity,
        house=gateway.database.house,
        files=DataSetupFiles(gateway.settings.data),
        clock=gateway.clock,
    )


def why_of(gateway: "Gateway") -> Why:
    return Why(
        store=gateway.database.why,
        jobs=gateway.database.jobs,
        copiers=gateway.database.copiers,
        printers=gateway.printers,
        audit=gateway.house.audit,
    )


def device_book(gateway: "Gateway") -> DeviceBook:
    return DeviceBook(
        printers=gateway.printers,
        drivers=gateway.drivers,
        addresses=egress_of(gateway.settings),
        intake=gateway.intake,
    )


def shares_of(gateway: "Gateway") -> Shares:
    return Shares(
        store=gateway.database.shares,
        release=gateway.release,
        printers=gateway.printers,
        limits=gateway.identity.limits,
        clock=gateway.clock,
    )


def network_search(gateway: "Gateway") -> NetworkSearch:
    settings = gateway.settings
    return NetworkSearch(
        announcements=Neighbours(
            interfaces=settings.mdns.interfaces, own=lambda: [str(p.uuid) for p in gateway.printers.all()]
        ),
        prober=NetworkProber(ipp_port=settings.devices.ipp_port, snmp_port=settings.devices.snmp_port),
        addresses=egress_of(settings),
        networks=_own_networks,
        clock=gateway.clock,
        settings=settings.devices,
    )


def certificate_desk(gateway: "Gateway", certificates: Certificates) -> CertificateDesk:
    settings = gateway.settings
    return CertificateDesk(
        certificates=certificates,
        directory=settings.data / "tls",
        clock=gateway.clock,
        fixed=settings.https.certificate is not None,
    )


def administration(
    gateway: "Gateway",
    certificates: Certificates,
    backups: BackupFolder,
    health: Health,
    renewals: Renewals | None = None,
) -> Administration:
    return Administration(
        setup=setup_of(gateway),
        site=gateway.site,
        audit=gateway.house.audit,
        why=why_of(gateway),
        health=health,
        certificates=certificate_desk(gateway, certificates),
        renewals=renewals,
        backups=backups,
        restores=RestoreFolder(gateway.settings),
        search=network_search(gateway),
        devices=device_book(gateway),
    )


def _own_networks() -> tuple[str, ...]:
    """The neighbourhood of each IPv4 address of this machine; larger networks are for who names them."""
    four = [address for address in choose((), interfaces()).tell if ":" not in address]
    own = [ipaddress.ip_network(f"{address}/{PROPOSED_PREFIX}", strict=False) for address in four]
    return tuple(dict.fromkeys(str(network) for network in own if not network.is_loopback))


async def keep_backups(gateway: "Gateway") -> None:
    """Makes them by the settings' schedule, for ever; one that fails is tried again an hour later."""
    folder, settings = BackupFolder(gateway.settings), gateway.settings.backup
    while True:
        kept = await asyncio.to_thread(folder.list)
        due = (kept[0].made_at if kept else 0.0) + settings.every_hours * HOUR
        if gateway.clock.now() >= due:
            try:
                await asyncio.to_thread(folder.make, gateway.clock.now())
                await asyncio.to_thread(folder.prune, settings.keep)
            except Refusal as refusal:
                log.warning("no backup: %s", refusal)
        await gateway.clock.sleep(HOUR)
