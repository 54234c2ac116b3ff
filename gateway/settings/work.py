"""Where work is kept, how it is done, who is told of it, and the site that it is done for."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator

from gateway.settings.kinds import MIB, Network, Port


class Database(BaseModel):
    """Where the rows are; no `url` is SQLite in the data directory; else postgresql+psycopg://..."""

    url: str = ""
    wait_seconds: float = 5.0  # then the client is told to come again


class SpoolSettings(BaseModel):
    """Where documents wait; no `url` is `spool/` in the data directory; else file:///path."""

    url: str = ""
    low_percent: float = 5.0  # new work is refused below this share of free space ...
    low_bytes: int = 2048 * MIB  # ... or below this much, whichever comes first
    orphan_seconds: float = 3600.0


class Jobs(BaseModel):
    """How long jobs live."""

    hold_seconds: float = 24 * 3600.0
    warn_seconds: float = 3600.0  # the owner is warned this long before the expiry
    extend_times: int = 3
    reprint_seconds: float = 0.0  # documents are kept that long after printing for a reprint; 0: destroyed at once
    favourites: int = 20  # a user
    history_seconds: float = 400 * 24 * 3600.0
    hide_unclaimed_after: float = 12 * 3600.0  # unclaimed jobs expire sooner
    claim_seconds: float = 2 * 3600.0  # how long a phone that printed without signing in may claim its job


class Uploads(BaseModel):
    """Documents that come through the pages (rows 22 and 28)."""

    max_file: Annotated[int, Field(ge=1)] = 100 * MIB
    max_files: Annotated[int, Field(ge=1)] = 20  # of one job
    kept_seconds: float = 900.0  # an upload that broke off can be resumed that long
    networks: tuple[str, ...] = ()  # from where documents may be uploaded; () is from everywhere
    refused_types: tuple[str, ...] = ()  # media types that are not taken, also whole kinds: "text/*"
    files_per_minute: Annotated[int, Field(ge=1)] = 60  # of one address
    at_once: Annotated[int, Field(ge=1)] = 6  # of one person


class Sandbox(BaseModel):
    """Limits of preparation; see SANDBOX in docs."""

    workers: int = 2
    office_workers: int = 2  # LibreOffices at once and as many ready; 0: office documents are refused
    # 200 MB, 90 more for each further one; off: the first office document waits for seconds.
    office_at_start: bool = True
    seconds: float = 60.0
    seconds_per_page: float = 2.0
    memory: int = 1024 * MIB
    max_pages: int = 2000
    guest_pages: int = 500  # of a document by nobody we know: one mistake empties the paper tray for all
    max_pixels: int = 100_000_000
    thumbnails: int = 20
    lease_seconds: float = 60.0  # a worker that was not heard of for so long is dead, and its job goes back in line


class Delivery(BaseModel):
    """How a released job reaches its device."""

    unreachable_delays: tuple[float, ...] = (5.0, 15.0, 45.0)  # then failover, else hold again and tell
    busy_first: float = 10.0  # back-off of a busy device, doubled ...
    busy_longest: float = 120.0  # ... up to this
    busy_tries: int = 20  # then hold again and tell: never loop in silence
    stall_seconds: float = 60.0  # a device that takes no byte for this long is interrupted
    poll_seconds: float = 1.0  # how often a job is looked after on an IPP device
    lease_seconds: float = 30.0


class Snmp(BaseModel):
    """How devices tell their counters, for copies made at their own panels (docs/terminals.md)."""

    version: Literal["1", "2c", "3"] = "2c"
    community: SecretStr = SecretStr("public")  # of versions 1 and 2c
    user: str = ""  # of version 3, and its passphrases
    authentication: SecretStr = SecretStr("")
    privacy: SecretStr = SecretStr("")


class Devices(BaseModel):
    """Which addresses Output Devices may have, and where they are searched for."""

    networks: tuple[Network, ...] = ()  # devices are nowhere else; () is anywhere but where no printer can be
    local: bool = False  # pages may name this machine itself as a device; the command line may in any case
    ipp_port: Port = 631  # where a search asks; others only where a router between maps them
    snmp_port: Port = 161  # the same, and where counters are asked
    snmp: Snmp = Snmp()  # for counters; a search asks for its own words
    search_seconds: float = 180.0  # a search ends then, whatever is left
    search_addresses: Annotated[int, Field(ge=1)] = 4096  # of one search
    search_at_once: Annotated[int, Field(ge=1)] = 64


class Backup(BaseModel):
    """Backups by a schedule, in backups/ of the data directory (SQLite only)."""

    every_hours: Annotated[int, Field(ge=0)] = 24  # 0: none by itself
    keep: Annotated[int, Field(ge=1)] = 7  # older ones are deleted when a new one was made


class Webhooks(BaseModel):
    """Events told to other programs by HTTP (row 150)."""

    # Networks inside whose addresses may be asked; without, only addresses on the internet: a webhook that anybody of
    # the staff can name must not reach what the house keeps for itself.
    networks: tuple[Network, ...] = ()


class Traces(BaseModel):
    """What becomes of each job, told to an OpenTelemetry collector (OTLP over HTTP; row 180)."""

    endpoint: str = ""  # such as http://collector:4318/v1/traces; "": nobody is told
    headers: dict[str, SecretStr] = {}  # that the collector knows us by
    sample: Annotated[float, Field(ge=0, le=1)] = 1.0  # the share of jobs that are told of

    @field_validator("endpoint")
    @classmethod
    def _is_address(cls, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        if endpoint and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError("traces.endpoint is an http or https address, such as http://collector:4318/v1/traces.")
        return endpoint


class Site(BaseModel):
    """What people read. `base_url` is what links and QR codes carry; "" is derived from host name and port."""

    name: str = "Papertap"
    base_url: str = ""
    language: str = "en"  # of pages and mails for whoever tells no other: en, de or fr
    time_zone: str = ""  # an IANA name such as Europe/Berlin, for times on paper and in mails; "": UTC
    currency: str = "EUR"  # ISO 4217
    organization: str = ""
