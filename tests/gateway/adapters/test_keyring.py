"""The key-encryption key is made once, kept closed, and never made anew over data."""

import stat
from pathlib import Path

import pytest

from gateway.adapters.keyring import FileKeyring
from gateway.adapters.secret_file import create_secret, read_secret
from gateway.errors import Locked, StartupError


def test_a_new_installation_gets_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    keyring = FileKeyring(tmp_path / "keys", create_if_new=True)
    assert not keyring.locked
    assert stat.S_IMODE((tmp_path / "keys" / "kek").stat().st_mode) == 0o400
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["kek"]


def test_a_missing_key_over_existing_data_locks_and_is_not_made_anew(tmp_path: Path) -> None:
    keyring = FileKeyring(tmp_path / "keys")
    assert keyring.locked
    with pytest.raises(Locked, match=r"kek is missing.*backup"):
        keyring.new_key()
    with pytest.raises(Locked):
        keyring.unwrap(b"anything")
    assert not (tmp_path / "keys").exists()


def test_a_wrapped_key_opens_after_a_restart(tmp_path: Path) -> None:
    plain, wrapped = FileKeyring(tmp_path, create_if_new=True).new_key()
    assert len(plain) == 32
    assert plain not in wrapped
    assert FileKeyring(tmp_path).unwrap(wrapped) == plain


def test_keys_differ_and_so_do_two_wraps(tmp_path: Path) -> None:
    keyring = FileKeyring(tmp_path, create_if_new=True)
    made = [keyring.new_key() for _ in range(50)]
    assert len({plain for plain, _ in made}) == len({wrapped for _, wrapped in made}) == 50


def test_a_key_wrapped_elsewhere_says_which_file_to_restore(tmp_path: Path) -> None:
    _, wrapped = FileKeyring(tmp_path / "one", create_if_new=True).new_key()
    other = FileKeyring(tmp_path / "two", create_if_new=True)
    with pytest.raises(Locked, match="two/kek"):
        other.unwrap(wrapped)


@pytest.mark.parametrize("place", range(5, 65, 7))
def test_a_changed_octet_is_noticed(tmp_path: Path, place: int) -> None:
    keyring = FileKeyring(tmp_path, create_if_new=True)
    _, wrapped = keyring.new_key()
    damaged = bytearray(wrapped)
    damaged[place] ^= 1
    with pytest.raises(Locked, match="damaged"):
        keyring.unwrap(bytes(damaged))


@pytest.mark.parametrize("size", [0, 4, 5, 17, 30])
def test_a_shortened_wrapped_key_is_noticed(tmp_path: Path, size: int) -> None:
    keyring = FileKeyring(tmp_path, create_if_new=True)
    with pytest.raises(Locked):
        keyring.unwrap(keyring.new_key()[1][:size])


def test_a_key_open_to_others_stops_the_start(tmp_path: Path) -> None:
    FileKeyring(tmp_path, create_if_new=True)
    (tmp_path / "kek").chmod(0o440)
    with pytest.raises(StartupError, match="chmod 0400"):
        FileKeyring(tmp_path)


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_damaged_key_file_stops_the_start(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "kek").write_bytes(content)
    (tmp_path / "kek").chmod(0o400)
    with pytest.raises(StartupError, match="damaged"):
        FileKeyring(tmp_path, create_if_new=True)


def test_of_two_processes_that_make_the_key_both_use_the_same(tmp_path: Path) -> None:
    first = create_secret(tmp_path / "kek")
    assert create_secret(tmp_path / "kek") == first == read_secret(tmp_path / "kek")
