"""What the decoder refuses, where, and what it lets pass (RFC 8010 section 3, RELIABILITY: bounded parser)."""

from collections import deque

import pytest

from ipp.wire import Attribute, DecodeError, Decoder, Group, GroupTag, Limits, ValueTag, decode
from tests.ipp.wire.samples import CHARSET, HEADER, PRINT_JOB, PRINT_JOB_OCTETS, element

GROUP = HEADER + b"\x01"
BEGIN = element(0x34, b"", b"")
END = element(0x37, b"", b"")


def member(name: bytes) -> bytes:
    return element(0x4A, b"", name)


def one(octets: bytes) -> Attribute:
    """Decode the elements as the only attribute of a message."""
    message, _ = decode(GROUP + octets + b"\x03")
    (attribute,) = message.groups[0].attributes
    return attribute


REFUSED = {
    "reserved tag": (HEADER + b"\x00", 8, "the reserved tag 0"),
    "attribute before group": (HEADER + CHARSET, 11, "before any group"),
    "value before group": (HEADER + element(0x21, b"", b"\0\0\0\1"), 8, "a value without a name"),
    "first attribute without name": (GROUP + element(0x21, b"", b"\0\0\0\1"), 9, "a value without a name"),
    "value after a group without name": (GROUP + CHARSET + b"\x02" + element(0x44, b"", b"a"), 38, "without a name"),
    "name not ASCII": (GROUP + element(0x21, b"copi\xc3\xa9", b"\0\0\0\1"), 12, "not US-ASCII"),
    "integer of 3": (GROUP + element(0x21, b"copies", b"\0\0\1"), 20, "'copies' has 3 octets where 4 are needed"),
    "enum of 5": (GROUP + element(0x23, b"copies", b"\0\0\0\0\1"), 20, "has 5 octets where 4 are needed"),
    "boolean of 0": (GROUP + element(0x22, b"b", b""), 15, "has 0 octets where 1 are needed"),
    "boolean of 2": (GROUP + element(0x22, b"b", b"\x02"), 15, "neither 0 nor 1"),
    "text not UTF-8": (GROUP + element(0x41, b"t", b"a\xff"), 15, "'t' is not valid UTF-8"),
    "surrogates": (GROUP + element(0x41, b"t", b"\xed\xa0\x80"), 15, "'t' is not valid UTF-8"),
    "keyword not UTF-8": (GROUP + element(0x44, b"t", b"\xc3"), 15, "'t' is not valid UTF-8"),
    "resolution of 8": (GROUP + element(0x32, b"r", b"\0" * 8), 15, "has 8 octets where 9 are needed"),
    "range of 9": (GROUP + element(0x33, b"r", b"\0" * 9), 15, "has 9 octets where 8 are needed"),
    "language, no length": (GROUP + element(0x35, b"t", b""), 15, "inner lengths"),
    "language beyond the value": (GROUP + element(0x35, b"t", b"\x00\x09en\x00\x01a"), 15, "inner lengths"),
    "text beyond the value": (GROUP + element(0x36, b"t", b"\x00\x02en\x00\x02a"), 15, "inner lengths"),
    "text short of the value": (GROUP + element(0x36, b"t", b"\x00\x02en\x00\x00a"), 15, "inner lengths"),
    "text with language not UTF-8": (GROUP + element(0x35, b"t", b"\x00\x02en\x00\x01\xff"), 15, "UTF-8"),
    "date of 8": (GROUP + element(0x31, b"d", b"\0" * 8), 15, "has 8 octets where 11 are needed"),
    "collection with a value": (GROUP + element(0x34, b"c", b"x"), 9, "delimiter with a value"),
    "end with a value": (GROUP + element(0x34, b"c", b"") + element(0x37, b"", b"x"), 15, "delimiter with a value"),
    "collection without name": (GROUP + BEGIN, 9, "a collection without a name"),
    "member collection without name": (GROUP + element(0x34, b"c", b"") + BEGIN, 15, "a collection without a name"),
    "end without begin": (GROUP + CHARSET + END, 37, "the end of a collection that was not begun"),
    "member outside": (GROUP + CHARSET + member(b"m"), 37, "outside of a collection"),
    "member tag with a name": (GROUP + element(0x4A, b"m", b"m"), 9, "outside of a collection"),
    "member without value": (GROUP + element(0x34, b"c", b"") + member(b"m") + END, 21, "'m' has no value"),
    "two members, one value": (GROUP + element(0x34, b"c", b"") + member(b"m") * 2, 21, "'m' has no value"),
    "member of no name": (GROUP + element(0x34, b"c", b"") + member(b""), 15, "a member name of 0 octets"),
    "member of long name": (GROUP + element(0x34, b"c", b"") + member(b"m" * 256), 15, "a member name of 256"),
    "member name not ASCII": (GROUP + element(0x34, b"c", b"") + member(b"\xff"), 20, "not US-ASCII"),
    "value in place of member": (
        GROUP + element(0x34, b"c", b"") + element(0x21, b"", b"\0\0\0\1"),
        15,
        "a value without a name",
    ),
    "named inside collection": (GROUP + element(0x34, b"c", b"") + CHARSET, 18, "named attribute inside a collection"),
    "named end": (GROUP + element(0x34, b"c", b"") + element(0x37, b"c", b""), 18, "named attribute inside"),
    "end of attributes inside collection": (GROUP + element(0x34, b"c", b"") + b"\x03", 15, "inside a collection"),
    "group inside collection": (GROUP + element(0x34, b"c", b"") + b"\x02", 15, "inside a collection"),
}


