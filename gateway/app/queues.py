"""Queues for computers and phones, wired: for the pages, the API and the command line."""

import asyncio
from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.adapters.certificates import Certificates
from gateway.adapters.profiles import SignedProfiles
from gateway.app.build import Gateway
from gateway.app.dns import check_names, resolver_at
from gateway.domain.queue import Queue
from gateway.services.queue_bundle import bundle
from gateway.services.queues import Queues, Reach
from gateway.settings import Settings
from webprint.setup_tools import NameFinding, SetUp


def configured_reach(settings: Settings) -> Reach:
    """For a process that has no listener."""
    return Reach(
        ipp=(settings.ipp.port or None) if settings.ipp.enabled else None,
        https=(settings.https.port or None) if settings.https.enabled else None,
    )


def queues_of(
    gateway: Gateway, certificates: Certificates, *, reach: Callable[[], Reach], own_host: Callable[[], str]
) -> Queues:
    return Queues(
        sites=gateway.sites,
        host_names=gateway.host_names,
        settings=gateway.settings,
        reach=reach,
        hosts=lambda: certificates.hosts,
        own_host=own_host,
    )


def set_up_of(
    gateway: Gateway,
    certificates: Certificates,
    profiles: SignedProfiles,
    queues: Queues,
    *,
    dns_port: Callable[[], int | None] = lambda: None,
) -> SetUp:
    """`dns_port` is that of the name server that runs in this process."""

    async def make(several: tuple[Queue, ...], base_url: str) -> bytes:
        return await bundle(
            several,
            profiles=profiles,
            base_url=base_url,
            authority_pem=certificates.ca_pem or b"",
            authority_der=authority_der(certificates),
            mark=await asyncio.to_thread(profiles.installation),
        )

    async def check(resolver: str) -> list[NameFinding]:
        asked = resolver_at(resolver) if resolver else None
        found = await check_names(gateway, asked, own_port=dns_port())
        return [NameFinding(ok=one.ok, asked=one.asked, text=one.text) for one in found]

    return SetUp(
        queues=queues,
        profiles=profiles,
        intake=gateway.intake,
        mark=profiles.installation,
        authority=lambda: authority_der(certificates),
        bundle=make,
        check_names=check if gateway.settings.dns.enabled else None,
    )


def authority_der(certificates: Certificates) -> bytes:
    pem = certificates.ca_pem
    return b"" if pem is None else x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
