"""ECDSA on P-256 (FIPS 186-5), which every browser's Web Cryptography has, with the gateway's key out of a secret file."""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from gateway.adapters.secret_file import create_secret, read_secret

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (SP 800-186, 3.2.1.3)
_HALF = 32
_LONGEST_KEY = 200
_ALGORITHM = ec.ECDSA(hashes.SHA256())


class P256Keys:
    """gateway.services.ports.RemoteKeys. StartupError: see read_secret.

    A gateway that lost its file makes a new key, and is a stranger to all browsers: they have to be added again.
    """

    def __init__(self, directory: Path) -> None:
        path = directory / "remote"
        secret = read_secret(path) or create_secret(path)
        # The remainder's bias is below 2**-32, since the order lies that close to 2**256.
        self._private = ec.derive_private_key(int.from_bytes(secret) % (_ORDER - 1) + 1, ec.SECP256R1())
        self.public_key = self._private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data: bytes) -> bytes:
        r, s = decode_dss_signature(self._private.sign(data, _ALGORITHM))
        return r.to_bytes(_HALF) + s.to_bytes(_HALF)

    def verify(self, public_key: bytes, data: bytes, signature: bytes) -> bool:
        return verify(public_key, data, signature)

    def is_key(self, public_key: bytes) -> bool:
        return _loaded(public_key) is not None


def verify(public_key: bytes, data: bytes, signature: bytes) -> bool:
    """As RemoteKeys.verify, for those who have no key of their own."""
    key = _loaded(public_key)
    if key is None or len(signature) != 2 * _HALF:
        return False
    r, s = int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:])
    try:
        key.verify(encode_dss_signature(r, s), data, _ALGORITHM)
    except InvalidSignature:
        return False
    return True


def _loaded(public_key: bytes) -> ec.EllipticCurvePublicKey | None:
    try:
        found = load_der_public_key(public_key) if len(public_key) <= _LONGEST_KEY else None
    except ValueError:
        return None
    right = isinstance(found, ec.EllipticCurvePublicKey) and isinstance(found.curve, ec.SECP256R1)
    return found if right else None  # type: ignore[return-value]  # reason: `right` has told it
