"""Writes a PDF whose pages are one picture each, page after page, holding one strip of a picture at a time.

A raster job may have hundreds of pages of 100 MB each; a PDF library would hold them all until the file is saved.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.jail.raster import Space

# Adobe RGB (1998) by its white point, gamma and primaries (CalRGB, ISO 32000-1 section 8.6.5.3).
_ADOBE_RGB = (
    "[/CalRGB<</WhitePoint[0.9505 1 1.0891]/Gamma[2.1992 2.1992 2.1992]"
    "/Matrix[0.57667 0.29734 0.02703 0.18556 0.62736 0.07069 0.18823 0.07529 0.99134]>>]"
)
_SPACES = {
    Space.GRAY: "/DeviceGray",
    Space.BLACK: "/DeviceGray/Decode[1 0]",
    Space.RGB: "/DeviceRGB",
    Space.ADOBE_RGB: _ADOBE_RGB,
    Space.CMYK: "/DeviceCMYK",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture that fills its page: pixels, and the page's size in points."""

    width: int
    height: int
    points: tuple[float, float]
    space: Space
    bits: int = 8
    jpeg: bool = False


class ImagePdf:
    """A PDF file in the making; use it as a context, it is whole after the block has ended well."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._offsets: list[int] = []
        self._pages: list[int] = []
        self._file.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        # Objects 1 and 2, catalog and page tree, are written last; their numbers are fixed.
        self._offsets += [0, 0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._finish()
        self._file.close()

    def add(self, picture: Picture, data: Iterable[bytes]) -> None:
        """Add a page. `data` is the picture's samples compressed by `deflated`, or a JPEG file."""
        image, length = self._reserve(), self._reserve()
        filter_ = "/DCTDecode" if picture.jpeg else "/FlateDecode"
        self._object(
            image,
            f"<</Type/XObject/Subtype/Image/Width {picture.width}/Height {picture.height}/BitsPerComponent {picture.bits}"
            f"/ColorSpace{_SPACES[picture.space]}/Filter{filter_}/Length {length} 0 R>>stream\n",
            end="",
        )
        start = self._file.tell()
        for chunk in data:
            self._file.write(chunk)
        size = self._file.tell() - start
        self._file.write(b"\nendstream\nendobj\n")
        self._object(length, str(size))
        self._page(image, picture.points)

    def _page(self, image: int, points: tuple[float, float]) -> None:
        width, height = points
        content = f"q {width:.4f} 0 0 {height:.4f} 0 0 cm /Im Do Q"
        contents, page = self._reserve(), self._reserve()
        self._object(contents, f"<</Length {len(content)}>>stream\n{content}\nendstream")
        self._object(
            page,
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width:.4f} {height:.4f}]/Contents {contents} 0 R"
            f"/Resources<</XObject<</Im {image} 0 R>>>>>>",
        )
        self._pages.append(page)

    def _reserve(self) -> int:
        self._offsets.append(0)
        return len(self._offsets)

    def _object(self, number: int, body: str, end: str = "\nendobj\n") -> None:
        self._offsets[number - 1] = self._file.tell()
        self._file.write(f"{number} 0 obj\n{body}{end}".encode("ascii"))

    def _finish(self) -> None:
        kids = " ".join(f"{number} 0 R" for number in self._pages)
        self._object(1, "<</Type/Catalog/Pages 2 0 R>>")
        self._object(2, f"<</Type/Pages/Count {len(self._pages)}/Kids[{kids}]>>")
        start = self._file.tell()
        table = "".join(f"{offset:010d} 00000 n \n" for offset in self._offsets)
        size = len(self._offsets) + 1
        tail = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<</Size {size}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
        self._file.write(tail.encode("ascii"))


def deflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Compress fast: the file lives for minutes and its pixels are mostly white."""
    squeeze = zlib.compressobj(1)
    for chunk in chunks:
        if part := squeeze.compress(chunk):
            yield part
    yield squeeze.flush()
