"""Turns pictures and rasters into a PDF with one page each. Metadata such as a place or a camera stays behind."""

import io
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from sandbox.errors import Broken, TooLarge
from sandbox.jail import pwg, urf
from sandbox.jail.flow import within_a4
from sandbox.jail.image_pdf import ImagePdf, Picture, deflated
from sandbox.jail.raster import Lines, Pages, RasterPage, Space
from sandbox.jail.rle import RasterError, Readable
from sandbox.jail.task import Task
from sandbox.kinds import BMP, GIF, HEIC, JPEG, PNG, PWG, TIFF, WEBP

_STRIP = 64
_DEFAULT_DPI = 300.0
_JPEG_QUALITY = 95
_ORIENTATION = 0x0112
_CHUNK = 256 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """How many pages there are, and sentences for the sender."""

    pages: int
    notes: tuple[str, ...] = ()


def picture_to_pdf(source: Path, target: Path, kind: str, task: Task) -> Made:
    """Convert a picture: upright, on white, in sRGB or grey; all pages of a TIFF, else the first. Broken or TooLarge."""
    Image.MAX_IMAGE_PIXELS = None  # our own limit below is the sharper one
    if kind == HEIC:
        import pillow_heif  # noqa: PLC0415 - costs each worker's start what few documents need

        pillow_heif.register_heif_opener(thumbnails=False)
    made = 0
    try:
        with Image.open(source, formats=_PLUGINS[kind]) as image, ImagePdf(target) as pdf:
            for _ in _frames(image, all_pages=kind == TIFF):
                task.pages(made + 1)
                _add(image, pdf, task, jpeg=_is_photo(kind, image))
                made += 1
            more = kind != TIFF and getattr(image, "is_animated", False)
    except UnidentifiedImageError as error:
        raise Broken(str(error)) from error
    except OSError as error:
        if error.errno is not None:
            raise  # of the file system, not of the picture
        raise Broken(f"OSError: {error}", page=made + 1) from error
    except _DAMAGED as error:
        raise Broken(f"{type(error).__name__}: {error}", page=made + 1) from error
    return Made(pages=made, notes=("Only the first picture of the file is printed.",) if more else ())


_PLUGINS = {
    JPEG: ["JPEG"],
    PNG: ["PNG"],
    GIF: ["GIF"],
    BMP: ["BMP", "DIB"],
    TIFF: ["TIFF"],
    WEBP: ["WEBP"],
    HEIC: ["HEIF"],
}
# What Pillow's readers raise on damaged files, beside OSError.
_DAMAGED = (
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    struct.error,
    Image.DecompressionBombError,
)


def _is_photo(kind: str, image: Image.Image) -> bool:
    """Whether the pixels were squeezed with loss before, so that doing it once more, at a high quality, costs nothing."""
    return kind == JPEG or (kind == HEIC and image.mode == "RGB")


def _frames(image: Image.Image, *, all_pages: bool) -> Iterator[int]:
    """Go to each picture of a file in turn. The number of them is not asked for: that would read them all at once."""
    number = 0
    while True:
        yield number
        number += 1
        if not all_pages:
            return
        try:
            image.seek(number)
        except EOFError:
            return


def _add(image: Image.Image, pdf: ImagePdf, task: Task, *, jpeg: bool) -> None:
    if image.width * image.height > task.max_pixels:
        raise TooLarge(f"{image.width} by {image.height}", limit="pixels", allowed=task.max_pixels)
    stated = _dpi(image)
    points = _page_size(image, stated)
    image.load()
    # A copy of 100 megapixels is 400 MB: wherever Pillow would make one for nothing, it is told not to.
    if image.getexif().get(_ORIENTATION, 1) > 4:
        points = points[::-1]
    ImageOps.exif_transpose(image, in_place=True)
    _write_picture(_in_srgb(image), pdf, points, jpeg=jpeg)


def _page_size(image: Image.Image, stated: tuple[float, float] | None) -> tuple[float, float]:
    """In points. A scan is as large as it says; a photo says nothing: 300 dpi, and no larger than A4, upright or not."""
    across, down = stated or (_DEFAULT_DPI, _DEFAULT_DPI)
    size = (image.width * 72 / across, image.height * 72 / down)
    factor = 1.0 if stated else within_a4(size)
    return size[0] * factor, size[1] * factor


