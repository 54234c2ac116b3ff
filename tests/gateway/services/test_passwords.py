"""Rules for new passwords: what is too short, too common, or the owner's own name."""

import hashlib
from pathlib import Path

import pytest

from gateway.adapters.leaked_passwords import LeakedFile
from gateway.errors import BadRequest, StartupError
from gateway.services.passwords import check_new_password, is_common, kinds
from gateway.settings import Passwords
from tests.builders import a_user

ALICE = a_user("alice.ode", full_name="Alice Margarete Ode", email="margarete@example.org")


async def check(password: str, *, leaked: Path | None = None, **rules: int) -> str:
    return await check_new_password(password, ALICE, Passwords(**rules), LeakedFile(leaked))  # type: ignore[arg-type]  # reason: names settings


@pytest.mark.parametrize(
    "password", ["correct horse battery", "Tr0ub4dor&3x", "日本語のパスワード", "nine yellow ducks", "x7#kQ!p2"]
)
async def test_what_may_be_one(password: str) -> None:
    assert await check(password) == password


@pytest.mark.parametrize(
    "password",
    [
        "", "x7#kQ!p", "password", "Passw0rd!", "P@ssw0rd123", "passwort2026", "12345678", "87654321", "qwertzuiop",
        "1qwertyuiop1", "aaaaaaaa", "abcabcabc", "Sommer2026!", "drucker1234", "!!!admin!!!", "q-w-e-r-t-y-u", "00000000",
        "LetMeIn!!", "motdepasse1", "abababab", "x" * 1025,
    ],
)  # fmt: skip
async def test_what_everybody_tries_first(password: str) -> None:
    with pytest.raises(BadRequest) as refused:
        await check(password)
    said = str(refused.value)
    assert password in {"", "password"} or password not in said, "what was typed is never said back"


@pytest.mark.parametrize("password", ["alice.ode1", "ALICE.ODE!!", "margarete99", "Alice-Margarete", "2026margarete"])
async def test_never_the_name(password: str) -> None:
    with pytest.raises(BadRequest, match="name"):
        await check(password)


async def test_a_name_among_other_words_is_fine() -> None:
    assert await check("alice rides seven bicycles")


async def test_the_house_may_ask_for_more() -> None:
    with pytest.raises(BadRequest, match="at least 14"):
        await check("nine ducks xyz"[:13], shortest=14)
    with pytest.raises(BadRequest, match="3 kinds"):
        await check("nineyellowducks1", kinds=3)
    assert await check("Nineyellowducks1", kinds=3)


def test_kinds_of_characters() -> None:
    assert [kinds(text) for text in ("abc", "aB", "aB1", "aB1 ", "日本", "")] == [1, 2, 3, 4, 1, 0]


@pytest.mark.parametrize("line", ["nine yellow ducks", "SHA1", "SHA1:17", "PREFIX"])
async def test_a_list_of_words_or_hashes(tmp_path: Path, line: str) -> None:
    digest = hashlib.sha1(b"nine yellow ducks", usedforsecurity=False).hexdigest().upper()
    text = line.replace("SHA1", digest).replace("PREFIX", digest[:12])
    file = tmp_path / "leaked.txt"
    file.write_text(f"something else\r\n{text}\r\n", encoding="utf-8")
    with pytest.raises(BadRequest, match="tried first"):
        await check("nine yellow ducks", leaked=file)
    assert await check("ten yellow ducks", leaked=file)


async def test_a_prefix_that_is_too_short_fits_nobody(tmp_path: Path) -> None:
    file = tmp_path / "leaked.txt"
    file.write_text(hashlib.sha1(b"nine yellow ducks", usedforsecurity=False).hexdigest()[:6], encoding="utf-8")
    assert await check("nine yellow ducks", leaked=file)


def test_a_list_that_is_not_there_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="leaked"):
        LeakedFile(tmp_path / "nothing")


async def test_a_list_that_vanished_later_locks_nobody_out(tmp_path: Path) -> None:
    file = tmp_path / "leaked.txt"
    file.write_text("x", encoding="utf-8")
    leaked = LeakedFile(file)
    file.unlink()
    assert not await leaked.holds("nine yellow ducks")


def test_dressing_up_hides_no_common_word() -> None:
    assert is_common("_Pa$$w0rd_")
    assert is_common("Dr4g0n!!")
    assert not is_common("dragonfly lamp")
