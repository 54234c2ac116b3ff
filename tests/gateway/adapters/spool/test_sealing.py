"""The sealed format: what was sealed opens, and nothing else does."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.adapters.spool.sealing import (
    CHUNK_SIZE,
    HEADER_SIZE,
    SALT_SIZE,
    SEALED_SIZE,
    TAG_SIZE,
    DamagedError,
    Opener,
    Sealer,
)

KEY = bytes(range(32))
NAME = "00" * 16


def sealed_chunks(plain: bytes, *, name: str = NAME, key: bytes = KEY) -> tuple[bytes, list[bytes]]:
    sealer = Sealer(key, name, os.urandom(SALT_SIZE))
    return sealer.header, [*sealer.seal(plain), sealer.finish()]


def opened(header: bytes, chunks: list[bytes], *, name: str = NAME, key: bytes = KEY) -> bytes:
    opener = Opener(key, name, header)
    return b"".join(opener.open(chunk, last=index == len(chunks) - 1) for index, chunk in enumerate(chunks))


@pytest.mark.parametrize(
    ("size", "count"), [(0, 1), (1, 1), (CHUNK_SIZE - 1, 1), (CHUNK_SIZE, 1), (CHUNK_SIZE + 1, 2), (3 * CHUNK_SIZE, 3)]
)
def test_all_sizes_open_again(size: int, count: int) -> None:
    plain = os.urandom(size)
    header, chunks = sealed_chunks(plain)
    assert len(header) == HEADER_SIZE
    assert len(chunks) == count
    assert all(len(chunk) == SEALED_SIZE for chunk in chunks[:-1])
    assert sum(map(len, chunks)) == size + count * TAG_SIZE
    assert opened(header, chunks) == plain


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 2 * CHUNK_SIZE), max_size=6))
def test_the_pieces_it_came_in_do_not_matter(sizes: list[int]) -> None:
    plain = bytes(sum(sizes))
    sealer, start = Sealer(KEY, NAME, bytes(SALT_SIZE)), 0
    chunks: list[bytes] = []
    for size in sizes:
        chunks += sealer.seal(plain[start : start + size])
        start += size
    chunks.append(sealer.finish())
    assert opened(sealer.header, chunks) == plain


def test_one_text_under_one_key_is_never_sealed_alike() -> None:
    assert sealed_chunks(b"same")[1] != sealed_chunks(b"same")[1]


def three() -> tuple[bytes, list[bytes]]:
    return sealed_chunks(bytes(2 * CHUNK_SIZE + 100))


def test_a_cut_off_end_is_noticed() -> None:
    header, chunks = three()
    with pytest.raises(DamagedError, match="chunk 1"):
        opened(header, chunks[:2])


def test_a_cut_inside_the_last_chunk_is_noticed() -> None:
    header, chunks = three()
    with pytest.raises(DamagedError, match="chunk 2"):
        opened(header, [*chunks[:2], chunks[2][:-1]])


def test_exchanged_chunks_are_noticed() -> None:
    header, (first, second, third) = three()
    with pytest.raises(DamagedError, match="chunk 0"):
        opened(header, [second, first, third])


def test_a_left_out_chunk_is_noticed() -> None:
    header, (first, _, third) = three()
    with pytest.raises(DamagedError, match="chunk 1"):
        opened(header, [first, third])


def test_an_appended_chunk_is_noticed() -> None:
    header, chunks = three()
    with pytest.raises(DamagedError, match="chunk 2"):
        opened(header, [*chunks, chunks[-1]])


def test_a_chunk_of_another_object_under_the_same_key_is_noticed() -> None:
    header, chunks = three()
    _, others = three()
    with pytest.raises(DamagedError, match="chunk 1"):
        opened(header, [chunks[0], others[1], chunks[2]])


def test_an_object_under_another_name_does_not_open() -> None:
    header, chunks = three()
    with pytest.raises(DamagedError):
        opened(header, chunks, name="01" * 16)


def test_another_key_does_not_open_it() -> None:
    header, chunks = three()
    with pytest.raises(DamagedError):
        opened(header, chunks, key=bytes(32))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, HEADER_SIZE + 100 + TAG_SIZE - 1), st.integers(0, 7))
def test_any_changed_bit_is_noticed(place: int, bit: int) -> None:
    header, chunks = sealed_chunks(bytes(100))
    whole = bytearray(header + chunks[0])
    whole[place] ^= 1 << bit
    with pytest.raises(DamagedError):
        opened(bytes(whole[:HEADER_SIZE]), [bytes(whole[HEADER_SIZE:])])
