"""Which addresses a device URI may lead to: a printer's URI must not reach a cloud's metadata service.

Checked at each connect, on the address that is then connected to, so that a name cannot change its mind in between.
"""

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from gateway.services.ports import DeviceError

_Network = IPv4Network | IPv6Network

REFUSED: tuple[_Network, ...] = tuple(
    ip_network(text)
    for text in ("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32", "::/128", "ff00::/8")
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Egress:
    """`refused` networks are never connected to; with `allowed`, nothing else is. Mapped IPv4 counts as IPv4."""

    refused: tuple[_Network, ...] = REFUSED
    allowed: tuple[_Network, ...] = ()
    resolve_seconds: float = 10.0

    def permits(self, address: str) -> bool:
        own = ip_address(address.partition("%")[0])
        if isinstance(own, IPv6Address) and own.ipv4_mapped is not None:
            own = own.ipv4_mapped
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
        permitted = next((str(entry[4][0]) for entry in found if self.permits(str(entry[4][0]))), None)
        if permitted is None:
            raise DeviceError(f"The address of {host} is none that devices may have here. Check the device URI.")
        return permitted
