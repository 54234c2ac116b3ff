"""What all certificates of ours have in common: keys that are made once, files that are whole, a context for TLS."""

import os
import ssl
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.adapters.authority import Signer, key_pem, new_key

RENEW_AFTER = 2 / 3


def kept_key(path: Path) -> Signer:
    """The key in this file (PEM, 0400), made when there is none; ValueError for what is no key of ours."""
    if not path.exists():
        write_durably(path, key_pem(new_key()), 0o400)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path} is not one of our keys")  # noqa: TRY004 - the file's content is wrong, not a type
    return key


def is_late(certificate: x509.Certificate, now: datetime) -> bool:
    """Whether less than a third of its time is left."""
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return now > certificate.not_valid_before_utc + life * RENEW_AFTER


def server_context() -> ssl.SSLContext:
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
