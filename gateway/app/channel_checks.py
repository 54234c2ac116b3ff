"""Tests of the ways in, each through its own door on this machine, as a client comes."""

import asyncio
import contextlib
import smtplib
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import httpx2

from discovery.browse import Found, browse
from gateway.adapters.certificates import Certificates
from gateway.app.build import Gateway
from gateway.app.dns import check_names
from gateway.app.upload_check import uploaded
from gateway.domain.printer import Printer
from gateway.services.health import Check, Finding, Kind
from ipp.client import IppClient, IppClientError, Patience, TlsPolicy

SECONDS = 10.0
ANYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is listened on, by where it is asked
_NOT_NOW = 421
_LOG = "Look into the log, then start Papertap again."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a listener of ours is asked."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def channel_checks(gateway: Gateway, certificates: Certificates, ports: Mapping[str, int]) -> Sequence[Check]:
    """`ports` are those listened on, by name; further ports of one kind, such as http-80, are tried like the first."""
    checks = []
    for name, port in ports.items():
        checks += [
            Check(key=key, run=run, kind=Kind.CHANNEL) for key, run in _of_port(gateway, certificates, name, port)
        ]
    if gateway.settings.mdns.enabled and "ipp" in ports:
        checks.append(Check(key="mdns", run=partial(_mdns, gateway), kind=Kind.CHANNEL))
    if ports:  # somebody serves
        checks += [
            Check(key=f"raw {one.raw_port}", run=partial(_raw_closed, one), kind=Kind.CHANNEL)
            for one in gateway.printers.all()
            if one.raw_port is not None and f"raw-{one.raw_port}" not in ports
        ]
    return checks


def _of_port(
    gateway: Gateway, certificates: Certificates, name: str, port: int
) -> list[tuple[str, Callable[[], Awaitable[Finding]]]]:
    host = gateway.settings.listen.host
    there = Place(ANYWHERE.get(host, host), port)
    kind, _, further = name.partition("-")
    more = f" {further}" if further else ""
    match kind:
        case "ipp":
            plain = [] if gateway.settings.ipp.require_tls else [(f"ipp{more}", partial(_ipp, "ipp", there))]
            return [*plain, (f"ipps{more}", partial(_ipp, "ipps", there))]
        case "http" | "https":
            key = ("web" if kind == "http" else "web-tls") + more
            upload = partial(uploaded, gateway, certificates, kind, str(there), there.port)
            uploads = [] if further else [("upload" + key.removeprefix("web"), upload)]
            return [(key, partial(_web, kind, there)), *uploads]
        case "smtp" | "lmtp":
            return [(name, partial(_mail, name, there))]
        case "dns":
            return [(name, partial(_dns, gateway, port))]
        case "lpd":
            return [(name, partial(_lpd, gateway, there))]
        case _:
            return [(f"{kind}{more}", partial(_connection, name, there))]


async def _ipp(scheme: str, there: Place) -> Finding:
    """Get-Printer-Attributes as a phone asks for them."""
    policy, patience = TlsPolicy(on_first_use=lambda _: None), Patience(connect=5, answer=10, stall=10)
    try:
        async with IppClient(f"{scheme}://{there}/ipp/print", tls=policy, timeout=patience) as client:
            answer = await client.get_printer_attributes(("printer-name",))
    except IppClientError as error:
        return Finding(name=scheme, ok=False, text=str(error), mend=_LOG)
    ok = answer.code < 0x0400
    return Finding(
        name=scheme,
        ok=ok,
        text=f"Port {there.port} answers." if ok else "It answers, but there is no printer.",
        mend="" if ok else "Add a printer.",
    )


async def _web(scheme: str, there: Place) -> Finding:
    """The start page, as a browser gets it; the certificate is our own."""
    async with httpx2.AsyncClient(verify=False) as client:
        try:
            answer = await client.get(f"{scheme}://{there}/", timeout=SECONDS)
        except httpx2.HTTPError as error:
            return Finding(name=scheme, ok=False, text=str(error), mend=_LOG)
    return Finding(name=scheme, ok=answer.status_code < 400, text=f"Port {there.port} answers.")


