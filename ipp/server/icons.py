"""printer-icons (PWG 5100.13): a printer drawn in three sizes, since clients show a blank square without one."""

import struct
import zlib
from functools import cache

# (left, top, right, bottom, RGBA) in 1/48 of the edge, painted in this order.
_SHAPES = (
    (12, 5, 36, 20, (0xF4, 0xF5, 0xF7, 0xFF)),
    (13, 6, 35, 20, (0xFF, 0xFF, 0xFF, 0xFF)),
    (4, 17, 44, 36, (0x2B, 0x3A, 0x4A, 0xFF)),
    (4, 17, 44, 20, (0x3C, 0x50, 0x64, 0xFF)),
    (37, 23, 41, 26, (0x3D, 0xC9, 0x7D, 0xFF)),
    (10, 29, 38, 31, (0x16, 0x20, 0x2B, 0xFF)),
    (12, 30, 36, 44, (0xFF, 0xFF, 0xFF, 0xFF)),
    (16, 34, 32, 35, (0x9A, 0xA5, 0xB1, 0xFF)),
    (16, 38, 28, 39, (0x9A, 0xA5, 0xB1, 0xFF)),
)
_GRID = 48
_CLEAR = (0, 0, 0, 0)


@cache
def icon(edge: int) -> bytes:
    """A square PNG of `edge` pixels, RGBA with 8 bits a sample."""
    rows = [_row(y * _GRID // edge, edge) for y in range(edge)]
    header = struct.pack(">IIBBBBB", edge, edge, 8, 6, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", pixels), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _row(y: int, edge: int) -> bytes:
    return b"".join(bytes(_color(x * _GRID // edge, y)) for x in range(edge))


def _color(x: int, y: int) -> tuple[int, int, int, int]:
    found = _CLEAR
    for left, top, right, bottom, color in _SHAPES:
        if left <= x < right and top <= y < bottom:
            found = color
    return found


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
