"""Keyring and Hasher: keys that only their keyring opens, secrets that can be checked and not read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.adapters.hasher import Argon2Hasher
from gateway.adapters.keyring import FileKeyring
from gateway.errors import Locked
from gateway.services.ports import Hasher, Keyring
from tests.fakes import FakeHasher, FakeKeyring


@pytest.fixture(params=["fake", "file"])
def keyring(request: pytest.FixtureRequest, tmp_path: Path) -> Keyring:
    return FakeKeyring() if request.param == "fake" else FileKeyring(tmp_path, create_if_new=True)


@pytest.fixture(params=["fake", "file"])
def locked(request: pytest.FixtureRequest, tmp_path: Path) -> Keyring:
    if request.param == "file":
        return FileKeyring(tmp_path)
    keyring = FakeKeyring()
    keyring.locked = True
    return keyring


@pytest.fixture(params=["fake", "argon2"])
def hasher(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hasher]:
    if request.param == "fake":
        yield FakeHasher()
        return
    argon2 = Argon2Hasher(tmp_path, create_if_new=True, memory_kib=1024)
    yield argon2
    argon2.close()


def test_each_key_is_new_and_comes_back_unwrapped(keyring: Keyring) -> None:
    made = [keyring.new_key() for _ in range(5)]
    assert {len(plain) for plain, _ in made} == {32}
    assert len({plain for plain, _ in made}) == len({wrapped for _, wrapped in made}) == 5
    assert [keyring.unwrap(wrapped) for _, wrapped in made] == [plain for plain, _ in made]
    assert not keyring.locked


def test_what_was_not_wrapped_here_is_locked(keyring: Keyring) -> None:
    with pytest.raises(Locked):
        keyring.unwrap(b"something else")


def test_without_its_key_a_keyring_is_locked(locked: Keyring) -> None:
    assert locked.locked
    with pytest.raises(Locked):
        locked.new_key()
    with pytest.raises(Locked):
        locked.unwrap(b"wrapped:")


@pytest.mark.parametrize("secret", ["123456", "", "Pässwörd \N{KEY}", "x" * 1000], ids=len)
async def test_a_secret_is_known_again_and_not_in_its_hash(hasher: Hasher, secret: str) -> None:
    hashed = await hasher.hash(secret)
    assert await hasher.verify(hashed, secret)
    assert not await hasher.verify(hashed, secret + "x")
    assert not secret or secret not in hashed


async def test_a_text_that_is_no_hash_is_nobodys(hasher: Hasher) -> None:
    for text in ("", "x", "$argon2id$v=19$broken"):
        assert not await hasher.verify(text, "secret")


def test_a_lookup_is_the_same_for_one_purpose_only(hasher: Hasher) -> None:
    pin = hasher.lookup("pin", "123456")
    assert pin == hasher.lookup("pin", "123456")
    assert pin not in {hasher.lookup("card", "123456"), hasher.lookup("pin", "123457")}
    assert int(pin, 16) >= 0
    assert "123456" not in pin
