"""What is listened on and announced: web, IPP, names, drivers, and print from outside."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator

from gateway.settings.kinds import MIB, PRIVATE_NETWORKS, Network, Port


class Listen(BaseModel):
    """`host` is for all listeners; "" is every address of the machine, IPv4 and IPv6."""

    host: str = ""


class Http(BaseModel):
    """Plain HTTP: web pages and IPP."""

    enabled: bool = True
    port: Port = 8080
    further_ports: tuple[Port, ...] = ()  # that answer alike, such as 80
    header_seconds: float = 10.0  # a client that has not sent its header by then is dropped
    min_body_rate: int = 1024  # octets a second, averaged over 30 s: slower clients are dropped
    max_connections: int = 2000
    max_connections_per_address: int = 200
    keep_alive_seconds: float = 30.0


class Https(BaseModel):
    """HTTPS and IPPS. Empty paths: a certificate of our own CA is made once and kept."""

    enabled: bool = True
    port: Port = 8443
    further_ports: tuple[Port, ...] = ()  # such as 443 and 10443, where Android looks for a printer
    certificate: Path | None = None
    private_key: Path | None = None
    names: tuple[str, ...] = ()  # further DNS names and addresses for the certificate


_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*")
_ADDRESS = re.compile(r"[0-9.]+")


class Acme(BaseModel):
    """A certificate of a public or private authority by ACME (RFC 8555), which looks at port 80 of each name.

    Naming its directory accepts its terms.
    """

    directory: str = ""  # such as https://acme-v02.api.letsencrypt.org/directory; "": none is asked for
    names: tuple[str, ...] = ()  # host names that lead here; () is that of site.base_url
    contact: str = ""  # a mail address, told when the account is made; "": none
    ca_file: Path | None = None  # of a directory with a certificate of a private CA
    eab_kid: str = ""  # external account binding (section 7.3.4), for authorities that take customers only
    eab_hmac_key: SecretStr = SecretStr("")  # as the authority gave it, in base64url
    eab_hmac_key_file: Path | None = None  # its first line; preferred to a key in the settings

    @field_validator("directory")
    @classmethod
    def _is_directory(cls, directory: str) -> str:
        parts = urlsplit(directory)
        if directory and (parts.scheme != "https" or not parts.hostname):
            raise ValueError(
                "acme.directory is the https address of an authority's directory, "
                "such as https://acme-v02.api.letsencrypt.org/directory."
            )
        return directory

    @field_validator("names")
    @classmethod
    def _are_hosts(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not _HOST.fullmatch(name) or _ADDRESS.fullmatch(name):
                raise ValueError(
                    f"acme.names takes host names such as print.example.org, not {name!r}: no address, no wildcard, "
                    "and names with other letters in their ASCII form (xn--...)."
                )
        return tuple(dict.fromkeys(name.lower() for name in names))

    @field_validator("contact")
    @classmethod
    def _is_mail(cls, contact: str) -> str:
        if contact and not re.fullmatch(r"[^@\s,:]+@[^@\s,:]+", contact):
            raise ValueError("acme.contact is one mail address, such as print@example.org.")
        return contact


class Ipp(BaseModel):
    """IPP, plain and TLS on one port by the first byte."""

    enabled: bool = True
    port: Port = 8631
    further_ports: tuple[Port, ...] = ()  # such as 631, which iPhones and computers take when none is named
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


class Dns(BaseModel):
    """Unicast DNS-SD: an authoritative server for one delegated zone with the Printers in it (row 3)."""

    enabled: bool = False
    port: Port = 5300  # UDP and TCP; name servers are asked at 53
    zone: str = ""  # such as print.example.org
    servers: tuple[str, ...] = ()  # names of this name server in the delegation; () is ns.<zone>
    addresses: tuple[str, ...] = ()  # of this gateway, for A and AAAA records; () are the machine's own
    domains: tuple[str, ...] = ()  # search domains of clients, whose b, lb and db._dns-sd._udp lead to the zone
    contact: str = ""  # a mail address for the SOA; "" is hostmaster of the zone
    ttl: Annotated[int, Field(ge=1, le=86400)] = 120  # seconds; phones forget a removed Printer after as long
    negative_ttl: Annotated[int, Field(ge=1, le=86400)] = 30
    # Resolvers that ask for others: their EDNS Client Subnet is believed, and they are not limited.
    resolvers: tuple[Network, ...] = ()
    # Octets a second, and at once, that one network of others gets over UDP, whose senders can be forged.
    answer_rate: Annotated[int, Field(ge=0)] = 8192
    answer_burst: Annotated[int, Field(ge=0)] = 64 * 1024


class Queues(BaseModel):
    """What computers and phones are told to install, at /setup and by scripts (rows 4, 12 and 160)."""

    # Lists are shown to who is signed in or sends a token; else the network alone says which printers.
    sign_in: bool = False


class Lpd(BaseModel):
    """Printing by LPR (RFC 1179, row 42): a queue is a Printer's name."""

    enabled: bool = True
    port: Port = 5515  # clients take 515 when none is named
    networks: tuple[Network, ...] = PRIVATE_NETWORKS  # from where jobs are taken; () is from everywhere
    max_connections: Annotated[int, Field(ge=1)] = 200
    max_connections_per_address: Annotated[int, Field(ge=1)] = 50  # a print server speaks for many
    idle_seconds: float = 60.0  # a sender that says nothing for so long is sent away ...
    grace_seconds: float = 30.0  # ... and so is one that after this brings fewer ...
    min_body_rate: Annotated[int, Field(ge=1)] = 1024  # ... octets a second on the whole


