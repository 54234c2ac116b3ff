"""`papertap check`: what this machine lacks, what works and what does not. Each look is the real thing.

What a machine must have stands here; the rest is the list that the dashboard shows, too.
"""

import asyncio
import contextlib
import errno
import os
import shutil
import socket
import sys
from dataclasses import replace

from discovery.interfaces import choose, interfaces
from gateway.adapters.backups import BackupFolder
from gateway.adapters.converter import machine_findings
from gateway.app.build import Gateway, build
from gateway.app.connection_checks import place_of
from gateway.app.live_checks import health_of, mail_finding
from gateway.app.mail import fetchers, mail_in
from gateway.app.tls import certificates_of
from gateway.errors import PapertapError
from gateway.services.health import Finding, Kind
from gateway.services.mail_desk import MailDesk
from gateway.services.mail_watch import MailWatch
from gateway.settings import Settings


async def check(settings: Settings) -> list[Finding]:
    """Everything that can be told without serving; takes a few seconds since a jail is really started."""
    findings = [_python(), *await asyncio.to_thread(_sandbox, settings), _pictures()]
    taken: dict[str, int] = {}
    for name, port in _ports(settings).items():
        fault = _fault(settings.listen.host, port)
        findings.append(_port(name, port, fault))
        if fault == errno.EADDRINUSE:
            taken[name] = port
    return [*findings, _network(settings), *await _stores(settings, taken)]


def _python() -> Finding:
    version = sys.version.split()[0]
    return Finding(name="python", ok=sys.version_info >= (3, 11), text=f"{version}; 3.11 or newer is needed")


def _sandbox(settings: Settings) -> list[Finding]:
    return [
        Finding(
            name=f"sandbox: {found.name}",
            ok=found.level == "ok",
            text=found.found + (f". {found.consequence}" if found.consequence else ""),
            needed=found.level == "missing",
        )
        for found in machine_findings(settings.sandbox)
    ]


def _pictures() -> Finding:
    path = shutil.which("pdftoppm")
    text = path or "pdftoppm is missing (Debian: poppler-utils): the demo's virtual printer makes no PNG pages"
    return Finding(name="pictures", ok=path is not None, text=text, needed=False)


def _ports(settings: Settings) -> dict[str, int]:
    """By the names that listeners have while serving."""
    found: dict[str, int | None] = {}
    for name, group in (("http", settings.http), ("https", settings.https), ("ipp", settings.ipp)):
        if group.enabled:
            found |= {name: group.port} | {f"{name}-{port}": port for port in group.further_ports}
    found["smtp"] = settings.smtp.port if settings.smtp.enabled else None
    found["lmtp"] = settings.smtp.lmtp_port
    found["lpd"] = settings.lpd.port if settings.lpd.enabled else None
    found["dns"] = settings.dns.port if settings.dns.enabled else None
    return {name: port for name, port in found.items() if port}


def _fault(host: str, port: int) -> int:
    """Why the port cannot be listened on, as an error number; 0 when it can."""
    with contextlib.closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host or "0.0.0.0", port))  # noqa: S104 - the address that serving takes
        except OSError as error:
            return error.errno or errno.EINVAL
    return 0


def _port(name: str, port: int, fault: int) -> Finding:
    """A port that is taken may well be taken by Papertap itself: told, not failed."""
    text = os.strerror(fault) if fault else "free"
    if fault == errno.EADDRINUSE:
        text += "; right if Papertap runs: see below"
    return Finding(name=f"port {port} ({name})", ok=not fault, text=text, needed=False)


def _network(settings: Settings) -> Finding:
    chosen = choose(settings.mdns.interfaces, interfaces())
    told = ", ".join(chosen.tell) or "no address"
    if not settings.mdns.enabled:
        return Finding(name="mdns", ok=True, text="switched off: phones find printers by address only", needed=False)
    return Finding(name="mdns", ok=bool(chosen.listen), text=f"announces {told}", needed=False)


async def _house(settings: Settings, taken: dict[str, int]) -> list[Finding]:
    """The list that the dashboard shows, and the tests behind its buttons but those of devices.

    `taken` are ports of the settings that somebody listens on: they are tried as clients would.
    """
    async with build(settings) as gateway:
        if taken:
            host, ports = settings.listen.host, {p.raw_port for p in gateway.printers.all()} - {None}
            taken = taken | {f"raw-{port}": port for port in ports if port and _fault(host, port) == errno.EADDRINUSE}
        certificates, desk = (
            certificates_of(settings, gateway.clock, gateway.host_names.all),
            _mail_desk(gateway, taken),
        )
        health = health_of(gateway, certificates, lambda: taken, BackupFolder(settings), desk)
        found = await health.all(Kind.STATE, Kind.CHANNEL, Kind.CONNECTION)
    return [replace(finding, name=key) for key, finding in found.items()]


def _mail_desk(gateway: Gateway, taken: dict[str, int]) -> MailDesk:
    mail, ports = mail_in(gateway), {name: port for name, port in taken.items() if name in {"smtp", "lmtp"}}
    return MailDesk(
        mails=gateway.database.mails,
        watch=MailWatch(mails=gateway.database.mails, clock=gateway.clock),
        addresses=mail.book.addresses_of,
        mailboxes=fetchers(gateway, mail),
        listening=bool(ports),
        ports=lambda: ports,
    )


async def _stores(settings: Settings, taken: dict[str, int]) -> list[Finding]:
    if not settings.data.exists() and not settings.database.url:
        parent = next(p for p in (settings.data, *settings.data.absolute().parents) if p.exists())
        text = f"{settings.data} will be made by serving"
        return [Finding(name="data", ok=os.access(parent, os.W_OK), text=text), await mail_finding(settings)]
    try:
        found = await _house(settings, taken)
    except PapertapError as error:
        return [Finding(name="data", ok=False, text=str(error)), await mail_finding(settings)]
    return [Finding(name="data", ok=True, text=f"{place_of(settings)}, files in {settings.data}"), *found]
