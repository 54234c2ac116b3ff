"""`papertap printer`: what clients see and print to."""

from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from gateway.app import Gateway
from gateway.cli.common import AsJson, Config, Data, show, using
from gateway.cli.stickers import add_stickers
from gateway.domain.kiosk import KioskProof
from gateway.domain.phone import Presence
from gateway.domain.price import NO_TARIFF, parse_price, parse_sheet_price
from gateway.domain.printer import Authentication, HeldView, Printer, ReleasePolicy
from gateway.domain.project import ProjectPolicy
from gateway.domain.site import parse_network

printers = typer.Typer(no_args_is_help=True, help="What clients see and print to.")
add_stickers(printers, lambda gateway: gateway.printers.all(), lambda gateway, name: gateway.printers.get(name))


def _printer(printer: Printer) -> dict[str, Any]:
    return {
        "name": printer.name,
        "info": printer.info,
        "policy": printer.policy.value,
        "devices": list(printer.devices),
        "accepting": printer.is_accepting_jobs,
        "paused": printer.paused,
        "authentication": printer.authentication.value,
        "kiosk_proofs": [proof.value for proof in printer.kiosk_proofs],
        "uuid": str(printer.uuid),
        "site": printer.site,
        "host_names": list(printer.host_names),
        "pass_through": printer.pass_through,
        "raw_port": printer.raw_port,
        "name_networks": list(printer.name_networks),
        "presence": printer.presence.value,
        "projects": printer.projects.value,
        "ask_again_minutes": printer.ask_again_minutes,
        "house": [f"{name}={value}" for name, value in asdict(printer.house).items() if value not in {None, False, ""}],
    }


def given_of(options: dict[str, Any]) -> dict[str, Any]:
    """Those that were named on the command line."""
    return {name: value for name, value in options.items() if value is not None}


