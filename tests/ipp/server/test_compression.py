"""compression undone while it streams, with caps against bombs."""

import gzip
import zlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import CompressionError, CompressionNotSupported, TooLarge
from ipp.server.compression import PIECE, decompressed

TEXT = b"Some words that can be packed. " * 2000


async def chunks(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def unpacked(data: bytes, kind: str, *, size: int = 1000, octets: int = 10**9, ratio: int = 200) -> bytes:
    stream = decompressed(chunks(data, size), kind, max_octets=octets, max_ratio=ratio)
    return b"".join([piece async for piece in stream])


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize(
    ("kind", "packed"),
    [
        ("none", TEXT),
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("gzip", gzip.compress(TEXT[:500], mtime=0) + gzip.compress(TEXT[500:], mtime=0)),
        ("gzip", gzip.compress(TEXT, mtime=0) + b"\0" * 512),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
    ],
)
async def test_every_flavour_gives_the_plain_octets(kind: str, packed: bytes, size: int) -> None:
    assert await unpacked(packed, kind, size=size) == TEXT


async def test_an_unknown_compression_is_refused_before_anything_is_read() -> None:
    with pytest.raises(CompressionNotSupported):
        decompressed(chunks(b"", 1), "compress", max_octets=1, max_ratio=1)


@pytest.mark.parametrize(
    ("kind", "packed"),
    [
        ("gzip", TEXT),
        ("gzip", gzip.compress(TEXT, mtime=0)[:-1]),
        ("gzip", gzip.compress(TEXT, mtime=0)[:20]),
        ("gzip", gzip.compress(TEXT, mtime=0) + b"more"),
        ("gzip", gzip.compress(TEXT, mtime=0) + gzip.compress(TEXT, mtime=0)[:10]),
        ("deflate", zlib.compress(TEXT)[:-1]),
        ("deflate", zlib.compress(TEXT) + b"more"),
        ("deflate", b"\x78\x9c" + b"\xff" * 50),
    ],
)
async def test_damaged_or_cut_data_is_an_error(kind: str, packed: bytes) -> None:
    with pytest.raises(CompressionError):
        await unpacked(packed, kind)


async def test_no_octets_at_all_are_no_octets() -> None:
    assert await unpacked(b"", "gzip") == b""


async def test_a_bomb_is_stopped_by_its_ratio() -> None:
    bomb = gzip.compress(bytes(64 * 2**20), 9)
    with pytest.raises(CompressionError, match="200 times"):
        await unpacked(bomb, "gzip")


async def test_a_blank_page_is_no_bomb() -> None:
    blank = bytes(8 * 2**20)
    assert await unpacked(gzip.compress(blank, mtime=0), "gzip") == blank


async def test_output_is_capped_whatever_the_ratio() -> None:
    with pytest.raises(TooLarge):
        await unpacked(gzip.compress(TEXT, mtime=0), "gzip", octets=len(TEXT) - 1)
    assert await unpacked(gzip.compress(TEXT, mtime=0), "gzip", octets=len(TEXT)) == TEXT


async def test_a_bomb_comes_out_in_small_pieces() -> None:
    stream = decompressed(chunks(gzip.compress(bytes(2**22)), 10**6), "gzip", max_octets=10**9, max_ratio=10**6)
    assert max([len(piece) async for piece in stream]) <= PIECE


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=2000), st.integers(1, 300), st.sampled_from(["gzip", "deflate"]))
async def test_whatever_was_packed_is_unpacked(data: bytes, size: int, kind: str) -> None:
    packed = gzip.compress(data, mtime=0) if kind == "gzip" else zlib.compress(data)
    assert await unpacked(packed, kind, size=size) == data
