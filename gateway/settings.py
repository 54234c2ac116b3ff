"""Every setting with its default, its unit and its reason. File (TOML) first, environment over it.

A setting `http.port` is `PAPERTAP_HTTP__PORT` in the environment.
"""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

Proof = Literal["card", "card-pin", "card-password", "pin", "password", "code"]


def _network(text: str) -> str:
    ip_network(text, strict=False)
    return text


Network = Annotated[str, AfterValidator(_network)]
"""An address with a prefix length, such as 10.20.0.0/16 or fd00::/8."""
Port = Annotated[int, Field(ge=0, le=65535)]
MIB = 1024 * 1024


class Listen(BaseModel):
    """`host` is for all listeners; "" is every address of the machine, IPv4 and IPv6."""

    host: str = ""


class Http(BaseModel):
    """Plain HTTP: web pages and IPP."""

    enabled: bool = True
    port: Port = 8080
    header_seconds: float = 10.0  # a client that has not sent its header by then is dropped
    min_body_rate: int = 1024  # octets a second, averaged over 30 s: slower clients are dropped
    max_connections: int = 2000
    max_connections_per_address: int = 200
    keep_alive_seconds: float = 30.0


class Https(BaseModel):
    """HTTPS and IPPS. Empty paths: a certificate of our own CA is made once and kept."""

    enabled: bool = True
    port: Port = 8443
    certificate: Path | None = None
    private_key: Path | None = None
    names: tuple[str, ...] = ()  # further DNS names and addresses for the certificate


class Ipp(BaseModel):
    """IPP, plain and TLS on one port by the first byte."""

    enabled: bool = True
    port: Port = 8631
    max_document: int = 4096 * MIB
    max_documents: int = 100  # of one job
    max_decompressed: int = 4096 * MIB
    max_compression_ratio: int = 200
    multiple_operation_seconds: float = 900.0  # an open job without its last document is aborted then
    require_tls: bool = False
    # Networks whose unauthenticated requests may do what an operator may (Pause-Printer, others' jobs). Never give one
    # from which a reverse proxy speaks for everybody.
    trusted_operators: tuple[str, ...] = ()


class Mdns(BaseModel):
    """DNS-SD by multicast. `interfaces`: addresses or interface names; empty is all."""

    enabled: bool = True
    interfaces: tuple[str, ...] = ()
    host_name: str = ""  # "" is papertap-<machine>: the machine's own may be announced by Avahi already


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


