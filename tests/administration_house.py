"""The services of those who run the house, over ports in memory."""

from dataclasses import dataclass, field

from gateway.domain.acme import Asked
from gateway.services.accounts import Accounts
from gateway.services.administration import Administration
from gateway.services.device_book import DeviceBook
from gateway.services.health import Health
from gateway.services.intake import Intake
from gateway.services.ports import DeviceDriver, UserStore
from gateway.services.printers import Printers
from gateway.services.renewals import Renewals
from gateway.services.search import NetworkSearch
from gateway.services.setup import Setup
from gateway.services.site_settings import SiteSettings
from gateway.services.why import Why
from gateway.settings import Settings
from tests.fake_devices import FakeDriver
from tests.fake_jobs import MemoryJobStore
from tests.fake_rows import MemoryAttemptStore
from tests.fake_time import FakeClock
from tests.fakes_administration import (
    FakeBackups,
    FakeCertificates,
    FakeIssuer,
    FakeNetwork,
    FakeRestores,
    MemoryHouseStore,
    MemoryPublicShelf,
    MemorySetupFiles,
    MemoryWhyStore,
    some_checks,
)
from tests.fakes_house import MemoryAuditStore, an_audit
from tests.fakes_terminals import MemoryCopierStore


@dataclass(kw_only=True)
class HousePorts:
    """What a test may want to look at or turn."""

    values: MemoryHouseStore = field(default_factory=MemoryHouseStore)
    setup_files: MemorySetupFiles = field(default_factory=MemorySetupFiles)
    network: FakeNetwork = field(default_factory=FakeNetwork)
    driver: FakeDriver
    audit: MemoryAuditStore
    backups: FakeBackups = field(default_factory=FakeBackups)
    restores: FakeRestores = field(default_factory=FakeRestores)
    copiers: MemoryCopierStore = field(default_factory=MemoryCopierStore)
    issuer: FakeIssuer


def an_administration(
    *,
    settings: Settings,
    users: UserStore,
    accounts: Accounts,
    printers: Printers,
    intake: Intake,
    clock: FakeClock,
    jobs: MemoryJobStore,
    attempts: MemoryAttemptStore,
) -> tuple[HousePorts, Administration]:
    shelf = MemoryPublicShelf(clock)
    ports = HousePorts(driver=FakeDriver(), audit=MemoryAuditStore(), issuer=FakeIssuer(shelf, clock))
    asked = Asked(directory="https://acme.example/directory", names=("print.example",))
    network, audit = ports.network, an_audit(clock, ports.audit)
    drivers: dict[str, DeviceDriver] = dict.fromkeys(("ipp", "ipps", "socket", "lpd"), ports.driver)
    return ports, Administration(
        setup=Setup(users=users, accounts=accounts, house=ports.values, files=ports.setup_files, clock=clock),
        site=SiteSettings(settings=settings, house=ports.values),
        search=NetworkSearch(
            announcements=network,
            prober=network,
            addresses=network,
            networks=lambda: ("192.0.2.0/24",),
            clock=clock,
            settings=settings.devices,
        ),
        devices=DeviceBook(printers=printers, drivers=drivers, addresses=network, intake=intake),
        audit=audit,
        health=Health(some_checks),
        certificates=FakeCertificates(),
        renewals=Renewals(asked=asked, issuer=ports.issuer, shelf=shelf, clock=clock),
        backups=ports.backups,
        restores=ports.restores,
        why=Why(store=MemoryWhyStore(jobs, attempts), jobs=jobs, copiers=ports.copiers, printers=printers, audit=audit),
    )
