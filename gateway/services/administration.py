"""What those who run the house work with, in one hand: the pages below /admin are built on it."""

from dataclasses import dataclass

from gateway.services.audit import Audit
from gateway.services.device_book import DeviceBook
from gateway.services.health import Health
from gateway.services.ports import BackupKeeper, CertificateKeeper, RestoreKeeper
from gateway.services.renewals import Renewals
from gateway.services.search import NetworkSearch
from gateway.services.setup import Setup
from gateway.services.site_settings import SiteSettings
from gateway.services.why import Why


@dataclass(frozen=True, kw_only=True, slots=True)
class Administration:
    setup: Setup
    site: SiteSettings
    search: NetworkSearch
    devices: DeviceBook
    audit: Audit
    why: Why
    health: Health
    certificates: CertificateKeeper
    renewals: Renewals | None = None  # where a public authority is asked
    backups: BackupKeeper
    restores: RestoreKeeper
