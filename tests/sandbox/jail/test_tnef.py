"""winmail.dat: what Outlook packed is found again, and damage ends in a refusal."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.errors import Broken, SandboxError, TooLarge
from sandbox.jail import tnef
from tests.sandbox.formats.winmail import HIDDEN, MESSAGE, STORAGE, a_file, an_object, attribute, properties, winmail

INNER = winmail(a_file("inner.csv", b"a;b\n"), html="<p>Grüße</p>".encode(), subject="inner")
WHOLE = winmail(
    a_file("Überblick und Zahlen.pdf", b"%PDF-1.7 x", title="UEBERB~1.PDF"),
    a_file("image001.png", b"\x89PNG", (HIDDEN, True)),
    an_object("chart", STORAGE, b"\xd0\xcf\x11\xe0"),
    an_object("forwarded", MESSAGE, INNER),
    text="Büro",
    subject="Zahlen",
)


def test_files_texts_and_mails_in_it() -> None:
    found = tnef.contents(WHOLE)
    assert (found.subject, found.text, found.html) == ("Zahlen", "Büro", "")
    assert [(file.name, file.data, file.inline) for file in found.files] == [
        ("Überblick und Zahlen.pdf", b"%PDF-1.7 x", False),
        ("image001.png", b"\x89PNG", True),
        ("chart", b"\xd0\xcf\x11\xe0", False),
        ("forwarded", b"", False),
    ]
    inner = found.files[3].message
    assert inner is not None
    assert (inner.subject, inner.html) == ("inner", "<p>Grüße</p>")
    assert [(file.name, file.data) for file in inner.files] == [("inner.csv", b"a;b\n")]


def test_lines_behind_it_are_passed_over() -> None:
    assert tnef.contents(WHOLE + b"\r\n--\r\nsent by a gateway\r\n") == tnef.contents(WHOLE)


def test_a_text_in_another_codepage() -> None:
    russian = attribute(0x9007, (1251).to_bytes(8, "little")) + attribute(0x800C, "Привет".encode("cp1251"), kind=2)
    assert tnef.contents(WHOLE[:6] + russian).text == "Привет"


@pytest.mark.parametrize("data", [b"", b"\x78\x9f", b"%PDF-1.7", WHOLE[: len(WHOLE) // 2]])
def test_what_is_none_or_ends_too_early(data: bytes) -> None:
    with pytest.raises(Broken):
        tnef.contents(data)


def test_an_unknown_type_is_not_guessed_over() -> None:
    with pytest.raises(Broken):
        tnef.contents(WHOLE[:6] + attribute(0x9003, properties([(0x37, "x")]).replace(b"\x1f\0", b"\x77\0")))


def test_bombs_are_refused() -> None:
    with pytest.raises(TooLarge):
        tnef.contents(WHOLE[:6] + attribute(0x8000, b"") * 30_000)
    nested = INNER
    for _ in range(8):
        nested = winmail(an_object("deeper", MESSAGE, nested))
    with pytest.raises(TooLarge):
        tnef.contents(nested)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=12), st.floats(0.01, 1))
def test_noise_gives_contents_or_a_refusal(changes: list[tuple[float, int]], kept: float) -> None:
    data = bytearray(WHOLE)
    for place, value in changes:
        data[int(place * len(data))] = value
    with contextlib.suppress(SandboxError):
        tnef.contents(bytes(data[: int(kept * len(data))]))
