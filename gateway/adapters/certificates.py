"""The certificate that phones pin: one for all names, its key never changed by us.

Apple's and Android's print services accept a certificate of an unknown CA but remember its key, and refuse the
printer once the key is another (a Samsung or CUPS printer with a new key is "not available" until it is deleted and
added again). So our CA is made once, the server's key is made once, and a renewal signs the same key anew. A
certificate below a CA may be valid for 825 days at most for Apple's clients; it is renewed at two thirds of its time.
"""

import hashlib
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
    new_authority_name,
    normal_name,
    pem,
    sign_authority,
    sign_server,
    sign_signer,
    subject_names,
)
from gateway.adapters.public_chain import PublicChain
from gateway.adapters.tls_files import is_late, kept_key, server_context, write_durably
from gateway.errors import NotPossible, StartupError
from gateway.services.ports import Clock

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


BROUGHT_CHAIN, BROUGHT_KEY = "brought.crt", "brought.key"


def brought_files(directory: Path) -> CustomerFiles | None:
    """What people brought while we served; None where there is nothing, or half of it."""
    files = CustomerFiles(certificate=directory / BROUGHT_CHAIN, private_key=directory / BROUGHT_KEY)
    return files if files.certificate.is_file() and files.private_key.is_file() else None


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
        public: PublicChain | None = None,
    ) -> None:
        """A missing name of `names` makes a new certificate; `addresses` are those of now, written in at any signing.

        An address that DHCP has changed is no reason to show phones another certificate. `further` are names that
        come and go while we serve. `customer` are files that the settings name; without them those are served that were
        brought, and without these our own. `public` is shown to who asks for one of its names (RFC 6066 section 3).
        """
        self._directory, self._clock, self._named = directory, clock, customer
        self._fixed = tuple(dict.fromkeys(normal_name(name) for name in names))
        self._further = further
        self._addresses = tuple(normal_name(address.partition("%")[0]) for address in addresses)
        self.public = public
        self.context = server_context()
        if public is not None:
            self.context.sni_callback = public.choose
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
    def _customer(self) -> CustomerFiles | None:
        """Looked for each time: another process may have brought them."""
        return self._named or brought_files(self._directory)

    @property
    def ca_pem(self) -> bytes | None:
        """The certificate that people may install to trust us; None when the customer brought his own."""
        return None if self._customer else self._path("ca.crt").read_bytes()

    def is_public(self, name: str) -> bool:
        """Whether who asks for `name` is shown a certificate of a public authority that is good now."""
        return self.public is not None and self.public.context_for(name) is not None

    def fingerprint(self) -> str:
        """SHA-256 of the served certificate, hexadecimal in pairs, as browsers show it."""
        digest = hashlib.sha256(self.certificate().public_bytes(serialization.Encoding.DER)).hexdigest().upper()
        return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))

    def certificate(self, name: str = "") -> x509.Certificate:
        """The one that is shown to who asks for `name`, or for none, without its chain."""
        public = self.public.certificate_for(name) if self.public is not None else None
        return public or x509.load_pem_x509_certificates(self._files().certificate.read_bytes())[0]

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
            if self.public is not None:
                self.public.load()
        except (OSError, ValueError) as error:
            files = self._files()
            raise StartupError(
                f"Cannot use the certificate {files.certificate} with the key {files.private_key}: {error}. "
                "Give a PEM chain and its unencrypted PEM key, readable by this process."
            ) from error

    def refresh(self) -> bool:
        """Renews or reloads if need be; True when other octets are served from now on. Blocks.

        A broken pair is left aside with a line in the log: the one in use goes on.
        """
        try:
            if self._customer is None:
                self._ensure_own()
            replaced = self.public is not None and self.public.load()
            if self._stamp() in {self._loaded, self._refused}:
                return replaced
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
        server_context().load_cert_chain(files.certificate, files.private_key)
        self.context.load_cert_chain(files.certificate, files.private_key)
        self._loaded, self._served = stamp, subject_names(self.certificate())

    # --- our own authority -------------------------------------------------------------------------------------

    def _ensure_own(self) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        authority_key = kept_key(self._path("ca.key"))
        authority = self._authority(authority_key, now)
        server_key = kept_key(self._path("server.key"))
        path = self._path("server.crt")
        if not path.exists() or self._is_due(path, now, server_key):
            certificate = sign_server(server_key, authority_key, authority, self._all_names(path), now)
            write_durably(path, pem(certificate) + pem(authority), 0o444)

    def _ensure_signing(self) -> CustomerFiles:
        """A pair of its own: the server's certificate says of itself that it is good for TLS servers alone."""
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        path, key, authority_key = (
            self._path("signing.crt"),
            kept_key(self._path("signing.key")),
            kept_key(self._path("ca.key")),
        )
        if not path.exists() or is_late(x509.load_pem_x509_certificates(path.read_bytes())[0], now):
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

    def _is_due(self, path: Path, now: datetime, key: Signer) -> bool:
        current = x509.load_pem_x509_certificates(path.read_bytes())[0]
        missing = not set(self._names) <= set(subject_names(current))
        return is_late(current, now) or missing or current.public_key() != key.public_key()

    def _all_names(self, path: Path) -> tuple[str, ...]:
        """Names once promised stay: clients may have stored them."""
        before = subject_names(x509.load_pem_x509_certificates(path.read_bytes())[0]) if path.exists() else ()
        return tuple(dict.fromkeys((*self._names, *self._addresses, *before)))


def server_names(*, host_name: str, further: Iterable[str] = (), base_url: str = "") -> tuple[str, ...]:
    """Every name that a client may use: the host's own, its mDNS name, localhost and what is configured."""
    short = host_name.partition(".")[0]
    own = (host_name, f"{short}.local", "localhost", urlsplit(base_url).hostname or "")
    return tuple(dict.fromkeys(name for name in (*own, *further, "127.0.0.1", "::1") if name))
