r"""Counts the pages of PCL XL (HP PCL XL Feature Reference, protocol class 2) without drawing any.

stream header  ")" or "(" for the byte order, " HP-PCL XL;2;0;..." to a line feed
41-BF          an operator, which takes the attributes before it: 43 BeginPage, 44 EndPage, 6A SetColorSpace
C0-C5          one value: u8, u16, u32, i16, i32, real; C8-CD arrays of them, their length as a tagged value
D0-D5, E0-E5   two and four values
F8 id, F9 id   the attribute's name (u8 or u16), after its value
FA n, FB n     n octets of data (u32 or u8), which are skipped
"""

import math
import mmap
import re
import struct
from pathlib import Path

from sandbox.jail.language import A3, A4, A5, A6, B4, B5, EXECUTIVE, LEDGER, LEGAL, LETTER, Cut, Told, landscape

_HEADER = re.compile(rb"([()]) HP-PCL XL;[0-9]{1,4};[0-9]{1,4};?[^\n]{0,1024}\n")
_SIZES = {0: LETTER, 1: LEGAL, 2: A4, 3: EXECUTIVE, 4: LEDGER, 5: A3, 10: B4, 11: B5, 16: A5, 17: A6}
_NAMED = {b"LETTER": LETTER, b"LEGAL": LEGAL, b"A4": A4, b"A3": A3, b"A5": A5, b"A6": A6}
_WIDTHS = (1, 2, 4, 2, 4, 4)
_FORMATS = "BHIhif"
_SPACE = frozenset({0x00, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x20})
_BEGIN_PAGE, _END_PAGE, _SET_COLOR_SPACE, _BEGIN_IMAGE = 0x43, 0x44, 0x6A, 0xB0
_BRUSH, _PEN = 0x63, 0x79
_COLOR_SPACE, _RGB_COLOR, _MEDIA_SIZE, _ORIENTATION, _COPIES, _SIMPLEX, _DUPLEX = 3, 11, 37, 40, 49, 52, 53
_RGB = {2, 6}
_MOST_PAGES = 100_000


def told(path: Path) -> Told:
    """Read a file of PCL XL; pages are None when it isn't well-formed."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        reader = _Reader(data)
        try:
            reader.read()
        except (ValueError, IndexError, struct.error) as error:
            whole, cut = False, not isinstance(error, ValueError) or isinstance(error, Cut)
        else:
            whole, cut = True, False
        return Told(
            pages=(reader.pages or None) if whole else None,
            color=reader.color,
            size=landscape(reader.paper, reader.turned),
            copies=reader.copies,
            sides=reader.sides,
            cut=cut,
        )


class _Reader:
    """One pass over the tags; the last value waits until an attribute names it."""

    def __init__(self, data: mmap.mmap) -> None:
        found = _HEADER.match(data)
        self._data = data
        self._place = found.end() if found else 0
        self._order = "<" if found is not None and found[1] == b")" else ">"
        self._known = found is not None
        self._value: bytes | int | float = 0
        self._given: dict[int, bytes | int | float] = {}
        self._rgb = False
        self.pages = 0
        self.color = False
        self.paper = A4
        self.turned = False
        self.copies = 0
        self.sides = ""

    def read(self) -> None:
        """ValueError, IndexError or struct.error at what is no PCL XL."""
        if not self._known:
            raise ValueError("no stream header at offset 0")
        data = self._data
        while self._place < len(data):
            tag = data[self._place]
            self._place += 1
            if tag in _SPACE:
                continue
            if 0x41 <= tag <= 0xBF:
                self._operator(tag)
            else:
                self._operand(tag)

    def _operand(self, tag: int) -> None:
        if tag == 0xF8:
            self._given[self._number("B")] = self._value
        elif tag == 0xF9:
            self._given[self._number("H")] = self._value
        elif tag in {0xFA, 0xFB}:
            self._skip(self._number("I" if tag == 0xFA else "B"))
        elif tag & 0xF8 == 0xC0 and tag & 7 < 6:
            self._value = self._number(_FORMATS[tag & 7])
        elif tag & 0xF8 == 0xC8 and tag & 7 < 6:
            self._array(_WIDTHS[tag & 7])
        elif tag & 0xF8 in {0xD0, 0xE0} and tag & 7 < 6:
            self._skip((2 if tag < 0xE0 else 4) * _WIDTHS[tag & 7])
        else:
            raise ValueError(f"an unknown tag at offset {self._place - 1}")

    def _array(self, width: int) -> None:
        kind = self._data[self._place]
        self._place += 1
        if kind not in {0xC0, 0xC1, 0xC2}:
            raise ValueError(f"an array without length at offset {self._place - 1}")
        start = self._place + _WIDTHS[kind & 7]
        length = self._number(_FORMATS[kind & 7]) * width
        self._skip(length)
        self._value = self._data[start : start + min(length, 64)]

    def _number(self, kind: str) -> int:
        found = struct.unpack_from(self._order + kind, self._data, self._place)[0]
        self._place += struct.calcsize(self._order + kind)
        return int(found) if math.isfinite(found) else 0

    def _skip(self, length: int) -> None:
        if self._place + length > len(self._data):
            raise Cut(f"data beyond the end at offset {self._place}")
        self._place += length

    def _operator(self, tag: int) -> None:
        given, self._given = self._given, {}
        if tag == _BEGIN_PAGE:
            self._page(given)
        elif tag == _END_PAGE:
            self.pages += 1
            copies = given.get(_COPIES, 0)
            self.copies = copies if isinstance(copies, int) and 1 <= copies <= 9999 else self.copies
            if self.pages > _MOST_PAGES:
                raise ValueError("too many pages")
        elif tag == _SET_COLOR_SPACE:
            self._rgb = given.get(_COLOR_SPACE) in _RGB
        elif tag in {_BRUSH, _PEN}:
            self._paint(given.get(_RGB_COLOR))
        elif tag == _BEGIN_IMAGE:
            self.color = self.color or self._rgb

    def _paint(self, color: object) -> None:
        """Grey that is said in red, green and blue is none."""
        if isinstance(color, bytes) and len(color) == 3:
            self.color = self.color or len(set(color)) > 1

    def _page(self, given: dict[int, bytes | int | float]) -> None:
        size, turned = given.get(_MEDIA_SIZE), given.get(_ORIENTATION)
        if isinstance(size, bytes):
            self.paper = _NAMED.get(size.upper(), self.paper)
        elif size is not None:
            self.paper = _SIZES.get(int(size), self.paper)
        self.turned = turned in {1, 3} if turned is not None else self.turned
        if _DUPLEX in given:
            self.sides = "two-sided-short-edge" if given[_DUPLEX] == 0 else "two-sided-long-edge"
        elif _SIMPLEX in given:
            self.sides = "one-sided"
