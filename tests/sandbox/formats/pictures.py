"""Pictures of one colour in every way that a picture can be written."""

import io

import pillow_heif
from PIL import Image

from sandbox import kinds
from sandbox.jail import pwg, urf
from sandbox.jail.raster import RasterPage, Space

Color = tuple[int, int, int]
Shape = tuple[int, int]


def single(name: str, shape: Shape, color: Color, number: int) -> bytes:
    """A picture file; its dots per inch are left out, so it prints at 300."""
    image = Image.new("RGB", shape, color)
    if name == "heic":
        buffer = io.BytesIO()
        pillow_heif.from_pillow(image).save(buffer, quality=95)
        return buffer.getvalue()
    options: dict[str, object] = {
        "jpeg": {"quality": 90, "progressive": number % 2 == 1, "comment": b"GPSMARK"},
        "gif": {"save_all": True, "append_images": [Image.new("RGB", shape, (1, 2, 3))] * (number % 2)},
        "webp": {"lossless": number % 2 == 0, "quality": 95},
    }.get(name, {})
    if name == "png" and number % 3 == 0:
        image = image.convert("RGBA")
    if name == "bmp" and number % 2:
        image = image.convert("P", palette=Image.Palette.ADAPTIVE)
    return _saved(image, name.upper(), **options)


def turned(shape: Shape, color: Color, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "GPSMARK"
    return _saved(Image.new("RGB", shape, color), "JPEG", exif=exif, quality=95)


def tiff(pages: int, mode: str, color: Color, number: int) -> bytes:
    """300 by 200 pixels at 150 dpi, each page alike."""
    image = Image.new("RGB", (300, 200), color)
    plain = image.convert(mode, palette=Image.Palette.ADAPTIVE) if mode == "P" else image.convert(mode)
    compression = "group4" if mode == "1" else ("tiff_lzw", "tiff_adobe_deflate", "packbits")[number % 3]
    more = [plain.copy() for _ in range(pages - 1)]
    return _saved(plain, "TIFF", save_all=True, append_images=more, compression=compression, dpi=(150, 150))


def seen(color: Color, mode: str) -> Color:
    """The colour as the mode can show it; of dithered black and white only black is sure."""
    if mode == "L":
        level = Image.new("RGB", (1, 1), color).convert("L").getpixel((0, 0))
        assert isinstance(level, int)
        return level, level, level
    if mode == "1":
        average = Image.new("RGB", (64, 64), color).convert("1").convert("L").resize((1, 1), Image.Resampling.BOX)
        level = average.getpixel((0, 0))
        assert isinstance(level, int)
        return level, level, level
    return color


def raster(kind: str, pages: int, color: Color) -> bytes:
    """72 by 48 pixels at 72 dpi."""
    page = RasterPage(width=72, height=48, dpi=(72, 72), space=Space.RGB, bits=8)
    lines = [bytes(color) * 72] * 48
    if kind == kinds.PWG:
        one = b"".join(pwg.write_page(page, pwg.PwgSheet(points=(72, 48)), lines))
        return pwg.SYNC + one * pages
    return urf.file_header(pages) + b"".join(urf.write_page(page, urf.UrfSheet(), lines)) * pages


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)  # type: ignore[arg-type]  # passed on as given
    return buffer.getvalue()
