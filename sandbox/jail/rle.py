"""The line compression that PWG raster and URF share (PWG 5102.4; a PackBits of whole pixels).

    line     = repeat (uint8: the line stands repeat + 1 times) run*     until the line is full
    run      = 0..127    one pixel follows, it stands n + 1 times
             | 129..255  257 - n pixels follow as they are
             | 128       the rest of the line is white

A pixel is as many bytes as the page says; lines of one-bit pixels are coded byte by byte.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from typing import Protocol

_WINDOW = 128 * 1024
_MAX_REPEAT = 256


class RasterError(ValueError):
    """The raster breaks its own format. The message ends with the offset in the stream."""


class Readable(Protocol):
    """Bytes in order; an empty answer is the end."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most `size`."""


class Reader:
    """Reads a stream through a window, counting the offset for messages."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._window = b""
        self._position = 0
        self._before = 0

    @property
    def offset(self) -> int:
        return self._before + self._position

    def exactly(self, count: int, what: str) -> bytes:
        """The next `count` bytes. RasterError when the stream ends before."""
        data = self.at_most(count)
        if len(data) < count:
            raise RasterError(f"the stream ends within {what} at offset {self.offset}")
        return data

    def at_most(self, count: int) -> bytes:
        self._fill(count)
        data = self._window[self._position : self._position + count]
        self._position += len(data)
        return data

    def line(self, pixels: int, size: int, white: bytes) -> tuple[int, bytes]:
        """The next line of `pixels` pixels of `size` bytes: how often it stands, and its bytes."""
        repeat = self.exactly(1, "a line's repeat count")[0] + 1
        parts: list[bytes] = []
        left = pixels
        longest = 1 + 128 * size
        while left > 0:
            if len(self._window) - self._position < longest:
                self._fill(longest)
            window, position = self._window, self._position
            if position >= len(window):
                raise RasterError(f"the stream ends within a line at offset {self.offset}")
            code = window[position]
            if code < 128:
                count, used = code + 1, 1 + size
                parts.append(window[position + 1 : position + used] * count)
            elif code > 128:
                count = 257 - code
                used = 1 + count * size
                parts.append(window[position + 1 : position + used])
            else:
                count, used = left, 1
                parts.append(white * left)
            if count > left:
                raise RasterError(f"a run passes the end of its line at offset {self.offset}")
            if position + used > len(window):
                raise RasterError(f"the stream ends within a run at offset {self.offset}")
            self._position = position + used
            left -= count
        return repeat, b"".join(parts)

    def lines(self, height: int, pixels: int, size: int, white: bytes) -> Iterator[tuple[int, bytes]]:
        """All lines of a page as (how often, bytes); a repeat past the page's end is cut there, as printers do."""
        left = height
        while left > 0:
            repeat, line = self.line(pixels, size, white)
            repeat = min(repeat, left)
            left -= repeat
            yield repeat, line

    def _fill(self, count: int) -> None:
        if len(self._window) - self._position >= count:
            return
        rest = self._window[self._position :]
        self._before += self._position
        self._position = 0
        parts = [rest]
        missing = max(count, _WINDOW) - len(rest)
        while missing > 0 and (chunk := self._stream.read(missing)):
            parts.append(chunk)
            missing -= len(chunk)
        self._window = b"".join(parts)


def encode_lines(lines: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Encode equally long lines of pixels of `size` bytes; equal neighbours become one."""
    for line, group in groupby(lines):
        count = sum(1 for _ in group)
        encoded = encode_line(line, size)
        while count > 0:
            step = min(count, _MAX_REPEAT)
            yield bytes((step - 1,)) + encoded
            count -= step


def encode_line(line: bytes, size: int) -> bytes:
    """Encode the runs of one line."""
    parts: list[bytes] = []
    for match in _runs(size).finditer(line):
        count = (match.end() - match.start()) // size
        if match.lastgroup == "same":
            parts.append(bytes((count - 1,)) + match["same"])
        elif count == 1:
            # 256, "one pixel as it is", doesn't fit into the byte; "one pixel once" says the same.
            parts.append(b"\0" + match[0])
        else:
            parts.append(bytes((257 - count,)) + match[0])
    return b"".join(parts)


@cache
def _runs(size: int) -> re.Pattern[bytes]:
    """Matches the next run from a pixel's border: 3 to 128 equal pixels, or 1 to 128 pixels up to the next such run.

    Two equal pixels are cheaper within their neighbours' run than as one of their own. The regular expression engine is
    the fastest scanner that the standard library has.
    """
    pixel = b".{%d}" % size
    return re.compile(
        rb"(?P<same>%b)(?P=same){2,127}|(?:(?P<one>%b)(?!(?P=one){2})){1,128}" % (pixel, pixel), re.DOTALL
    )
