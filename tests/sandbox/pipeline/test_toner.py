"""Grey, paler, outlined, pictured: what happens to whole sides."""

import io
import random
import subprocess

import pytest
from PIL import Image

from sandbox import model
from sandbox.client import Sandbox
from sandbox.recipe import Recipe
from tests.sandbox.pipeline.sheets import framed, has_color, numbered, texts
from tests.sandbox.samples import drawn, render
from tests.sandbox.test_render import raster_pages

_RED = b"1 0 0 rg 100 100 300 300 re f"


async def test_grey_has_no_colour_at_all(sandbox: Sandbox) -> None:
    document = numbered(1, draw=_RED)
    assert has_color(drawn((await render(sandbox, document, Recipe()))[1]))
    totals, result = await render(sandbox, document, Recipe(color="monochrome"))
    assert not has_color(drawn(result, scale=2))
    assert totals.color_impressions == 0


async def test_light_prints_paler_and_stays_text(sandbox: Sandbox) -> None:
    _, result = await render(sandbox, numbered(1, draw=b"0 g 100 100 300 300 re f"), Recipe(toner="light"))
    assert texts(result) == ["p1"]
    assert drawn(result).getpixel((200, 600))[0] == pytest.approx(255 * 0.45, abs=3)


async def test_outline_leaves_the_edges_of_dark_areas(sandbox: Sandbox) -> None:
    document = numbered(1, draw=b"0 g 100 100 300 300 re f")
    _, result = await render(sandbox, document, Recipe(toner="outline", resolution=300))
    image = drawn(result, scale=300 / 72).convert("L")
    row = image.height - round(250 * 300 / 72)
    left = round(100 * 300 / 72)
    assert min(image.getpixel((left + step, row)) for step in range(-2, 4)) < 80
    assert image.getpixel((left + 600, row)) == pytest.approx(204, abs=6)
    # Letters are thin enough to stay dark.
    word = image.crop((round(40 * 300 / 72), round(40 * 300 / 72), round(70 * 300 / 72), round(60 * 300 / 72)))
    assert word.getextrema()[0] < 60


@pytest.mark.parametrize("color", ["auto", "monochrome"])
async def test_print_as_image(sandbox: Sandbox, color: str) -> None:
    document = numbered(2, draw=_RED)
    recipe = Recipe(as_image=True, resolution=150, color=color)  # type: ignore[arg-type]  # listed above
    totals, result = await render(sandbox, document, recipe)
    assert texts(result) == ["", ""]
    listed = subprocess.run(["pdfimages", "-list", "-"], input=result, capture_output=True, check=True).stdout.decode()
    rows = [line.split() for line in listed.splitlines()[2:]]
    assert [(row[2], row[3], row[4], row[5]) for row in rows] == [
        ("image", "1240", "1754", "gray" if color == "monochrome" else "rgb")
    ] * 2
    assert has_color(drawn(result)) is (color == "auto")
    assert totals.color_impressions == (0 if color == "monochrome" else 2)


async def test_photographs_as_images_stay_small(sandbox: Sandbox) -> None:
    """Noise can't be deflated: it is stored as JPEG."""
    noise = Image.frombytes("RGB", (1600, 2200), random.Random(1).randbytes(1600 * 2200 * 3))
    buffer = io.BytesIO()
    noise.save(buffer, "PNG", dpi=(300, 300))
    _, result = await render(sandbox, buffer.getvalue(), Recipe(as_image=True, resolution=300))
    listed = subprocess.run(["pdfimages", "-list", "-"], input=result, capture_output=True, check=True).stdout.decode()
    assert listed.splitlines()[2].split()[8] == "jpeg"


async def test_images_and_toner_also_reach_rasters(sandbox: Sandbox) -> None:
    recipe = Recipe(format=model.PWG, resolution=100, toner="light")
    _, result = await render(sandbox, framed((300, 300), color=False), recipe)
    [(_, _, picture)] = raster_pages(model.PWG, result)
    assert picture.convert("L").getpixel((200, 200)) == pytest.approx(255 * 0.45, abs=3)