class Raw(BaseModel):
    """What printer drivers send to a port without any protocol (row 43); a Printer names its port."""

    networks: tuple[Network, ...] = PRIVATE_NETWORKS  # from where jobs are taken; () is from everywhere
    max_connections: Annotated[int, Field(ge=1)] = 200  # of all ports together
    max_connections_per_address: Annotated[int, Field(ge=1)] = 20
    end_seconds: float = 2.0  # a silence that ends a job which has said that it is at its end
    idle_seconds: float = 90.0  # one that ends any other, which is then incomplete; drivers pause between pages
    grace_seconds: float = 300.0  # as with LPR, but drivers draw while they send
    min_body_rate: Annotated[int, Field(ge=1)] = 1024


class Remote(BaseModel):
    """Printing from outside through a WebRTC data channel; needs the extra `remote` and a meeting place (row 7).

    The meeting place is a relay (`papertap serve --roles relay` on a host that both sides reach) or an MQTT broker.
    """

    relay: str = ""  # wss://relay.example, as browsers and this gateway reach it
    relay_ca_file: Path | None = None  # of a relay with a certificate of a private CA
    mqtt: str = ""  # mqtts://broker.example:8883, as this gateway reaches it
    mqtt_web: str = ""  # wss://broker.example/mqtt: the same broker, as browsers reach it
    mqtt_user: str = ""
    mqtt_password: SecretStr = SecretStr("")
    stun: tuple[str, ...] = ()  # stun:stun.example:3478
    turn: tuple[str, ...] = ()  # turn:turn.example:3478?transport=udp
    turn_secret: SecretStr = SecretStr("")  # shared with the TURN server (coturn: static-auth-secret)
    turn_seconds: Annotated[float, Field(gt=0)] = 3600.0  # how long a name at the TURN server is good
    sessions: Annotated[int, Field(ge=1)] = 50  # at once

    @property
    def enabled(self) -> bool:
        return bool(self.relay or self.mqtt)


class Relay(BaseModel):
    """The role `relay`: a meeting place for gateways and browsers outside. It sees who meets, and no document."""

    gateways: tuple[str, ...] = ()  # the ids that `papertap remote` prints; nobody else may be met here
    browsers: Annotated[int, Field(ge=1)] = 500  # of one gateway, at once
    messages_per_minute: Annotated[int, Field(ge=1)] = 60  # of one browser
