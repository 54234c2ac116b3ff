"""Looks at pages the way a reader sees them: their size, whether they have colour, and their pictures."""

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]  # pypdfium2 ships no types
import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # pypdfium2 ships no types
from PIL import Image, ImageChops

from sandbox.errors import Broken, TooLarge
from sandbox.jail.aside import Aside, worthwhile
from sandbox.jail.coverage import coverage
from sandbox.model import JPEG, PageFacts, Thumbnails

# Between the noise of a grey JPEG and a light blue line after it has been shrunk.
_TINT = 24
_LOOK_WIDTH = 240
# A second process takes longer to start than a few pages do.
_SHARED_PAGES = 8

Show = Callable[[int, bytes], None]


@contextmanager
def opened(path: Path) -> Iterator[pypdfium2.PdfDocument]:
    """A document of pdfium's; closed at once, because what is left to the garbage collector grows to gigabytes."""
    try:
        document = pypdfium2.PdfDocument(str(path))
    except pypdfium2.PdfiumError as error:
        raise Broken(str(error)) from error
    try:
        yield document
    except pypdfium2.PdfiumError as error:
        raise Broken(str(error)) from error
    finally:
        document.close()


def draw(document: pypdfium2.PdfDocument, index: int, size: tuple[int, int] | None, *, gray: bool) -> "Drawn":
    """Draw a page into `size` pixels (None: 240 pixels wide). Broken, with the page's number, when it can't be."""
    try:
        page = document[index]
    except pypdfium2.PdfiumError as error:
        raise Broken(str(error), page=index + 1) from error
    try:
        points = page.get_size()
        width, height = size or fitted(points, _LOOK_WIDTH)
        kind = pdfium.FPDFBitmap_Gray if gray else pdfium.FPDFBitmap_BGR
        bitmap = pypdfium2.PdfBitmap.new_native(width, height, kind, rev_byteorder=not gray)
        try:
            bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
            flags = pdfium.FPDF_PRINTING | (pdfium.FPDF_GRAYSCALE if gray else pdfium.FPDF_REVERSE_BYTE_ORDER)
            pdfium.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, flags)
            mode = "L" if gray else "RGB"
            image = Image.frombuffer(mode, (width, height), bitmap.buffer, "raw", mode, bitmap.stride, 1)
            if gray:
                # Of grey Pillow only borrows the bitmap; of colour it has made its own copy already.
                image = image.copy()
        finally:
            bitmap.close()
        return Drawn(points=points, image=image)
    finally:
        page.close()


class Drawn:
    """A drawn page and its size in points."""

    def __init__(self, *, points: tuple[float, float], image: Image.Image) -> None:
        self.points = points
        self.image = image

    @property
    def color(self) -> bool:
        return has_color(self.image)


def facts(
    path: Path, *, thumbnails: Thumbnails, show: Show, known: list[bool] | None = None, max_pixels: int
) -> tuple[PageFacts, ...]:
    """The facts of every page; `show` gets the number and the picture of the first ones. Broken or TooLarge."""
    wanted = partial(_pages, thumbnails=thumbnails, show=show, known=known, max_pixels=max_pixels)
    with opened(path) as document:
        count = len(document)
        # Whoever answers shows the pictures.
        here = max(thumbnails.count, (count + 1) // 2)
        if count < max(_SHARED_PAGES, here + 1) or not worthwhile():
            return tuple(wanted(document, range(count)))

        def there() -> list[PageFacts]:
            with opened(path) as again:
                return wanted(again, range(here, count))

        with Aside(there) as aside:
            first = wanted(document, range(here))
            rest = aside.result()
        return (*first, *(wanted(document, range(here, count)) if rest is None else rest))


def colors(path: Path) -> list[bool]:
    """For each page whether anything on it has colour."""
    with opened(path) as document:
        return [draw(document, index, None, gray=False).color for index in range(len(document))]


def has_color(image: Image.Image) -> bool:
    """Whether a pixel's channels differ by more than noise."""
    if image.mode == "L":
        return False
    red, green, blue = image.split()
    if red.tobytes() == green.tobytes() == blue.tobytes():
        return False
    pairs = ((red, green), (green, blue), (red, blue))
    return any(ImageChops.difference(one, other).getextrema()[1] > _TINT for one, other in pairs)  # type: ignore[operator]  # one channel has one pair


def _pages(
    document: pypdfium2.PdfDocument,
    indices: Iterable[int],
    *,
    thumbnails: Thumbnails,
    show: Show,
    known: list[bool] | None,
    max_pixels: int,
) -> list[PageFacts]:
    return [
        _page(document, index, thumbnails, show=show, known=known[index] if known else None, max_pixels=max_pixels)
        for index in indices
    ]


def _page(
    document: pypdfium2.PdfDocument,
    index: int,
    thumbnails: Thumbnails,
    *,
    show: Show,
    known: bool | None,
    max_pixels: int,
) -> PageFacts:
    wanted = index < thumbnails.count
    size = None
    if wanted:
        size = fitted(document.get_page_size(index), thumbnails.width)
        if size[0] * size[1] > max_pixels:
            raise TooLarge("a thumbnail", limit="pixels", allowed=max_pixels, page=index + 1)
    drawn = draw(document, index, size, gray=False)
    if wanted:
        show(index + 1, picture(drawn.image, thumbnails))
    width, height = (round(length * 2540 / 72) for length in drawn.points)
    color = drawn.color if known is None else known
    return PageFacts(width=width, height=height, color=color, coverage=coverage(drawn.image))


def picture(image: Image.Image, thumbnails: Thumbnails) -> bytes:
    buffer = io.BytesIO()
    if thumbnails.format == JPEG:
        image.save(buffer, "JPEG", quality=80)
    else:
        image.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def fitted(points: tuple[float, float], width: int) -> tuple[int, int]:
    """The pixels of a picture `width` wide; a page that is a long strip is cut to a sane height."""
    return width, max(1, min(round(width * points[1] / max(points[0], 0.01)), width * 8))


def mirrored(image: Image.Image) -> Image.Image:
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def upside_down(image: Image.Image) -> Image.Image:
    return image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)


def dithered(image: Image.Image) -> Image.Image:
    """One bit a pixel where 1 is black, as PWG's black_1 wants it."""
    return ImageChops.invert(image).convert("1")
