"""Whether a server can be reached, and what is wrong if not, in words: name, address, port, certificate.

The address goes through the same policy as those of devices. Without TLS the connection is then made to exactly the
address that was looked at; with TLS the certificate says who answers.
"""

import asyncio
import os
import ssl
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from gateway.adapters.devices.egress import Egress
from gateway.domain.directory import LdapSettings, Secrets
from gateway.services.ports import DeviceError
from gateway.services.ports.directories import Step

SECONDS = 10.0
PORTS = {"ldap": 389, "ldaps": 636}


async def pinned(settings: LdapSettings, egress: Egress) -> tuple[LdapSettings, Sequence[Step]]:
    """The settings with permitted addresses alone; a step for each that is none."""
    urls, steps = [], []
    for url in settings.urls:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 389)
        try:
            address = await egress.resolve(host, port)
        except DeviceError:
            steps.append(Step(what=url, ok=False, text=f"The name {host} is not known, or leads where none may go."))
            continue
        plain = parts.scheme == "ldap" and not settings.starttls
        shown = f"[{address}]" if ":" in address else address
        urls.append(f"ldap://{shown}:{port}" if plain else url)
    return replace(settings, urls=tuple(urls)), steps


async def check_reach(settings: LdapSettings, secrets: Secrets) -> Sequence[Step]:
    """One step for each server that can be tried, and for the certificate of one that speaks TLS from the start."""
    if not settings.urls:
        return [Step(what="Server", ok=False, text="No server that may be asked is left.")]
    steps = [step for url in settings.urls for step in await _one(url, settings, secrets)]
    return steps if not any(step.ok for step in steps) else [step for step in steps if step.ok]


async def _one(url: str, settings: LdapSettings, secrets: Secrets) -> Sequence[Step]:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 389)
    context = await asyncio.to_thread(_context, settings, secrets) if parts.scheme == "ldaps" else None
    try:
        async with asyncio.timeout(SECONDS):
            _reader, writer = await asyncio.open_connection(
                host, port, ssl=context, server_hostname=host if context else None
            )
    except (TimeoutError, OSError, ssl.SSLError) as error:
        return [Step(what=url, ok=False, text=_why(error, host, port))]
    writer.transport.abort()
    return [Step(what=url, ok=True, text="It answers, and its certificate is good." if context else "It answers.")]


def _context(settings: LdapSettings, secrets: Secrets) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=settings.ca or None)
    if settings.certificate and secrets.key:
        descriptor = os.memfd_create("papertap")
        try:
            os.write(descriptor, f"{settings.certificate}\n{secrets.key}".encode())
            context.load_cert_chain(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)
    return context


def _why(error: Exception, host: str, port: int) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"Its certificate is not trusted: {error.verify_message}. Give the CA that signed it, or use its right name."
    if isinstance(error, ssl.SSLError):
        return f"It speaks no TLS on port {port}, or wants a client certificate ({error.reason})."
    if isinstance(error, TimeoutError):
        return f"Nothing answers at {host}, port {port}. Check the address, and what stands between."
    if isinstance(error, ConnectionRefusedError):
        return f"{host} answers, but nothing listens on port {port}."
    return f"{host} cannot be reached: {error.strerror or error}."  # type: ignore[attr-defined]  # reason: an OSError
