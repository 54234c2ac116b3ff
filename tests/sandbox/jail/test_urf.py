"""URF: exact bytes of both headers, round trips, and each field out of range."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import TooLarge
from sandbox.jail import urf
from sandbox.jail.raster import RasterPage, Space
from sandbox.jail.rle import RasterError
from sandbox.jail.urf import HEADER, UrfSheet, file_header


def _page(space: Space = Space.RGB, width: int = 3, height: int = 2) -> RasterPage:
    return RasterPage(width=width, height=height, dpi=(300, 300), space=space, bits=8)


def _read(data: bytes, max_pages: int = 10, max_pixels: int = 10_000) -> list[tuple[RasterPage, bytes]]:
    pages = urf.read_pages(io.BytesIO(data), max_pages=max_pages, max_pixels=max_pixels)
    return [(page, b"".join(line * repeat for repeat, line in lines)) for page, lines in pages]


def test_the_bytes_of_a_page() -> None:
    lines = [b"\xff" * 9, b"\xff" * 9]
    page = b"".join(urf.write_page(_page(), UrfSheet(sides="two-sided-long-edge", quality=5), lines))
    assert file_header(1) == b"UNIRAST\0\0\0\0\x01"
    assert page == (
        b"\x18\x01\x03\x05\x00\x00\x00\x01\x00\x00\x00\x00"
        b"\x00\x00\x00\x03\x00\x00\x00\x02\x00\x00\x01\x2c" + bytes(8) + b"\x01\x02\xff\xff\xff"
    )


@given(data=st.data(), space=st.sampled_from([Space.GRAY, Space.RGB, Space.ADOBE_RGB, Space.CMYK]))
def test_pixels_round_trip(data: st.DataObject, space: Space) -> None:
    page = _page(space, width=data.draw(st.integers(1, 30)), height=2)
    size = page.line_bytes
    lines = data.draw(st.lists(st.binary(min_size=size, max_size=size), min_size=2, max_size=2))
    encoded = file_header(1) + b"".join(urf.write_page(page, UrfSheet(), lines))
    assert _read(encoded) == [(page, b"".join(lines))]


def _header(*, bits: int = 24, space: int = 1, width: int = 3, height: int = 2, dpi: int = 300) -> bytes:
    return file_header(0) + HEADER.pack(bits, space, 1, 4, 0, 0, 0, 1, 0, width, height, dpi)


@pytest.mark.parametrize(
    "wrong",
    [{"bits": 7}, {"bits": 8}, {"space": 2}, {"space": 9}, {"width": 0}, {"height": 2**31}, {"dpi": 0}, {"dpi": 9999}],
)
def test_each_field_out_of_range_is_named(wrong: dict[str, int]) -> None:
    with pytest.raises(RasterError, match=r"at offset \d+"):
        _read(_header(**wrong) + bytes(50))


def test_a_huge_page_and_too_many_pages() -> None:
    with pytest.raises(TooLarge):
        _read(_header(width=10**6, height=10**6))
    with pytest.raises(TooLarge):
        _read(file_header(0) + (_header()[12:] + b"\x01\x02\xff\xff\xff") * 4, max_pages=3)


@pytest.mark.parametrize("data", [b"", b"UNIRAST", b"UNIRAST\0\0\0", b"UNIRASX\0\0\0\0\1", file_header(1) + b"\x18"])
def test_what_is_no_urf(data: bytes) -> None:
    with pytest.raises(RasterError):
        _read(data)
