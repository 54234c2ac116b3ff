"""`papertap device`: the machines behind the printers."""

import sys
from dataclasses import replace
from typing import Annotated, Any

import typer

from gateway.app import Gateway
from gateway.app.administration import network_search
from gateway.cli.common import AsJson, Config, Data, show, using
from gateway.cli.printers import given_of
from gateway.cli.stickers import add_stickers
from gateway.domain.device import Device
from gateway.domain.discovered import Discovered
from gateway.domain.formats import PCL, PCLXL
from gateway.domain.phone import Presence
from gateway.services.ports import SnmpAccess
from gateway.services.search import Search

_FORMATS = {
    "pdf": "application/pdf",
    "pwg": "image/pwg-raster",
    "urf": "image/urf",
    "ps": "application/postscript",
    "pcl": PCL,
    "pclxl": PCLXL,
}

devices = typer.Typer(no_args_is_help=True, help="The machines that make paper.")
add_stickers(devices, lambda gateway: gateway.printers.devices(), lambda gateway, name: gateway.printers.device(name))


def _device(device: Device) -> dict[str, Any]:
    return {
        "name": device.name,
        "uri": device.uri,
        "info": device.info,
        "location": device.location,
        "state": device.status.state.value,
        "reasons": list(device.status.reasons),
        "model": device.capabilities.make_and_model,
        "failover": device.failover,
        "formats": list(device.capabilities.formats),
        "presence": device.presence.value,
    }


@devices.command("add")
def device_add(
    name: str,
    uri: str,
    info: Annotated[str | None, typer.Option()] = None,
    location: Annotated[str, typer.Option()] = "",
    failover: Annotated[str | None, typer.Option(help="The device that takes over.")] = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add an output device and ask it what it can do."""

    async def work(gateway: Gateway) -> Device:
        device = await gateway.printers.add_device(name, uri, info=info or name, location=location, failover=failover)
        return await gateway.learn(device.name)

    show([_device(using(config, data, work))], as_json, one=True)


@devices.command("set")
def device_set(
    name: str,
    format: Annotated[  # noqa: A002 - the option's name
        list[str] | None,
        typer.Option(help="What it takes, best first: pdf, pwg, urf, ps, pcl, pclxl or a media type. Several times."),
    ] = None,
    info: Annotated[str | None, typer.Option()] = None,
    location: Annotated[str | None, typer.Option()] = None,
    failover: Annotated[str | None, typer.Option(help="The device that takes over.")] = None,
    presence: Annotated[
        Presence | None,
        typer.Option(help="What proves that a phone stands there: nothing, the screen's code, a touch."),
    ] = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Change a device; what is not named stays. Devices that cannot be asked have their formats set here."""
    changes = given_of({"info": info, "location": location, "failover": failover, "presence": presence})
    formats = tuple(_FORMATS.get(each.lower(), each) for each in format or ())

    async def work(gateway: Gateway) -> Device:
        able = gateway.printers.device(name).capabilities
        learned = {"capabilities": replace(able, formats=formats)} if formats else {}
        return await gateway.printers.change_device(name, **changes | learned)

    show([_device(using(config, data, work))], as_json, one=True)


@devices.command("learn")
def device_learn(name: str, config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Ask a device again what it can do and how it is."""
    show([_device(using(config, data, lambda gateway: gateway.learn(name)))], as_json, one=True)


@devices.command("list")
def device_list(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """List output devices."""

    async def work(gateway: Gateway) -> list[dict[str, Any]]:
        return [_device(device) for device in gateway.printers.devices()]

    show(using(config, data, work), as_json)


@devices.command("find")
def device_find(
    ranges: Annotated[
        list[str] | None, typer.Argument(help="192.168.1.0/24 or 192.168.1.10-192.168.1.40; none: announcements alone.")
    ] = None,
    community: Annotated[str, typer.Option(help="Ask by SNMP v2c with this community, too.")] = "",
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Look for printers in the network: what announces itself, and what answers in RANGES."""

    async def work(gateway: Gateway) -> Search:
        search = network_search(gateway)
        access = SnmpAccess(version="2c", community=community) if community else None
        found = search.start(" ".join(ranges or ()), access)
        await search.finished()
        return found

    found = using(config, data, work)
    show([_found(one) for one in found.found], as_json)
    if found.cut:
        print("The search took too long and ended before its end. Name a smaller range.", file=sys.stderr)


def _found(one: Discovered) -> dict[str, Any]:
    return {"name": one.name, "model": one.model, "location": one.location, "uris": list(one.ways)}


@devices.command("remove")
def device_remove(name: str, config: Config = None, data: Data = None) -> None:
    """Remove a device that no printer uses."""
    using(config, data, lambda gateway: gateway.printers.delete_device(name))
    print(f"Removed {name}.")
