"""`python -m ipp.virtual`: the virtual printer from the command line."""

import argparse
import asyncio
import contextlib
import signal
import ssl
import sys
from pathlib import Path

from ipp.virtual.agent import SnmpAccess
from ipp.virtual.features import FORMATS, KNOWN_SHEETS, Features
from ipp.virtual.misbehaviour import Misbehaviour
from ipp.virtual.printer import VirtualPrinter
from ipp.virtual.render import count_only, render_with_tools


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0 fine, 1 a port is taken, 2 usage."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        orders = Misbehaviour.parse(*given.misbehave)
        media = tuple(KNOWN_SHEETS[name] for name in given.media)
        snmp = SnmpAccess(
            community=given.snmp_community,
            user=given.snmp_user,
            authentication=given.snmp_authentication,
            privacy=given.snmp_privacy,
        )
    except ValueError as error:
        parser.error(str(error))
    except KeyError as error:
        parser.error(f"Unknown media {error}. Known are: {', '.join(KNOWN_SHEETS)}.")
    features = Features(
        name=given.name,
        formats=tuple(given.format or FORMATS),
        media=media,
        color=not given.monochrome,
        duplex=not given.simplex,
        speed=given.speed,
        sheets=given.sheets,
        toner=given.toner,
    )
    try:
        asyncio.run(_serve(given, features, orders, snmp))
    except OSError as error:
        print(f"Cannot start: {error}", file=sys.stderr)  # noqa: T201 - a command's words for people
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ipp.virtual", description=__doc__)
    parser.add_argument("--directory", type=Path, required=True, help="where received documents are written")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--ipp-port", type=int, help="0 is any free port; a port not given is not served")
    parser.add_argument("--ipps-port", type=int, help="needs --certificate and --private-key")
    parser.add_argument("--raw-port", type=int)
    parser.add_argument("--lpd-port", type=int)
    parser.add_argument("--snmp-port", type=int, help="UDP; who reads must say:")
    parser.add_argument("--snmp-community", default=SnmpAccess().community, help="for v1 and v2c; '' for none")
    parser.add_argument("--snmp-user", default="", help="for v3, with SHA")
    parser.add_argument("--snmp-authentication", default="", metavar="PASSPHRASE")
    parser.add_argument("--snmp-privacy", default="", metavar="PASSPHRASE", help="for AES")
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--private-key", type=Path)
    parser.add_argument("--name", default=Features().name)
    parser.add_argument("--format", action="append", metavar="TYPE", help="a media type it takes; may be repeated")
    parser.add_argument("--media", nargs="+", default=list(KNOWN_SHEETS)[:2])
    parser.add_argument("--monochrome", action="store_true")
    parser.add_argument("--simplex", action="store_true")
    parser.add_argument("--speed", type=float, default=2.0, help="impressions a second; 0 is at once")
    parser.add_argument("--sheets", type=_count, metavar="N", help="each tray holds N; without it they never end")
    parser.add_argument("--toner", type=_count, metavar="N", default=Features().toner, help="impressions a cartridge")
    parser.add_argument("--no-pictures", action="store_true", help="count the pages only")
    parser.add_argument("--misbehave", action="append", default=[], metavar="ORDER", help="such as paper-out:2")
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("1 is the least")
    return number


async def _serve(given: argparse.Namespace, features: Features, orders: Misbehaviour, snmp: SnmpAccess) -> None:
    tls = None
    if given.certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(given.certificate, given.private_key)
    printer = VirtualPrinter(
        given.directory,
        host=given.host,
        ipp_port=given.ipp_port,
        ipps_port=given.ipps_port,
        raw_port=given.raw_port,
        lpd_port=given.lpd_port,
        snmp_port=given.snmp_port,
        snmp=snmp,
        tls=tls,
        features=features,
        render=count_only if given.no_pictures else render_with_tools,
    )
    async with printer:
        await printer.misbehave(orders)
        for protocol in printer.protocols:
            print(printer.uri(protocol), flush=True)  # noqa: T201 - a command's words for people
        await _until_told(printer)


async def _until_told(printer: VirtualPrinter) -> None:
    """SIGUSR1 refills paper and toner and ends all misbehaviour; SIGINT and SIGTERM end the printer."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    helpers: set[asyncio.Task[None]] = set()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, lambda: helpers.add(loop.create_task(printer.behave())))
    with contextlib.suppress(asyncio.CancelledError):
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
