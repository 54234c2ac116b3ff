r"""A reader of PWG raster (PWG 5102.4) and Apple raster, enough to show each page as a picture.

    PWG     "RaS2", then for each page a header of 1796 octets, big-endian numbers at
                cupsWidth 372, cupsHeight 376, cupsBitsPerPixel 388, cupsBytesPerLine 392, cupsColorSpace 400
    Apple   "UNIRAST\0" pages(4), then for each page a header of 32 octets:
                bits per pixel 0, colour space 1, width 12 (4), height 16 (4)

Both then carry lines: repeat-1 (1), and until the line is full either n (0..127) and one pixel to repeat n+1 times,
or n (129..255) and 257-n pixels; 128 fills the rest of the line with white (Apple).
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_MAX_PIXELS = 200_000_000
_SHRINK = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class _Page:
    width: int
    height: int
    pixel: int
    """octets a pixel, 0 for one bit."""

    @property
    def line(self) -> int:
        return self.width * self.pixel if self.pixel else (self.width + 7) // 8


def raster_to_png(document: Path, directory: Path, first: int = 0) -> int:
    """Write the pages from page number `first` + 1 on, a quarter of their size; a damaged rest is left out."""
    pages = 0
    with document.open("rb") as file:
        urf = file.read(4) != b"RaS2"
        if urf:
            file.read(8)
        while (page := _header(file, urf)) is not None:
            pages += 1
            rows = [_shrunk(page, line) for number, line in enumerate(_lines(file, page)) if number % _SHRINK == 0]
            (directory / f"page-{first + pages:04d}.png").write_bytes(_png(page, rows))
    return pages


def _header(file: BinaryIO, urf: bool) -> _Page | None:
    header = file.read(32 if urf else 1796)
    if len(header) < (32 if urf else 1796):
        return None
    if urf:
        bits = header[0]
        width, height = struct.unpack_from(">II", header, 12)
    else:
        width, height = struct.unpack_from(">II", header, 372)
        (bits,) = struct.unpack_from(">I", header, 388)
    if bits not in {1, 8, 24, 32} or not 0 < width * height <= _MAX_PIXELS:
        return None
    return _Page(width=width, height=height, pixel=bits // 8)


def _lines(file: BinaryIO, page: _Page) -> Iterator[bytes]:
    left = page.height
    while left > 0 and (repeat := file.read(1)):
        line = _line(file, page)
        for _ in range(min(left, repeat[0] + 1)):
            yield line
        left -= repeat[0] + 1


def _line(file: BinaryIO, page: _Page) -> bytes:
    line, unit = bytearray(), page.pixel or 1
    while len(line) < page.line:
        control = file.read(1)
        if not control:
            break
        if control[0] == 128:
            line += b"\xff" * (page.line - len(line))
        elif control[0] < 128:
            line += file.read(unit) * (control[0] + 1)
        else:
            line += file.read(unit * (257 - control[0]))
    return bytes(line[: page.line]).ljust(page.line, b"\xff")


def _png(page: _Page, rows: list[bytes]) -> bytes:
    """PNG (ISO/IEC 15948): signature, IHDR, IDAT, IEND."""
    width = -(-page.width // _SHRINK)
    color = page.pixel >= 3
    body = b"".join(b"\0" + row for row in rows)
    ihdr = struct.pack(">IIBBBBB", width, len(rows), 8, 2 if color else 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", ihdr) + _chunk(b"IDAT", zlib.compress(body, 6)) + _chunk(b"IEND", b"")


def _shrunk(page: _Page, row: bytes) -> bytes:
    if page.pixel == 0:
        return bytes(0 if row[x // 8] >> (7 - x % 8) & 1 else 255 for x in range(0, page.width, _SHRINK))
    if page.pixel == 1:
        return row[::_SHRINK]
    step, channels = page.pixel * _SHRINK, bytearray(3 * (-(-page.width // _SHRINK)))
    for channel in range(3):
        channels[channel::3] = row[channel::step]
    return bytes(channels)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
