"""Packets of strangers: one question, or an error; never a pointer followed, never an exception of another kind."""

import random
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.unicast_query import Malformed, parse_query
from tests.discovery.naming import HALL, ZONE, Naming, question
from tests.peers.dns_fuzz import packets

HEAD = b"\0\x07\x01\0\0\x01\0\0\0\0\0\0"
WITH_EDNS = b"\0\x07\x01\0\0\x01\0\0\0\0\0\x01"
NAME = b"\x01a\0\0\x01\0\x01"
EDNS = b"\0\0\x29\x04\xd0\0\0\0\0"


def test_a_question_with_edns_and_client_subnet() -> None:
    query = parse_query(question(("A", "b c", *ZONE), "SRV", subnet="10.1.2.0/23", ident=99))
    assert (query.id, query.type, query.klass, query.opcode) == (99, 33, 1, 0)
    assert query.key == b"\x01a\x03b c\x05print\x07example\x03org\0"
    assert query.question[:8] == b"\x01A\x03b c\x05p"[:8]
    assert query.edns is not None
    assert (query.edns.size, query.edns.version) == (1232, 0)
    assert query.edns.subnet is not None
    assert query.edns.subnet.address == "10.1.2.0"


def test_other_records_and_options_are_passed_over() -> None:
    cookie = b"\0\x0c\0\x0a\0\x08" + bytes(8)
    signed = b"\xc0\x0c\0\xfa\0\xff\0\0\0\0\0\x02ab"
    packet = HEAD[:11] + b"\x02" + NAME + EDNS + cookie + signed
    query = parse_query(packet)
    assert query.edns is not None
    assert query.edns.subnet is None


@pytest.mark.parametrize(
    ("packet", "words"),
    [
        (HEAD[:11], "cut off at 11"),
        (b"\0\x07\x01\0\0\0\0\0\0\0\0\0", "0 questions"),
        (b"\0\x07\x01\0\0\x02\0\0\0\0\0\0" + NAME * 2, "2 questions"),
        (HEAD, "cut off at 12"),
        (HEAD + b"\x05ab", "cut off at 15"),
        (HEAD + b"\x01a\0\0\x01", "cut off at 17"),
        (HEAD + b"\xc0\x0c\0\x01\0\x01", "none at 12"),
        (HEAD + b"\x01a\xc0\x0c\0\x01\0\x01", "none at 14"),
        (HEAD + b"\x41" + b"a" * 65 + b"\0\0\x01\0\x01", "none at 12"),
        (HEAD + b"\x3f" + b"a" * 63 + (b"\x3f" + b"a" * 63) * 3 + b"\0\0\x01\0\x01", "over 255 octets"),
        (WITH_EDNS + NAME, "none at 19"),
        (WITH_EDNS + NAME + b"\0\0\x29", "cut off at 22"),
        (WITH_EDNS + NAME + EDNS + b"\x04\0\x08", "cut off at 31"),
        (WITH_EDNS + NAME + EDNS[:-2] + b"\0\0\0\x03\0\x08\0", "cut off at"),
        (HEAD[:11] + b"\x02" + NAME + (EDNS + b"\0\0") * 2, "second or a named EDNS"),
        (WITH_EDNS + NAME + b"\x01x" + EDNS + b"\0\0", "second or a named EDNS"),
        (b"\0\x07\x01\0\0\x01\xff\xff\0\0\0\0" + NAME, "65535 records"),
        (WITH_EDNS + NAME + EDNS + b"\0\x06\0\x08\0\x02\0\x01", "client subnet is cut off"),
        (WITH_EDNS + NAME + EDNS + b"\0\x09\0\x08\0\x05\0\x03\x08\0\x0a", "none at"),
        (WITH_EDNS + NAME + EDNS + b"\0\x09\0\x08\0\x05\0\x01\x21\0\x0a", "none at"),
        (WITH_EDNS + NAME + EDNS + b"\0\x09\0\x08\0\x05\0\x01\x08\x08\x0a", "none at"),
        (WITH_EDNS + NAME + EDNS + b"\0\x09\0\x08\0\x05\0\x01\x07\0\x0b", "behind its prefix"),
    ],
)
def test_what_is_no_question_says_where(packet: bytes, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        parse_query(packet)


@given(st.binary(max_size=600))
def test_any_octets_are_a_question_or_malformed(octets: bytes) -> None:
    with suppress(Malformed):
        parse_query(octets)


async def test_no_packet_is_answered_with_more_than_an_error_or_an_answer() -> None:
    naming = await Naming(printers=(HALL,)).ready()
    answered = 0
    for packet in packets(random.Random(8), 50_000):  # each by UDP and by TCP
        for tcp in (False, True):
            naming.clock.tick(1.0)
            answer = naming.authority.answer(packet, "192.0.2.50", tcp=tcp)
            if answer is not None:
                answered += 1
                assert answer[:2] == packet[:2]
                assert answer[2] & 0x80
                assert len(answer) <= (65_535 if tcp else 1232)
                assert answer[3] & 0xF in {0, 1, 3, 4, 5}
    assert answered > 25_000
