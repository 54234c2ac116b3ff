"""Recipes carried out in a real jail, and the results read by programs that none of us wrote."""

import io
import os
import subprocess
from pathlib import Path

import pikepdf
import pytest
from PIL import Image, ImageChops

from sandbox import model
from sandbox.client import Sandbox
from sandbox.errors import TooLarge
from sandbox.jail import pwg, urf
from sandbox.recipe import Media, Recipe
from tests.sandbox import samples
from tests.sandbox.samples import drawn, page_count, page_sizes, render

_COLOR = b"1 0 0 rg 72 72 144 144 re f"
_A4 = Media(width=21000, height=29700)


def _texts(document: bytes) -> list[str]:
    """What poppler reads on each page."""
    done = subprocess.run(["pdftotext", "-", "-"], input=document, capture_output=True, check=True)
    return [" ".join(page.split()) for page in done.stdout.decode().split("\f")[:-1]]


async def test_ranges_and_copies_stay_vector(sandbox: Sandbox) -> None:
    recipe = Recipe(page_ranges=((2, 3),), copies=2)
    rendered, result = await render(sandbox, samples.pdf(4), recipe)
    assert _texts(result) == ["page 2", "page 3", "page 2", "page 3"]
    assert (rendered.impressions, rendered.sheets, rendered.color_impressions) == (4, 4, 0)
    assert rendered.size == len(result)


async def test_two_sided_copies_are_padded(sandbox: Sandbox) -> None:
    recipe = Recipe(copies=2, sides="two-sided-long-edge")
    rendered, result = await render(sandbox, samples.pdf(3, draw=_COLOR), recipe)
    assert _texts(result) == ["page 1", "page 2", "page 3", "", "page 1", "page 2", "page 3"]
    assert (rendered.impressions, rendered.sheets, rendered.color_impressions) == (6, 4, 6)


@pytest.mark.parametrize(("number_up", "sides"), [(1, 5), (2, 3), (4, 2), (6, 1), (9, 1), (16, 1)])
async def test_number_up(sandbox: Sandbox, number_up: int, sides: int) -> None:
    rendered, result = await render(sandbox, samples.pdf(5), Recipe(number_up=number_up, media=_A4))
    assert rendered.impressions == sides == page_count(result)
    assert set(page_sizes(result)) == {(595, 842)}
    found = " ".join(_texts(result))
    assert sorted(found.replace("page", "").split()) == ["1", "2", "3", "4", "5"]


async def test_scaling_onto_media(sandbox: Sandbox) -> None:
    document = samples.pdf(1, size=(400, 400), draw=b"1 0 0 rg 0 0 400 400 re f")
    _, result = await render(sandbox, document, Recipe(media=_A4, scaling="fit"))
    picture = drawn(result)
    assert picture.getpixel((300, 420))[1] < 10
    assert picture.getpixel((5, 420))[1] < 10
    assert picture.getpixel((300, 100)) == (255, 255, 255)
    _, result = await render(sandbox, document, Recipe(media=_A4, scaling="none"))
    assert drawn(result).getpixel((5, 420)) == (255, 255, 255)


async def test_a_rotated_page_is_placed_as_it_is_seen(sandbox: Sandbox) -> None:
    with pikepdf.Pdf.open(io.BytesIO(samples.pdf(1, size=(200, 100), draw=b"1 0 0 rg 0 0 20 20 re f"))) as made:
        made.pages[0].rotate(90, relative=False)
        document = samples.saved(made)
    seen = drawn(document)
    assert seen.size == (100, 200)
    media = Media(width=round(100 * 2540 / 72), height=round(300 * 2540 / 72))
    _, result = await render(sandbox, document, Recipe(media=media, scaling="none"))
    placed = drawn(result).crop((0, 50, 100, 250))
    assert ImageChops.difference(placed, seen).resize((10, 20)).getextrema()[0][1] < 40


