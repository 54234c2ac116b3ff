"""The network as AirPrint Doctor sees it: our own browser, our own IPP client, and a handshake with nobody trusted."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from discovery.browse import browse
from gateway.adapters.devices.egress import Egress
from gateway.errors import NotPossible, Unavailable
from gateway.services.ports import DeviceError
from gateway.services.ports.surroundings import Announced, Described, Sampled, TlsSeen
from ipp.client import HttpRefused, IppClient, IppClientError, Patience, TlsPolicy
from ipp.client.errors import NotAuthenticated
from ipp.wire import Collection, Group, GroupTag, Message, Status, Value, build

BROWSE_SECONDS = 2.0
_PATIENCE = Patience(connect=5.0, answer=15.0, stall=15.0)
_ASKED = ("all", "media-col-database")


class NetworkSurroundings:
    """gateway.services.ports.surroundings.Surroundings; addresses that devices may not have are not gone to.

    `interfaces` as in the settings: it looks around where we announce.
    """

    def __init__(self, egress: Egress | None = None, *, interfaces: tuple[str, ...] = ()) -> None:
        self._interfaces = interfaces
        self._egress = egress or Egress(resolve_seconds=5.0)
        self._local: dict[str, str] = {}

    async def browse(self, type_: str) -> tuple[Announced, ...]:
        try:
            found = await browse(type_, seconds=BROWSE_SECONDS, wanted=self._interfaces)
        except OSError as error:
            raise NotPossible(f"{error.strerror or error}.") from error
        return tuple(
            Announced(
                instance=one.instance, type=one.type, host=one.host, port=one.port, addresses=one.addresses, txt=one.txt
            )
            for one in found
        )

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return await self._by_mdns(host)
        return tuple(dict.fromkeys(address for entry in found if self._egress.permits(address := str(entry[4][0]))))

    async def _by_mdns(self, host: str) -> tuple[str, ...]:
        """Names in .local as phones find them: this machine's own resolver may know none of these."""
        if not host.lower().endswith(".local"):
            return ()
        for type_ in ("_ipps._tcp", "_ipp._tcp"):
            for one in await self.browse(type_):
                permitted = [address for address in one.addresses if self._egress.permits(address)]
                if one.host.lower() == host.lower() and permitted:
                    self._local[host.lower()] = permitted[0]
                    return tuple(permitted)
        return ()

    async def _resolve(self, host: str, port: int) -> str:
        return self._local.get(host.lower()) or await self._egress.resolve(host, port)

    async def tls(self, host: str, port: int) -> TlsSeen:
        """Twice: without any trust, to see what there is; then with the system's, to see who believes it."""
        try:
            address = await self._resolve(host, port)
            reader, writer = await self._shake(address, host, port, _no_trust())
        except (OSError, DeviceError, TimeoutError) as error:
            return TlsSeen(error=_words(error))
        try:
            end = writer.get_extra_info("ssl_object")
            certificate = x509.load_der_x509_certificate(end.getpeercert(binary_form=True))
            version = str(end.version()).replace("TLSv", "TLS ")
        finally:
            del reader
            writer.close()
        return TlsSeen(
            version=version,
            names=_names(certificate),
            chain=(_common_name(certificate.subject), _common_name(certificate.issuer)),
            expires_at=certificate.not_valid_after_utc.timestamp(),
            key=_key(certificate),
            trusted=await self._trusted(address, host, port),
        )

    async def describe(self, uri: str) -> Described:
        try:
            async with self._client(uri) as client:
                answer = await client.get_printer_attributes(_ASKED)
        except (IppClientError, DeviceError) as error:
            raise Unavailable(f"{error}.") from error
        printer = next((group for group in answer.groups if group.tag is GroupTag.PRINTER), None)
        status = _status(answer)
        if printer is None:
            return Described(status=status)
        texts = {attribute.name: tuple(map(_text, attribute.values)) for attribute in printer.attributes}
        return Described(status=status, attributes=texts, collections=_collections(printer))

    async def sample(self, uri: str, format_: str, document: bytes, *, prints: bool, holds: bool) -> Sampled:
        operation = [build.mime("document-format", format_), build.name("job-name", "AirPrint Doctor")]
        job = [] if prints else [build.keyword("job-hold-until", "indefinite")]
        try:
            async with self._client(uri) as client:
                if not prints and not holds:
                    asked = await client.validate_job(operation)
                    taken = asked.code < Status.CLIENT_ERROR_BAD_REQUEST
                    return Sampled(taken=taken, status=_status(asked), canceled=taken)
                answer = await client.print_job(_piece(document), operation, job)
                if answer.code >= Status.CLIENT_ERROR_BAD_REQUEST:
                    return Sampled(taken=False, status=_status(answer))
                number = _job_id(answer)
                if prints or number is None:
                    return Sampled(taken=True, status=_status(answer))
                ended = await client.cancel_job(number)
                return Sampled(
                    taken=True, status=_status(answer), canceled=ended.code < Status.CLIENT_ERROR_BAD_REQUEST
                )
        except NotAuthenticated:
            return Sampled(taken=False, status="client-error-not-authenticated")
        except HttpRefused as error:
            return Sampled(taken=False, status=f"HTTP {error.status}")
        except (IppClientError, DeviceError) as error:
            raise Unavailable(f"{error}.") from error

    def _client(self, uri: str) -> IppClient:
        return IppClient(uri, tls=TlsPolicy(on_first_use=lambda _: None), timeout=_PATIENCE, resolve=self._resolve)

    async def _trusted(self, address: str, host: str, port: int) -> bool:
        try:
            _, writer = await self._shake(address, host, port, await asyncio.to_thread(ssl.create_default_context))
        except (OSError, TimeoutError):
            return False
        writer.close()
        return True

    async def _shake(
        self, address: str, host: str, port: int, context: ssl.SSLContext
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with asyncio.timeout(10.0):
            return await asyncio.open_connection(address, port, ssl=context, server_hostname=host)


def _no_trust() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return (_common_name(certificate.subject),)
    return (
        *found.get_values_for_type(x509.DNSName),
        *map(str, found.get_values_for_type(x509.IPAddress)),
    )


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def _key(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    return f"{key.curve.name}" if isinstance(key, ec.EllipticCurvePublicKey) else type(key).__name__


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long"
    return str(getattr(error, "strerror", None) or error)[:200]


def _status(answer: Message) -> str:
    try:
        return Status(answer.code).keyword
    except ValueError:
        return f"status {answer.code:#06x}"


def _job_id(answer: Message) -> int | None:
    for group in answer.groups:
        for attribute in group.attributes:
            if attribute.name == "job-id" and isinstance(attribute.values[0], int):
                return attribute.values[0]
    return None


def _collections(printer: Group) -> dict[str, tuple[dict[str, str], ...]]:
    found: dict[str, tuple[dict[str, str], ...]] = {}
    for attribute in printer.attributes:
        rows = tuple(
            {member.name: _text(member.values[0]) for member in value.members}
            for value in attribute.values
            if isinstance(value, Collection)
        )
        if rows:
            found[attribute.name] = rows
    return found


def _text(value: Value) -> str:
    """No-value and unknown are empty."""
    if isinstance(value, datetime):
        return value.isoformat()
    text = getattr(value, "text", value)
    return "" if text is None or isinstance(text, Collection) else str(text)


async def _piece(document: bytes) -> AsyncIterator[bytes]:
    yield document
