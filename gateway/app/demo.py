"""The whole system in a box (row 173): printers, a virtual device that writes PNG pages, a user, and a first word."""

import json
import os
import secrets
from functools import partial
from pathlib import Path

import segno
import uvloop
from rich.console import Console

from gateway.adapters.logs import configure_logging
from gateway.app.build import Gateway
from gateway.app.demo_reader import demo_reader, keep_reader
from gateway.app.front import Front
from gateway.app.serving import opened, serve_gateway
from gateway.domain.device import snmp_port
from gateway.domain.printer import ReleasePolicy
from gateway.settings import Guests, Settings
from ipp.virtual import Features, VirtualPrinter
from mobile_api.reader.keyfile import Account

DEVICE = "virtual"
USER = "demo"
RAW_PORT = 9101
LOOPBACK = ("127.0.0.0/8", "::1/128")
_PLACE = "on this machine"
_SPEED = 4.0  # pages a second: fast enough to show, slow enough to see


def demo(settings: Settings) -> int:
    """Serves everything on the embedded default until stopped; returns the exit status."""
    trusting = settings.ipp.model_copy(update={"trusted_operators": settings.ipp.trusted_operators or LOOPBACK})
    # There is no screen at the demo's printer to type a code at unless somebody opens one.
    here = settings.guests if "release" in settings.guests.model_fields_set else _here(settings.guests)
    configure_logging(to=settings.data / "papertap.log")
    return uvloop.run(_demo(settings.model_copy(update={"ipp": trusting, "guests": here})))


def _here(guests: Guests) -> Guests:
    return guests.model_copy(update={"release": "here"})


async def _demo(settings: Settings) -> int:
    async with opened(settings) as gateway:
        paper = settings.data / "paper"
        features = Features(name="Papertap Virtual Printer", location=_PLACE, speed=_SPEED)
        async with VirtualPrinter(paper, snmp_port=0, features=features) as printer:
            await _furnish(gateway, _watched(printer, "ipp"))
            sign_in = await _user(gateway)
            reader = await demo_reader(gateway, DEVICE)
            greet = partial(_greet, sign_in=sign_in, paper=paper, reader=reader, raw=_watched(printer, "raw"))
            return await serve_gateway(gateway, ready=greet)


def _watched(printer: VirtualPrinter, protocol: str) -> str:
    """Its device URI, with where its counters can be asked."""
    return f"{printer.uri(protocol)}?snmp={printer.port('snmp')}"


async def _furnish(gateway: Gateway, uri: str) -> None:
    """The device gets its port of today; the printers are made once and then left to whoever changed them."""
    printers = gateway.printers
    if DEVICE in {device.name for device in printers.devices()}:
        await printers.change_device(DEVICE, uri=uri)
    else:
        await printers.add_device(DEVICE, uri, info="Virtual printer", location=_PLACE)
    await gateway.learn(DEVICE)
    if not printers.all():
        await printers.add_printer(
            "find-me",
            info="Papertap Find-me",
            devices=(DEVICE,),
            location="Release at any printer",
            is_default=True,
            guests=True,
            raw_port=RAW_PORT,
            name_networks=LOOPBACK,
        )
        await printers.add_printer(
            "direct", info="Papertap Direct", policy=ReleasePolicy.DIRECT, devices=(DEVICE,), location="Prints at once"
        )


async def _user(gateway: Gateway) -> dict[str, str]:
    """The demo user's proofs: random at the first start, kept for the next ones in a file of the owner's alone."""
    file = gateway.settings.data / "demo-sign-in.json"
    kept = _read(file)
    if kept is not None:
        return kept
    proofs = {
        "user": USER,
        "pin": await gateway.identity.new_pin(),
        "card": secrets.token_hex(4).upper(),
        "password": secrets.token_urlsafe(9),
    }
    await gateway.identity.add_user(
        USER, full_name="Demo User", pin=proofs["pin"], card=proofs["card"], password=proofs["password"]
    )
    _write(file, proofs)
    return proofs


def _read(file: Path) -> dict[str, str] | None:
    try:
        kept: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return kept


def _write(file: Path, proofs: dict[str, str]) -> None:
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        json.dump(proofs, out, indent=2)


def _greet(front: Front | None, *, sign_in: dict[str, str], paper: Path, reader: Account, raw: str) -> None:
    """What to do next, for somebody who has just seen this for the first time."""
    if front is None:
        return
    page, key = front.page_url(), keep_reader(front, reader)
    out = Console(highlight=False, soft_wrap=True)
    out.print(f"\n[bold]Papertap is running.[/bold]  Start here: [bold]{page}[/bold]\n")
    segno.make(page, error="m").terminal(compact=True, border=2)
    out.print(f"""
  Phone     in the same network: print to "Papertap Find-me", or scan the code above
  Laptop    add a printer: ipps://{front.host}:{front.ports().ipp}/ipp/print/find-me
  Shell     lpadmin -p papertap -E -v ipp://localhost:{front.ports().ipp}/ipp/print/find-me -m everywhere
            lp -d papertap FILE.pdf
  Drivers   {_drivers(front)}
  Guest     upload without an account: {page}p/find-me
  Release   sign in at {page}jobs  or:  papertap job list; papertap job release NUMBER --device {DEVICE}
  Badge     papertap reader run listen:127.0.0.1:5560 --key {key} &
            papertap reader tap {sign_in["card"]}
  Paper     {paper.resolve()}
  Counters  {_snmp(raw)}

  Sign in   user {sign_in["user"]}   password {sign_in["password"]}   PIN {sign_in["pin"]}   card {sign_in["card"]}

  Stop with Ctrl-C.
""")


def _snmp(raw: str) -> str:
    """How the virtual printer is asked, and how it is added once more, as a device that only SNMP can confirm."""
    port = snmp_port(raw)
    return f"snmpwalk -v2c -c public 127.0.0.1:{port} 1.3.6.1.2.1.43   or, by RAW:  papertap device add raw '{raw}'"


def _drivers(front: Front) -> str:
    """Where printer drivers and old systems send to; each line of it leads to the Printer that holds."""
    ports = front.listening()
    lpr = [f"lpd://localhost:{ports['lpd']}/find-me"] if "lpd" in ports else []
    raw = [f"socket://localhost:{RAW_PORT}"] if f"raw-{RAW_PORT}" in ports else []
    return "   ".join(lpr + raw) or "LPR and the raw port are closed"
