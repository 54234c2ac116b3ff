r"""Counts the pages of PCL 5 (HP PCL 5 Printer Language Technical Reference, chapters 2 and 4) without drawing any.

    ESC E                     reset: a page that was begun comes out
    ESC X y value Z           one command; X is 21-2F, y 60-7E, the last letter of a run is upper case: ESC &l2a1O
    ESC X y n W data          n octets of data follow (fonts, rasters, patterns); also V of *b, and X of &p
    FF                        the page comes out

Bounded: each octet is looked at once, and data are skipped by their stated length. Text that overflows a page without
a form feed is not counted: drivers don't do that, and `pages` is a count for people and prices, not for safety.
"""

import mmap
import re
from pathlib import Path

from sandbox.jail.language import A3, A4, A5, A6, B4, B5, EXECUTIVE, LEDGER, LEGAL, LETTER, Cut, Told, landscape

_SIZES = {1: EXECUTIVE, 2: LETTER, 3: LEGAL, 6: LEDGER, 24: A6, 25: A5, 26: A4, 27: A3, 45: B5, 46: B4}
_VALUE = re.compile(rb"[+-]?[0-9]{0,9}(?:\.[0-9]{0,9})?")
_NEXT = re.compile(rb"[\x1b\x0c]")
_MARK = re.compile(rb"[\x21-\x7e\xa1-\xff]")
_MOST_PAGES = 100_000


def told(path: Path) -> Told:
    """Read a file of PCL; pages are None when it isn't well-formed."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        reader = _Reader(data)
        try:
            reader.read()
        except ValueError as error:
            whole, cut = False, isinstance(error, Cut)
        else:
            whole, cut = True, False
        return Told(
            pages=(reader.pages or None) if whole else None,
            color=reader.color,
            size=reader.size,
            copies=reader.copies,
            sides=reader.sides,
            cut=cut,
        )


class _Reader:
    """One pass over the data."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._place = 0
        self._begun = False
        self._paper = A4
        self._turned = False
        self._first: tuple[int, int] | None = None
        self.pages = 0
        self.color = False
        self.copies = 0
        self.sides = ""

    @property
    def size(self) -> tuple[int, int]:
        """Of the first page."""
        return self._first or landscape(self._paper, self._turned)

    def read(self) -> None:
        """ValueError at what is no PCL, or too many pages."""
        data = self._data
        while self._place < len(data):
            found = _NEXT.search(data, self._place)
            end = found.start() if found else len(data)
            self._begun = self._begun or _MARK.search(data, self._place, end) is not None
            self._place = end + 1
            if found is None:
                break
            if found[0] == b"\x0c":
                self._eject(blank=True)
            else:
                self._escape()
        self._eject()

    def _escape(self) -> None:
        data, place = self._data, self._place
        if place >= len(data):
            raise Cut("an escape at the end")
        first = data[place]
        if first == ord("%"):
            self._place = _past(data, place + 1)
        elif 0x21 <= first <= 0x2F:
            self._run(place)
        elif 0x30 <= first <= 0x7E:
            if first == ord("E"):
                self._eject()
                self._turned = False
            self._place = place + 1
        else:
            raise ValueError(f"no command at offset {place}")

    def _run(self, place: int) -> None:
        """One escape sequence with one or more values."""
        data = self._data
        kind = data[place : place + 1]
        place += 1
        if place < len(data) and 0x60 <= data[place] <= 0x7E:
            kind += data[place : place + 1]
            place += 1
        while True:
            found = _VALUE.match(data, place)
            text = found[0] if found else b""
            place += len(text)
            if place >= len(data):
                raise Cut("a command without its end")
            letter = data[place]
            place += 1
            if not (0x40 <= letter <= 0x7E):
                raise ValueError(f"no command at offset {place}")
            value = float(text) if text.strip(b"+-.") else 0.0
            place = self._command(kind, chr(letter).upper(), value, place)
            if letter < 0x60:
                break
        self._place = place

    def _command(self, kind: bytes, letter: str, value: float, place: int) -> int:
        """Take one command in; returns the place after it and its data."""
        number = int(value)
        if kind == b"&l":
            self._page_command(letter, number)
        elif kind == b"*r" and letter == "U":
            self.color = self.color or number in {3, -3, -4}
        elif kind == b"*v" and letter == "W":
            self.color = self.color or number >= 6
        elif (kind == b"&a" and letter == "G") or (kind == b"*r" and letter == "A"):
            self._begun = self._begun or kind == b"*r"
            if kind == b"&a":
                self._eject()
        with_data = letter == "W" or (kind == b"*b" and letter == "V") or (kind == b"&p" and letter == "X")
        if not with_data:
            return place
        if number < 0 or place + number > len(self._data):
            raise Cut(f"data beyond the end at offset {place}")
        self._begun = self._begun or kind in {b"*b", b"&p"}
        return place + number

    def _page_command(self, letter: str, number: int) -> None:
        """Paper, orientation, sides and copies; all but the copies end a page that was begun."""
        if letter == "X":
            self.copies = number if 1 <= number <= 9999 else self.copies
            return
        if letter in "AHOS":
            self._eject()
        if letter == "A":
            self._paper = _SIZES.get(number, self._paper)
        elif letter == "O":
            self._turned = number in {1, 3}
        elif letter == "S" and number in {0, 1, 2}:
            self.sides = ("one-sided", "two-sided-long-edge", "two-sided-short-edge")[number]

    def _eject(self, *, blank: bool = False) -> None:
        if self._begun or blank:
            self._first = self.size
            self.pages += 1
            self._begun = False
        if self.pages > _MOST_PAGES:
            raise ValueError("too many pages")


def _past(data: mmap.mmap, place: int) -> int:
    """After ESC % value letter: a change between PCL and HP-GL/2."""
    found = _VALUE.match(data, place)
    end = found.end() if found else place
    if end >= len(data):
        raise Cut("a command without its end")
    return end + 1
