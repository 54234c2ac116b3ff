"""Whatever the values, octets give them back; whatever the octets, the decoder stays calm and bounded."""

import tracemalloc
from datetime import timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ipp.wire import (
    Attribute,
    Collection,
    Decoder,
    Group,
    GroupTag,
    IntRange,
    Message,
    Resolution,
    StringWithLanguage,
    ValueTag,
    decode,
    encode,
)
from tests.ipp.wire.mutations import mutations, outcome

SHORT = st.integers(-(2**31), 2**31 - 1)
TEXT = st.text(max_size=40)
NAMES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=30)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
DATES = st.builds(
    lambda moment, deci: moment.replace(microsecond=deci * 100_000),
    st.datetimes(timezones=ZONES, allow_imaginary=False),
    st.integers(0, 9),
)
UNKNOWN_TAGS = st.sampled_from([ValueTag(tag) for tag in (0x20, 0x2A, 0x38, 0x40, 0x43, 0x4B, 0x7F, 0x80, 0xFF)])
STRING_TAGS = st.sampled_from([ValueTag(tag) for tag in (0x41, 0x42, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49)])


def tagged(tag: ValueTag, values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[ValueTag, Any]]:
    return st.tuples(st.just(tag), values)


SIMPLE = st.one_of(
    tagged(ValueTag.INTEGER, SHORT),
    tagged(ValueTag.ENUM, SHORT),
    tagged(ValueTag.BOOLEAN, st.booleans()),
    tagged(ValueTag.OCTET_STRING, st.binary(max_size=300)),
    tagged(ValueTag.DATE_TIME, DATES),
    tagged(ValueTag.RESOLUTION, st.builds(Resolution, SHORT, SHORT, st.integers(-128, 127))),
    tagged(ValueTag.RANGE, st.builds(IntRange, SHORT, SHORT)),
    tagged(ValueTag.TEXT_WITH_LANGUAGE, st.builds(StringWithLanguage, TEXT, TEXT)),
    tagged(ValueTag.NAME_WITH_LANGUAGE, st.builds(StringWithLanguage, TEXT, TEXT)),
    st.tuples(STRING_TAGS, TEXT),
    st.tuples(UNKNOWN_TAGS, st.binary(max_size=20)),
    st.tuples(st.sampled_from([ValueTag(tag) for tag in range(0x10, 0x20)]), st.none()),
)


def attributes(values: st.SearchStrategy[tuple[ValueTag, Any]]) -> st.SearchStrategy[Attribute]:
    return st.builds(Attribute.mixed, NAMES, st.lists(values, min_size=1, max_size=4))


def collections(values: st.SearchStrategy[tuple[ValueTag, Any]]) -> st.SearchStrategy[tuple[ValueTag, Any]]:
    members = st.lists(attributes(values), max_size=3).map(tuple)
    return tagged(ValueTag.BEGIN_COLLECTION, st.builds(Collection, members))


VALUES = st.recursive(SIMPLE, collections, max_leaves=8)
GROUPS = st.builds(
    Group,
    st.sampled_from([GroupTag(tag) for tag in range(1, 16) if tag != GroupTag.END]),
    st.lists(attributes(VALUES), max_size=5).map(tuple),
)
MESSAGES = st.builds(
    Message,
    st.tuples(st.integers(0, 255), st.integers(0, 255)),
    st.integers(0, 0xFFFF),
    SHORT,
    st.lists(GROUPS, max_size=4).map(tuple),
)


@given(MESSAGES, st.binary(max_size=50))
def test_round_trip(message: Message, document: bytes) -> None:
    octets = encode(message)
    assert decode(octets + document) == (message, document)
    assert encode(decode(octets)[0]) == octets


@given(MESSAGES, st.integers(1, 40))
def test_pieces_do_not_matter(message: Message, size: int) -> None:
    octets = encode(message)
    decoder = Decoder()
    results = [decoder.feed(octets[start : start + size]) for start in range(0, len(octets), size)]
    assert results[-1] == message
    assert set(map(type, results[:-1])) <= {type(None)}


@given(st.binary(max_size=200))
def test_any_octets_have_an_outcome(octets: bytes) -> None:
    header = b"\x02\x00\x00\x02\x00\x00\x00\x01\x01"
    assert outcome(header + octets) == outcome(header + octets, 1)


def test_damaged_messages_have_an_outcome_whatever_the_pieces() -> None:
    kinds = set()
    for octets in mutations(4000, seed=8010):
        whole = outcome(octets)
        assert whole == outcome(octets, 1)
        kinds.add(type(whole[0]) if whole else None)
    assert kinds == {Message, int, None}


def test_damaged_messages_stay_within_bounded_memory() -> None:
    tracemalloc.start()
    try:
        for octets in mutations(300, seed=2):
            outcome(octets)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * 1024 * 1024


def test_the_worst_message_within_the_limits_stays_within_bounded_memory() -> None:
    # The smallest element has 5 octets: no message can hold more values than a fifth of its limit.
    octets = b"\x02\x00\x00\x02\x00\x00\x00\x01\x01\x34\x00\x01c\x00\x00" + b"\x37\x00\x00\x00\x00"
    octets += b"\x34\x00\x00\x00\x00\x37\x00\x00\x00\x00" * ((256 * 1024 - len(octets) - 1) // 10) + b"\x03"
    tracemalloc.start()
    try:
        message, _ = decode(octets)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(message.groups[0].attributes[0].values) > 26_000
    assert peak < 8 * 1024 * 1024
