"""Passwords are slow to guess, and worthless without the pepper."""

import asyncio
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.adapters import hasher as module
from gateway.adapters.hasher import Argon2Hasher
from gateway.errors import Busy, Locked

SMALL = 64  # KiB: these tests ask what is hashed, not how slowly


@pytest.fixture
def hasher(tmp_path: Path) -> Iterator[Argon2Hasher]:
    made = Argon2Hasher(tmp_path, create_if_new=True, memory_kib=SMALL)
    yield made
    made.close()


async def test_a_password_is_known_again_and_another_is_not(hasher: Argon2Hasher) -> None:
    hashed = await hasher.hash("correct horse")
    assert hashed.startswith("$argon2id$v=19$")
    assert await hasher.verify(hashed, "correct horse")
    assert not await hasher.verify(hashed, "correct hors")


async def test_two_hashes_of_one_password_differ(hasher: Argon2Hasher) -> None:
    assert await hasher.hash("1234") != await hasher.hash("1234")


@pytest.mark.parametrize("text", ["", "fake$1", "$argon2id$v=19$m=64,t=2,p=1$AAAA", "$2b$12$abcdefghijklmnopqrstuv"])
async def test_a_text_that_is_no_hash_of_ours_is_nobodys(hasher: Argon2Hasher, text: str) -> None:
    assert not await hasher.verify(text, "1234")


async def test_any_text_can_be_a_password(hasher: Argon2Hasher) -> None:
    for secret in ("", "\0", "päss wörd", "\ud800", "x" * 100_000):
        assert await hasher.verify(await hasher.hash(secret), secret)


async def test_another_pepper_makes_another_hash(hasher: Argon2Hasher, tmp_path: Path) -> None:
    other = Argon2Hasher(tmp_path / "other", create_if_new=True, memory_kib=SMALL)
    hashed = await hasher.hash("1234")
    assert not await other.verify(hashed, "1234")
    assert hasher.lookup("pin", "1234") != other.lookup("pin", "1234")
    other.close()


def test_lookups_are_stable_and_apart_for_each_purpose(hasher: Argon2Hasher, tmp_path: Path) -> None:
    again = Argon2Hasher(tmp_path)
    assert again.lookup("pin", "1234") == hasher.lookup("pin", "1234")
    assert hasher.lookup("card", "1234") != hasher.lookup("pin", "1234")
    assert len(bytes.fromhex(hasher.lookup("pin", "1234"))) == 32
    again.close()


async def test_without_the_pepper_nothing_is_checked_and_none_is_made(tmp_path: Path) -> None:
    hasher = Argon2Hasher(tmp_path / "keys")
    for check in (hasher.hash("x"), hasher.verify("y", "x")):
        with pytest.raises(Locked, match="pepper is missing"):
            await check
    with pytest.raises(Locked):
        hasher.lookup("pin", "1")
    assert not (tmp_path / "keys").exists()
    hasher.close()


def test_the_pepper_is_closed_to_others(hasher: Argon2Hasher, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "pepper").stat().st_mode) == 0o400


async def test_too_many_at_once_are_told_to_come_again(hasher: Argon2Hasher) -> None:
    tries = await asyncio.gather(*(hasher.hash(str(n)) for n in range(module.MAX_WAITING + 1)), return_exceptions=True)
    assert [type(outcome) for outcome in tries].count(Busy) == 1
    assert isinstance(tries[-1], Busy)
    assert await hasher.hash("later")
