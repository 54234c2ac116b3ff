"""Frames: the exact bytes, any chunking, and everything a hostile worker may send instead."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import protocol
from sandbox.protocol import DATA, END, HEADER, Decoder, Frame, ProtocolError
from tests.sandbox.samples import complaint


def test_the_bytes_of_each_kind_of_frame() -> None:
    assert protocol.header({"a": 1}) == b'H\0\0\0\x07{"a":1}'
    assert list(protocol.data(b"xyz")) == [b"D\0\0\0\x03xyz"]
    assert protocol.end() == b"E\0\0\0\0"


def test_a_long_chunk_is_cut_and_an_empty_one_sends_nothing() -> None:
    frames = list(protocol.data(bytes(protocol.MAX_DATA + 1)))
    assert [len(frame) for frame in frames] == [protocol.MAX_DATA + 5, 6]
    assert list(protocol.data(b"")) == []


_frames = st.lists(
    st.one_of(
        st.builds(Frame, kind=st.just(HEADER), payload=st.binary(max_size=50)),
        st.builds(Frame, kind=st.just(DATA), payload=st.binary(max_size=300)),
        st.just(Frame(kind=END)),
    )
)


@given(frames=_frames, cuts=st.lists(st.integers(1, 40), min_size=1))
def test_frames_survive_any_chunking(frames: list[Frame], cuts: list[int]) -> None:
    wire = b"".join(protocol.encode(frame) for frame in frames)
    decoder, found, position = Decoder(), [], 0
    while position < len(wire):
        step = cuts[position % len(cuts)]
        found += decoder.feed(wire[position : position + step])
        position += step
    assert found == frames
    assert decoder.idle


@given(noise=st.binary(max_size=200))
def test_noise_is_refused_or_awaited_and_never_crashes(noise: bytes) -> None:
    told = complaint(lambda: Decoder().feed(noise))
    assert not told or " at offset " in told


@pytest.mark.parametrize(
    ("kind", "length"), [(HEADER, protocol.MAX_HEADER + 1), (DATA, protocol.MAX_DATA + 1), (END, 1), (DATA, 2**32 - 1)]
)
def test_a_length_over_the_cap_is_refused_before_its_bytes_arrive(kind: int, length: int) -> None:
    with pytest.raises(ProtocolError, match="over the cap at offset 6"):
        Decoder().feed(b"D\0\0\0\x01x" + struct.pack(">BI", kind, length))


def test_an_unknown_kind_is_refused_with_its_offset() -> None:
    with pytest.raises(ProtocolError, match="0x58 at offset 5"):
        Decoder().feed(b"E\0\0\0\0X")


def test_our_own_side_keeps_the_caps_too() -> None:
    with pytest.raises(ProtocolError):
        protocol.encode(Frame(kind=END, payload=b"x"))


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"1", b"\xff", b"[" * 100_000])
def test_a_header_is_a_json_object(payload: bytes) -> None:
    with pytest.raises(ProtocolError):
        protocol.parse_header(payload)


def test_an_incomplete_frame_is_not_idle() -> None:
    decoder = Decoder()
    assert decoder.feed(b"D\0\0") == []
    assert not decoder.idle
