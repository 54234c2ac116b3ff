"""One data key a job, wrapped by the key-encryption key in `keys/kek`: without that file nothing can be read.

The key-encryption key is made only for a data directory that holds nothing yet. Where data exist and the file is
missing, the gateway starts locked, since a new key would hide the loss until it is past repair.
"""

import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.adapters.secret_file import create_secret, read_secret
from gateway.errors import Locked

KEY_SIZE = 32
_VERSION = 1
_ID_SIZE = 4
_NONCE_SIZE = 12
_HEADER_SIZE = 1 + _ID_SIZE


class FileKeyring:
    """Wrapped key: version (1 octet), id of the key-encryption key (4), nonce (12), AES-256-GCM of the key (48).

    Random nonces allow 2**32 wraps under one key-encryption key, that is four thousand million jobs.
    """

    def __init__(self, directory: Path, *, create_if_new: bool = False) -> None:
        """`create_if_new`: nothing is encrypted yet, so that a missing key is made. StartupError: see read_secret."""
        self._path = directory / "kek"
        secret = read_secret(self._path)
        if secret is None and create_if_new:
            secret = create_secret(self._path)
        self._cipher = None if secret is None else AESGCM(secret)
        self._header = b"" if secret is None else bytes([_VERSION]) + _identify(secret)

    @property
    def locked(self) -> bool:
        return self._cipher is None

    def new_key(self) -> tuple[bytes, bytes]:
        cipher = self._unlocked()
        octets = os.urandom(KEY_SIZE + _NONCE_SIZE)  # one call: with many threads each costs a turn of the interpreter
        key, nonce = octets[:KEY_SIZE], octets[KEY_SIZE:]
        return key, self._header + nonce + cipher.encrypt(nonce, key, self._header)

    def unwrap(self, wrapped: bytes) -> bytes:
        """The plain key. Locked as well when it was wrapped under another key-encryption key, or is damaged."""
        cipher = self._unlocked()
        header, nonce = wrapped[:_HEADER_SIZE], wrapped[_HEADER_SIZE : _HEADER_SIZE + _NONCE_SIZE]
        if header != self._header:
            raise Locked(f"This document was encrypted under another key than {self._path}. Restore the key it had.")
        try:
            return cipher.decrypt(nonce, wrapped[_HEADER_SIZE + _NONCE_SIZE :], header)
        except (InvalidTag, ValueError) as error:
            raise Locked("The key of this document is damaged. Restore the database from a backup.") from error

    def _unlocked(self) -> AESGCM:
        if self._cipher is None:
            raise Locked(
                f"The key-encryption key {self._path} is missing: documents can neither be taken nor released. "
                "Restore the file from a backup and start again."
            )
        return self._cipher


def _identify(secret: bytes) -> bytes:
    return hashlib.sha256(b"papertap kek id\0" + secret).digest()[:_ID_SIZE]
