"""The format of a sealed object: octets in, octets out, no file.

    header   magic "PTSP" (4) | version (1) | reserved, zero (3) | salt (32)
    chunk    AES-256-GCM of CHUNK_SIZE plain octets, the last one of 0 to CHUNK_SIZE | tag (16)

The key of the file is HKDF-SHA256(job key, salt, header | object id): an object under another's name does not open.
The nonce is the chunk's index (11 octets, big-endian) and an end mark (1 octet: 1 on the last chunk), the STREAM
construction of Hoang, Reyhanitabar, Rogaway and Vizár (2015), so that no chunk can be changed, moved, left out,
added, or the end cut off.
"""

from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CHUNK_SIZE = 64 * 1024  # also what each slow client may keep of our memory
TAG_SIZE = 16
SEALED_SIZE = CHUNK_SIZE + TAG_SIZE
_MAGIC = b"PTSP\x01\0\0\0"
SALT_SIZE = 32
HEADER_SIZE = len(_MAGIC) + SALT_SIZE


class DamagedError(Exception):
    """The octets are not what was sealed under this name and key."""


class Sealer:
    """Plain octets in pieces of any size -> header and sealed chunks."""

    def __init__(self, key: bytes, object_id: str, salt: bytes) -> None:
        """`salt`: SALT_SIZE octets that were never used before under this key."""
        self.header = _MAGIC + salt
        self._cipher = _cipher(key, self.header, object_id)
        self._index = 0
        self._rest = b""

    def seal(self, data: bytes) -> Iterator[bytes]:
        """Sealed chunks of all that is surely not the last one; what may be the last is kept for the next call."""
        plain = memoryview(self._rest + data if self._rest else data)
        start = 0
        while len(plain) - start > CHUNK_SIZE:
            yield self._encrypt(plain[start : start + CHUNK_SIZE], last=False)
            start += CHUNK_SIZE
        self._rest = bytes(plain[start:])

    def finish(self) -> bytes:
        """The last sealed chunk; an empty document is one empty chunk."""
        return self._encrypt(self._rest, last=True)

    def _encrypt(self, plain: bytes | memoryview, *, last: bool) -> bytes:
        sealed = self._cipher.encrypt(_nonce(self._index, last=last), plain, None)
        self._index += 1
        return sealed


class Opener:
    """Sealed chunks in their order -> plain octets; DamagedError at the first that is not right."""

    def __init__(self, key: bytes, object_id: str, header: bytes) -> None:
        if len(header) != HEADER_SIZE or not header.startswith(_MAGIC):
            raise DamagedError("the header is not one of ours")
        self._cipher = _cipher(key, header, object_id)
        self._index = 0

    def open(self, sealed: bytes, *, last: bool) -> bytes:
        """One chunk; `last` says whether the file ends after it."""
        try:
            plain = self._cipher.decrypt(_nonce(self._index, last=last), sealed, None)
        except (InvalidTag, ValueError) as error:
            raise DamagedError(f"chunk {self._index} does not open") from error
        self._index += 1
        return plain


def _cipher(key: bytes, header: bytes, object_id: str) -> AESGCM:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=header[-SALT_SIZE:], info=header + object_id.encode())
    return AESGCM(derivation.derive(key))


def _nonce(index: int, *, last: bool) -> bytes:
    return index.to_bytes(11, "big") + (b"\x01" if last else b"\0")
