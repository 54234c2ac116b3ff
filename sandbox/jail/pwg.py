"""PWG raster, read and written (PWG 5102.4-2012; `image/pwg-raster`).

    "RaS2" (page header, 1,796 bytes, numbers big-endian; page data: see rle)*

The header's fields that matter, by offset:
    0 "PwgRaster"   268 cut   272 duplex   276 resolution x, y   300 insert sheet   340 copies   352 size in points x, y
    368 tumble   372 width   376 height   384 bits per colour   388 bits per pixel   392 bytes per line
    396 colour order   400 colour space   420 colours   452 total pages   456 cross-feed transform   460 feed transform
    464 image box left, top, right, bottom   484 print quality   1732 page size name
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sandbox.errors import TooLarge
from sandbox.jail.raster import Lines, Pages, RasterPage, Space, high_bytes
from sandbox.jail.rle import RasterError, Readable, Reader, encode_lines

SYNC = b"RaS2"
HEADER_BYTES = 1796

# PwgColorSpaceEnum. 0 and 1 are CUPS's own names for grey and RGB, which drivers write here too.
_SPACES = {
    0: Space.GRAY,
    1: Space.RGB,
    3: Space.BLACK,
    6: Space.CMYK,
    18: Space.GRAY,
    19: Space.RGB,
    20: Space.ADOBE_RGB,
}
_CODES = {Space.BLACK: 3, Space.CMYK: 6, Space.GRAY: 18, Space.RGB: 19, Space.ADOBE_RGB: 20}
_MAX_DPI = 4800


@dataclass(frozen=True, kw_only=True, slots=True)
class PwgSheet:
    """What a written page says beside its measures: size in points, sides, transforms of a back side, quality."""

    points: tuple[int, int]
    duplex: bool = False
    tumble: bool = False
    transform: tuple[int, int] = (1, 1)
    quality: int = 4
    total_pages: int = 0


def read_pages(stream: Readable, *, max_pages: int, max_pixels: int) -> Pages:
    """Decode a PWG raster stream page by page. RasterError for a broken one, TooLarge past a limit."""
    reader = Reader(stream)
    if reader.at_most(len(SYNC)) != SYNC:
        raise RasterError("the synchronisation word is missing at offset 0")
    count = 0
    while header := reader.at_most(HEADER_BYTES):
        if len(header) < HEADER_BYTES:
            raise RasterError(f"the stream ends within a page header at offset {reader.offset}")
        count += 1
        if count > max_pages:
            raise TooLarge("pages of raster", limit="pages", allowed=max_pages)
        page = parse_header(header, reader.offset - HEADER_BYTES).within(max_pixels)
        yield _eight_bit(page, reader.lines(page.height, page.units, page.unit, page.white))


def parse_header(header: bytes, offset: int = 0) -> RasterPage:
    """Check a page header's fields. RasterError names the field that is out of range."""
    x_dpi, y_dpi = struct.unpack_from(">2I", header, 276)
    width, height = struct.unpack_from(">2I", header, 372)
    bits, pixel_bits, line_bytes, order, code = struct.unpack_from(">5I", header, 384)
    if not header.startswith(b"PwgRaster\0"):
        raise RasterError(f"the page header does not say PwgRaster at offset {offset}")
    if not (0 < x_dpi <= _MAX_DPI and 0 < y_dpi <= _MAX_DPI):
        raise RasterError(f"the resolution {x_dpi} by {y_dpi} is out of range at offset {offset + 276}")
    if not (0 < width < 2**20 and 0 < height < 2**20):
        raise RasterError(f"the size {width} by {height} is out of range at offset {offset + 372}")
    space = _SPACES.get(code)
    if space is None:
        raise RasterError(f"the colour space {code} is unknown at offset {offset + 400}")
    if bits not in {1, 8, 16} or (bits == 1 and space.channels > 1) or pixel_bits != bits * space.channels:
        raise RasterError(f"{bits} bits per colour and {pixel_bits} per pixel don't agree at offset {offset + 384}")
    page = RasterPage(width=width, height=height, dpi=(x_dpi, y_dpi), space=space, bits=bits)
    if order != 0 or line_bytes != page.line_bytes:
        raise RasterError(f"{line_bytes} bytes per line, order {order}, don't fit the page at offset {offset + 392}")
    return page


def write_page(page: RasterPage, sheet: PwgSheet, lines: Iterable[bytes]) -> Iterator[bytes]:
    """Encode one page: header and data. The stream begins with SYNC, once."""
    yield pack_header(page, sheet)
    yield from encode_lines(lines, page.unit)


def pack_header(page: RasterPage, sheet: PwgSheet) -> bytes:
    header = bytearray(HEADER_BYTES)

    def put(offset: int, *values: int) -> None:
        struct.pack_into(f">{len(values)}i", header, offset, *values)

    header[0:9] = b"PwgRaster"
    put(272, sheet.duplex)
    put(276, *page.dpi)
    put(340, 1)
    put(352, *sheet.points)
    put(368, sheet.tumble)
    put(372, page.width, page.height)
    put(384, page.bits, page.bits * page.space.channels, page.line_bytes, 0, _CODES[page.space])
    put(420, page.space.channels)
    put(452, sheet.total_pages, *sheet.transform)
    put(464, 0, 0, page.width, page.height)
    put(484, sheet.quality)
    return bytes(header)


def _eight_bit(page: RasterPage, lines: Lines) -> tuple[RasterPage, Lines]:
    if page.bits != 16:
        return page, lines
    narrow = RasterPage(width=page.width, height=page.height, dpi=page.dpi, space=page.space, bits=8)
    return narrow, high_bytes(lines)
