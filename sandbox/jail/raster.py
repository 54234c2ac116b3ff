"""What a page of PWG raster and a page of URF have in common, and the check that each of them must pass."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from sandbox.errors import TooLarge


class Space(Enum):
    """How the numbers of a pixel are meant."""

    GRAY = "gray"  # 0 is black
    BLACK = "black"  # 0 is white
    RGB = "rgb"
    ADOBE_RGB = "adobe-rgb"
    CMYK = "cmyk"

    @property
    def channels(self) -> int:
        return {Space.GRAY: 1, Space.BLACK: 1, Space.RGB: 3, Space.ADOBE_RGB: 3, Space.CMYK: 4}[self]

    @property
    def white(self) -> int:
        """The value of each channel on unprinted paper, as one byte."""
        return 0 if self in {Space.BLACK, Space.CMYK} else 0xFF


@dataclass(frozen=True, kw_only=True, slots=True)
class RasterPage:
    """The measures of a page: pixels, dots per inch (x, y), meaning and bits (1, 8 or 16) of each channel."""

    width: int
    height: int
    dpi: tuple[int, int]
    space: Space
    bits: int

    @property
    def line_bytes(self) -> int:
        return (self.width * self.space.channels * self.bits + 7) // 8

    @property
    def unit(self) -> int:
        """The bytes that a run repeats: a pixel, or eight of them when a pixel is one bit."""
        return max(1, self.space.channels * self.bits // 8)

    @property
    def units(self) -> int:
        return self.line_bytes // self.unit

    @property
    def white(self) -> bytes:
        return bytes((self.space.white,)) * self.unit

    def within(self, max_pixels: int, number: int | None = None) -> "RasterPage":
        """The page itself, or TooLarge when it (the page of that number) has more pixels than `max_pixels`."""
        if self.width * self.height > max_pixels:
            raise TooLarge(f"{self.width} by {self.height} pixels", limit="pixels", allowed=max_pixels, page=number)
        return self


Lines = Iterator[tuple[int, bytes]]
"""The lines of a page in order, each with how often it stands."""

Pages = Iterator[tuple[RasterPage, Lines]]
"""Each page with its lines, which must be read to their end before the next page is asked for."""


def high_bytes(lines: Lines) -> Lines:
    """16-bit samples as 8-bit ones: the high byte comes first (PWG raster is big-endian)."""
    for repeat, line in lines:
        yield repeat, line[0::2]
