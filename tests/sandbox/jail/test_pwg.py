"""PWG raster (PWG 5102.4): header fields by their offsets, every colour space, and each field out of range."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import TooLarge
from sandbox.jail import pwg
from sandbox.jail.pwg import HEADER_BYTES, SYNC, PwgSheet, pack_header, parse_header
from sandbox.jail.raster import RasterPage, Space
from sandbox.jail.rle import RasterError
from tests.sandbox.samples import complaint

_SHEET = PwgSheet(points=(595, 842), duplex=True, tumble=True, transform=(-1, 1), quality=5, total_pages=7)


def _page(space: Space = Space.RGB, bits: int = 8, width: int = 10, height: int = 4) -> RasterPage:
    return RasterPage(width=width, height=height, dpi=(300, 600), space=space, bits=bits)


def _read(data: bytes, max_pages: int = 10, max_pixels: int = 10_000) -> list[tuple[RasterPage, bytes]]:
    pages = pwg.read_pages(io.BytesIO(data), max_pages=max_pages, max_pixels=max_pixels)
    return [(page, b"".join(line * repeat for repeat, line in lines)) for page, lines in pages]


def _at(header: bytes, offset: int, count: int = 1) -> tuple[int, ...]:
    return struct.unpack_from(f">{count}i", header, offset)


def test_the_fields_of_a_written_header_are_where_the_standard_puts_them() -> None:
    header = pack_header(_page(), _SHEET)
    assert len(header) == HEADER_BYTES
    assert header[:10] == b"PwgRaster\0"
    assert _at(header, 272) == (1,)
    assert _at(header, 276, 2) == (300, 600)
    assert _at(header, 340) == (1,)
    assert _at(header, 352, 2) == (595, 842)
    assert _at(header, 368) == (1,)
    assert _at(header, 372, 2) == (10, 4)
    assert _at(header, 384, 5) == (8, 24, 30, 0, 19)
    assert _at(header, 420) == (3,)
    assert _at(header, 452, 3) == (7, -1, 1)
    assert _at(header, 464, 4) == (0, 0, 10, 4)
    assert _at(header, 484) == (5,)


@pytest.mark.parametrize("space", list(Space))
@pytest.mark.parametrize("bits", [8, 16])
def test_every_colour_space_round_trips(space: Space, bits: int) -> None:
    page = _page(space, bits)
    assert parse_header(pack_header(page, _SHEET)) == page


@given(data=st.data(), space=st.sampled_from(list(Space)), width=st.integers(1, 40), height=st.integers(1, 6))
def test_pixels_round_trip(data: st.DataObject, space: Space, width: int, height: int) -> None:
    page = _page(space, 8, width, height)
    size = page.line_bytes
    lines = data.draw(st.lists(st.binary(min_size=size, max_size=size), min_size=height, max_size=height))
    encoded = SYNC + b"".join(pwg.write_page(page, _SHEET, lines)) * 2
    assert _read(encoded) == [(page, b"".join(lines))] * 2


def test_one_bit_lines_are_bytes_of_eight_pixels() -> None:
    page = _page(Space.BLACK, 1, width=12, height=2)
    assert (page.line_bytes, page.unit, page.white) == (2, 1, b"\0")
    encoded = SYNC + b"".join(pwg.write_page(page, _SHEET, [b"\xaa\xf0", b"\x00\x00"]))
    assert _read(encoded) == [(page, b"\xaa\xf0\x00\x00")]


def test_sixteen_bits_are_read_as_their_high_bytes() -> None:
    page = _page(Space.GRAY, 16, width=2, height=1)
    encoded = SYNC + b"".join(pwg.write_page(page, _SHEET, [b"\x12\x34\xab\xcd"]))
    [(found, pixels)] = _read(encoded)
    assert (found.bits, pixels) == (8, b"\x12\xab")


@pytest.mark.parametrize(
    ("offset", "value"),
    [(0, 0), (276, 0), (280, 5000), (372, 0), (376, 2**31), (384, 7), (388, 23), (392, 29), (396, 1), (400, 99)],
)
def test_each_field_out_of_range_is_named(offset: int, value: int) -> None:
    header = bytearray(pack_header(_page(), _SHEET))
    struct.pack_into(">I", header, offset, value)
    with pytest.raises(RasterError, match=r"at offset \d+"):
        _read(SYNC + bytes(header))


def test_a_huge_page_is_refused_by_its_header() -> None:
    page = _page(width=1_000_000, height=1_000_000)
    with pytest.raises(TooLarge) as caught:
        _read(SYNC + pack_header(page, _SHEET))
    assert caught.value.limit == "pixels"


def test_too_many_pages_are_refused() -> None:
    one = b"".join(pwg.write_page(_page(), _SHEET, [bytes(30)] * 4))
    with pytest.raises(TooLarge) as caught:
        _read(SYNC + one * 4, max_pages=3)
    assert caught.value.limit == "pages"


@pytest.mark.parametrize("data", [b"", b"RaS", b"RaS3" + bytes(HEADER_BYTES), SYNC + b"PwgRaster", SYNC + bytes(1800)])
def test_what_is_no_pwg_raster(data: bytes) -> None:
    with pytest.raises(RasterError):
        _read(data)


@given(noise=st.binary(max_size=400))
def test_noise_after_a_good_header(noise: bytes) -> None:
    told = complaint(lambda: _read(SYNC + pack_header(_page(), _SHEET) + noise))
    assert not told or " at offset " in told