@pytest.mark.parametrize(("octets", "offset", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_refusal_names_reason_and_offset(octets: bytes, offset: int, reason: str) -> None:
    decoder = Decoder()
    with pytest.raises(DecodeError) as caught:
        decoder.feed(octets)
    assert reason in caught.value.reason
    assert caught.value.offset == offset
    assert str(caught.value).endswith(f"at offset {offset}")
    assert caught.value.header == ((2, 0), 2, 1)


@pytest.mark.parametrize(
    "octets",
    [
        "07ea 00 14 09 0c 3a 05 2d 03 1e",  # month 0
        "07ea 02 1e 09 0c 3a 05 2d 03 1e",  # 30 February
        "07ea 0b 14 18 0c 3a 05 2d 03 1e",  # hour 24
        "07ea 0b 14 09 3c 3a 05 2d 03 1e",  # minute 60
        "07ea 0b 14 09 0c 3d 05 2d 03 1e",  # second 61
        "07ea 0b 14 09 0c 3a 0a 2d 03 1e",  # deci-second 10
        "07ea 0b 14 09 0c 3a 05 2a 03 1e",  # direction "*"
        "07ea 0b 14 09 0c 3a 05 2d 0f 00",  # 15 hours from UTC
        "07ea 0b 14 09 0c 3a 05 2d 03 3c",  # 60 minutes from UTC
        "0000 0b 14 09 0c 3a 05 2d 03 1e",  # year 0
    ],
)
def test_date_time_out_of_range(octets: str) -> None:
    with pytest.raises(DecodeError, match=r"'d' is out of range for a date and time at offset 15$"):
        decode(GROUP + element(0x31, b"d", bytes.fromhex(octets)) + b"\x03")


def test_a_leap_second_is_the_last_that_datetime_has() -> None:
    value = one(element(0x31, b"d", bytes.fromhex("07e0 0c 1f 17 3b 3c 00 2b 00 00"))).value
    assert str(value) == "2016-12-31 23:59:59+00:00"


def test_nothing_is_not_a_message() -> None:
    with pytest.raises(DecodeError, match=r"at offset 0$") as caught:
        decode(b"")
    assert caught.value.header is None


def test_header_is_known_after_eight_octets() -> None:
    decoder = Decoder()
    assert decoder.feed(PRINT_JOB_OCTETS[:7]) is None
    assert decoder.header is None
    assert decoder.feed(PRINT_JOB_OCTETS[7:8]) is None
    assert decoder.header == ((1, 1), 2, 1)


def test_an_error_stays() -> None:
    decoder = Decoder()
    with pytest.raises(DecodeError, match="reserved"):
        decoder.feed(HEADER + b"\x00")
    with pytest.raises(DecodeError, match="reserved"):
        decoder.feed(b"\x03")
    with pytest.raises(DecodeError, match="reserved"):
        decoder.eof()


def test_a_complete_message_takes_no_more() -> None:
    decoder = Decoder()
    assert decoder.feed(PRINT_JOB_OCTETS + b"doc") == PRINT_JOB
    with pytest.raises(RuntimeError, match="complete"):
        decoder.feed(b"ument")
    assert decoder.trailing == b"doc"


def test_empty_pieces_change_nothing() -> None:
    decoder = Decoder()
    assert decoder.feed(b"") is None
    assert decoder.feed(PRINT_JOB_OCTETS[:30]) is None
    assert decoder.feed(b"") is None
    assert decoder.feed(PRINT_JOB_OCTETS[30:]) == PRINT_JOB


def test_a_long_value_that_drips_in_is_not_read_again_and_again() -> None:
    class Counting(Decoder):
        reads = 0

        def _read(self, data: bytes) -> None:
            self.reads += 1
            super()._read(data)

    octets = GROUP + element(0x30, b"long", bytes(30_000))
    decoder = Counting()
    for at in range(len(octets)):
        decoder.feed(octets[at : at + 1])
    assert decoder.reads < 20


class TestTolerance:
    def test_no_groups(self) -> None:
        assert decode(HEADER + b"\x03")[0].groups == ()

    def test_empty_and_repeated_groups(self) -> None:
        message, _ = decode(HEADER + b"\x01\x02\x02\x03")
        assert [group.tag for group in message.groups] == [1, 2, 2]
        assert list(message.groups_of(GroupTag.JOB)) == [Group(GroupTag.JOB)] * 2

    def test_unknown_group_tag_is_kept(self) -> None:
        message, _ = decode(HEADER + b"\x0f" + CHARSET + b"\x03")
        assert message.groups[0].tag == 0x0F

    @pytest.mark.parametrize("tag", [0x20, 0x24, 0x2F, 0x38, 0x40, 0x43, 0x4B, 0x60, 0x7F, 0x80, 0xFF])
    def test_unknown_value_tag_is_kept_as_octets(self, tag: int) -> None:
        attribute = one(element(tag, b"x", b"\x00\xff"))
        assert attribute == Attribute("x", ValueTag(tag), (b"\x00\xff",))

    @pytest.mark.parametrize("tag", range(0x10, 0x20))
    def test_out_of_band_value_is_none_whatever_it_carries(self, tag: int) -> None:
        for octets in (b"", b"explained"):
            assert one(element(tag, b"x", octets)) == Attribute("x", ValueTag(tag), (None,))

    def test_empty_continuation_value(self) -> None:
        assert one(element(0x44, b"x", b"one") + element(0x44, b"", b"")).values == ("one", "")

    def test_a_name_may_repeat(self) -> None:
        message, _ = decode(GROUP + CHARSET + CHARSET + b"\x03")
        assert len(message.groups[0].attributes) == 2

    def test_wrong_version_and_request_id_are_the_server_s_to_refuse(self) -> None:
        message, _ = decode(bytes.fromhex("0000 ffff ffffffff 03"))
        assert (message.version, message.code, message.request_id) == ((0, 0), 0xFFFF, -1)


class TestLimits:
    def test_depth(self) -> None:
        def nested(depth: int) -> bytes:
            inner = (member(b"m") + BEGIN) * (depth - 1) + END * (depth - 1)
            return GROUP + element(0x34, b"c", b"") + inner + END + b"\x03"

        decode(nested(8))
        with pytest.raises(DecodeError, match=r"nested deeper than 8 at offset \d+$"):
            decode(nested(9))
        with pytest.raises(DecodeError, match="nested deeper than 2 "):
            decode(nested(3), Limits(depth=2))

    def test_attributes(self) -> None:
        limits = Limits(attributes=4)
        decode(GROUP + CHARSET * 3 + b"\x03", limits)
        with pytest.raises(DecodeError, match="more than 4 attributes at offset"):
            decode(GROUP + CHARSET * 4 + b"\x03", limits)

    def test_members_count_as_attributes(self) -> None:
        octets = element(0x34, b"c", b"") + (member(b"m") + element(0x22, b"", b"\0")) * 3 + END
        decode(GROUP + octets + b"\x03", Limits(attributes=5))
        with pytest.raises(DecodeError, match="more than 4 attributes"):
            decode(GROUP + octets + b"\x03", Limits(attributes=4))

    def test_empty_groups_count_too(self) -> None:
        with pytest.raises(DecodeError, match=f"more than 4096 attributes at offset {8 + 4096}$"):
            decode(HEADER + b"\x02" * 5000 + b"\x03")

    def test_name(self) -> None:
        with pytest.raises(DecodeError, match=r"a name of 256 octets is over the limit at offset 10$"):
            decode(GROUP + element(0x21, b"n" * 256, b"\0\0\0\1"))

    def test_value(self) -> None:
        assert one(element(0x30, b"n", bytes(32767))).value == bytes(32767)
        with pytest.raises(DecodeError, match=r"a value of 32768 octets is over the limit at offset 13$"):
            decode(GROUP + element(0x30, b"n", bytes(32768)))

    @pytest.mark.parametrize("piece", [1, 7, 1000, 10**6])
    def test_header_octets(self, piece: int) -> None:
        octets = GROUP + element(0x41, b"n", bytes(900)) + element(0x41, b"", bytes(900)) * 9 + b"\x03"
        limits = Limits(header=len(octets))
        assert decode(octets, limits)[0].groups
        decoder = Decoder(Limits(header=len(octets) - 1))
        pieces = (octets[start : start + piece] for start in range(0, len(octets), piece))
        with pytest.raises(DecodeError, match=f"more than {len(octets) - 1} octets at offset {len(octets) - 1}$"):
            deque(map(decoder.feed, pieces), maxlen=0)

    def test_too_many_octets_are_refused_before_the_end_comes(self) -> None:
        with pytest.raises(DecodeError, match="more than 100 octets at offset 100"):
            Decoder(Limits(header=100)).feed(GROUP + CHARSET * 4)

    def test_an_oversized_value_is_refused_before_it_arrives(self) -> None:
        decoder = Decoder(Limits(header=1000))
        with pytest.raises(DecodeError, match="more than 1000 octets"):
            decoder.feed(GROUP + b"\x41\x00\x01n\x04\x00")

    def test_the_document_is_not_counted(self) -> None:
        _, document = decode(PRINT_JOB_OCTETS + bytes(5000), Limits(header=len(PRINT_JOB_OCTETS)))
        assert len(document) == 5000
