"""Every setting with its default, its unit and its reason. File (TOML) first, environment over it.

A setting `http.port` is `PAPERTAP_HTTP__PORT` in the environment.
"""

from pathlib import Path

from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from gateway.settings.kinds import MIB, PRIVATE_NETWORKS, Network, Port, Proof
from gateway.settings.listeners import Acme, Dns, Http, Https, Ipp, Listen, Lpd, Mdns, Queues, Raw, Relay, Remote
from gateway.settings.mail import Mail, Mailbox, OAuth, Smtp
from gateway.settings.people import (
    Audit,
    Credit,
    Guests,
    Identity,
    Kiosk,
    OpenId,
    Passwords,
    Privacy,
    Push,
    Radius,
    Registration,
    Terminals,
)
from gateway.settings.work import (
    Backup,
    Database,
    Delivery,
    Devices,
    Jobs,
    Sandbox,
    Site,
    Snmp,
    SpoolSettings,
    Traces,
    Uploads,
    Webhooks,
)

__all__ = [
    "MIB",
    "PRIVATE_NETWORKS",
    "Acme",
    "Audit",
    "Backup",
    "Credit",
    "Database",
    "Delivery",
    "Devices",
    "Dns",
    "Guests",
    "Http",
    "Https",
    "Identity",
    "Ipp",
    "Jobs",
    "Kiosk",
    "Listen",
    "Lpd",
    "Mail",
    "Mailbox",
    "Mdns",
    "Network",
    "OAuth",
    "OpenId",
    "Passwords",
    "Port",
    "Privacy",
    "Proof",
    "Push",
    "Queues",
    "Radius",
    "Raw",
    "Registration",
    "Relay",
    "Remote",
    "Sandbox",
    "Settings",
    "Site",
    "Smtp",
    "Snmp",
    "SpoolSettings",
    "Terminals",
    "Traces",
    "Uploads",
    "Webhooks",
    "load",
]


class Settings(BaseSettings):
    """All settings. `data` holds database, spool, keys and certificates."""

    model_config = SettingsConfigDict(env_prefix="PAPERTAP_", env_nested_delimiter="__", extra="forbid")

    data: Path = Path("papertap-data")
    listen: Listen = Listen()
    http: Http = Http()
    https: Https = Https()
    acme: Acme = Acme()
    ipp: Ipp = Ipp()
    mdns: Mdns = Mdns()
    dns: Dns = Dns()
    queues: Queues = Queues()
    database: Database = Database()
    spool: SpoolSettings = SpoolSettings()
    jobs: Jobs = Jobs()
    sandbox: Sandbox = Sandbox()
    delivery: Delivery = Delivery()
    devices: Devices = Devices()
    backup: Backup = Backup()
    identity: Identity = Identity()
    kiosk: Kiosk = Kiosk()
    terminals: Terminals = Terminals()
    mail: Mail = Mail()
    registration: Registration = Registration()
    credit: Credit = Credit()
    smtp: Smtp = Smtp()
    lpd: Lpd = Lpd()
    raw: Raw = Raw()
    mailboxes: tuple[Mailbox, ...] = ()
    privacy: Privacy = Privacy()
    audit: Audit = Audit()
    uploads: Uploads = Uploads()
    guests: Guests = Guests()
    push: Push = Push()
    remote: Remote = Remote()
    relay: Relay = Relay()
    webhooks: Webhooks = Webhooks()
    traces: Traces = Traces()
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
