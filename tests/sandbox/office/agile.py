"""Locks a package with a password the way Office does since 2010: agile encryption (MS-OFFCRYPTO section 2.3.4.10)."""

import hashlib
import hmac
import os
import struct
from base64 import b64encode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.sandbox.formats.compound import compound_file

_BLOCK, _KEY, _SEGMENT, _SPINS = 16, 32, 4096, 2000
# Section 2.3.4.11 to 2.3.4.14.
_VERIFIER_INPUT = bytes.fromhex("fea7d2763b4b9e79")
_VERIFIER_HASH = bytes.fromhex("d7aa0f6d3061344e")
_PACKAGE_KEY = bytes.fromhex("146e0be7abacd0d6")
_HMAC_KEY = bytes.fromhex("5fb2ad010cb9e1f6")
_HMAC_VALUE = bytes.fromhex("a0677f02b22c8433")
_SPACE = "http://schemas.microsoft.com/office/2006"


def locked(package: bytes, password: str) -> bytes:
    """A compound file that holds the package, of 4,096 octets or more, under AES-256 with SHA-512."""
    assert len(package) >= _SEGMENT, "a shorter stream would be filled up, and what fills it be taken for content"
    key, salt, password_salt = os.urandom(_KEY), os.urandom(_BLOCK), os.urandom(_BLOCK)
    content = struct.pack("<Q", len(package)) + b"".join(
        _aes(key, _hash(salt, struct.pack("<I", number))[:_BLOCK], package[start : start + _SEGMENT])
        for number, start in enumerate(range(0, len(package), _SEGMENT))
    )
    info = struct.pack("<HHI", 4, 4, 0x40) + _described(key, salt, password_salt, password, content).encode()
    return compound_file({"EncryptionInfo": info.ljust(_SEGMENT, b" "), "EncryptedPackage": content})


def _described(key: bytes, salt: bytes, password_salt: bytes, password: str, content: bytes) -> str:
    verifier, mac_key = os.urandom(_BLOCK), os.urandom(64)
    mac = hmac.new(mac_key, content, "sha512").digest()
    start = _spun(password_salt, password)

    def under_password(purpose: bytes, data: bytes) -> str:
        return _text(_aes(_hash(start, purpose)[:_KEY], password_salt, data))

    def under_key(purpose: bytes, data: bytes) -> str:
        return _text(_aes(key, _hash(salt, purpose)[:_BLOCK], data))

    common = (
        f'saltSize="{_BLOCK}" blockSize="{_BLOCK}" keyBits="{_KEY * 8}" hashSize="64" cipherAlgorithm="AES" '
        'cipherChaining="ChainingModeCBC" hashAlgorithm="SHA512"'
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
        f'<encryption xmlns="{_SPACE}/encryption" xmlns:p="{_SPACE}/keyEncryptor/password">'
        f'<keyData {common} saltValue="{_text(salt)}"/>'
        f'<dataIntegrity encryptedHmacKey="{under_key(_HMAC_KEY, mac_key)}" '
        f'encryptedHmacValue="{under_key(_HMAC_VALUE, mac)}"/>'
        f'<keyEncryptors><keyEncryptor uri="{_SPACE}/keyEncryptor/password"><p:encryptedKey spinCount="{_SPINS}" '
        f'{common} saltValue="{_text(password_salt)}" '
        f'encryptedVerifierHashInput="{under_password(_VERIFIER_INPUT, verifier)}" '
        f'encryptedVerifierHashValue="{under_password(_VERIFIER_HASH, _hash(verifier))}" '
        f'encryptedKeyValue="{under_password(_PACKAGE_KEY, key)}"/></keyEncryptor></keyEncryptors></encryption>'
    )


def _spun(salt: bytes, password: str) -> bytes:
    found = _hash(salt, password.encode("utf-16-le"))
    for number in range(_SPINS):
        found = _hash(struct.pack("<I", number), found)
    return found


def _hash(*parts: bytes) -> bytes:
    return hashlib.sha512(b"".join(parts)).digest()


def _aes(key: bytes, vector: bytes, data: bytes) -> bytes:
    """Filled up with zeros to whole blocks."""
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return encryptor.update(data.ljust(-(-len(data) // _BLOCK) * _BLOCK, b"\0")) + encryptor.finalize()


def _text(data: bytes) -> str:
    return b64encode(data).decode()
