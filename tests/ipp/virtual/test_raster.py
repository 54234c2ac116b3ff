"""The raster reader: page counts and pictures."""

import struct
import zlib
from pathlib import Path

import pytest

from ipp.virtual.raster import raster_to_png
from tests.ipp.virtual.samples import a_pwg_raster


def _pixels(png: bytes) -> tuple[int, int, bytes]:
    width, height = struct.unpack_from(">II", png, 16)
    start = png.index(b"IDAT")
    (length,) = struct.unpack_from(">I", png, start - 4)
    return width, height, zlib.decompress(png[start + 4 : start + 4 + length])


def test_each_page_becomes_a_picture_a_quarter_its_size(tmp_path: Path) -> None:
    (tmp_path / "d.pwg").write_bytes(a_pwg_raster(3, width=16, height=8))
    assert raster_to_png(tmp_path / "d.pwg", tmp_path) == 3
    assert sorted(path.name for path in tmp_path.glob("*.png")) == [f"page-000{n}.png" for n in (1, 2, 3)]
    # Each line: filter 0, then 4 of the 16 pixels, the first half of them black.
    assert _pixels((tmp_path / "page-0001.png").read_bytes()) == (4, 2, b"\0\0\0\xff\xff" * 2)


def test_apple_raster_in_colour(tmp_path: Path) -> None:
    header = struct.pack(">BBBB8xII", 24, 1, 1, 4, 4, 4) + bytes(12)
    red_line = bytes([3, 3]) + b"\xff\0\0"
    (tmp_path / "d.urf").write_bytes(b"UNIRAST\0" + struct.pack(">I", 1) + header + red_line)
    assert raster_to_png(tmp_path / "d.urf", tmp_path) == 1
    assert _pixels((tmp_path / "page-0001.png").read_bytes()) == (1, 1, b"\0\xff\0\0")


@pytest.mark.parametrize("cut", [1, 5, 100, 1000, 1799, 1801, 1805])
def test_a_cut_document_shows_what_there_is(tmp_path: Path, cut: int) -> None:
    (tmp_path / "d.pwg").write_bytes(a_pwg_raster(1, width=16)[:cut])
    assert raster_to_png(tmp_path / "d.pwg", tmp_path) == (1 if cut >= 1800 else 0)


def test_a_page_of_absurd_size_is_not_drawn(tmp_path: Path) -> None:
    header = bytearray(1796)
    struct.pack_into(">II", header, 372, 1 << 30, 1 << 30)
    struct.pack_into(">I", header, 388, 8)
    (tmp_path / "d.pwg").write_bytes(b"RaS2" + bytes(header))
    assert raster_to_png(tmp_path / "d.pwg", tmp_path) == 0
