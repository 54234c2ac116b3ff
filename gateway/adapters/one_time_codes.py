"""Codes that an app on a phone shows (RFC 6238, SHA-1, six digits, 30 seconds: what every such app can)."""

import hmac
import os

import pyotp
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.domain.second_factor import NewSecret
from gateway.services.ports import Keyring

SECONDS = 30
DRIFT = 1  # steps that a phone's clock may be wrong by
NONCE_SIZE = 12


class Totp:
    """gateway.services.ports.OneTimeCodes. Sealed: length of the wrapped key (2 octets), the key, nonce, AES-256-GCM."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def new(self, account: str, issuer: str) -> tuple[bytes, NewSecret]:
        secret = pyotp.random_base32()
        key, wrapped = self._keyring.new_key()
        nonce = os.urandom(NONCE_SIZE)
        sealed = len(wrapped).to_bytes(2) + wrapped + nonce + AESGCM(key).encrypt(nonce, secret.encode(), None)
        return sealed, _shown(secret, account, issuer)

    def shown(self, sealed: bytes, account: str, issuer: str) -> NewSecret:
        return _shown(self._opened(sealed), account, issuer)

    def step_of(self, sealed: bytes, code: str, at: float) -> int | None:
        codes, now = pyotp.TOTP(self._opened(sealed), interval=SECONDS), int(at) // SECONDS
        fitting = [
            step
            for step in range(now - DRIFT, now + DRIFT + 1)
            if step >= 0 and hmac.compare_digest(codes.at(step * SECONDS), code)
        ]
        return max(fitting, default=None)

    def _opened(self, sealed: bytes) -> str:
        end = 2 + int.from_bytes(sealed[:2])
        key = self._keyring.unwrap(sealed[2:end])
        return AESGCM(key).decrypt(sealed[end : end + NONCE_SIZE], sealed[end + NONCE_SIZE :], None).decode()


def _shown(secret: str, account: str, issuer: str) -> NewSecret:
    uri = pyotp.TOTP(secret, interval=SECONDS).provisioning_uri(name=account, issuer_name=issuer)
    return NewSecret(text=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)), uri=uri)
