"""Whom to believe behind ipps://. Printers sign their own certificates, so the usual answer is to pin the first one seen."""

import hashlib
import hmac
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ipp.client.errors import TlsFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsPolicy:
    """How to check a printer's certificate. The first of these that is set decides; none: the system's authorities.

    `pinned_sha256`: the SHA-256 of the certificate (DER) in hexadecimal; colons and case do not matter.
    `ca_file`: PEM file of the authorities to trust; the host name is checked as well.
    `on_first_use`: accept any certificate and report its fingerprint, for the caller to store as `pinned_sha256`;
    the client holds on to it for as long as it lives.
    """

    pinned_sha256: str | None = None
    on_first_use: Callable[[str], None] | None = None
    ca_file: Path | None = None

    @property
    def by_fingerprint(self) -> bool:
        """Whether the fingerprint alone decides, in place of names and authorities."""
        return self.pinned_sha256 is not None or (self.ca_file is None and self.on_first_use is not None)

    def context(self) -> ssl.SSLContext:
        """Build the context; reads files, so call it in a thread. OSError or SSLError when `ca_file` is unusable."""
        if self.by_fingerprint:
            context = ssl.SSLContext(
                ssl.PROTOCOL_TLS_CLIENT
            )  # without the system's authorities, which take 20 ms to read
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        else:
            context = ssl.create_default_context(cafile=self.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


class Pin:
    """The certificate that one client has come to expect."""

    def __init__(self, policy: TlsPolicy) -> None:
        self._policy = policy
        self._expected = _normal(policy.pinned_sha256) if policy.pinned_sha256 is not None else None

    def check(self, certificate: bytes) -> None:
        """Compare the peer's certificate (DER) with the expected one, or learn it. TlsFailure when it is another."""
        if not self._policy.by_fingerprint:
            return
        fingerprint = hashlib.sha256(certificate).hexdigest()
        if self._expected is None:
            assert self._policy.on_first_use is not None
            self._policy.on_first_use(fingerprint)
            self._expected = fingerprint
        elif not hmac.compare_digest(fingerprint, self._expected):
            msg = (
                f"the printer shows another certificate (SHA-256 {fingerprint}) than the trusted one "
                f"({self._expected}); if it was replaced on purpose, trust the new one"
            )
            raise TlsFailure(msg)


def _normal(fingerprint: str) -> str:
    digits = fingerprint.replace(":", "").lower()
    if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        msg = "a pinned SHA-256 fingerprint has 64 hexadecimal digits"
        raise ValueError(msg)
    return digits
