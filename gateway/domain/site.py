"""Sites and their zones: which network belongs to which place, and which Printers are shown there (rows 6 and 160).

One model answers for the mDNS texts, unicast DNS-SD, the set-up page and the API: an address lies in at most one zone,
the one with the longest prefix; the zone belongs to one site; Printers are shown in zones.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from gateway.errors import BadRequest

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, kw_only=True, slots=True)
class Zone:
    """Networks of a site whose clients are shown the same Printers.

    `printers` are shown here, in this order, the first as default; () are all of the site. `groups` see them; () is
    everybody, which only counts where somebody is signed in.
    """

    name: str
    networks: tuple[Network, ...] = ()
    printers: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """A place with its own network and devices. `name` is its key (lower-case letters, digits, dash).

    `language` and `time_zone` override the house's for letters and pages of the site; "" is the house's.
    """

    name: str
    uuid: UUID
    info: str = ""
    location: str = ""
    language: str = ""
    time_zone: str = ""
    zones: tuple[Zone, ...] = ()
    created_at: float = 0.0
    version: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where an address is: the site and the zone."""

    site: Site
    zone: Zone


def parse_network(text: str) -> Network:
    """An address with a prefix length; BadRequest says how to write one."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise BadRequest(f'"{text[:60]}" is not a network. Write for example 10.20.0.0/16 or fd00::/8.') from error


def parse_address(text: str) -> Address | None:
    """An IPv6 scope is left out, an IPv4 address within IPv6 is that IPv4 address; None is no address."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def place_of(address: str, sites: Iterable[Site]) -> Place | None:
    """The zone with the longest prefix that the address lies in; the first in order of names where two are as long."""
    own = parse_address(address)
    if own is None:
        return None
    fitting = [
        (network.prefixlen, Place(site=site, zone=zone))
        for site in sorted(sites, key=lambda site: site.name)
        for zone in site.zones
        for network in zone.networks
        if network.version == own.version and own in network
    ]
    return max(fitting, key=lambda row: row[0])[1] if fitting else None
