"""The name server of the print zone, wired: what it is made of, and its life."""

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address

from discovery.interfaces import choose, interfaces
from discovery.records import Ports
from discovery.unicast import Authority, Source
from discovery.unicast_answers import wire
from discovery.unicast_check import Finding, Server, check
from discovery.unicast_client import ask
from discovery.unicast_records import Name, PrintZone, Record, list_names, parse_contact, parse_name
from discovery.unicast_server import DnsServer
from gateway.adapters.devices.egress import Egress
from gateway.app.build import Gateway
from gateway.errors import BadRequest, StartupError
from gateway.services.sites import Sites
from gateway.settings import Settings

ADDRESS_SECONDS = 30.0


def own_addresses(settings: Settings) -> tuple[str, ...]:
    """For A and AAAA records; StartupError for a setting that is no address. Blocks."""
    if not settings.dns.addresses:
        return choose((), interfaces()).tell
    try:
        return tuple(str(ip_address(address)) for address in settings.dns.addresses)
    except ValueError as error:
        raise StartupError(f"dns.addresses: {error}. Give addresses without a prefix length.") from error


def print_zone(settings: Settings, sites: Sites, *, ports: Ports, addresses: tuple[str, ...]) -> PrintZone:
    """StartupError when the zone is not set or no name."""
    if not settings.dns.zone:
        raise StartupError("Set dns.zone to the name that is delegated to this gateway, such as print.example.org.")
    dns, name = settings.dns, parse_name(settings.dns.zone)
    networks = (network for site in sites.all() for zone in site.zones for network in zone.networks)
    return PrintZone(
        name=name,
        servers=tuple(map(parse_name, dns.servers)) or (("ns", *name),),
        contact=parse_contact(dns.contact, name),
        addresses=addresses,
        ports=ports,
        base_url=settings.site.base_url or f"http://{'.'.join(name)}:{settings.http.port}",
        ttl=dns.ttl,
        negative_ttl=dns.negative_ttl,
        domains=tuple(map(parse_name, dns.domains)),
        networks=tuple(networks),
    )


class NameServer:
    """A part of the front; `run` keeps it equal to the Printers, the sites and this machine's addresses."""

    def __init__(self, gateway: Gateway, *, ipp_port: int | None) -> None:
        self._gateway = gateway
        self._ports = Ports(ipp=ipp_port, ipps=ipp_port)
        self._addresses: tuple[str, ...] = ()
        settings = gateway.settings
        source = Source(
            generation=lambda: (gateway.sites.generation, self._addresses),
            zone=self._zone,
            printers=gateway.printers.all,
            printers_at=gateway.sites.printers_at,
        )
        self._authority = Authority(source, settings=settings.dns, clock=gateway.clock)
        self._server = DnsServer(self._authority, host=settings.listen.host, port=settings.dns.port)

    @property
    def port(self) -> int:
        return self._server.port

    def _zone(self) -> PrintZone:
        return print_zone(self._gateway.settings, self._gateway.sites, ports=self._ports, addresses=self._addresses)

    async def start(self) -> None:
        self._addresses = await asyncio.to_thread(own_addresses, self._gateway.settings)
        await self._authority.refresh()
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._authority.run())
            group.create_task(self._follow_addresses())

    async def _follow_addresses(self) -> None:
        while True:
            await self._gateway.clock.sleep(ADDRESS_SECONDS)
            self._addresses = await asyncio.to_thread(own_addresses, self._gateway.settings)


def exported_zone(gateway: Gateway) -> PrintZone:
    """As the settings say, for a process that has no listener. Blocks."""
    settings = gateway.settings
    port = (settings.ipp.port or None) if settings.ipp.enabled else None
    if port is None:
        raise StartupError("Records need a fixed port: enable ipp and set ipp.port.")
    ports = Ports(ipp=None if settings.ipp.require_tls else port, ipps=port)
    return print_zone(settings, gateway.sites, ports=ports, addresses=own_addresses(settings))


async def stale_names(zone: PrintZone, records: Sequence[Record], server: Server) -> list[Name]:
    """Instances that `server` still lists and hosts that they lead to, none of which is among `records`.

    NoAnswer when it is silent.
    """
    wanted = {wire(record.name) for record in records}
    listed: dict[Name, None] = {}
    for owner in list_names(zone)[1:]:
        reply = await ask(server.address, server.port, owner, "PTR")
        listed |= dict.fromkeys(target for target in reply.targets if wire(target) not in wanted)
    hosts: dict[Name, None] = {}
    for instance in listed:
        reply = await ask(server.address, server.port, instance, "SRV")
        own = (t for t in reply.targets if wire(t).endswith(wire(zone.name)) and wire(t) not in wanted)
        hosts |= dict.fromkeys(own)
    return [*listed, *hosts]


def resolver_at(address: str, *, name: str = "") -> Server:
    """`address` with `#port` or without; BadRequest unless it is an address that may be asked."""
    host, _, port = address.partition("#")
    try:
        fine, number = Egress().permits(host), int(port or 53)
    except ValueError as error:
        raise BadRequest(f'"{address[:60]}" is no address. Write for example 192.0.2.53 or 192.0.2.53#5353.') from error
    if not fine or not 0 < number < 65536:
        raise BadRequest(f"{address[:60]} is none that may be asked from here.")
    return Server(name=name or address, address=host, port=number)


async def check_names(gateway: Gateway, resolver: Server | None, *, own_port: int | None = None) -> list[Finding]:
    """What a phone will ask, of our own name server and of the site's `resolver`."""
    settings = gateway.settings
    zone = await asyncio.to_thread(exported_zone, gateway)
    own = Server(name="gateway", address=settings.listen.host or "127.0.0.1", port=own_port or settings.dns.port)
    return await check(zone, own, resolver, zone.domains)
