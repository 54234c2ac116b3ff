r"""URF, AirPrint's raster, read and written (`image/urf`). It has no public specification; this is what is seen on the wire.

"UNIRAST\0" page count (uint32, 0 when the writer did not know) (page header, 32 bytes; page data: see rle)*

0 bits per pixel   1 colour space   2 sides (1 one, 2 short edge, 3 long edge)   3 quality   4 media type
5 input tray   6 output bin   7 copies   8 finishings   12 width   16 height   20 dots per inch   24 reserved
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sandbox.errors import TooLarge
from sandbox.jail.raster import Pages, RasterPage, Space
from sandbox.jail.raster import high_bytes as _high_bytes
from sandbox.jail.rle import RasterError, Readable, Reader, encode_lines

MAGIC = b"UNIRAST\0"
HEADER = struct.Struct(">8B4I8x")

_SPACES = {
    0: Space.GRAY,
    1: Space.RGB,
    3: Space.ADOBE_RGB,
    4: Space.GRAY,
    5: Space.RGB,
    6: Space.CMYK,
}
_CODES = {Space.GRAY: 0, Space.RGB: 1, Space.ADOBE_RGB: 3, Space.CMYK: 6}
_SIDES = {"one-sided": 1, "two-sided-short-edge": 2, "two-sided-long-edge": 3}
_MAX_DPI = 4800


@dataclass(frozen=True, kw_only=True, slots=True)
class UrfSheet:
    """What a written page says beside its measures."""

    sides: str = "one-sided"
    quality: int = 4


def read_pages(stream: Readable, *, max_pages: int, max_pixels: int) -> Pages:
    """Decode a URF stream page by page. RasterError for a broken one, TooLarge past a limit."""
    reader = Reader(stream)
    if reader.at_most(len(MAGIC)) != MAGIC:
        raise RasterError("the magic word is missing at offset 0")
    reader.exactly(4, "the page count")
    count = 0
    while header := reader.at_most(HEADER.size):
        if len(header) < HEADER.size:
            raise RasterError(f"the stream ends within a page header at offset {reader.offset}")
        count += 1
        if count > max_pages:
            raise TooLarge("pages of raster", limit="pages", allowed=max_pages)
        page = parse_header(header, reader.offset - HEADER.size).within(max_pixels)
        lines = reader.lines(page.height, page.units, page.unit, page.white)
        if page.bits == 16:
            page = RasterPage(width=page.width, height=page.height, dpi=page.dpi, space=page.space, bits=8)
            lines = _high_bytes(lines)
        yield page, lines


def parse_header(header: bytes, offset: int = 0) -> RasterPage:
    """Check a page header's fields. RasterError names the field that is out of range."""
    pixel_bits, code, *_, width, height, dpi = HEADER.unpack(header)
    space = _SPACES.get(code)
    if space is None:
        raise RasterError(f"the colour space {code} is unknown at offset {offset + 1}")
    if pixel_bits not in {8 * space.channels, 16 * space.channels}:
        raise RasterError(f"{pixel_bits} bits per pixel don't fit the colour space {code} at offset {offset}")
    if not (0 < width < 2**20 and 0 < height < 2**20):
        raise RasterError(f"the size {width} by {height} is out of range at offset {offset + 12}")
    if not 0 < dpi <= _MAX_DPI:
        raise RasterError(f"the resolution {dpi} is out of range at offset {offset + 20}")
    return RasterPage(width=width, height=height, dpi=(dpi, dpi), space=space, bits=pixel_bits // space.channels)


def file_header(pages: int) -> bytes:
    return MAGIC + struct.pack(">I", pages)


def write_page(page: RasterPage, sheet: UrfSheet, lines: Iterable[bytes]) -> Iterator[bytes]:
    """Encode one page: header and data. The stream begins with `file_header`, once."""
    bits = page.bits * page.space.channels
    sides = _SIDES[sheet.sides]
    yield HEADER.pack(
        bits, _CODES[page.space], sides, sheet.quality, 0, 0, 0, 1, 0, page.width, page.height, page.dpi[0]
    )
    yield from encode_lines(lines, page.unit)
