"""The Printer: the logical object that clients see and submit to (RFC 8011 section 2.2)."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from gateway.domain.capabilities import Capabilities
from gateway.domain.house import NO_RULES, HouseRules
from gateway.domain.kiosk import ANY_PROOF, KioskProof
from gateway.domain.price import NO_TARIFF, Tariff


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
    take them as they are.
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
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    created_at: float = 0.0
    config_changed_at: float = 0.0
    version: int = 0

    @property
    def holds(self) -> bool:
        return self.policy is not ReleasePolicy.DIRECT
