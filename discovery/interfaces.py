"""Which addresses to listen on for multicast, and which to tell.

Bridges of containers and virtual machines are left out unless they are named: their addresses lead a phone nowhere.
"""

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass

import ifaddr

_VIRTUAL = ("docker", "veth", "br-", "virbr", "vnet", "cni", "flannel", "podman", "lxcbr", "lxdbr")


@dataclass(frozen=True, kw_only=True, slots=True)
class Interface:
    """`addresses`: IPv4 and IPv6, without scope."""

    name: str
    addresses: tuple[str, ...]

    @property
    def loopback(self) -> bool:
        return all(ipaddress.ip_address(address).is_loopback for address in self.addresses)

    @property
    def virtual(self) -> bool:
        return self.name.startswith(_VIRTUAL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """`listen`: one IPv4 and one IPv6 address an interface. `tell`: those for A and AAAA records."""

    listen: tuple[str, ...]
    tell: tuple[str, ...]


def interfaces() -> tuple[Interface, ...]:
    """The machine's, those with an address."""
    found = []
    for adapter in ifaddr.get_adapters():
        addresses = tuple(str(ip.ip[0] if isinstance(ip.ip, tuple) else ip.ip) for ip in adapter.ips)
        if addresses:
            found.append(Interface(name=adapter.nice_name, addresses=addresses))
    return tuple(found)


def pick(wanted: tuple[str, ...], present: Iterable[Interface]) -> list[Interface]:
    """Those that `choose` takes, with the addresses that are wanted of each."""
    several = tuple(present)
    if wanted:
        return [_only(i, wanted) for i in several if i.name in wanted or set(i.addresses) & set(wanted)]
    return [i for i in several if not i.loopback and not i.virtual] or [i for i in several if i.loopback]


def choose(wanted: tuple[str, ...], present: Iterable[Interface]) -> Chosen:
    """By `wanted` names or addresses; all real ones when it is empty, loopback if there is nothing else.

    What is wanted but not there now is left out: a cable may be plugged in later.
    """
    picked = pick(wanted, present)
    listen = [address for interface in picked for address in _first_of_each_family(interface)]
    tell = [a for interface in picked for a in interface.addresses if not _link_local_6(a)]
    return Chosen(listen=tuple(dict.fromkeys(listen)), tell=tuple(dict.fromkeys(tell or listen)))


def host_name(wanted: str = "") -> str:
    """The label for our own <label>.local.

    Not the machine's: Avahi or systemd-resolved may answer for that one with other addresses, see a conflict, and
    rename the machine.
    """
    own = wanted.removesuffix(".").removesuffix(".local") or f"papertap-{socket.gethostname().partition('.')[0]}"
    label = "".join(c if c.isascii() and (c.isalnum() or c == "-") else "-" for c in own)
    return label[:63].strip("-").lower() or "papertap"


def _only(interface: Interface, wanted: tuple[str, ...]) -> Interface:
    """All its addresses when it is wanted by name, else the named ones."""
    if interface.name in wanted:
        return interface
    return Interface(name=interface.name, addresses=tuple(a for a in interface.addresses if a in wanted))


def _first_of_each_family(interface: Interface) -> list[str]:
    four = [a for a in interface.addresses if ":" not in a]
    # Multicast on IPv6 loopback does not work, and the link-local address is the one that multicast is sent from.
    six = sorted((a for a in interface.addresses if ":" in a and a != "::1"), key=lambda a: not _link_local_6(a))
    return four[:1] + six[:1]


def _link_local_6(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    return parsed.version == 6 and parsed.is_link_local
