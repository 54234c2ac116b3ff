"""Which addresses a device URI may lead to: a printer's URI must not reach a cloud's metadata service.

Checked at each connect, on the address that is then connected to, so that a name cannot change its mind in between.
This machine itself is reached by its own name or number alone: a name of the network that leads here is an attack.
Through pages not even so, unless a setting says it: on the machine's shell one can reach all of that anyway.
"""

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from gateway.errors import BadRequest
from gateway.services.ports import DeviceError

_Network = IPv4Network | IPv6Network

REFUSED: tuple[_Network, ...] = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32"),
        # The last two: the metadata service of a cloud, and IPv4 addresses in the clothes of IPv6.
        *("::/128", "ff00::/8", "fd00:ec2::254/128", "64:ff9b::/96"),
    )
)


# What is no address of the public internet: for addresses that strangers name.
PRIVATE: tuple[_Network, ...] = tuple(
    ip_network(text)
    for text in (
        *("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "240.0.0.0/4", "::1/128", "fc00::/7", "fe80::/10"),
        # What carries an IPv4 address inside, which may be any of the above.
        *("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16"),
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Egress:
    """`refused` networks are never connected to, but for `excepted` ones; with `allowed`, nothing else is.

    Mapped IPv4 counts as IPv4. `local`: pages may name this machine itself.
    """

    refused: tuple[_Network, ...] = REFUSED
    allowed: tuple[_Network, ...] = ()
    excepted: tuple[_Network, ...] = ()
    local: bool = False
    resolve_seconds: float = 10.0

    def permits(self, address: str) -> bool:
        own = ip_address(address.partition("%")[0])
        if isinstance(own, IPv6Address) and own.ipv4_mapped is not None:
            own = own.ipv4_mapped
        if any(own in network for network in self.excepted):
            return True
        if any(own in network for network in self.refused):
            return False
        return not self.allowed or any(own in network for network in self.allowed)

    async def resolve(self, host: str, port: int) -> str:
        """The first address of `host` that the policy permits; DeviceError when there is none."""
        try:
            async with asyncio.timeout(self.resolve_seconds):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise DeviceError(f"The name {host} of the device is not known: {error}.") from error
        addresses = [str(entry[4][0]) for entry in found]
        permitted = next((a for a in addresses if self.permits(a) and self._is_meant(host, a)), None)
        if permitted is None:
            raise DeviceError(f"The address of {host} is none that devices may have here. Check the device URI.")
        return permitted

    def _is_meant(self, host: str, address: str) -> bool:
        """Only who names this machine reaches it; an exception of the settings names it for all."""
        return _is_here(host) or not _is_here(address) or any(ip_address(address) in net for net in self.excepted)

    async def check(self, uri: str) -> None:
        """What a page asks before it keeps a device's address; BadRequest for one that devices may not have."""
        parts = urlsplit(uri)
        host = parts.hostname or ""
        if _is_here(host) and not self.local:
            raise BadRequest("This address is the gateway's own machine. Give the address of the device.")
        try:
            address = await self.resolve(host, parts.port or 631)
        except DeviceError as error:
            raise BadRequest(error.message) from error
        if _is_here(address) and not self.local:
            raise BadRequest("This address is the gateway's own machine. Give the address of the device.")


def _is_here(host: str) -> bool:
    """Whether it is a loopback address, or the name of one that no network decides about (RFC 6761 section 6.3)."""
    bare = host.strip("[]").rstrip(".").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        return True
    try:
        own = ip_address(bare.partition("%")[0])
    except ValueError:
        return False
    mapped = own.ipv4_mapped if isinstance(own, IPv6Address) else None
    return (mapped or own).is_loopback
