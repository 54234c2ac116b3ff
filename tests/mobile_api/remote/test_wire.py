"""Frames between the gateway and the process that faces the outside."""

import asyncio
import struct

import pytest

from mobile_api.remote.wire import LONGEST, PIECE, Frame, Kind, encode, encode_json, read


async def reading(*data: bytes) -> Frame | None:
    stream = asyncio.StreamReader()
    for part in data:
        stream.feed_data(part)
    stream.feed_eof()
    return await read(stream)


def test_the_layout() -> None:
    assert encode(Kind.OCTETS, 258, b"abc") == bytes.fromhex("00000008 0a 00000102 616263")


@pytest.mark.parametrize("kind", Kind)
async def test_a_frame_is_read_as_it_was_written(kind: Kind) -> None:
    assert await reading(encode(kind, 7, b"x" * PIECE)) == Frame(kind=kind, number=7, body=b"x" * PIECE)


async def test_json_is_a_body_too() -> None:
    frame = await reading(encode_json(Kind.OFFER, 1, {"sdp": "v=0"}))
    assert frame is not None
    assert frame.json() == {"sdp": "v=0"}


@pytest.mark.parametrize("data", [b"", b"\x00\x00", encode(Kind.TEXT, 1, b"abc")[:-1]])
async def test_the_end_is_the_end(data: bytes) -> None:
    assert await reading(data) is None


@pytest.mark.parametrize(
    "head", [struct.pack("!IBI", LONGEST + 1, 0, 0), struct.pack("!IBI", 4, 0, 0), struct.pack("!IBI", 5, 99, 0)]
)
async def test_what_our_other_half_never_sends(head: bytes) -> None:
    with pytest.raises(ValueError, match=r"frame|Kind"):
        await reading(head)
