"""`papertap doctor`: what phones and computers will see of a printer, and how to mend what is wrong."""

import json
import logging
from dataclasses import asdict
from typing import Annotated

import typer

from gateway.app import Gateway
from gateway.app.network_doctor import network_doctor_here
from gateway.app.surroundings import NetworkSurroundings
from gateway.cli.common import AsJson, Config, Data, using
from gateway.domain.description import resource_path
from gateway.services.doctor import Doctor
from gateway.services.doctor_findings import Finding, Report, Tone

_MARKS = {Tone.GOOD: "ok     ", Tone.WARN: "note   ", Tone.BAD: "WRONG  "}


def doctor_command(
    uri: Annotated[
        str | None, typer.Argument(help="Any printer's address; without it: our own default printer.")
    ] = None,
    printer: Annotated[str | None, typer.Option(help="Another of our own printers.")] = None,
    jobs: Annotated[bool, typer.Option("--jobs/--no-jobs", help="Also send a sample job of each kind.")] = True,
    prints: Annotated[bool, typer.Option("--print", help="Let the samples print instead of canceling them.")] = False,
    network: Annotated[
        bool, typer.Option("--network", help="Look for our own printers from each interface instead.")
    ] = False,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Look at a printer as an iPhone, Android, Windows, ChromeOS and Linux do. Status 1 if something is wrong."""
    logging.getLogger("zeroconf").setLevel(logging.ERROR)

    async def work(gateway: Gateway) -> Report:
        if network:
            return await network_doctor_here(gateway).look_around()
        wanted = uri or own_address(gateway, printer)
        seen = NetworkSurroundings(interfaces=gateway.settings.mdns.interfaces)
        return await Doctor(surroundings=seen, clock=gateway.clock).examine(wanted, jobs=jobs, prints=prints)

    report = using(config, data, work)
    if as_json:
        rows = [asdict(finding) for finding in report.findings]
        print(json.dumps({"uri": report.uri, "tone": report.tone, "findings": rows}, indent=2, ensure_ascii=False))
    else:
        _print(report)
    raise typer.Exit(1 if report.tone is Tone.BAD else 0)


def own_address(gateway: Gateway, name: str | None = None) -> str:
    """Of one of our own Printers, as another device would write it."""
    from gateway.app.tls import own_host  # noqa: PLC0415 - reads the network's interfaces

    found = gateway.printers.get(name) if name else gateway.printers.default()
    return f"ipps://{own_host(gateway.settings)}:{gateway.settings.ipp.port}/{resource_path(found)}"


def _print(report: Report) -> None:
    if report.uri:
        print(f"{report.uri}\n")
    for client in dict.fromkeys(finding.client for finding in report.findings):
        print(client or "For all")
        for finding in report.findings:
            if finding.client == client:
                _line(finding)
        print()


def _line(finding: Finding) -> None:
    print(f"  {_MARKS[finding.tone]} {finding.text}")
    if finding.mend:
        print(f"           {finding.mend}")


__all__ = ["doctor_command", "own_address"]
