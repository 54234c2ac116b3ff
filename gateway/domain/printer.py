"""The Printer: the logical object that clients see and submit to (RFC 8011 section 2.2)."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID, uuid5

from gateway.domain.capabilities import Capabilities
from gateway.domain.device import Device
from gateway.domain.house import NO_RULES, HouseRules
from gateway.domain.job import Job
from gateway.domain.kiosk import ANY_PROOF, KioskProof
from gateway.domain.mailbox import DEFAULT_MAIL, MailRules
from gateway.domain.phone import Presence
from gateway.domain.price import NO_TARIFF, Tariff
from gateway.domain.project import ProjectPolicy


class ReleasePolicy(StrEnum):
    """PULL: held, released at any allowed device. SECURE: held, released at its one device. DIRECT: not held."""

    PULL = "pull"
    SECURE = "secure"
    DIRECT = "direct"


class Authentication(StrEnum):
    """uri-authentication-supported: whether submission asks for Basic credentials (over TLS only)."""

    NONE = "none"
    BASIC = "basic"


class HeldView(StrEnum):
    """What a phone is shown of a held job: the truth, or completed with queued-in-device (a queue setting)."""

    PENDING_HELD = "pending-held"
    COMPLETED = "completed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Printer:
    """A Printer as its row holds it.

    `name` is the URI's last part (lower-case letters, digits, dash); `info` what people read. `devices` are the
    Output Devices it may print on, in order of preference. `capabilities` is the union over those devices, kept
    with the row so that every front-end tells the same. `hold_seconds` is how long a held job waits.
    `kiosk_proofs` are the ways to sign in at a release station in front of it, each of which suffices.
    `tariff` is what it costs; `guests` whether visitors without an account may upload to it.
    `private_jobs`: its documents are destroyed as soon as they were printed, and nobody but the owner sees their pages.
    `house` is done to every job; `pass_through` takes printer languages that are not converted here, for devices that
    take them as they are. `mail` is what becomes of mail to its address.
    `site` is where it belongs and whose staff looks after it, "" is every site's, and looked after by who may
    everywhere; `subnets` narrow from where it is shown. At `host_names` the path
    /ipp/print is this Printer, for clients that know no other path.
    `projects` is whether jobs are charged to projects. `presence` is what proves that somebody stands in front of the device before a phone prints there; a device may ask for
    more. `ask_again_minutes` (with BASIC): a password that a device keeps is asked for again after so long, 0: for each
    job, None: never.
    `raw_port` takes what printer drivers send without any protocol. `name_networks` are those in which the name that a
    driver (LPR, RAW) gives is taken for its user's: print servers and machines that nobody else signs in to. Elsewhere,
    and without any, the name is only what the sender says of itself.
    `config_changed_at` and `version` change with every edit: caches and announcements hang on them.
    """

    name: str
    uuid: UUID
    info: str
    location: str = ""
    organization: str = ""
    organizational_unit: str = ""
    geo_location: str | None = None
    policy: ReleasePolicy
    authentication: Authentication = Authentication.NONE
    held_view: HeldView = HeldView.PENDING_HELD
    devices: tuple[str, ...] = ()
    capabilities: Capabilities = field(default_factory=Capabilities)
    is_accepting_jobs: bool = True
    paused: bool = False
    holding_new_jobs: bool = False
    is_default: bool = False
    hold_seconds: float = 24 * 3600.0
    operator_message: str = ""
    defaults: dict[str, str] = field(default_factory=dict)
    kiosk_proofs: tuple[KioskProof, ...] = ANY_PROOF
    tariff: Tariff = NO_TARIFF
    guests: bool = False
    private_jobs: bool = False
    house: HouseRules = NO_RULES
    pass_through: bool = False
    site: str = ""
    host_names: tuple[str, ...] = ()
    mail: MailRules = DEFAULT_MAIL
    presence: Presence = Presence.NONE
    projects: ProjectPolicy = ProjectPolicy.NONE
    ask_again_minutes: int | None = None
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    raw_port: int | None = None
    name_networks: tuple[str, ...] = ()
    created_at: float = 0.0
    config_changed_at: float = 0.0
    version: int = 0

    @property
    def takes_projects(self) -> bool:
        return self.projects is not ProjectPolicy.NONE

    def lacks_project(self, job: Job) -> bool:
        """Whether it prints this job only once a project was chosen for it."""
        return self.projects is ProjectPolicy.REQUIRED and not job.project

    @property
    def holds(self) -> bool:
        return self.policy is not ReleasePolicy.DIRECT


TEST = "test."
"""What the names of the Printers of test pages begin with; no other name has a dot."""


def printer_for_tests(device: Device) -> Printer:
    """The Printer of a device's test pages: it has no row, is shown to nobody, and takes test pages alone."""
    return Printer(
        name=f"{TEST}{device.name}",
        uuid=uuid5(device.uuid, TEST),
        info=device.info or device.name,
        policy=ReleasePolicy.DIRECT,
        devices=(device.name,),
        capabilities=device.capabilities,
    )
