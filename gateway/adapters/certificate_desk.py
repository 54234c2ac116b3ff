"""The certificate as people change it in a page: a chain and key brought along, or the answer to our own request.

What is brought is checked before anything is replaced, kept beside the own authority, and served from the next
handshake on; connections that are open stay so.
"""

import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from gateway.adapters.authority import general_name, key_pem, new_key, subject_names
from gateway.adapters.certificates import BROUGHT_CHAIN, BROUGHT_KEY, Certificates
from gateway.adapters.tls_files import server_context, write_durably
from gateway.errors import BadRequest, NotPossible
from gateway.services.ports import Clock

SHORTEST_RSA = 2048
PENDING = "pending.key"
_HOST = re.compile(r"[\w.:*-]{1,253}")
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, kw_only=True, slots=True)
class InUse:
    """What is served now. `own`: signed by our authority; `fixed`: the settings name its files."""

    names: tuple[str, ...]
    issuer: str
    begins: float
    ends: float
    fingerprint: str
    own: bool
    fixed: bool
    pending: bool


class CertificateDesk:
    """`fixed`: the settings decide, and nothing is changed here. All methods block."""

    def __init__(self, *, certificates: Certificates, directory: Path, clock: Clock, fixed: bool) -> None:
        self._certificates, self._directory, self._clock, self._fixed = certificates, directory, clock, fixed

    def in_use(self) -> InUse:
        certificate = self._certificates.certificate()
        issuer = certificate.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
        return InUse(
            names=subject_names(certificate),
            issuer=str(issuer[0].value) if issuer else certificate.issuer.rfc4514_string(),
            begins=certificate.not_valid_before_utc.timestamp(),
            ends=certificate.not_valid_after_utc.timestamp(),
            fingerprint=self._certificates.fingerprint(),
            own=self._certificates.ca_pem is not None,
            fixed=self._fixed,
            pending=(self._directory / PENDING).is_file(),
        )

    def bring(self, chain: str, key: str) -> None:
        """A PEM chain, the server's certificate first, and its PEM key; BadRequest says what does not fit."""
        self._check_free()
        private = read_key(key)
        self._take(self._checked(chain, private), private)

    def request(self, names: Iterable[str]) -> str:
        """A certificate signing request (PKCS #10) under a new key, which waits here for the answer."""
        self._check_free()
        wanted = list(dict.fromkeys(name.strip() for name in names if name.strip()))
        if not all(_HOST.fullmatch(name) for name in wanted):
            raise BadRequest("One of the names is no host name and no address.")
        try:
            alternatives = [general_name(name) for name in wanted]
        except (ValueError, UnicodeError) as error:
            raise BadRequest("One of the names is no host name and no address.") from error
        if not alternatives:
            raise BadRequest("Name at least one host name.")
        key = new_key()
        write_durably(self._directory / PENDING, key_pem(key), 0o400)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wanted[0][:64])])
        builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def answer(self, chain: str) -> None:
        """What an authority signed for the last request."""
        self._check_free()
        pending = self._directory / PENDING
        if not pending.is_file():
            raise NotPossible("No request waits for an answer. Make one first.")
        private = read_key(pending.read_text("ascii"))
        self._take(self._checked(chain, private), private)
        pending.unlink()

    def use_own(self) -> None:
        """Back to the certificate of the own authority, whose key was kept all the time."""
        self._check_free()
        for name in (BROUGHT_CHAIN, BROUGHT_KEY):
            (self._directory / name).unlink(missing_ok=True)
        self._certificates.load()

    def _check_free(self) -> None:
        if self._fixed:
            raise NotPossible("The settings file or the environment names the certificate. Change it there.")

    def _take(self, chain: list[x509.Certificate], key: Key) -> None:
        pem = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain)
        plain = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self._try(pem, plain)
        # The key first: a chain that stands there alone is not taken up.
        write_durably(self._directory / BROUGHT_KEY, plain, 0o400)
        write_durably(self._directory / BROUGHT_CHAIN, pem, 0o444)
        self._certificates.load()

    def _try(self, chain: bytes, key: bytes) -> None:
        """TLS has opinions of its own, such as on short keys and signatures by SHA-1; here nothing is replaced yet."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self._directory) as folder:
            one, other = Path(folder) / "chain", Path(folder) / "key"
            one.write_bytes(chain)
            other.write_bytes(key)
            try:
                server_context().load_cert_chain(one, other)
            except ssl.SSLError as error:
                raise BadRequest(
                    f"Such a certificate cannot be served: {error.reason or error}. Have one made by SHA-256 and a longer key."
                ) from error

    def _checked(self, text: str, key: Key) -> list[x509.Certificate]:
        try:
            chain = x509.load_pem_x509_certificates(text.encode())
        except ValueError as error:
            raise BadRequest("This is no certificate in PEM: it begins with -----BEGIN CERTIFICATE-----.") from error
        server = chain[0]
        if server.public_key() != key.public_key():
            raise BadRequest("The key does not belong to the first certificate. Bring the pair that belongs together.")
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        if not server.not_valid_before_utc <= now < server.not_valid_after_utc:
            raise BadRequest("The certificate is not valid today. Bring a current one.")
        if not subject_names(server):
            raise BadRequest("The certificate names no host (subjectAltName); no phone would take it.")
        for below, above in pairwise(chain):
            try:
                below.verify_directly_issued_by(above)
            except (ValueError, TypeError, InvalidSignature) as error:
                raise BadRequest("The certificates are no chain: each must be signed by the one after it.") from error
        return chain


def read_key(text: str) -> Key:
    """A plain key of a kind that every phone takes."""
    try:
        key = serialization.load_pem_private_key(text.encode(), password=None)
    except TypeError as error:
        raise BadRequest(
            "The key is encrypted. Bring it without a passphrase; it is kept readable to us alone."
        ) from error
    except ValueError as error:
        raise BadRequest("This is no private key in PEM.") from error
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= SHORTEST_RSA:
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key
    raise BadRequest(f"Bring an RSA key of {SHORTEST_RSA} bits or more, or one on an elliptic curve.")
