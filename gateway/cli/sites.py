"""`papertap site`: places, their networks, and which Printers are shown there."""

from typing import Annotated, Any

import typer

from gateway.app import Gateway
from gateway.cli.common import AsJson, Config, Data, show, using
from gateway.cli.printers import given_of
from gateway.domain.site import Site, Zone, parse_network

sites = typer.Typer(no_args_is_help=True, help="Places, their networks, and which printers are shown there.")
zones = typer.Typer(no_args_is_help=True, help="Networks of a site that are shown the same printers.")
sites.add_typer(zones, name="zone")

Info = Annotated[str | None, typer.Option(help="What people read.")]
Location = Annotated[str | None, typer.Option()]
Language = Annotated[str | None, typer.Option(help="en, de or fr; empty: the house's.")]
TimeZone = Annotated[str | None, typer.Option(help="Such as Europe/Berlin; empty: the house's.")]
Networks = Annotated[list[str] | None, typer.Option("--network", help="10.20.0.0/16 or fd00::/8. Several times.")]
Shown = Annotated[
    list[str] | None, typer.Option("--printer", help="Shown here, the first as default; none: all of the site.")
]
Groups = Annotated[list[str] | None, typer.Option("--group", help="Who sees them; none: everybody. Several times.")]


def _site(site: Site) -> dict[str, Any]:
    return {
        "name": site.name,
        "info": site.info,
        "location": site.location,
        "language": site.language,
        "time_zone": site.time_zone,
        "zones": [zone.name for zone in site.zones],
    }


def _zone(site: Site, zone: Zone) -> dict[str, Any]:
    return {
        "site": site.name,
        "name": zone.name,
        "networks": [str(network) for network in zone.networks],
        "printers": list(zone.printers),
        "groups": list(zone.groups),
    }


@sites.command("add")
def site_add(
    name: str,
    info: Info = None,
    location: Location = None,
    language: Language = None,
    time_zone: TimeZone = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add a place."""
    given = {"info": info, "location": location, "language": language, "time_zone": time_zone}
    site = using(config, data, lambda gateway: gateway.sites.add(name, **given_of(given)))
    show([_site(site)], as_json, one=True)


@sites.command("change")
def site_change(
    name: str,
    info: Info = None,
    location: Location = None,
    language: Language = None,
    time_zone: TimeZone = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Change a place; what is not named stays."""
    given = {"info": info, "location": location, "language": language, "time_zone": time_zone}
    site = using(config, data, lambda gateway: gateway.sites.change(name, **given_of(given)))
    show([_site(site)], as_json, one=True)


@sites.command("list")
def site_list(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """List places, and say where networks overlap."""

    async def work(gateway: Gateway) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
        return [_site(site) for site in gateway.sites.all()], gateway.sites.overlaps()

    rows, overlaps = using(config, data, work)
    show(rows, as_json)
    if not as_json:
        print(*overlaps, sep="\n", end="\n" if overlaps else "")


@sites.command("delete")
def site_delete(name: str, config: Config = None, data: Data = None) -> None:
    """Delete a place to which nothing belongs."""
    using(config, data, lambda gateway: gateway.sites.delete(name))
    print(f"Deleted {name}.")


@sites.command("where")
def site_where(address: str, config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Say in which zone an address lies and which printers are shown there."""

    async def work(gateway: Gateway) -> dict[str, Any]:
        place = gateway.sites.place_of(address)
        return {
            "address": address,
            "site": place.site.name if place else None,
            "zone": place.zone.name if place else None,
            "printers": [printer.name for printer in gateway.sites.printers_at(address)],
        }

    show([using(config, data, work)], as_json, one=True)


@zones.command("set")
def zone_set(
    site: str,
    name: str,
    network: Networks = None,
    printer: Shown = None,
    group: Groups = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add a zone, or replace the lists of one that are named here."""
    given: dict[str, Any] = {
        "networks": None if network is None else tuple(map(parse_network, network)),
        "printers": None if printer is None else tuple(printer),
        "groups": None if group is None else tuple(group),
    }

    async def work(gateway: Gateway) -> tuple[Site, Zone, tuple[str, ...]]:
        known = next((zone for zone in gateway.sites.get(site).zones if zone.name == name), Zone(name=name))
        fields = {"networks": known.networks, "printers": known.printers, "groups": known.groups}
        zone = Zone(name=name, **fields | given_of(given))
        return await gateway.sites.put_zone(site, zone), zone, gateway.sites.overlaps()

    saved, zone, overlaps = using(config, data, work)
    show([_zone(saved, zone)], as_json, one=True)
    if not as_json:
        print(*overlaps, sep="\n", end="\n" if overlaps else "")


@zones.command("list")
def zone_list(site: str, config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """List the zones of a site."""

    async def work(gateway: Gateway) -> list[dict[str, Any]]:
        found = gateway.sites.get(site)
        return [_zone(found, zone) for zone in found.zones]

    show(using(config, data, work), as_json)


@zones.command("delete")
def zone_delete(site: str, name: str, config: Config = None, data: Data = None) -> None:
    """Delete a zone: its networks belong to no zone then."""
    using(config, data, lambda gateway: gateway.sites.delete_zone(site, name))
    print(f"Deleted {name}.")
