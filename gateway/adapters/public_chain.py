"""The certificate of a public authority, for the names that it has, under the key that phones remember already.

Whoever asks for another name or for none (most printing does: by an address, or a name below .local) is shown what all
were shown before, so that nothing changes for phones that know this gateway.
"""

import json
import ssl
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from gateway.adapters.authority import Signer, pem, subject_names
from gateway.adapters.tls_files import is_late, kept_key, server_context, write_durably
from gateway.domain.acme import Asked, LastTry
from gateway.services.ports import Clock

CHAIN, KEY, NOTE = "acme.crt", "server.key", "acme.json"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """gateway.services.ports.acme.KeptCertificate."""

    names: tuple[str, ...]
    issuer: str
    begins: float
    ends: float
    late: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Served:
    context: ssl.SSLContext
    names: frozenset[str]
    begins: float
    ends: float


class PublicChain:
    """gateway.services.ports.acme.PublicShelf in a directory, and what TLS takes from it. All but `choose` blocks."""

    def __init__(self, *, directory: Path, clock: Clock) -> None:
        self._directory, self._clock = directory, clock
        self._stamp: tuple[int, ...] = ()
        self._served: _Served | None = None

    # --- serving -----------------------------------------------------------------------------------------------

    def load(self) -> bool:
        """Takes up what lies there now; True when that is another one. A broken one is left aside, with a line."""
        stamp = self._stamp_now()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        certificate = self._fitting()
        if certificate is None:
            self._served = None
            return False
        context = server_context()
        try:
            context.load_cert_chain(self._directory / CHAIN, self._directory / KEY)
        except (OSError, ValueError) as error:
            log.warning("certificate.refused", file=str(self._directory / CHAIN), error=str(error))
            return False
        # One assignment: handshakes run in another thread than renewals.
        self._served = _Served(
            context=context,
            names=frozenset(name.lower() for name in subject_names(certificate)),
            begins=certificate.not_valid_before_utc.timestamp(),
            ends=certificate.not_valid_after_utc.timestamp(),
        )
        log.info("certificate.public", names=subject_names(certificate), until=str(certificate.not_valid_after_utc))
        return True

    def context_for(self, name: str) -> ssl.SSLContext | None:
        """What a client that asks for `name` is shown; None where that is not ours, or not good at this moment."""
        served = self._served
        if served is None or not served.begins <= self._clock.now() < served.ends:
            return None
        return served.context if name.lower().rstrip(".") in served.names else None

    def choose(self, connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        """For ssl.SSLContext.sni_callback."""
        context = self.context_for(name) if name else None
        if context is not None:
            connection.context = context

    def certificate_for(self, name: str) -> x509.Certificate | None:
        """From the disk, so that a process that serves nothing can tell what another one shows."""
        certificate = self._fitting()
        if certificate is None or name.lower().rstrip(".") not in map(str.lower, subject_names(certificate)):
            return None
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        return certificate if certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc else None

    # --- the shelf ---------------------------------------------------------------------------------------------

    def kept(self) -> Kept | None:
        certificate = self._fitting()
        if certificate is None:
            return None
        issuer = certificate.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
        return Kept(
            names=subject_names(certificate),
            issuer=str(issuer[0].value) if issuer else certificate.issuer.rfc4514_string(),
            begins=certificate.not_valid_before_utc.timestamp(),
            ends=certificate.not_valid_after_utc.timestamp(),
            late=is_late(certificate, datetime.fromtimestamp(self._clock.now(), UTC)),
        )

    def last(self) -> LastTry | None:
        """None where nothing was noted, or nothing that can be read."""
        try:
            read = json.loads((self._directory / NOTE).read_text())
            asked = read.pop("asked")
            return LastTry(**read, asked=Asked(**asked | {"names": tuple(asked["names"])}))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("acme.note-unreadable", error=str(error))
            return None

    def note(self, last: LastTry) -> None:
        write_durably(self._directory / NOTE, json.dumps(asdict(last)).encode(), 0o600)

    # --- signing -----------------------------------------------------------------------------------------------

    def request(self, names: Iterable[str]) -> bytes:
        """A certificate signing request in PEM for the server's key (RFC 2986; the names alone: RFC 8555 section 7.4)."""
        names_wanted = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        builder = builder.add_extension(names_wanted, critical=False)
        return builder.sign(self.key(KEY), hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def key(self, name: str) -> Signer:
        """Made when there is none yet."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return kept_key(self._directory / name)

    def keep(self, text: bytes, names: Iterable[str]) -> None:
        """Checks a chain in PEM, the server's certificate first, and serves it; ValueError says what does not fit."""
        chain = x509.load_pem_x509_certificates(text)
        server, now = chain[0], datetime.fromtimestamp(self._clock.now(), UTC)
        if server.public_key() != self.key(KEY).public_key():
            raise ValueError("the certificate is for another key")
        if missing := set(names) - {name.lower() for name in subject_names(server)}:
            raise ValueError(f"the certificate lacks {', '.join(sorted(missing))}")
        if not server.not_valid_before_utc <= now < server.not_valid_after_utc:
            raise ValueError("the certificate is not valid at this moment: is the clock right?")
        for below, above in pairwise(chain):
            try:
                below.verify_directly_issued_by(above)
            except (ValueError, TypeError, InvalidSignature) as error:
                raise ValueError("the certificates are no chain") from error
        write_durably(self._directory / CHAIN, b"".join(map(pem, chain)), 0o444)
        self.load()

    # --- files -------------------------------------------------------------------------------------------------

    def _fitting(self) -> x509.Certificate | None:
        """The certificate that lies there, if it is for the server's key: with another one it can be served to nobody."""
        try:
            certificate = x509.load_pem_x509_certificates((self._directory / CHAIN).read_bytes())[0]
            key = kept_key(self._directory / KEY) if (self._directory / KEY).exists() else None
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.warning("certificate.refused", file=str(self._directory / CHAIN), error=str(error))
            return None
        return certificate if key is not None and certificate.public_key() == key.public_key() else None

    def _stamp_now(self) -> tuple[int, ...]:
        found = [path.stat() for name in (CHAIN, KEY) if (path := self._directory / name).exists()]
        return tuple(value for one in found for value in (one.st_mtime_ns, one.st_size, one.st_ino))
