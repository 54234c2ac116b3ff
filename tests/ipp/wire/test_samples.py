"""RFC 8010 appendix A in kind: whole messages, octet by octet, both ways."""

import pytest

from ipp.wire import Decoder, Message, decode, encode
from tests.ipp.wire.samples import SAMPLES

each_sample = pytest.mark.parametrize(("octets", "message"), SAMPLES.values(), ids=SAMPLES.keys())


@each_sample
def test_octets_to_values(octets: bytes, message: Message) -> None:
    assert decode(octets) == (message, b"")


@each_sample
def test_values_to_octets(octets: bytes, message: Message) -> None:
    assert encode(message) == octets


@each_sample
def test_a_message_that_drips_in(octets: bytes, message: Message) -> None:
    decoder = Decoder()
    for at in range(len(octets) - 1):
        assert decoder.feed(octets[at : at + 1]) is None
    assert decoder.feed(octets[-1:]) == message
    assert decoder.trailing == b""
    decoder.eof()


@each_sample
def test_every_split_in_two(octets: bytes, message: Message) -> None:
    document = b"%PDF-1.7\n\x03\x00"
    data = octets + document
    for at in range(len(octets)):
        decoder = Decoder()
        assert decoder.feed(data[:at]) is None
        assert decoder.feed(data[at:]) == message
        assert decoder.trailing == document


@each_sample
def test_every_cut_is_noticed_at_its_place(octets: bytes, message: Message) -> None:
    for at in range(len(octets)):
        decoder = Decoder()
        decoder.feed(octets[:at])
        with pytest.raises(ValueError, match=f"ends before its end-of-attributes tag at offset {at}$"):
            decoder.eof()
