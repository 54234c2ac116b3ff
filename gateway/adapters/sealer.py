"""Secrets that the gateway itself must be able to read again, such as a directory's password: sealed under the keyring.

Each has a data key of its own, wrapped by the key-encryption key, as documents have: the rows alone tell nothing.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import Locked
from gateway.services.ports import Keyring

_NONCE = 12


class KeyringSealer:
    """Layout: length of the wrapped key (2 octets), the wrapped key, nonce (12), AES-256-GCM of the secret."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def seal(self, plain: bytes) -> bytes:
        key, wrapped = self._keyring.new_key()
        nonce = os.urandom(_NONCE)
        return len(wrapped).to_bytes(2, "big") + wrapped + nonce + AESGCM(key).encrypt(nonce, plain, wrapped)

    def open(self, sealed: bytes) -> bytes:
        """Locked as well when it is damaged: only a backup has it then."""
        size = int.from_bytes(sealed[:2], "big")
        wrapped, rest = sealed[2 : 2 + size], sealed[2 + size :]
        key = self._keyring.unwrap(wrapped)
        try:
            return AESGCM(key).decrypt(rest[:_NONCE], rest[_NONCE:], wrapped)
        except (InvalidTag, ValueError) as error:
            raise Locked(
                "A sealed secret is damaged. Enter it again, or restore the database from a backup."
            ) from error
