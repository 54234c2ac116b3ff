"""The certificate that phones pin: one for all names, its key never changed by us.

Apple's and Android's print services accept a certificate of an unknown CA but remember its key, and refuse the
printer once the key is another (a Samsung or CUPS printer with a new key is "not available" until it is deleted and
added again). So our CA is made once, the server's key is made once, and a renewal signs the same key anew. A
certificate below a CA may be valid for 825 days at most for Apple's clients; it is renewed at two thirds of its time.
"""

import hashlib
import os
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.adapters.authority import (
    SERVER_DAYS,
    Signer,
    key_pem,
    new_authority_name,
    new_key,
    normal_name,
    pem,
    sign_authority,
    sign_server,
    sign_signer,
    subject_names,
)
from gateway.errors import NotPossible, StartupError
from gateway.services.ports import Clock

RENEW_AFTER = 2 / 3

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerFiles:
    """The customer's own certificate chain and key, PEM."""

    certificate: Path
    private_key: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Signing:
    """What profiles are signed with; `chain` leads from the certificate to its authority."""

    key: Signer | rsa.RSAPrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]


class Certificates:
    """Keeps `context` ready for TLS 1.2 and 1.3; call `refresh` now and then to follow renewals and changed files.

    The context stays the same object for ever, so that listeners need not be told: new handshakes take what it has.
    """

    def __init__(
        self,
        *,
        directory: Path,
        names: Iterable[str],
        addresses: Iterable[str] = (),
        further: Callable[[], Iterable[str]] = tuple,
        clock: Clock,
        customer: CustomerFiles | None = None,
    ) -> None:
        """A missing name of `names` makes a new certificate; `addresses` are those of now, written in at any signing.

        An address that DHCP has changed is no reason to show phones another certificate. `further` are names that
        come and go while we serve.
        """
        self._directory, self._clock, self._customer = directory, clock, customer
        self._fixed = tuple(dict.fromkeys(normal_name(name) for name in names))
        self._further = further
        self._addresses = tuple(normal_name(address.partition("%")[0]) for address in addresses)
        self.context = _server_context()
        self._loaded: tuple[int, ...] = ()
        self._refused: tuple[int, ...] = ()
        self._served: tuple[str, ...] = ()

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names and addresses that this server is known by: those it was given, and those of what it serves."""
        return tuple(dict.fromkeys((*self._names, *self._addresses, *self._served)))

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self._fixed, *map(normal_name, self._further()))))

    @property
    def ca_pem(self) -> bytes | None:
        """The certificate that people may install to trust us; None when the customer brought his own."""
        return None if self._customer else self._path("ca.crt").read_bytes()

    def fingerprint(self) -> str:
        """SHA-256 of the served certificate, hexadecimal in pairs, as browsers show it."""
        digest = hashlib.sha256(self.certificate().public_bytes(serialization.Encoding.DER)).hexdigest().upper()
        return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))

    def certificate(self) -> x509.Certificate:
        """The served one, without its chain."""
        return x509.load_pem_x509_certificates(self._files().certificate.read_bytes())[0]

    def signing(self) -> Signing:
        """For documents that phones shall take for ours: below our authority, or the customer's own pair. Blocks."""
        files = self._customer or self._ensure_signing()
        certificate, *chain = x509.load_pem_x509_certificates(files.certificate.read_bytes())
        key = serialization.load_pem_private_key(files.private_key.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise NotPossible("The server's key signs no profiles: use an RSA or an elliptic curve key.")
        return Signing(key=key, certificate=certificate, chain=tuple(chain))

    def load(self) -> None:
        """Makes what is missing and loads it; StartupError when the files are no pair or may not be read. Blocks."""
        try:
            if self._customer is None:
                self._ensure_own()
            self._load_chain()
        except (OSError, ValueError) as error:
            files = self._files()
            raise StartupError(
                f"Cannot use the certificate {files.certificate} with the key {files.private_key}: {error}. "
                "Give a PEM chain and its unencrypted PEM key, readable by this process."
            ) from error

    def use(self, customer: CustomerFiles | None) -> None:
        """Serves these files, or with None our own, from the next handshake on. As `load` when they cannot be used."""
        before, self._customer = self._customer, customer
        try:
            self.load()
        except StartupError:
            self._customer = before
            raise

    def refresh(self) -> bool:
        """Renews or reloads if need be; True when other octets are served from now on. Blocks.

        A broken pair is left aside with a line in the log: the one in use goes on.
        """
        try:
            if self._customer is None:
                self._ensure_own()
            if self._stamp() in {self._loaded, self._refused}:
                return False
            self._refused = self._stamp()
            self._load_chain()
        except (OSError, ValueError) as error:
            log.warning("certificate.refused", file=str(self._files().certificate), error=str(error))
            return False
        log.info("certificate.replaced", fingerprint=self.fingerprint())
        return True

    # --- files -------------------------------------------------------------------------------------------------

    def _path(self, name: str) -> Path:
        return self._directory / name

    def _files(self) -> CustomerFiles:
        own = CustomerFiles(certificate=self._path("server.crt"), private_key=self._path("server.key"))
        return self._customer or own

    def _stamp(self) -> tuple[int, ...]:
        stats = [path.stat() for path in (self._files().certificate, self._files().private_key)]
        return tuple(value for s in stats for value in (s.st_mtime_ns, s.st_size, s.st_ino))

    def _load_chain(self) -> None:
        """Tried on a context of its own first: a failed load could leave the served one with half a pair."""
        stamp, files = self._stamp(), self._files()
        _server_context().load_cert_chain(files.certificate, files.private_key)
        self.context.load_cert_chain(files.certificate, files.private_key)
        self._loaded, self._served = stamp, subject_names(self.certificate())

    # --- our own authority -------------------------------------------------------------------------------------

    def _ensure_own(self) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        authority_key = self._key("ca.key")
        authority = self._authority(authority_key, now)
        server_key = self._key("server.key")
        path = self._path("server.crt")
        if not path.exists() or self._is_due(path, now, server_key):
            certificate = sign_server(server_key, authority_key, authority, self._all_names(path), now)
            write_durably(path, pem(certificate) + pem(authority), 0o444)

    def _ensure_signing(self) -> CustomerFiles:
        """A pair of its own: the server's certificate says of itself that it is good for TLS servers alone."""
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        path, key, authority_key = self._path("signing.crt"), self._key("signing.key"), self._key("ca.key")
        if not path.exists() or _is_late(x509.load_pem_x509_certificates(path.read_bytes())[0], now):
            authority = self._authority(authority_key, now)
            write_durably(path, pem(sign_signer(key, authority_key, authority, now)) + pem(authority), 0o444)
        return CustomerFiles(certificate=path, private_key=self._path("signing.key"))

    def _authority(self, key: Signer, now: datetime) -> x509.Certificate:
        path = self._path("ca.crt")
        current = x509.load_pem_x509_certificate(path.read_bytes()) if path.exists() else None
        if current is not None and current.not_valid_after_utc - now > timedelta(days=SERVER_DAYS):
            return current
        renewed = sign_authority(key, current.subject if current else new_authority_name(), now)
        write_durably(path, pem(renewed), 0o444)
        return renewed

    def _key(self, name: str) -> Signer:
        path = self._path(name)
        if not path.exists():
            write_durably(path, key_pem(new_key()), 0o400)
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError(f"{path} is not one of our keys")  # noqa: TRY004 - the file's content is wrong, not a type
        return key

    def _is_due(self, path: Path, now: datetime, key: Signer) -> bool:
        current = x509.load_pem_x509_certificates(path.read_bytes())[0]
        missing = not set(self._names) <= set(subject_names(current))
        return _is_late(current, now) or missing or current.public_key() != key.public_key()

    def _all_names(self, path: Path) -> tuple[str, ...]:
        """Names once promised stay: clients may have stored them."""
        before = subject_names(x509.load_pem_x509_certificates(path.read_bytes())[0]) if path.exists() else ()
        return tuple(dict.fromkeys((*self._names, *self._addresses, *before)))


def _is_late(certificate: x509.Certificate, now: datetime) -> bool:
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return now > certificate.not_valid_before_utc + life * RENEW_AFTER


def server_names(*, host_name: str, further: Iterable[str] = (), base_url: str = "") -> tuple[str, ...]:
    """Every name that a client may use: the host's own, its mDNS name, localhost and what is configured."""
    short = host_name.partition(".")[0]
    own = (host_name, f"{short}.local", "localhost", urlsplit(base_url).hostname or "")
    return tuple(dict.fromkeys(name for name in (*own, *further, "127.0.0.1", "::1") if name))


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    return context


def write_durably(path: Path, data: bytes, mode: int) -> None:
    """All of it or nothing, durable before it is used: a key that is lost after its certificate was seen is a new key."""
    temporary = path.with_suffix(path.suffix + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    temporary.rename(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
