"""Card numbers as readers write them: one card in many writings is one number, and nonsense is none."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.card_numbers import FORMATS, STEPS, in_sequence, parse, transformed
from gateway.errors import BadRequest

# One card: UID 04 A2 19 7F.
WRITINGS = [
    ("uid", "04:A2:19:7F"),
    ("uid", "04a2197f\r\n"),
    ("uid-reversed", "7F19A204"),
    ("uid-dec", "0077732223"),
    ("uid-dec", "77732223"),
    ("uid-dec-reversed", "2132386308"),
]


@pytest.mark.parametrize(("name", "sent"), WRITINGS)
def test_one_card_in_many_writings(name: str, sent: str) -> None:
    assert transformed(sent, parse(name)) == "04A2197F"


@pytest.mark.parametrize(
    ("line", "sent", "number"),
    [
        ("", "  abc ", "ABC"),
        ("em-facility", "118,41599", "76A27F"),
        ("em-facility", "11841599", "76A27F"),
        ("em-serial", "0F 00 21 65 A1 EA", "0F002165A1"),
        ("track2", ";5301250012345678=99121010000?", "5301250012345678"),
        ("barcode-luhn", "79927398713", "7992739871"),
        ("skip:2|take:4", "XX12345", "1234"),
        ("last:4", "0012345", "2345"),
        ("to-dec:10", "04A2197F", "0077732223"),
        ("mask:00FFFFFF", "04A2197F", "00A2197F"),
        ("bits:8:16", "04A2197F", "A219"),
        ("reverse-bits", "01F0", "800F"),
        ("reverse-nibbles", "04A2", "402A"),
        ("prefix:ab | suffix:0c", "1234", "AB12340C"),
        ("unprefix:ab|unsuffix:cd", "AB1234CD", "1234"),
        ("checksum:sum", "010203", "0102"),
    ],
)
def test_each_step(line: str, sent: str, number: str) -> None:
    assert transformed(sent, parse(line)) == number


def wiegand(value: int, size: int) -> str:
    """With its parity bits: even over the first half, odd over the second."""
    inner = f"{value:0{size - 2}b}"
    half = len(inner) // 2
    return f"{inner[:half].count('1') % 2}{inner}{1 - inner[half:].count('1') % 2}"


@given(st.integers(0, 2**24 - 1))
def test_wiegand_26_keeps_facility_and_number_and_trusts_no_bit(value: int) -> None:
    sent = wiegand(value, 26)
    assert transformed(sent, parse("wiegand26")) == f"{value:06X}"
    assert transformed(f"{int(sent, 2):07X}", parse("wiegand26")) == f"{value:06X}"
    assert transformed(sent, parse("wiegand26-number")) == f"{value & 0xFFFF:04X}"
    for bit in (0, 7, 20, 25):
        wrong = sent[:bit] + str(1 - int(sent[bit])) + sent[bit + 1 :]
        with pytest.raises(BadRequest, match="parity"):
            transformed(wrong, parse("wiegand26"))


@given(st.integers(0, 2**32 - 1))
def test_wiegand_34(value: int) -> None:
    assert transformed(wiegand(value, 34), parse("wiegand34")) == f"{value:08X}"


@given(st.binary(min_size=4, max_size=10))
def test_every_writing_of_octets_leads_back(uid: bytes) -> None:
    digits = len(uid) * 2
    assert transformed(uid[::-1].hex(), parse("uid-reversed")) == uid.hex().upper()
    assert transformed(str(int.from_bytes(uid)), parse(f"dec:{digits}")) == uid.hex().upper()
    twice = transformed(uid.hex(), parse("reverse-bits | reverse-bits | reverse-nibbles | reverse-nibbles"))
    assert twice == uid.hex().upper()


@example("_", "uid")
@given(st.text(max_size=250), st.sampled_from([*FORMATS, "mask:FF", "bits:0:8", "facility", "checksum:sum", "dec:4"]))
def test_whatever_a_reader_sends_is_a_number_or_a_refusal(sent: str, line: str) -> None:
    with suppress(BadRequest):
        assert transformed(sent, parse(line))


@pytest.mark.parametrize("line", ["fly", "skip", "skip:x:y", "take:1:2", "between:;", "|", "dec:8|", "strip|" * 200])
def test_a_line_that_is_none(line: str) -> None:
    with pytest.raises(BadRequest):
        parse(line)


@pytest.mark.parametrize("line", ["skip:999", "take:0", "mask:XYZ", "bits:999:1", "checksum:crc", "dec:999"])
def test_values_that_make_no_sense_are_refused_with_the_tap(line: str) -> None:
    with pytest.raises(BadRequest):
        transformed("04A2197F", parse(line))


def test_formats_are_lines_of_known_steps() -> None:
    for text, line in FORMATS.values():
        assert text
        assert {step.word for step in parse(line)} <= set(STEPS)
        assert "|".join(map(str, parse(line))) == line


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([1, 2, 3, 4, 5], True),
        ([900, 7, 6, 5, 4, 3], True),
        ([16, 32, 48, 64, 80], True),
        ([1, 2, 3, 4], False),
        ([5, 5, 5, 5, 5], False),
        ([1, 2, 3, 4, 6], False),
        ([100, 200, 300, 400, 500], False),
    ],
)
def test_a_sequence_is_told_from_a_pocket_full_of_cards(values: list[int], found: bool) -> None:
    assert in_sequence(values) is found
