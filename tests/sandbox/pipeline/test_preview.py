"""A preview is what comes out: the same pictures as the delivered document's own pages."""

import io
from typing import Any

import pypdfium2
import pytest
from PIL import Image, ImageChops

from sandbox import model
from sandbox.client import Sandbox
from sandbox.errors import NothingSelected, TooLarge
from sandbox.recipe import Cover, Media, Pick, Recipe, Stamp
from tests.sandbox.pipeline.sheets import A4, numbered, preview
from tests.sandbox.samples import render, stream
from tests.sandbox.test_render import raster_pages

_WIDTH = 400
_DRAW = b"0.9 0.1 0.1 rg 100 100 200 300 re f 0 0.5 0 rg 300 300 200 300 re f"

_RECIPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "number-up": {"number_up": 4, "media": A4, "borders": True},
    "two-up": {"number_up": 2, "media": A4},
    "booklet": {"imposition": "signature", "media": A4, "sides": "two-sided-short-edge"},
    "grey": {"color": "monochrome"},
    "watermark": {"stamps": (Stamp(text="Draft", angle=45, opacity=20), Stamp(text="{page}/{pages}", position="top"))},
    "cover": {"cover": Cover(title="Anna"), "sides": "two-sided-long-edge", "copies": 2},
    "light": {"toner": "light"},
    "outline": {"toner": "outline", "resolution": 150},
    "image": {"as_image": True, "resolution": 100, "color": "monochrome"},
    "percent": {"scaling": "percent", "percent": 60},
    "picks": {"picks": (Pick(page=2, rotate=90), Pick(page=1))},
    "grey-marked-two-up": {"color": "monochrome", "number_up": 2, "media": A4, "stamps": (Stamp(text="Draft"),)},
}


def rasterised(document: bytes, width: int = _WIDTH) -> list[Image.Image]:
    """The pages of a delivered PDF as pdfium draws them for print."""
    opened = pypdfium2.PdfDocument(document)
    pictures = []
    for page in opened:
        size = (width, max(1, round(width * page.get_height() / page.get_width())))
        bitmap = pypdfium2.PdfBitmap.new_native(*size, pypdfium2.raw.FPDFBitmap_BGR, rev_byteorder=True)
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, *size)
        flags = pypdfium2.raw.FPDF_PRINTING | pypdfium2.raw.FPDF_REVERSE_BYTE_ORDER
        pypdfium2.raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, *size, 0, flags)
        pictures.append(Image.frombuffer("RGB", size, bitmap.buffer, "raw", "RGB", bitmap.stride, 1).copy())
        bitmap.close()
        page.close()
    opened.close()
    return pictures


def apart(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of any pixel's channel."""
    return max(high for _, high in ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getextrema())  # type: ignore[misc]  # RGB has pairs


@pytest.mark.parametrize("name", _RECIPES)
async def test_preview_equals_paper(sandbox: Sandbox, name: str) -> None:
    recipe = Recipe(**_RECIPES[name])
    document = numbered(5, draw=_DRAW)
    totals, paper = await render(sandbox, document, recipe)
    sheets = rasterised(paper)
    counted, pictures = await preview(sandbox, document, recipe, tuple(range(1, 30)), _WIDTH)
    assert list(pictures) == list(range(1, len(sheets) + 1))
    assert (counted.impressions, counted.sheets) == (totals.impressions, totals.sheets)
    for number, sheet in enumerate(sheets, 1):
        assert pictures[number].size == sheet.size
        assert apart(pictures[number], sheet) <= 1, f"side {number} differs"


@pytest.mark.parametrize("color", ["color", "monochrome"])
async def test_preview_equals_raster(sandbox: Sandbox, color: str) -> None:
    """Sheets of 8 by 11 inch are 400 pixels wide at 50 dpi: a picture of that width has the pixels that the device gets."""
    media = Media(width=20320, height=27940)
    recipe = Recipe(format=model.PWG, resolution=50, color=color, number_up=2, media=media)  # type: ignore[arg-type]  # listed above
    document = numbered(3, draw=_DRAW)
    _, result = await render(sandbox, document, recipe)
    _, pictures = await preview(sandbox, document, recipe, (1, 2), 400)
    for number, (width, height, sheet) in enumerate(raster_pages(model.PWG, result), 1):
        assert pictures[number].size == (width, height) == (400, 550)
        assert apart(pictures[number], sheet) == 0


async def test_one_side_of_many_without_the_others(sandbox: Sandbox) -> None:
    recipe = Recipe(stamps=(Stamp(text="{page}/{pages}", position="bottom"),))
    totals, pictures = await preview(sandbox, numbered(40), recipe, (17, 99))
    assert totals.impressions == 40
    assert list(pictures) == [17]
    _, paper = await render(sandbox, numbered(40), recipe)
    assert apart(pictures[17], rasterised(paper)[16]) <= 1


async def test_sides_beyond_the_last_and_none(sandbox: Sandbox) -> None:
    totals, pictures = await preview(sandbox, numbered(2), Recipe(copies=3), ())
    assert (totals.impressions, totals.sheets, pictures) == (6, 6, {})
    assert (await preview(sandbox, numbered(1), Recipe(), (2,)))[1] == {}


async def test_a_preview_refuses_what_print_refuses(sandbox: Sandbox) -> None:
    with pytest.raises(NothingSelected):
        await preview(sandbox, numbered(1), Recipe(page_ranges=((5, 6),)), (1,))
    with pytest.raises(TooLarge):
        await preview(sandbox, numbered(1), Recipe(), tuple(range(1, 300)))


async def test_pictures_are_png(sandbox: Sandbox) -> None:
    raw: list[bytes] = []

    async def keep(_: int, data: bytes) -> None:
        raw.append(data)

    await sandbox.preview(stream(numbered(1)), Recipe(), keep, sides=(1,), width=100)
    assert raw[0].startswith(b"\x89PNG")
    with Image.open(io.BytesIO(raw[0])) as opened:
        assert opened.width == 100
