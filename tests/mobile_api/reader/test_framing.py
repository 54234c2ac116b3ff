"""Octets and keys of readers, cut wherever the wire likes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobile_api.reader.framing import ENTER, KEYS, LONGEST, Keys, Lines


@pytest.mark.parametrize(
    ("data", "taps"),
    [
        (b"04A2197F\r\n", ["04A2197F"]),
        (b"\x0204A2197F\r\n\x03", ["04A2197F"]),
        (b"1\n\n2\r3\x03", ["1", "2", "3"]),
        (b" 04 A2 \n", ["04 A2"]),
        (b"x" * (LONGEST + 2) + b"\n7\n", ["7"]),
        (b"x" * 5000 + b"\x027\n", ["7"]),
        (b"", []),
        (b"\xff\xfe\n", ["ÿþ"]),
    ],
)
def test_lines(data: bytes, taps: list[str]) -> None:
    assert list(Lines().feed(data)) == taps
    lines = Lines()
    assert [tap for octet in data for tap in lines.feed(bytes([octet]))] == taps


def test_a_reader_that_ends_by_silence() -> None:
    lines = Lines()
    assert not lines.pending
    assert list(lines.feed(b"0123")) == []
    assert lines.pending
    assert list(lines.flush()) == ["0123"]
    assert list(lines.flush()) == []


@given(st.binary(max_size=500))
def test_whatever_comes_is_short_and_has_no_ends(data: bytes) -> None:
    for tap in Lines().feed(data):
        assert 0 < len(tap) <= LONGEST
        assert not set(tap) & {"\r", "\n", "\x03"}


def pressed(keys: Keys, text: str) -> list[str]:
    codes = {signs[0]: (code, False) for code, signs in KEYS.items()}
    codes |= {signs[1]: (code, True) for code, signs in KEYS.items() if signs[1] != signs[0]}
    taps = []
    for sign in text:
        code, shifted = (28, False) if sign == "\n" else codes[sign]
        for one, value in [*([(42, 1)] if shifted else []), (code, 1), (code, 0), *([(42, 0)] if shifted else [])]:
            tap = keys.feed(one, value)
            if tap is not None:
                taps.append(tap)
    return taps


def test_a_reader_that_types() -> None:
    keys = Keys()
    assert pressed(keys, "04A2197F\n;123=?\n\n") == ["04A2197F", ";123=?"]
    assert keys.feed(1, 1) is None, "escape is no sign of a card"
    assert [keys.feed(code, 1) for code in (79, 80, 96)] == [None, None, "12"], "the number pad"
    assert {28, 96} == ENTER


def test_who_types_for_ever_fills_nothing() -> None:
    keys = Keys()
    for _ in range(5000):
        keys.feed(2, 1)
    assert keys.feed(28, 1) is None
    assert pressed(keys, "7\n") == ["7"]
