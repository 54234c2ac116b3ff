"""The certificate that phones pin: what is served, how it is replaced, and what a public authority has signed."""

import asyncio
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from gateway.domain.rights import Permission
from gateway.errors import NotPossible
from gateway.i18n import said
from gateway.services.renewals import Renewals
from mobile_api.models import Body, Text, moment
from mobile_api.policy import needs
from mobile_api.router import Asking, Given, Topic
from mobile_api.security import Caller
from mobile_api.services import Services

router = Topic("certificate")

Pem = Annotated[Text, Field(max_length=100_000, examples=["-----BEGIN CERTIFICATE-----\n..."])]
Host = Annotated[Text, Field(min_length=1, max_length=253, examples=["print.example.org"])]
_REPLACES = needs(Permission.SETTINGS, recent=True)


class PublicOut(BaseModel):
    """What is asked of a public authority (ACME). `ends` of the certificate there is; `tried` the last time."""

    names: list[str]
    directory: str
    issuer: str
    ends: datetime | None
    tried: datetime | None
    running: bool
    ok: bool
    text: str
    mend: str


class CertificateOut(BaseModel):
    """`own`: of the gateway's authority. `fixed`: the settings name its files, and nothing is changed here.

    `pending`: a request waits for its answer. `fingerprint` is SHA-256, hexadecimal in pairs. `public` is null where no
    public authority is asked.
    """

    names: list[str]
    issuer: str
    begins: datetime | None
    ends: datetime | None
    fingerprint: str
    own: bool
    fixed: bool
    pending: bool
    public: PublicOut | None


class CertificatePair(Body):
    """`certificate`: the chain, the server's own first; `key`: without a passphrase. Both in PEM."""

    certificate: Pem
    key: Pem


class CertificateNames(Body):
    names: Annotated[list[Host], Field(min_length=1, max_length=100)]


class CertificateAnswer(Body):
    """What an authority signed for the last request: a chain in PEM."""

    certificate: Pem


class RequestOut(BaseModel):
    """A certificate signing request (PKCS #10) in PEM; its key stays here."""

    request: str


@router.get("/certificate")
@needs(Permission.SETTINGS)
async def show_certificate(services: Given) -> CertificateOut:
    """What is served now."""
    return await _shown(services)


@router.put("/certificate")
@_REPLACES
async def bring_certificate(body: CertificatePair, services: Given, caller: Asking) -> CertificateOut:
    """Serve this one from the next connection on. A program on the machine itself says `papertap certificate bring`."""
    await asyncio.to_thread(services.administration.certificates.bring, body.certificate, body.key)
    return await _replaced(services, caller)


@router.delete("/certificate")
@_REPLACES
async def drop_certificate(services: Given, caller: Asking) -> CertificateOut:
    """Serve the gateway's own again, under the key that phones know."""
    await asyncio.to_thread(services.administration.certificates.use_own)
    return await _replaced(services, caller)


@router.post("/certificate/request")
@_REPLACES
async def request_certificate(body: CertificateNames, services: Given, caller: Asking) -> RequestOut:
    """A request for an authority, under a new key."""
    request = await asyncio.to_thread(services.administration.certificates.request, body.names)
    await services.house.audit.note(caller.actor, "certificate.requested", " ".join(body.names))
    return RequestOut(request=request)


@router.post("/certificate/answer")
@_REPLACES
async def answer_request(body: CertificateAnswer, services: Given, caller: Asking) -> CertificateOut:
    """Serve what an authority signed for the last request."""
    await asyncio.to_thread(services.administration.certificates.answer, body.certificate)
    return await _replaced(services, caller)


@router.post("/certificate/renew")
@needs(Permission.SETTINGS)
async def renew_certificate(services: Given, caller: Asking) -> CertificateOut:
    """Ask the public authority now, and wait a while for what comes of it; `public` tells."""
    renewals = services.administration.renewals
    if renewals is None:
        raise NotPossible("No public authority is asked here. Set acme.directory to the address of one.")
    await renewals.try_now()
    standing = await renewals.standing()
    names, text = ", ".join(standing.asked.names), standing.finding.text
    await services.house.audit.note(caller.actor, "certificate.asked-for", names, text)
    return await _shown(services)


async def _replaced(services: Services, caller: Caller) -> CertificateOut:
    shown = await _shown(services)
    await services.house.audit.note(caller.actor, "certificate.replaced", shown.fingerprint, ", ".join(shown.names))
    return shown


async def _shown(services: Services) -> CertificateOut:
    current = await asyncio.to_thread(services.administration.certificates.in_use)
    return CertificateOut(
        names=list(current.names),
        issuer=current.issuer,
        begins=moment(current.begins),
        ends=moment(current.ends),
        fingerprint=current.fingerprint,
        own=current.own,
        fixed=current.fixed,
        pending=current.pending,
        public=await _public(services.administration.renewals),
    )


async def _public(renewals: Renewals | None) -> PublicOut | None:
    if renewals is None:
        return None
    standing = await renewals.standing()
    kept, last, found = standing.certificate, standing.last, standing.finding
    return PublicOut(
        names=list(standing.asked.names),
        directory=standing.asked.directory,
        issuer=kept.issuer if kept else "",
        ends=moment(kept.ends if kept else None),
        tried=moment(last.at if last else None),
        running=standing.running,
        ok=found.ok,
        text=said(found.text),
        mend=said(found.mend),
    )
