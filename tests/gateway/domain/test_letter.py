"""What may be an address and a letter, and what becomes of hostile words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.letter import LETTERS, MAX_VALUE, Letter, check_letter, folded, mail_address, one_line
from gateway.errors import BadRequest

HOSTILE = "Bericht\r\nBcc: all@example.org\r\n\r\n\u202egnp.exe\u2066<b>\x00"


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("ann@example.org", "ann@example.org"),
        (" Ann.Bee+print@Example.ORG ", "Ann.Bee+print@example.org"),
        ("o'hara@print-it.example", "o'hara@print-it.example"),
        ("root@localhost", "root@localhost"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
    ],
)
def test_an_address_has_one_normal_form(text: str, normal: str) -> None:
    assert mail_address(text) == normal
    assert mail_address(normal) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "@example.org",
        "ann@",
        "a b@example.org",
        "ann@example.org\r\nBcc: all@example.org",
        "ann@example.org, bob@example.org",
        "ann@example.org>",
        '"ann"@example.org',
        "ann@[127.0.0.1]",
        "ann@-example.org",
        "ann@example..org",
        "ann.@example.org",
        "ann@exa\u202emple.org",
        "änn@example.org",
        f"{'a' * 65}@example.org",
        f"ann@{'a' * 64}.org",
        f"ann@{'a.' * 126}org",
        "ann\x00@example.org",
        "|sh@example.org",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        mail_address(text)
    assert "\n" not in str(refused.value)


@given(st.text(max_size=80))
def test_no_text_becomes_two_lines_or_two_recipients(text: str) -> None:
    try:
        address = mail_address(text)
    except BadRequest:
        return
    assert address.isascii()
    assert address.isprintable()
    assert not set(address) & set(' ,;<>"\\()[]:')
    assert address.count("@") == 1


@given(st.text(max_size=300))
def test_a_value_is_one_printable_line(text: str) -> None:
    line = one_line(text, 100)
    assert len(line) <= 100
    assert len(line.splitlines()) <= 1
    assert not set(line) & set("\x00\r\n\u202e\u2066\u2069\u200f")


def test_hostile_words_stay_readable() -> None:
    assert one_line(HOSTILE) == "Bericht Bcc: all@example.org gnp.exe<b>"
    assert one_line("x" * 300, 10) == "x" * 9 + "…"


def test_addresses_compare_without_case() -> None:
    assert folded("Ann@Example.org") == folded("ann@example.ORG")


def test_a_letter_is_checked_before_it_is_kept() -> None:
    with pytest.raises(BadRequest, match="no letter"):
        check_letter(Letter(kind="../test", to="ann@example.org"))
    with pytest.raises(BadRequest, match="lacks link"):
        check_letter(Letter(kind="sign-in-link", to="ann@example.org", values={"minutes": "5", "browser": "x"}))
    with pytest.raises(BadRequest, match="not a mail address"):
        check_letter(Letter(kind="test", to="ann"))
    with pytest.raises(BadRequest, match="longer"):
        check_letter(Letter(kind="test", to="ann@example.org", values={"x": "y" * (MAX_VALUE + 1)}))
    assert check_letter(Letter(kind="test", to="ANN@EXAMPLE.org")).to == "ANN@example.org"
    assert "test" in LETTERS
