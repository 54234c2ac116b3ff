"""The test of uploads: a small document goes through the real door as a phone sends it, up to the barrier, and is gone.

Created, sent, looked for and dropped (tus.io/protocols, 1.0.0), under a pass for the gateway's own tests: what is taken
in becomes no job. Over TLS the certificate has to be the one that is set up, be good today, and carry the name that
people are sent to.
"""

import asyncio
import contextlib
import hashlib
import ssl
import time
from base64 import b64encode
from urllib.parse import urlsplit

import httpx2
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.adapters.authority import subject_names
from gateway.adapters.certificates import Certificates
from gateway.app.build import Gateway
from gateway.errors import Unavailable
from gateway.services.health import Finding
from gateway.services.test_page import test_page

SECONDS = 10.0
FILES = "/upload/files"
_LOG = "Look into the log, then start Papertap again."
_CERTIFICATE = "Bring a new certificate, or go back to the gateway's own."


async def uploaded(gateway: Gateway, certificates: Certificates, scheme: str, place: str, port: int) -> Finding:
    """`place`: address and port of the listener."""
    begun = time.perf_counter()
    try:
        client = await asyncio.to_thread(_client, gateway, certificates, scheme, place, port)
        async with client:
            redirected = await _sent(client, gateway)
    except httpx2.HTTPError as error:
        return _unreached(error)
    except Unavailable as error:
        return Finding(name="upload", ok=False, text=str(error))
    if redirected:
        return Finding(name="upload", ok=True, text="It sends browsers to the encrypted pages.")
    spent = (time.perf_counter() - begun) * 1000
    networks = ", ".join(gateway.settings.uploads.networks)
    return Finding(
        name="upload",
        ok=True,
        text=f"A document was uploaded, kept and taken away again in {spent:.0f} ms; uploads are taken from {networks}."
        if networks
        else f"A document was uploaded, kept and taken away again in {spent:.0f} ms.",
    )


async def _sent(client: httpx2.AsyncClient, gateway: Gateway) -> bool:
    """False when all of it was done, True when the door sends elsewhere; Unavailable with the door's own words."""
    document = test_page("Papertap", ["This page only shows whether documents can be uploaded."])
    told = {"filename": "Test.pdf", "filetype": "application/pdf"}
    metadata = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in told.items())
    client.headers["Papertap-Token"] = gateway.uploads.rehearsals.new_pass()
    size = {"Upload-Length": str(len(document)), "Upload-Metadata": metadata}
    begun = await client.post(FILES, headers=size)
    if begun.is_redirect:
        return True
    path = _wanted(begun, 201).headers["location"]
    try:
        checksum = b64encode(hashlib.sha256(document).digest()).decode()
        piece = {
            "Upload-Offset": "0",
            "Upload-Checksum": f"sha256 {checksum}",
            "Content-Type": "application/offset+octet-stream",
        }
        _wanted(await client.patch(path, content=document, headers=piece), 204)
        _arrived(_wanted(await client.get(path), 200))
    except BaseException:
        with contextlib.suppress(httpx2.HTTPError):  # what stays ends by itself, like any upload that broke off
            await client.delete(path)
        raise
    _wanted(await client.delete(path), 204)
    return False


def _arrived(answer: httpx2.Response) -> None:
    if not answer.json()["done"]:
        raise Unavailable("The document was sent, and did not arrive whole.")


def _wanted(answer: httpx2.Response, status: int) -> httpx2.Response:
    if answer.status_code != status:
        if answer.headers.get("content-type", "").startswith("text/plain"):
            raise Unavailable(answer.text)
        raise Unavailable(f"It answers with status {answer.status_code}.")
    return answer


def _client(gateway: Gateway, certificates: Certificates, scheme: str, place: str, port: int) -> httpx2.AsyncClient:
    transport, host = httpx2.AsyncHTTPTransport(), place
    if scheme == "https":
        context, name = _trust(gateway, certificates, port)
        transport, host = _Named(name, verify=context), f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
    # In English, as findings are: whoever looks at them has a language of his own.
    headers = {"Tus-Resumable": "1.0.0", "Accept-Language": "en", "Host": host}
    return httpx2.AsyncClient(base_url=f"{scheme}://{place}", transport=transport, headers=headers, timeout=SECONDS)


class _Named(httpx2.AsyncHTTPTransport):
    """Asks for a server by a name that is not resolved: the listener to be tested is known by its address."""

    def __init__(self, name: str, *, verify: ssl.SSLContext) -> None:
        super().__init__(verify=verify)
        self._name = name

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.extensions = {**request.extensions, "sni_hostname": self._name}
        return await super().handle_async_request(request)


def _trust(gateway: Gateway, certificates: Certificates, port: int) -> tuple[ssl.SSLContext, str]:
    """(what takes the certificate that is set up and no other, the name that it has to carry)."""
    name = _name(gateway.settings.site.base_url, port) or _any_name(certificates.certificate())
    served = certificates.certificate(name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=served.public_bytes(Encoding.PEM).decode())
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # it is trusted itself, whoever signed it
    return context, name


def _any_name(certificate: x509.Certificate) -> str:
    return next(iter(subject_names(certificate)), "localhost").replace("*", "www")


def _name(base_url: str, port: int) -> str:
    """The host that links carry; "" when they lead to another port, such as that of a proxy with a certificate of its own."""
    parts = urlsplit(base_url)
    return (parts.hostname or "") if parts.scheme == "https" and (parts.port or 443) == port else ""


def _unreached(error: httpx2.HTTPError) -> Finding:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return Finding(name="upload", ok=False, text=str(error) or "It gave no answer in time.", mend=_LOG)
    text = f"Phones refuse the certificate: {cause.verify_message}"
    return Finding(name="upload", ok=False, text=text, mend=_CERTIFICATE)
