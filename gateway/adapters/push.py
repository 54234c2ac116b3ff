"""Web Push: encrypted for one browser (RFC 8291), signed by this server (RFC 8292), to where the browser said.

An endpoint is an address that a stranger's browser gave us. It is resolved and checked each time, connected to by the
address that was checked, and its answer is not read.
"""

import asyncio
import base64
import logging
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import http_ece  # type: ignore[import-untyped]  # reason: it has no types
import httpx2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from gateway.adapters.devices.egress import PRIVATE, REFUSED, Egress
from gateway.adapters.secret_file import create_secret, read_secret
from gateway.domain.phone import PushSubscription
from gateway.services.ports import Clock, DeviceError, PushAnswer
from gateway.services.push import octets_of

TOKEN_SECONDS = 12 * 3600.0  # RFC 8292 section 2 allows 24 hours
SECONDS = 20.0
_GONE = frozenset({404, 410})
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256

log = logging.getLogger(__name__)


class WebPush:
    """gateway.services.ports.push.PushSender. `contact` is a mailto: or https: address of whoever runs this server."""

    def __init__(
        self,
        directory: Path,
        *,
        clock: Clock,
        contact: str,
        allowed: tuple[str, ...] = (),
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """`directory`: where the key file `push` is, made when absent. `allowed`: private networks that are fine."""
        self._key = _private_key(read_secret(directory / "push") or create_secret(directory / "push"))
        self._clock = clock
        self._contact = contact
        networks = tuple(ip_network(network, strict=False) for network in allowed)
        self._egress = Egress(refused=(*REFUSED, *PRIVATE), excepted=networks)
        self._transport = transport
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self._public = base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    @property
    def public_key(self) -> str:
        return self._public

    async def send(self, subscription: PushSubscription, payload: bytes, *, topic: str, seconds: float) -> PushAnswer:
        parts = urlsplit(subscription.endpoint)
        host, port = parts.hostname or "", parts.port or 443
        if parts.scheme != "https" or not host:
            return PushAnswer.REFUSED
        try:
            address = await self._egress.resolve(host, port)
        except DeviceError:
            log.warning("a push endpoint at %s was not asked: its address is not known, or none for this", host[:100])
            return PushAnswer.LATER
        try:
            body = http_ece.encrypt(
                payload,
                private_key=ec.generate_private_key(ec.SECP256R1()),
                dh=octets_of(subscription.p256dh),
                auth_secret=octets_of(subscription.auth),
                version="aes128gcm",
            )
            headers = self._headers(f"https://{parts.netloc}", topic, seconds) | {"Host": parts.netloc}
        except (http_ece.ECEException, ValueError, JoseError) as error:
            log.warning("a push message could not be encrypted: %s", error)
            return PushAnswer.GONE  # its keys are none
        bracketed = f"[{address}]" if ":" in address else address
        target = f"https://{bracketed}:{port}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")
        return await self._post(target, host, body, headers)

    async def _post(self, target: str, host: str, body: bytes, headers: dict[str, str]) -> PushAnswer:
        """To the address that was checked, under the name whose certificate it must show; never along a redirection."""
        transport = self._transport or httpx2.AsyncHTTPTransport(trust_env=False)
        try:
            async with (
                asyncio.timeout(SECONDS),
                httpx2.AsyncClient(transport=transport, follow_redirects=False, trust_env=False) as client,
                client.stream("POST", target, content=body, headers=headers, extensions={"sni_hostname": host}) as got,
            ):
                status = got.status_code
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError) as error:
            log.warning("a push endpoint at %s did not answer: %s", host[:100], type(error).__name__)
            return PushAnswer.LATER
        if 200 <= status < 300:
            return PushAnswer.TAKEN
        if status in _GONE:
            return PushAnswer.GONE
        return PushAnswer.LATER if status == 429 or status >= 500 else PushAnswer.REFUSED

    def _headers(self, audience: str, topic: str, seconds: float) -> dict[str, str]:
        claims = {"aud": audience, "exp": int(self._clock.now() + TOKEN_SECONDS), "sub": self._contact}
        token = jwt.encode({"typ": "JWT", "alg": "ES256"}, claims, ECKey.import_key(self._key), algorithms=["ES256"])
        return {
            "Authorization": f"vapid t={token}, k={self._public}",
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(seconds)),
            "Topic": topic,
            "Urgency": "normal",
        }


def _private_key(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """The file's octets as a scalar; of 2^32 keys not one falls outside of the curve's order."""
    return ec.derive_private_key(int.from_bytes(secret, "big") % (_ORDER - 1) + 1, ec.SECP256R1())
