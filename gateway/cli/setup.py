"""`papertap setup`: what computers and phones are given."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from gateway.adapters.profiles import SignedProfiles
from gateway.app import Gateway
from gateway.app.queues import configured_reach, queues_of, set_up_of
from gateway.app.tls import certificates_of, own_host
from gateway.cli.common import Config, Data, using

setup = typer.Typer(no_args_is_help=True, help="What computers and phones are given to find their printers.")


@setup.command("bundle")
def setup_bundle(
    file: Path,
    where: Annotated[str, typer.Option("--for", help="SITE/ZONE whose printers are in it; default: all.")] = "",
    host: Annotated[str, typer.Option(help="The name by which the devices reach this gateway; default: its own.")] = "",
    config: Config = None,
    data: Data = None,
) -> None:
    """Write a zip archive for device managements: signed profile, PowerShell, shell, ChromeOS policies."""

    async def work(gateway: Gateway) -> bytes:
        settings = gateway.settings
        certificates = certificates_of(settings, gateway.clock, gateway.host_names.all)
        await asyncio.to_thread(certificates.load)
        profiles = SignedProfiles(certificates, organization=settings.site.organization or settings.site.name)
        queues = queues_of(
            gateway,
            certificates,
            reach=lambda: configured_reach(settings),
            own_host=lambda: own_host(settings),
        )
        tools = set_up_of(gateway, certificates, profiles, queues)
        several = queues.to(gateway.sites.printers_of_zone(where), host)
        return await tools.bundle(several, queues.base_url(host))

    octets = using(config, data, work)
    file.write_bytes(octets)
    print(f"Wrote {file}: {len(octets)} octets.")