async def test_grey_pdf_keeps_its_text(sandbox: Sandbox) -> None:
    rendered, result = await render(sandbox, samples.pdf(2, draw=_COLOR), Recipe(color="monochrome"))
    assert _texts(result) == ["page 1", "page 2"]
    assert rendered.color_impressions == 0
    red, green, blue = drawn(result).getpixel((144, 700))
    assert red == green == blue < 200


def raster_pages(kind: str, data: bytes) -> list[tuple[int, int, Image.Image]]:
    read = pwg.read_pages if kind == model.PWG else urf.read_pages
    found = []
    for page, lines in read(io.BytesIO(data), max_pages=50, max_pixels=10**8):
        pixels = b"".join(line * repeat for repeat, line in lines)
        mode = "RGB" if page.space.channels == 3 else "L"
        if page.bits == 1:
            found.append((page.width, page.height, Image.frombytes("1", (page.width, page.height), pixels)))
        else:
            found.append((page.width, page.height, Image.frombytes(mode, (page.width, page.height), pixels)))
    return found


@pytest.mark.parametrize("kind", [model.PWG, model.URF])
@pytest.mark.parametrize("color", ["auto", "color", "monochrome"])
async def test_raster_for_devices(sandbox: Sandbox, kind: str, color: str) -> None:
    recipe = Recipe(format=kind, color=color, resolution=150)  # type: ignore[arg-type]  # listed above
    rendered, result = await render(sandbox, samples.pdf(2, draw=_COLOR), recipe)
    pages = raster_pages(kind, result)
    assert [(width, height) for width, height, _ in pages] == [(1240, 1754)] * 2
    assert {picture.mode for *_, picture in pages} == {"L" if color == "monochrome" else "RGB"}
    assert rendered.color_impressions == (0 if color == "monochrome" else 2)
    seen = pages[0][2].convert("RGB").getpixel((300, 1454))
    assert seen == (255, 0, 0) if color != "monochrome" else seen[0] == seen[1] < 200


async def test_auto_is_grey_when_nothing_has_colour(sandbox: Sandbox) -> None:
    _, result = await render(sandbox, samples.pdf(1), Recipe(format=model.PWG, resolution=100))
    assert raster_pages(model.PWG, result)[0][2].mode == "L"


async def test_one_bit_raster(sandbox: Sandbox) -> None:
    recipe = Recipe(format=model.PWG, resolution=100, color="bi-level")
    _, result = await render(sandbox, samples.pdf(1), recipe)
    [(width, height, picture)] = raster_pages(model.PWG, result)
    assert (width, height) == (827, 1169)
    # 1 is black: inside the black square, and not on the paper.
    assert picture.getpixel((200, 950)) == 255
    assert picture.getpixel((600, 600)) == 0


@pytest.mark.parametrize(
    ("sheet_back", "sides", "turned"),
    [
        ("normal", "two-sided-long-edge", None),
        ("rotated", "two-sided-long-edge", Image.Transpose.ROTATE_180),
        ("rotated", "two-sided-short-edge", None),
        ("flipped", "two-sided-long-edge", Image.Transpose.FLIP_TOP_BOTTOM),
        ("flipped", "two-sided-short-edge", Image.Transpose.FLIP_LEFT_RIGHT),
        ("manual-tumble", "two-sided-long-edge", None),
        ("manual-tumble", "two-sided-short-edge", Image.Transpose.ROTATE_180),
    ],
)
async def test_back_sides_are_turned_as_the_device_wants_them(
    sandbox: Sandbox, sheet_back: str, sides: str, turned: Image.Transpose | None
) -> None:
    with pikepdf.Pdf.open(io.BytesIO(samples.pdf(1))) as made:
        made.pages.append(made.pages[0])
        document = samples.saved(made)
    recipe = Recipe(format=model.PWG, resolution=75, sides=sides, sheet_back=sheet_back)  # type: ignore[arg-type]  # listed above
    _, result = await render(sandbox, document, recipe)
    front, back = (picture for *_, picture in raster_pages(model.PWG, result))
    expected = front if turned is None else front.transpose(turned)
    assert back.tobytes() == expected.tobytes()


