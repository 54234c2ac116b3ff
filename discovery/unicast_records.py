"""The print zone as records (RFC 6763, RFC 1035): one list for the responder, the zone file and the update script. Pure.

    b, lb, db._dns-sd._udp.<domain>      PTR  <zone>            where clients of that domain look for services
    _services._dns-sd._udp.<zone>        PTR  _ipp._tcp.<zone>, _ipps._tcp.<zone>
    _ipp._tcp.<zone>, _universal._sub.., _print._sub..   PTR  <instance>._ipp._tcp.<zone>
    <instance>._ipp._tcp.<zone>          SRV  host of the Printer;  TXT  out of discovery.records
    <printer>.<zone>, further host names of Printers, <zone>, name servers below it      A, AAAA

Every Printer has a host of its own: Android asks a host for /ipp/print and nothing else.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import ClassVar
from uuid import UUID

from discovery.records import SUBTYPES, Ports, Service, encode_item, numbered, services
from gateway.domain import description
from gateway.domain.printer import Printer
from gateway.domain.site import Network
from gateway.errors import StartupError

Name = tuple[str, ...]
"""Labels, the leftmost first; a label may hold spaces and any letters."""

SERVICES = ("_services", "_dns-sd", "_udp")
BROWSE = ("_dns-sd", "_udp")
BROWSING = ("b", "lb", "db")  # browse here, also unasked, and by default
REGISTERING = ("r", "dr")  # nothing is registered here: they exist without a record
LABEL_MAX = 63


@dataclass(frozen=True, kw_only=True, slots=True)
class Ptr:
    type: ClassVar = "PTR"
    target: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class Srv:
    """Priority and weight are 0: there is one host."""

    type: ClassVar = "SRV"
    port: int
    target: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class Txt:
    type: ClassVar = "TXT"
    items: tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """A or AAAA."""

    address: IPv4Address | IPv6Address

    @property
    def type(self) -> str:
        return "A" if self.address.version == 4 else "AAAA"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ns:
    type: ClassVar = "NS"
    target: Name


@dataclass(frozen=True, kw_only=True, slots=True)
class Soa:
    """Times in seconds; `minimum` is how long a no is remembered (RFC 2308)."""

    type: ClassVar = "SOA"
    primary: Name
    contact: Name
    serial: int
    minimum: int
    refresh: ClassVar = 3600
    retry: ClassVar = 600
    expire: ClassVar = 7 * 24 * 3600


Data = Ptr | Srv | Txt | Host | Ns | Soa


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    name: Name
    ttl: int
    data: Data


@dataclass(frozen=True, kw_only=True, slots=True)
class PrintZone:
    """The delegated zone `name` and what its records are made of.

    `servers` are the names of this name server; `domains` are search domains, whose browsing records are made too, and
    `networks` those whose reverse names are (RFC 6763 section 11).
    """

    name: Name
    servers: tuple[Name, ...]
    contact: Name
    addresses: tuple[str, ...]
    ports: Ports
    base_url: str
    ttl: int
    negative_ttl: int
    domains: tuple[Name, ...] = ()
    networks: tuple[Network, ...] = ()

    @property
    def browse_apexes(self) -> tuple[Name, ...]:
        """_dns-sd._udp below each domain and reverse name: what can be delegated here without the domain itself."""
        wanted = (*self.domains, *(reverse_name(network) for network in self.networks))
        return tuple(dict.fromkeys((*BROWSE, *domain) for domain in wanted if domain != self.name))

    def host_of(self, printer: Printer) -> Name:
        return (printer.name, *self.name)


def parse_name(text: str) -> Name:
    """A domain name of a setting, lower case, non-ASCII labels in IDNA; StartupError says what is wrong with it."""
    labels = text.strip().rstrip(".").lower().split(".")
    try:
        encoded = tuple(label.encode("idna").decode() if not label.isascii() else label for label in labels)
    except UnicodeError:
        encoded = ("",)
    fine = all(label and len(label) <= LABEL_MAX and label.isprintable() and " " not in label for label in encoded)
    if not fine or sum(len(label) + 1 for label in encoded) > 200:
        raise StartupError(f'"{text[:80]}" is not a domain name. Write for example print.example.org.')
    return encoded


def parse_contact(text: str, zone: Name) -> Name:
    """A mail address as a name (RFC 1035 section 3.3.13); "" is hostmaster of the zone."""
    local, at, domain = text.strip().rpartition("@")
    return (local, *parse_name(domain)) if at and local else ("hostmaster", *(parse_name(text) if text else zone))


def reverse_name(network: Network) -> Name:
    """The name of a network's first address below in-addr.arpa or ip6.arpa."""
    return tuple(network.network_address.reverse_pointer.split("."))