def raster_to_pdf(source: Readable, target: Path, kind: str, task: Task) -> list[bool]:
    """Convert PWG raster or URF; returns for each page whether a pixel of it has colour. Broken or TooLarge."""
    colors: list[bool] = []
    try:
        with ImagePdf(target) as pdf:
            read = pwg.read_pages if kind == PWG else urf.read_pages
            pages: Pages = read(source, max_pages=task.max_pages, max_pixels=task.max_pixels)
            for page, lines in pages:
                task.pages(len(colors) + 1)
                tint = _Tint(page.space)
                picture = Picture(
                    width=page.width, height=page.height, points=_points(page), space=page.space, bits=page.bits
                )
                pdf.add(picture, deflated(tint.passing(lines)))
                colors.append(tint.found)
    except RasterError as error:
        raise Broken(str(error), page=len(colors) + 1) from error
    if not colors:
        raise Broken("the raster has no page")
    return colors


class _Tint:
    """Looks at lines in passing for a pixel that is not grey; exact, and stops looking once it has found one."""

    def __init__(self, space: Space) -> None:
        self.found = False
        self._channels = space.channels

    def passing(self, lines: Lines) -> Iterator[bytes]:
        for repeat, line in lines:
            if not self.found and self._channels > 1:
                self.found = self._tinted(line)
            yield line * repeat

    def _tinted(self, line: bytes) -> bool:
        step = self._channels
        first = line[0::step]
        return first != line[1::step] or first != line[2::step]


def _points(page: RasterPage) -> tuple[float, float]:
    return page.width * 72 / page.dpi[0], page.height * 72 / page.dpi[1]


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    """The picture's own resolution where it is plausible for print. 72 and 96 are what programs write for "none"."""
    try:
        across, down = (float(value) for value in image.info.get("dpi", (0, 0)))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if 100 <= across <= 2400 and across / 4 <= down <= across * 4:
        # A fax has half as many lines down as dots across.
        return across, down
    return None


def _in_srgb(image: Image.Image) -> Image.Image:
    """The picture without its colour profile, with its colours as they were meant: phones write Display P3."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "CMYK"}:
        return image
    from PIL import ImageCms  # noqa: PLC0415 - costs each worker's start what few documents need

    try:
        source, target = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        if image.mode == "CMYK":
            return ImageCms.profileToProfile(image, source, target, outputMode="RGB") or image
        ImageCms.profileToProfile(image, source, target, inPlace=True)
    except (ImageCms.PyCMSError, OSError, TypeError):
        # A damaged profile costs its colours, not the picture.
        return image
    return image


def _write_picture(image: Image.Image, pdf: ImagePdf, points: tuple[float, float], *, jpeg: bool) -> None:
    gray = image.mode in {"1", "L", "LA", "I", "I;16", "I;16B", "F"}
    picture = Picture(
        width=image.width,
        height=image.height,
        points=points,
        space=Space.GRAY if gray else Space.RGB,
        jpeg=jpeg,
    )
    pdf.add(picture, _jpeg(image, gray=gray) if jpeg else deflated(_strips(image, gray=gray)))


def _jpeg(image: Image.Image, *, gray: bool) -> Iterable[bytes]:
    """Encode anew from the pixels alone: no segment of the sender's file reaches the printer."""
    buffer = io.BytesIO()
    mode = "L" if gray else "RGB"
    plain = image if image.mode == mode else image.convert(mode)
    # Pillow would write comments, resolution and profiles back from here.
    plain.info.clear()
    plain.save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    data = buffer.getbuffer()
    return (bytes(data[start : start + _CHUNK]) for start in range(0, len(data), _CHUNK))


def _strips(image: Image.Image, *, gray: bool) -> Iterator[bytes]:
    """The samples on white paper, a few lines at a time: a conversion of the whole would hold it three times."""
    for top in range(0, image.height, _STRIP):
        strip = image.crop((0, top, image.width, min(top + _STRIP, image.height)))
        yield _flat(strip, "L" if gray else "RGB").tobytes()


def _flat(strip: Image.Image, mode: str) -> Image.Image:
    if strip.mode.startswith(("I", "F")):
        # 16-bit grey: the high byte. Pillow's own conversion clips instead.
        return strip.convert("I").point(lambda value: value / 256).convert("L")
    if "A" not in strip.mode and "transparency" not in strip.info:
        return strip.convert(mode)
    layer = strip.convert("RGBA")
    paper = Image.new("RGBA", layer.size, "white")
    paper.alpha_composite(layer)
    return paper.convert(mode)
