"""Webhooks over HTTP: to the address that was checked, and to no other, whatever names and redirects say.

The name is resolved once, its address checked, and that very address connected to; TLS still proves the name. So a name
that answers otherwise a moment later leads nowhere (DNS rebinding). Of the answer only its status counts: a body that was
shown to somebody would make a window into the network out of this.
"""

import asyncio
import ssl
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

import httpx2

from gateway.adapters.capped import CappedTransport, TooMuch
from gateway.adapters.devices.egress import PRIVATE, REFUSED, Egress
from gateway.domain.site import Network
from gateway.services.ports import DeviceError
from gateway.services.ports.webhooks import Answer, NotReached

SECONDS = 10.0  # for all of a try: name, connection, answer
MOST_OCTETS = 64 * 1024
LONGEST_CHAIN = 10  # of causes
_PORTS = {"http": 80, "https": 443}


class HttpCarrier:
    """gateway.services.ports.webhooks.WebhookCarrier. `allowed` are networks inside that may be asked all the same."""

    def __init__(
        self,
        *,
        allowed: tuple[Network, ...] = (),
        tls: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
        egress: Egress | None = None,
        transport: Callable[[], httpx2.AsyncBaseTransport] | None = None,
    ) -> None:
        """`tls`, `egress` and `transport` are for tests."""
        self._egress = egress or Egress(refused=(*REFUSED, *PRIVATE), excepted=allowed)
        self._tls = tls
        self._seconds = seconds
        self._transport = transport or self._plain

    async def check(self, url: str) -> None:
        await self._resolved(urlsplit(url))

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        try:
            async with asyncio.timeout(self._seconds):
                return await self._post(url, headers, body)
        except TimeoutError as error:
            raise NotReached(message=f"It did not answer within {self._seconds:.0f} seconds.") from error
        except TooMuch as error:
            raise NotReached(message="Its answer is too long, or compressed without being asked for.") from error
        except (httpx2.HTTPError, ssl.SSLError, OSError, ValueError) as error:
            raise NotReached(message=f"It could not be reached: {_why(error)}.") from error

    async def _post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        parts = urlsplit(url)
        address = await self._resolved(parts)
        target = httpx2.URL(url).copy_with(host=address)
        told = {"host": parts.netloc, "accept-encoding": "identity", "connection": "close"}
        async with httpx2.AsyncClient(
            transport=CappedTransport(self._transport(), most=MOST_OCTETS),
            timeout=self._seconds,
            follow_redirects=False,
            trust_env=False,
        ) as client:
            request = client.build_request(
                "POST",
                target,
                headers=headers | told,
                content=body,
                extensions={"sni_hostname": parts.hostname or ""},
            )
            response = await client.send(request)
            return Answer(status=response.status_code)

    def _plain(self) -> httpx2.AsyncBaseTransport:
        return httpx2.AsyncHTTPTransport(verify=self._tls or True, trust_env=False, retries=0)

    async def _resolved(self, parts: SplitResult) -> str:
        """The one address that is asked; NotReached when there is none that may be."""
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 443)
        try:
            address = await self._egress.resolve(host, port)
        except DeviceError as error:
            raise NotReached(
                message=f"The name {host[:100]} leads to no address that may be asked. Addresses inside are only asked if "
                "webhooks.networks names them."
            ) from error
        return f"[{address}]" if isinstance(ip_address(address.partition("%")[0]), IPv6Address) else address


def _why(error: Exception) -> str:
    """What went wrong, without what the other side said."""
    chain: list[BaseException] = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) is not None and len(chain) < LONGEST_CHAIN:
        chain.append(inner)
    for each in chain:
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({each.verify_message})"
        if isinstance(each, ConnectionRefusedError):
            return "nobody listens there"
    return type(error).__name__