@printers.command("add")
def printer_add(
    name: str,
    policy: Annotated[ReleasePolicy, typer.Option()] = ReleasePolicy.PULL,
    device: Annotated[list[str] | None, typer.Option(help="May be given several times.")] = None,
    info: Annotated[str | None, typer.Option(help="What people read.")] = None,
    location: Annotated[str, typer.Option()] = "",
    authentication: Annotated[Authentication, typer.Option()] = Authentication.NONE,
    hold_hours: Annotated[float, typer.Option()] = 24.0,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add a printer that clients can see."""

    async def work(gateway: Gateway) -> Printer:
        return await gateway.printers.add_printer(
            name,
            policy=policy,
            devices=tuple(device or ()),
            info=info or name,
            location=location,
            authentication=authentication,
            hold_seconds=hold_hours * 3600,
        )

    show([_printer(using(config, data, work))], as_json, one=True)


@printers.command("set")
def printer_set(
    name: str,
    policy: Annotated[ReleasePolicy | None, typer.Option()] = None,
    device: Annotated[list[str] | None, typer.Option(help="Replaces all devices.")] = None,
    info: Annotated[str | None, typer.Option()] = None,
    location: Annotated[str | None, typer.Option()] = None,
    authentication: Annotated[Authentication | None, typer.Option()] = None,
    held_view: Annotated[HeldView | None, typer.Option(help="What a phone is shown of a held job.")] = None,
    accepting: Annotated[bool | None, typer.Option()] = None,
    paused: Annotated[bool | None, typer.Option()] = None,
    default: Annotated[bool | None, typer.Option(help="Whether /ipp/print is this printer.")] = None,
    pass_through: Annotated[
        bool | None, typer.Option(help="Hand PCL on as it is to devices that take it, without a preview.")
    ] = None,
    force_grey: Annotated[bool | None, typer.Option(help="Print everything without colour.")] = None,
    force_duplex: Annotated[bool | None, typer.Option(help="Print everything two-sided.")] = None,
    remove_graphics: Annotated[bool | None, typer.Option(help="Print the text of pages alone.")] = None,
    toner_save: Annotated[bool | None, typer.Option(help="Print everything paler.")] = None,
    watermark: Annotated[
        str | None,
        typer.Option(help="Across each side, with {user} {date} {time} {job} {name} {page} {pages}; empty: none."),
    ] = None,
    header: Annotated[str | None, typer.Option(help="At the top of each side, with the same variables.")] = None,
    footer: Annotated[str | None, typer.Option(help="At the bottom of each side, with the same variables.")] = None,
    trace_mark: Annotated[bool | None, typer.Option(help="A small code with the job's number on each side.")] = None,
    cover: Annotated[bool | None, typer.Option(help="A sheet before each job that says whose it is.")] = None,
    bates: Annotated[
        str | None, typer.Option(help="Number all sides from job to job, with this prefix (may be empty).")
    ] = None,
    no_bates: Annotated[bool, typer.Option("--no-bates", help="Number no sides.")] = False,
    private_jobs: Annotated[
        bool | None, typer.Option(help="Destroy documents as soon as they were printed; nobody else sees their pages.")
    ] = None,
    presence: Annotated[
        Presence | None,
        typer.Option(help="What proves that a phone stands there: nothing, the screen's code, a touch."),
    ] = None,
    ask_again: Annotated[
        int | None,
        typer.Option(help="Minutes until a password that a device keeps is to be typed again; 0: each job; -1: never."),
    ] = None,
    projects: Annotated[
        ProjectPolicy | None, typer.Option(help="Whether jobs are charged to projects, and print only with one.")
    ] = None,
    guests: Annotated[bool | None, typer.Option(help="Whether visitors without an account may upload to it.")] = None,
    site: Annotated[str | None, typer.Option(help="Where it belongs; empty: to every site.")] = None,
    host_name: Annotated[
        list[str] | None,
        typer.Option(help="A host name at which /ipp/print is this printer; replaces all, empty: none."),
    ] = None,
    raw_port: Annotated[
        int | None, typer.Option(help="Where printer drivers send without any protocol, such as 9101; 0: nowhere.")
    ] = None,
    name_network: Annotated[
        list[str] | None,
        typer.Option(help="A network whose drivers are believed the user's name; replaces all, empty: none."),
    ] = None,
    kiosk_proof: Annotated[
        list[KioskProof] | None, typer.Option(help="What suffices at a release station; replaces all.")
    ] = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Change a printer; what is not named stays."""
    given = {
        "policy": policy,
        "devices": tuple(device) if device else None,
        "info": info,
        "location": location,
        "authentication": authentication,
        "held_view": held_view,
        "is_accepting_jobs": accepting,
        "paused": paused,
        "is_default": default,
        "guests": guests,
        "private_jobs": private_jobs,
        "kiosk_proofs": tuple(kiosk_proof) if kiosk_proof else None,
        "host_names": None if host_name is None else tuple(filter(None, host_name)),
        "pass_through": pass_through,
        "name_networks": None if name_network is None else tuple(str(parse_network(n)) for n in name_network if n),
        "presence": presence,
        "projects": projects,
    }
    rules: dict[str, Any] = {
        "force_grey": force_grey,
        "force_duplex": force_duplex,
        "remove_graphics": remove_graphics,
        "watermark": watermark,
        "header": header,
        "footer": footer,
        "trace_mark": trace_mark,
        "cover": cover,
        "bates": bates,
    }
    house = given_of(rules)
    strict: dict[str, Any] = {} if ask_again is None else {"ask_again_minutes": None if ask_again < 0 else ask_again}
    if raw_port is not None:
        strict["raw_port"] = raw_port or None
    if toner_save is not None:
        house["toner_save"] = "light" if toner_save else None
    if no_bates:
        house["bates"] = None

    async def work(gateway: Gateway) -> Printer:
        merged = replace(gateway.printers.get(name).house, **house)
        if site is not None:
            given["site"] = gateway.sites.get(site).name if site else ""
        return await gateway.printers.change_printer(
            name, **given_of(given) | strict | ({"house": merged} if house else {})
        )

    show([_printer(using(config, data, work))], as_json, one=True)


@printers.command("list")
def printer_list(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """List printers."""

    async def work(gateway: Gateway) -> list[dict[str, Any]]:
        return [
            _printer(p)
            | {"state": gateway.printers.status(p.name).state, "queued": gateway.printers.status(p.name).queued_jobs}
            for p in gateway.printers.all()
        ]

    show(using(config, data, work), as_json)


@printers.command("price")
def printer_price(
    name: str,
    grey: Annotated[str | None, typer.Option(help="Of one impression without colour.")] = None,
    colour: Annotated[str | None, typer.Option("--colour", "--color", help="Of one impression with colour.")] = None,
    sheet: Annotated[
        list[str] | None, typer.Option(help="Of one sheet: 0.01, or iso_a4=0.01 for one paper. Several times.")
    ] = None,
    free: Annotated[bool, typer.Option("--free", help="Take all prices away.")] = False,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show what a printer costs, or change it; what is not named stays."""
    others = [text for text in sheet or () if "=" not in text]
    given = {
        "grey": None if grey is None else parse_price(grey),
        "color": None if colour is None else parse_price(colour),
        "sheet": None if not others else parse_price(others[-1]),
    }
    changes: dict[str, Any] = {field: price for field, price in given.items() if price is not None}
    sheets = dict(parse_sheet_price(text) for text in sheet or () if "=" in text)

    async def work(gateway: Gateway) -> Printer:
        printer = gateway.printers.get(name)
        if free:
            return await gateway.printers.change_printer(name, tariff=NO_TARIFF)
        if not changes and not sheets:
            return printer
        merged = tuple((dict(printer.tariff.sheets) | sheets).items())
        currency = gateway.settings.site.currency
        tariff = replace(printer.tariff, **changes, sheets=merged, currency=currency)
        return await gateway.printers.change_printer(name, tariff=tariff)

    tariff = (printer := using(config, data, work)).tariff
    shown = {"name": printer.name, "grey": str(tariff.grey), "colour": str(tariff.color), "sheet": str(tariff.sheet)}
    papers = ", ".join(f"{paper}={price}" for paper, price in tariff.sheets)
    show([shown | {"sheets": papers, "currency": tariff.currency}], as_json, one=True)


@printers.command("remove")
def printer_remove(name: str, config: Config = None, data: Data = None) -> None:
    """Remove a printer on which no job waits."""
    using(config, data, lambda gateway: gateway.printers.delete_printer(name))
    print(f"Removed {name}.")
