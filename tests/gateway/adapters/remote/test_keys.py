"""RemoteKeys by the real library, held to the promises that its fake keeps too."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.adapters.remote import P256Keys
from gateway.services.ports import RemoteKeys
from tests.fakes_remote import FakeRemoteKeys


@pytest.fixture(params=["real", "fake"])
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> RemoteKeys:
    return P256Keys(tmp_path) if request.param == "real" else FakeRemoteKeys()


def test_what_it_signs_it_verifies(keys: RemoteKeys) -> None:
    signature = keys.sign(b"text")
    assert len(signature) == 64
    assert keys.verify(keys.public_key, b"text", signature)
    assert keys.is_key(keys.public_key)


@pytest.mark.parametrize("signature", [b"", b"\x00" * 64, b"\xff" * 64, b"\x00" * 63, b"\x01" * 65])
def test_nothing_else_is_a_signature(keys: RemoteKeys, signature: bytes) -> None:
    assert not keys.verify(keys.public_key, b"text", signature)
    assert not keys.verify(keys.public_key, b"text", keys.sign(b"other"))


@pytest.mark.parametrize("key", [b"", b"\x30\x00", b"x" * 10_000])
def test_nothing_else_is_a_key(keys: RemoteKeys, key: bytes) -> None:
    assert not keys.is_key(key)
    assert not keys.verify(key, b"text", keys.sign(b"text"))


def test_keys_of_other_kinds_are_none(tmp_path: Path) -> None:
    keys = P256Keys(tmp_path)
    for other in (ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)):
        assert not keys.is_key(other.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def test_the_key_stays_the_same_in_a_file_of_its_own(tmp_path: Path) -> None:
    assert P256Keys(tmp_path).public_key == P256Keys(tmp_path).public_key
    assert (tmp_path / "remote").stat().st_mode & 0o777 == 0o400
    assert P256Keys(tmp_path / "other").public_key != P256Keys(tmp_path).public_key
