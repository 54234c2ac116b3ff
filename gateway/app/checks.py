"""`papertap check`: what this machine lacks, and what will not work without it. Each look is the real thing."""

import asyncio
import contextlib
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

from discovery.interfaces import choose, interfaces
from gateway.adapters.clock import SystemClock
from gateway.adapters.converter import machine_findings
from gateway.adapters.mail import courier_of
from gateway.app.build import build
from gateway.errors import PapertapError
from gateway.services.ports import Undelivered
from gateway.settings import OpenId, Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """`needed`: without it Papertap does not do its main job, and the exit status is 1."""

    name: str
    ok: bool
    text: str
    needed: bool = True


async def check(settings: Settings) -> list[Finding]:
    """Everything that can be told without serving; takes a few seconds since a jail is really started."""
    findings = [_python(), *await asyncio.to_thread(_sandbox, settings), _pictures()]
    findings += [_port(name, settings.listen.host, port) for name, port in _ports(settings)]
    findings += [
        _network(settings),
        await _mail(settings),
        *[await _provider(one) for one in settings.identity.providers],
    ]
    return findings + [finding async for finding in _stores(settings)]


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


def _ports(settings: Settings) -> list[tuple[str, int]]:
    groups = (("http", settings.http), ("https", settings.https), ("ipp", settings.ipp))
    return [(name, group.port) for name, group in groups if group.enabled and group.port]


def _port(name: str, host: str, port: int) -> Finding:
    """A port that is taken may well be taken by Papertap itself: told, not failed."""
    with contextlib.closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host or "0.0.0.0", port))  # noqa: S104 - the address that serving takes
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            return Finding(
                name=f"port {port} ({name})", ok=False, text=f"{reason}; fine if Papertap runs", needed=False
            )
    return Finding(name=f"port {port} ({name})", ok=True, text="free")


def _network(settings: Settings) -> Finding:
    chosen = choose(settings.mdns.interfaces, interfaces())
    told = ", ".join(chosen.tell) or "no address"
    if not settings.mdns.enabled:
        return Finding(name="mdns", ok=True, text="switched off: phones find printers by address only", needed=False)
    return Finding(name="mdns", ok=bool(chosen.listen), text=f"announces {told}", needed=False)


async def _mail(settings: Settings) -> Finding:
    """Signs in to the mail server; nothing is sent."""
    try:
        courier = courier_of(settings, clock=SystemClock())
        if courier is None:
            text = "no mail server is set up (mail.host): no sign-in links, no notices by mail"
            return Finding(name="mail", ok=True, text=text, needed=False)
        return Finding(name="mail", ok=True, text=await courier.check(), needed=False)
    except (Undelivered, PapertapError) as error:
        return Finding(name="mail", ok=False, text=str(error))


async def _provider(settings: OpenId) -> Finding:
    """Asks for the discovery document and the keys; nobody is signed in."""
    from gateway.adapters.oidc import OidcProvider  # noqa: PLC0415 - 11 MB, which a site without providers needs not

    name = f"sign-in: {settings.name}"
    try:
        return Finding(name=name, ok=True, text=await OidcProvider(settings, clock=SystemClock()).check(), needed=False)
    except PapertapError as error:
        return Finding(name=name, ok=False, text=str(error), needed=False)


async def _stores(settings: Settings) -> AsyncIterator[Finding]:
    if not settings.data.exists() and not settings.database.url:
        parent = next(p for p in (settings.data, *settings.data.absolute().parents) if p.exists())
        yield Finding(name="data", ok=os.access(parent, os.W_OK), text=f"{settings.data} will be made by serving")
        return
    try:
        async with build(settings) as gateway:
            await gateway.database.check()
            yield Finding(
                name="database", ok=True, text=settings.database.url.partition("@")[2] or "SQLite, takes writes"
            )
            locked = gateway.keyring.locked
            text = "MISSING: no job is taken or released. Restore data/keys from a backup" if locked else "there"
            yield Finding(name="keys", ok=not locked, text=text)
            space = await gateway.spool.space()
            free = f"{space.free / 2**30:.1f} of {space.total / 2**30:.1f} GiB free"
            yield Finding(name="spool", ok=not space.low, text=f"{free}; new work is refused" if space.low else free)
            lost = [d.name for d in gateway.printers.devices() if not d.status.can_print]
            text = f"not ready: {', '.join(lost)}" if lost else f"{len(gateway.printers.devices())} known"
            yield Finding(name="devices", ok=not lost, text=text, needed=False)
    except PapertapError as error:
        yield Finding(name="data", ok=False, text=str(error))
