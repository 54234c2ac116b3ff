"""The line compression of PWG 5102.4: exact bytes, round trips, and broken streams."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.jail.rle import RasterError, Reader, encode_line, encode_lines
from tests.sandbox.samples import complaint


def _read(data: bytes, *, height: int, pixels: int, size: int, white: bytes = b"\xff") -> bytes:
    reader = Reader(io.BytesIO(data))
    return b"".join(line * repeat for repeat, line in reader.lines(height, pixels, size, white * size))


def test_a_run_of_equal_pixels() -> None:
    assert encode_line(b"\xff" * 8, 1) == b"\x07\xff"
    assert encode_line(b"abc" * 3, 3) == b"\x02abc"


def test_pixels_as_they_are() -> None:
    assert encode_line(b"abcd", 1) == b"\xfdabcd"
    assert encode_line(b"abcdef", 3) == b"\xffabcdef"


def test_a_single_pixel_is_a_run_of_one() -> None:
    assert encode_line(b"x", 1) == b"\x00x"


def test_the_longest_run_is_128() -> None:
    assert encode_line(b"z" * 300, 1) == b"\x7fz\x7fz\x2bz"
    assert encode_line(bytes(range(200)), 1)[0] == 257 - 128


def test_equal_lines_are_counted_to_256() -> None:
    assert list(encode_lines([b"aa"] * 300, 1)) == [b"\xff\xffaa", b"\x2b\xffaa"]


def test_the_rest_of_a_line_may_be_white() -> None:
    assert _read(b"\x00\x00a\x80", height=1, pixels=4, size=1) == b"a\xff\xff\xff"


def test_a_repeat_past_the_page_is_cut() -> None:
    assert _read(b"\x09\x01a", height=2, pixels=2, size=1) == b"aaaa"


@given(data=st.data(), size=st.sampled_from([1, 3, 4]), width=st.integers(1, 400))
def test_round_trip(data: st.DataObject, size: int, width: int) -> None:
    pixel = st.sampled_from([bytes(size), b"\xff" * size, bytes(range(size)), bytes(range(1, size + 1))])
    line = st.lists(st.tuples(pixel, st.integers(1, 300)), min_size=1).map(
        lambda runs: b"".join(one * count for one, count in runs)
    )
    lines = [(data.draw(line) * (width * size))[: width * size] for _ in range(data.draw(st.integers(1, 4)))]
    encoded = b"".join(encode_lines(lines, size))
    assert _read(encoded, height=len(lines), pixels=width, size=size) == b"".join(lines)


@given(noise=st.binary(max_size=300), size=st.sampled_from([1, 3]))
def test_noise_ends_in_lines_or_an_error_with_an_offset(noise: bytes, size: int) -> None:
    found: list[bytes] = []
    told = complaint(lambda: found.append(_read(noise, height=3, pixels=50, size=size)))
    assert " at offset " in told if told else len(found[0]) == 150 * size


@pytest.mark.parametrize("cut", range(1, 7))
def test_a_stream_that_ends_early(cut: int) -> None:
    whole = b"\x00\x01ab\xfeccc"[:cut]
    with pytest.raises(RasterError, match="at offset"):
        _read(whole, height=2, pixels=5, size=1)


def test_a_run_past_its_line() -> None:
    with pytest.raises(RasterError, match="passes the end of its line at offset 1"):
        _read(b"\x00\x05a", height=1, pixels=3, size=1)
