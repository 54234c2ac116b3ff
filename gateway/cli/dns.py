"""`papertap dns`: the print zone for name servers of others, and whether phones will find it."""

import asyncio
import json
import time
from typing import Annotated

import typer

from discovery.unicast_client import NoAnswer
from discovery.unicast_records import PrintZone, Record
from discovery.unicast_text import nsupdate_script, zone_file, zone_records
from gateway.app import Gateway
from gateway.app.dns import check_names, exported_zone, resolver_at, stale_names
from gateway.cli.common import AsJson, Config, Data, using
from gateway.errors import NotPossible

dns = typer.Typer(
    no_args_is_help=True, help="Printers in unicast DNS: records for other name servers, and a self-test."
)

Where = Annotated[
    str,
    typer.Option("--for", help="SITE/ZONE whose printers are listed; default: all. Each zone wants a view of its own."),
]


async def _exported(gateway: Gateway, where: str) -> tuple[PrintZone, tuple[Record, ...]]:
    zone = await asyncio.to_thread(exported_zone, gateway)
    printers = gateway.printers.all()
    return zone, zone_records(zone, printers, gateway.sites.printers_of_zone(where))


@dns.command("zone")
def dns_zone(where: Where = "", config: Config = None, data: Data = None) -> None:
    """Print the print zone as a zone file."""

    async def work(gateway: Gateway) -> str:
        zone, records = await _exported(gateway, where)
        return zone_file(zone, records, int(time.time()))

    print(using(config, data, work), end="")


@dns.command("nsupdate")
def dns_nsupdate(
    where: Where = "",
    server: Annotated[
        str, typer.Option(help="ADDRESS or ADDRESS#PORT that is updated; it is asked for what is stale there.")
    ] = "",
    browsing: Annotated[bool, typer.Option(help="Also the names in search domains that lead to the zone.")] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Print a script for nsupdate, which can be run again and again. Without --server nothing stale is deleted."""

    async def work(gateway: Gateway) -> str:
        zone, records = await _exported(gateway, where)
        if not server:
            return nsupdate_script(zone, records, browsing=browsing)
        asked = resolver_at(server)
        try:
            stale = await stale_names(zone, records, asked)
        except NoAnswer as error:
            raise NotPossible(f"What is stale cannot be found out: {error}.") from error
        return nsupdate_script(zone, records, stale=stale, server=f"{asked.address} {asked.port}", browsing=browsing)

    print(using(config, data, work), end="")


@dns.command("check")
def dns_check(
    resolver: Annotated[
        str, typer.Option(help="ADDRESS or ADDRESS#PORT of the resolver that phones are given by DHCP.")
    ] = "",
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Ask everything that a phone will ask, and say in words what is missing. The server must run."""
    asked = resolver_at(resolver) if resolver else None
    findings = using(config, data, lambda gateway: check_names(gateway, asked))
    if as_json:
        print(json.dumps([{"ok": f.ok, "asked": f.asked, "text": f.text} for f in findings], indent=2))
    else:
        for finding in findings:
            print(f"{'ok     ' if finding.ok else 'MISSING'}  {finding.asked}: {finding.text}")
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)