async def test_raster_copies_repeat_the_same_bytes(sandbox: Sandbox) -> None:
    recipe = Recipe(format=model.URF, resolution=75, copies=3, sides="two-sided-long-edge")
    rendered, result = await render(sandbox, samples.pdf(1), recipe)
    pages = [picture.tobytes() for *_, picture in raster_pages(model.URF, result)]
    assert len(pages) == 5
    assert pages[0] == pages[2] == pages[4]
    assert set(pages[1]) == set(pages[3]) == {255}
    assert (rendered.impressions, rendered.sheets) == (3, 3)


@pytest.mark.parametrize("kind", [model.PWG, model.URF])
async def test_cups_reads_our_raster_to_the_same_pixels(sandbox: Sandbox, kind: str, tmp_path: Path) -> None:
    """CUPS's own raster reader, in its filter to PDF; poppler then gives the pixels back."""
    recipe = Recipe(format=kind, color="color", resolution=100)
    _, result = await render(sandbox, samples.pdf(1, size=(288, 216), draw=_COLOR), recipe)
    [(width, height, picture)] = raster_pages(kind, result)
    (tmp_path / "in.ras").write_bytes(result)
    done = subprocess.run(
        ["/usr/lib/cups/filter/rastertopdf", "1", "me", "t", "1", "", str(tmp_path / "in.ras")],
        env={**os.environ, "CONTENT_TYPE": kind, "CUPS_SERVERROOT": str(tmp_path)},
        capture_output=True,
        check=True,
    )
    (tmp_path / "out.pdf").write_bytes(done.stdout)
    subprocess.run(["pdfimages", "-png", str(tmp_path / "out.pdf"), str(tmp_path / "page")], check=True)
    with Image.open(tmp_path / "page-000.png") as seen:
        assert seen.size == (width, height) == (400, 300)
        assert seen.convert("RGB").tobytes() == picture.tobytes()


async def test_postscript_comes_out_right(sandbox: Sandbox, tmp_path: Path) -> None:
    rendered, result = await render(sandbox, samples.pdf(3, draw=_COLOR), Recipe(format=model.POSTSCRIPT, copies=2))
    assert result.startswith(b"%!PS")
    (tmp_path / "out.ps").write_bytes(result)
    subprocess.run(["ps2pdf", str(tmp_path / "out.ps"), str(tmp_path / "out.pdf")], check=True, capture_output=True)
    assert len(_texts((tmp_path / "out.pdf").read_bytes())) == rendered.impressions == 6


@pytest.mark.parametrize(("color", "gray"), [("monochrome", True), ("color", False)])
async def test_pclxl_has_its_header_and_colour_space(sandbox: Sandbox, color: str, gray: bool) -> None:
    recipe = Recipe(format=model.PCLXL, color=color, resolution=300, sides="two-sided-long-edge")  # type: ignore[arg-type]  # listed above
    rendered, result = await render(sandbox, samples.pdf(2, draw=_COLOR), recipe)
    assert b") HP-PCL XL;" in result[:300]
    assert (rendered.impressions, rendered.sheets) == (2, 1)
    # SetColorSpace (0x6a) with the attribute ColorSpace (0xf8 0x03): eGray is 1, eRGB is 2.
    assert (b"\xc0\x02\xf8\x03\x6a" in result) is not gray


async def test_too_many_impressions_and_pixels_are_refused(sandbox: Sandbox) -> None:
    with pytest.raises(TooLarge):
        await render(sandbox, samples.pdf(20), Recipe(copies=9999))
    with pytest.raises(TooLarge) as caught:
        await render(sandbox, samples.pdf(1), Recipe(format=model.PWG, resolution=2400))
    assert caught.value.limit == "pixels"