async def _mail(name: str, there: Place) -> Finding:
    return await asyncio.to_thread(_greeted, name, there)


def _greeted(name: str, there: Place) -> Finding:
    """Greeting, EHLO or LHLO, and STARTTLS where it is offered; nothing is sent. Blocks."""
    opens = smtplib.LMTP if name == "lmtp" else smtplib.SMTP
    try:
        with opens(there.host, there.port, timeout=SECONDS) as client:
            client.ehlo()
            secured = client.has_extn("starttls")
            if secured:
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                client.starttls(context=context)
                client.ehlo()
            client.noop()
    except (smtplib.SMTPException, OSError) as error:
        if isinstance(error, smtplib.SMTPConnectError) and error.smtp_code == _NOT_NOW:
            return Finding(
                name=name,
                ok=True,
                text=f"Port {there.port} answers, and takes nothing from this machine or no more now.",
            )
        return Finding(name=name, ok=False, text=f"Port {there.port} takes no mail: {error}", mend=_LOG)
    return Finding(
        name=name,
        ok=True,
        text=f"Port {there.port} answers, encrypted." if secured else f"Port {there.port} answers.",
    )


async def _dns(gateway: Gateway, port: int) -> Finding:
    """Everything that a phone asks, of our own name server."""
    found = await check_names(gateway, None, own_port=port)
    wrong = [one for one in found if not one.ok]
    if not wrong:
        return Finding(name="dns", ok=True, text=f"{len(found)} questions of phones were answered.", needed=False)
    return Finding(name="dns", ok=False, text=f"{wrong[0].asked}: {wrong[0].text}", needed=False)


async def _lpd(gateway: Gateway, there: Place) -> Finding:
    """The state of a queue, as lpq asks for it (RFC 1179 section 5.3)."""
    queue = next((printer.name for printer in gateway.printers.all()), "-")
    try:
        async with asyncio.timeout(SECONDS):
            reader, writer = await asyncio.open_connection(there.host, there.port)
            writer.write(b"\x03" + queue.encode() + b"\n")
            answer = await reader.read(1024)
            writer.close()
    except (OSError, TimeoutError) as error:
        return Finding(name="lpd", ok=False, text=f"Port {there.port} does not answer: {error}", mend=_LOG)
    if not answer.startswith(queue.encode()):
        text = f"Port {there.port} answers, and takes nothing from this machine, or there is no printer."
        return Finding(name="lpd", ok=False, text=text, needed=False, mend="Check lpd.networks, or add a printer.")
    return Finding(name="lpd", ok=True, text=f"Port {there.port} answers.")


async def _raw_closed(printer: Printer) -> Finding:
    return Finding(
        name=f"raw {printer.raw_port}",
        ok=False,
        text=f"The raw port of {printer.name} is not listened on.",
        mend="Stop the program that has it, or choose another port. Ports below 1024 need a capability.",
    )


async def _connection(name: str, there: Place) -> Finding:
    """That somebody takes the connection is all that can be told of a protocol without a greeting."""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(there.host, there.port), SECONDS)
    except (OSError, TimeoutError) as error:
        return Finding(name=name, ok=False, text=f"Port {there.port} takes no connection: {error}", mend=_LOG)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return Finding(name=name, ok=True, text=f"Port {there.port} answers.")


async def _mdns(gateway: Gateway) -> Finding:
    """What a phone would find: the Printers by their UUIDs, heard from outside."""
    wanted = {str(printer.uuid) for printer in gateway.printers.all()}

    def enough(found: tuple[Found, ...]) -> bool:
        return wanted <= {one.txt.get("UUID", "") for one in found}

    heard = await browse("_ipp._tcp", seconds=5, wanted=gateway.settings.mdns.interfaces, enough=enough)
    missing = len(wanted - {one.txt.get("UUID", "") for one in heard})
    return Finding(
        name="mdns",
        ok=not missing,
        text=f"{missing} printers were not heard." if missing else f"All {len(wanted)} printers were heard.",
        needed=False,
        mend="Check that the network lets multicast through, or give people the address." if missing else "",
    )