class OpenId(BaseModel):
    """One OpenID provider: a button on the sign-in page. Its redirect URI is /signin/oidc/<name>/callback."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]  # stands in addresses
    label: str = ""  # on the button; "": the name
    issuer: str  # https://..., exactly as in its discovery document
    client_id: str
    client_secret: SecretStr = SecretStr("")
    client_secret_file: Path | None = None  # its first line; preferred to a secret in the settings
    ca_file: Path | None = None  # of a provider with a certificate of a private CA
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    create_users: bool = False  # whoever it signs in and nobody here knows becomes a user


class Identity(BaseModel):
    """Sign-in policy (rows 13, 78, 83-85, 96, 156)."""

    providers: tuple[OpenId, ...] = ()
    pin_alone: bool = False  # sign-in pages take a PIN without a name: handy, but one guess tries everybody's

    pin_digits: int = 6
    tries: int = 5  # failures of one name ...
    lockout_seconds: float = 900.0  # ... within this long lock the name for as long, for that address
    tries_per_minute: int = 20  # failures of one address
    account_tries_per_minute: int = 5  # failures of one name from all addresses where it never signed in before
    session_seconds: float = 12 * 3600.0
    idle_seconds: float = 1800.0
    stay_seconds: float = 30 * 24 * 3600.0  # of who asked to stay signed in on a device of his own; 0: nobody may
    link_seconds: float = 600.0  # how long a sign-in link in a mail, or a sign-in at a provider, may take
    kiosk_seconds: float = 30.0


class Kiosk(BaseModel):
    """Release stations at /kiosk: a tablet, or a printer's own browser (rows 76, 80, 82, 83 and 85)."""

    # From where a station may be opened: a page that asks for PINs is nothing for the whole world.
    networks: tuple[Network, ...] = (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
    modes: tuple[Literal["own", "code", "desk"], ...] = ("own", "code", "desk")  # the first is what opens
    select_all: bool = True  # all waiting jobs are ticked, so that printing them is one touch
    release_on_tap: bool = False  # a card prints all that waits: no touch
    enrol: bool = True  # whoever signs in another way may add the card that was just held to the reader
    cards: int = 4  # a user
    # What members of a group must show, wherever they are; what everybody must show is a Printer's `kiosk_proofs`.
    group_proofs: dict[str, tuple[Proof, ...]] = {}
    longest_seconds: float = 600.0  # then a station signs out even who is still touching it
    result_seconds: float = 300.0  # how long an idle station tells what became of the last release
    plain_http: bool = False  # sign-in without TLS, for printers whose browser knows none: PINs cross the network open
    user_list: bool = False  # names to choose from instead of typing them; shows who is here to whoever stands there


class Mail(BaseModel):
    """Outgoing mail through one mail server. Without a `host` no mail is sent, and pages say so."""

    host: str = ""
    port: Port = 0  # 0: 587 with starttls, 465 with tls, 25 with none
    security: Literal["starttls", "tls", "none"] = "starttls"  # none: only for a server on this machine or a safe wire
    ca_file: Path | None = None  # of a mail server with a certificate of a private CA
    user: str = ""  # "": it takes mail from this machine without a sign-in
    password: SecretStr = SecretStr("")
    password_file: Path | None = None  # its first line; preferred to a password in the settings
    sender: str = ""  # the address that letters come from; "" is papertap@ and this machine's name
    sender_name: str = ""  # "" is the site's name
    max_per_minute: Annotated[int, Field(ge=1)] = 60  # more would make mail providers take us for a sender of spam
    seconds: float = 30.0  # a mail server that says nothing for so long is tried again later


class Uploads(BaseModel):
    """Documents that come through the pages (rows 22 and 28)."""

    max_file: Annotated[int, Field(ge=1)] = 100 * MIB
    max_files: Annotated[int, Field(ge=1)] = 20  # of one job
    kept_seconds: float = 900.0  # an upload that broke off can be resumed that long
    networks: tuple[str, ...] = ()  # from where documents may be uploaded; () is from everywhere
    refused_types: tuple[str, ...] = ()  # media types that are not taken, also whole kinds: "text/*"
    files_per_minute: Annotated[int, Field(ge=1)] = 60  # of one address
    at_once: Annotated[int, Field(ge=1)] = 6  # of one person


class Guests(BaseModel):
    """Visitors without an account, on Printers that take them (row 27); nothing here opens a Printer."""

    # here: whoever scanned the sticker stands in front of the printer. code: the code must be typed at its screen.
    release: Literal["here", "code"] = "code"
    hold_seconds: float = 12 * 3600.0
    pages: Annotated[int, Field(ge=1)] = 500  # impressions of one release
    max_file: Annotated[int, Field(ge=1)] = 50 * MIB
    jobs_per_hour: Annotated[int, Field(ge=1)] = 30  # of one address, behind which a whole café may sit
    again_seconds: float = 600.0  # the document can be printed again that long
    # Guests' phones trust no certificate of ours; their code is shown on their screen anyway.
    plain_http: bool = True


class Privacy(BaseModel):
    """What stays when people have their account erased."""

    # Nobody else can take the name of an erased account: what others granted to the name would then be theirs.
    keep_names: bool = True


class Site(BaseModel):
    """What people read. `base_url` is what links and QR codes carry; "" is derived from host name and port."""

    name: str = "Papertap"
    base_url: str = ""
    language: str = "en"  # of pages and mails for whoever tells no other: en, de or fr
    time_zone: str = ""  # an IANA name such as Europe/Berlin, for times on paper and in mails; "": UTC
    currency: str = "EUR"  # ISO 4217
    organization: str = ""


class Settings(BaseSettings):
    """All settings. `data` holds database, spool, keys and certificates."""

    model_config = SettingsConfigDict(env_prefix="PAPERTAP_", env_nested_delimiter="__", extra="forbid")

    data: Path = Path("papertap-data")
    listen: Listen = Listen()
    http: Http = Http()
    https: Https = Https()
    ipp: Ipp = Ipp()
    mdns: Mdns = Mdns()
    database: Database = Database()
    spool: SpoolSettings = SpoolSettings()
    jobs: Jobs = Jobs()
    sandbox: Sandbox = Sandbox()
    delivery: Delivery = Delivery()
    identity: Identity = Identity()
    kiosk: Kiosk = Kiosk()
    mail: Mail = Mail()
    privacy: Privacy = Privacy()
    uploads: Uploads = Uploads()
    guests: Guests = Guests()
    site: Site = Site()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The command line wins over the environment, the environment over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load(config: Path | None = None, **given: object) -> Settings:
    """Settings from `config` and the environment; ValueError names the file or the setting that is wrong."""
    if config is not None and not config.is_file():
        raise ValueError(f"The settings file {config} does not exist. Give an existing file with --config.")
    model = type("FileSettings", (Settings,), {"model_config": {**Settings.model_config, "toml_file": config}})
    loaded: Settings = model(**given)
    return loaded
