"""Sides as the raster that a device takes: PWG raster or URF, with back sides turned as the device wants them."""

from collections.abc import Iterator

import pypdfium2  # type: ignore[import-untyped]  # pypdfium2 ships no types

from sandbox.jail import look, pwg, urf
from sandbox.jail.layout import Size
from sandbox.jail.raster import RasterPage, Space
from sandbox.model import PWG
from sandbox.recipe import Recipe


def side(
    document: pypdfium2.PdfDocument,
    index: int | None,
    size: Size,
    recipe: Recipe,
    *,
    color: bool,
    back: bool,
    total: int,
) -> Iterator[bytes]:
    """The octets of one side of `total`; None is a blank one. `size` is in points."""
    page = measures(size, recipe, color=color)
    transform = _transform(recipe) if back else (1, 1)
    lines = _blank(page) if index is None else _drawn(document, index, page, transform)
    if recipe.format == PWG:
        sheet = pwg.PwgSheet(
            points=(round(size[0]), round(size[1])),
            duplex=recipe.two_sided,
            tumble=recipe.sides == "two-sided-short-edge",
            transform=transform,
            quality=recipe.quality,
            total_pages=total,
        )
        return pwg.write_page(page, sheet, lines)
    return urf.write_page(page, urf.UrfSheet(sides=recipe.sides, quality=recipe.quality), lines)


def measures(size: Size, recipe: Recipe, *, color: bool) -> RasterPage:
    """Pixels and kind of a side of that size in points; without `color` it is grey whatever the recipe says."""
    dpi = recipe.resolution
    width, height = (max(1, round(length * dpi / 72)) for length in size)
    gray = recipe.color == "monochrome" or not color
    space, bits = (Space.GRAY, 8) if gray else (Space.RGB, 8)
    if recipe.color == "bi-level" and recipe.format == PWG:
        space, bits = Space.BLACK, 1
    elif recipe.color == "bi-level":
        space, bits = Space.GRAY, 8
    return RasterPage(width=width, height=height, dpi=(dpi, dpi), space=space, bits=bits)


def _transform(recipe: Recipe) -> tuple[int, int]:
    """Cross-feed and feed transform of a back side (PWG 5102.4; pwg-raster-document-sheet-back)."""
    short = recipe.sides == "two-sided-short-edge"
    return {
        ("flipped", False): (1, -1),
        ("flipped", True): (-1, 1),
        ("rotated", False): (-1, -1),
        ("manual-tumble", True): (-1, -1),
    }.get((recipe.sheet_back, short), (1, 1))


def _blank(page: RasterPage) -> Iterator[bytes]:
    line = page.white * page.units
    return (line for _ in range(page.height))


def _drawn(
    document: pypdfium2.PdfDocument, index: int, page: RasterPage, transform: tuple[int, int]
) -> Iterator[bytes]:
    image = look.draw(document, index, (page.width, page.height), gray=page.space is not Space.RGB).image
    if transform[0] < 0:
        image = look.mirrored(image)
    if transform[1] < 0:
        image = look.upside_down(image)
    if page.bits == 1:
        image = look.dithered(image)
    for top in range(0, page.height, 64):
        strip = image.crop((0, top, page.width, min(top + 64, page.height))).tobytes()
        for start in range(0, len(strip), page.line_bytes):
            yield strip[start : start + page.line_bytes]