def instance_names(printers: Iterable[Printer]) -> dict[UUID, str]:
    """One name for each, whoever is shown what: of those with the same words the later ones by name are numbered."""
    taken: set[str] = set()
    names: dict[UUID, str] = {}
    for printer in sorted(printers, key=lambda printer: printer.name):
        wished, number = description.dns_sd_name(printer), 1
        while numbered(wished, number).casefold() in taken:
            number += 1
        names[printer.uuid] = numbered(wished, number)
        taken.add(names[printer.uuid].casefold())
    return names


def apex_records(zone: PrintZone, apex: Name, serial: int) -> tuple[Record, ...]:
    """SOA and NS of the zone or of a browsing apex."""
    soa = Soa(primary=zone.servers[0], contact=zone.contact, serial=serial, minimum=zone.negative_ttl)
    servers = (Record(name=apex, ttl=zone.ttl, data=Ns(target=server)) for server in zone.servers)
    return (Record(name=apex, ttl=zone.ttl, data=soa), *servers)


def browse_records(zone: PrintZone, apex: Name) -> tuple[Record, ...]:
    return tuple(Record(name=(word, *apex), ttl=zone.ttl, data=Ptr(target=zone.name)) for word in BROWSING)


def host_records(zone: PrintZone, printers: Iterable[Printer]) -> tuple[Record, ...]:
    """Addresses of everything below the zone that leads to this gateway."""
    names = [zone.name, *(server for server in zone.servers if _below(server, zone.name))]
    for printer in printers:
        names.append(zone.host_of(printer))
        names += (name for name in map(_labels, printer.host_names) if _below(name, zone.name))
    addresses = [Host(address=ip_address(address)) for address in zone.addresses]
    return tuple(Record(name=n, ttl=zone.ttl, data=a) for n in dict.fromkeys(names) for a in addresses)


def instance_records(zone: PrintZone, printer: Printer, instance: str) -> tuple[Record, ...]:
    """SRV and TXT under each service type."""
    return tuple(
        Record(name=_instance(zone, service), ttl=zone.ttl, data=data)
        for service in _services(zone, printer, instance)
        for data in (
            Srv(port=service.port, target=zone.host_of(printer)),
            Txt(items=tuple(encode_item(key, value) for key, value in service.txt)),
        )
    )


def shown_records(zone: PrintZone, printers: Iterable[Printer], names: dict[UUID, str]) -> tuple[Record, ...]:
    """What browsing finds: the only records that differ with where somebody asks from."""
    found: dict[Name, list[Name]] = {}
    types: dict[str, None] = {}
    for printer in printers:
        for service in _services(zone, printer, names[printer.uuid]):
            types[service.type] = None
            for owner in _lists(zone, service):
                found.setdefault(owner, []).append(_instance(zone, service))
    for kind in types:
        found.setdefault((*SERVICES, *zone.name), []).append((*kind.split("."), *zone.name))
    return tuple(
        Record(name=owner, ttl=zone.ttl, data=Ptr(target=target))
        for owner, targets in found.items()
        for target in targets
    )


def list_names(zone: PrintZone) -> tuple[Name, ...]:
    """The owners of `shown_records`: they exist also where nothing is shown."""
    kinds = ("_ipp._tcp", "_ipps._tcp")
    lists = [(*prefix, *kind.split("."), *zone.name) for kind in kinds for prefix in ((), *_SUBS)]
    return ((*SERVICES, *zone.name), *lists)


_SUBS = tuple((subtype, "_sub") for subtype in SUBTYPES)


def _services(zone: PrintZone, printer: Printer, instance: str) -> tuple[Service, ...]:
    return services(printer, instance=instance, base_url=zone.base_url, ports=zone.ports)


def _instance(zone: PrintZone, service: Service) -> Name:
    return (service.instance, *service.type.split("."), *zone.name)


def _lists(zone: PrintZone, service: Service) -> Iterator[Name]:
    base = (*service.type.split("."), *zone.name)
    yield base
    for subtype in service.subtypes:
        yield (subtype, "_sub", *base)


def _labels(host: str) -> Name:
    return tuple(host.lower().split("."))


def _below(name: Name, zone: Name) -> bool:
    return len(name) > len(zone) and name[-len(zone) :] == zone
