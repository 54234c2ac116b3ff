"""Sides as pictures: for files that a printer would choke on, and for thinning what can't be thinned as lines."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter

from sandbox.jail import look
from sandbox.jail.image_pdf import ImagePdf, Picture, deflated
from sandbox.jail.layout import Size
from sandbox.jail.raster import Space
from sandbox.recipe import Recipe

# A photograph that fills a sheet is tens of megabytes when it is only deflated, and the jail's memory is small.
_LARGE = 4 * 1024 * 1024
_JPEG_QUALITY = 92
_STRIP = 64
_REACH = 300 / 2.5
"""Dark areas keep this fraction of an inch of their edges: a fifth of a millimetre, wider than letters are in half."""
_INSIDE = 0.8


def to_pictures(source: Path, target: Path, sizes: Sequence[Size], recipe: Recipe) -> None:
    """Write a PDF with a picture for each page of `source`, at the recipe's resolution."""
    dpi = recipe.resolution
    with look.opened(source) as document, ImagePdf(target) as pdf:
        for index, size in enumerate(sizes):
            pixels = (max(1, round(size[0] * dpi / 72)), max(1, round(size[1] * dpi / 72)))
            image = look.draw(document, index, pixels, gray=recipe.gray).image
            if recipe.toner == "outline":
                image = hollowed(image, dpi)
            picture, data = _packed(image, size)
            pdf.add(picture, data)


def hollowed(image: Image.Image, dpi: int) -> Image.Image:
    """Dark areas with their insides made pale; what is thinner than two reaches stays as it is."""
    reach = max(1, round(dpi / _REACH))
    inside = image.filter(ImageFilter.MaxFilter(2 * reach + 1))
    pale = ImageChops.invert(inside).point(lambda value: round(value * _INSIDE))
    return ImageChops.add(image, pale)


def _packed(image: Image.Image, size: Size) -> tuple[Picture, list[bytes]]:
    color = image.mode == "RGB" and look.has_color(image)
    shown = image if color else image.convert("L")
    space = Space.RGB if color else Space.GRAY
    parts = list(deflated(_strips(shown)))
    jpeg = sum(map(len, parts)) > _LARGE
    if jpeg:
        buffer = io.BytesIO()
        shown.save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
        parts = [buffer.getvalue()]
    return Picture(width=shown.width, height=shown.height, points=size, space=space, jpeg=jpeg), parts


def _strips(image: Image.Image) -> Iterator[bytes]:
    for top in range(0, image.height, _STRIP):
        yield image.crop((0, top, image.width, min(top + _STRIP, image.height))).tobytes()
