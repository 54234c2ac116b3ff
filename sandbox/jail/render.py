"""From a clean PDF and a recipe to what the device takes, with everything counted on the result."""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]  # pypdfium2 ships no types

from sandbox.errors import Broken, TooLarge
from sandbox.jail import compose, ghost, layout, look, pwg, urf
from sandbox.jail.channel import file_chunks
from sandbox.jail.document import Opened
from sandbox.jail.layout import Side
from sandbox.jail.raster import RasterPage, Space
from sandbox.jail.task import Task
from sandbox.model import PCLXL, PDF, POSTSCRIPT, PWG, URF, Rendered
from sandbox.recipe import Recipe


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """One copy laid out as a PDF, the order of sides over all copies, and which sides have colour on the result."""

    path: Path
    sides: list[Side]
    sequence: list[int | None]
    colors: list[bool]


def plan(opened: Opened, task: Task) -> Plan:
    """Lay the document out. TooLarge when pages times copies pass the limit."""
    recipe = task.recipe
    target = task.folder / "laid.pdf"
    sides = compose.lay_out(opened.path, target, _sizes(opened.path), recipe)
    opened.path.unlink()  # two copies at a time are what the jail's memory is meant for
    sequence = layout.order(len(sides), recipe)
    if len(sequence) > task.max_impressions:
        raise TooLarge(f"{len(sequence)} impressions", limit="pages", allowed=task.max_impressions)
    task.pages(len(sides))
    if recipe.format in {PWG, URF}:
        for number, side in enumerate(sides, 1):
            _measures(side.size, recipe, color=True).within(task.max_pixels, number)
    gray = recipe.color in {"monochrome", "bi-level"}
    return Plan(
        path=target, sides=sides, sequence=sequence, colors=[False] * len(sides) if gray else look.colors(target)
    )


def rendered(made: Plan, recipe: Recipe) -> Rendered:
    """The counts; the size is counted by whoever receives the bytes."""
    sides = [index for index in made.sequence if index is not None]
    return Rendered(
        format=recipe.format,
        impressions=len(sides),
        sheets=layout.sheets(made.sequence, recipe),
        color_impressions=sum(made.colors[index] for index in sides),
        size=0,
    )


def chunks(made: Plan, task: Task) -> Iterator[bytes]:
    """The result, a chunk at a time."""
    if task.recipe.format in {PDF, POSTSCRIPT, PCLXL}:
        yield from file_chunks(_vector(made, task))
    else:
        yield from _raster(made, task)


def _vector(made: Plan, task: Task) -> Path:
    recipe = task.recipe
    source = made.path
    gray = recipe.color in {"monochrome", "bi-level"}
    if gray and recipe.format == PDF:
        source = task.folder / "gray.pdf"
        ghost.to_gray(made.path, source)
        _same_count(source, len(made.sides))
    if len(made.sequence) > len(made.sides):
        copies = task.folder / "copies.pdf"
        compose.repeat(source, copies, made.sequence)
        source = copies
    if recipe.format == PDF:
        return source
    target = task.folder / "output"
    duplex = (recipe.two_sided, recipe.sides == "two-sided-short-edge")
    count = len(made.sequence)
    if recipe.format == POSTSCRIPT:
        ghost.to_postscript(source, target, count, gray=gray, duplex=duplex)
    else:
        mono = gray or (recipe.color == "auto" and not any(made.colors))
        ghost.to_pclxl(source, target, count, gray=mono, dpi=recipe.resolution, duplex=duplex)
    return target


def _raster(made: Plan, task: Task) -> Iterator[bytes]:
    sequence = made.sequence
    yield pwg.SYNC if task.recipe.format == PWG else urf.file_header(len(sequence))
    again = {index for index, count in Counter(sequence).items() if count > 1}
    with look.opened(made.path) as document:
        for position, index in enumerate(sequence):
            back = task.recipe.two_sided and position % 2 == 1
            if index not in again:
                yield from _side(document, made, task, index, back=back)
                continue
            # The same side comes once a copy: it is kept compressed, front and back apart.
            kept = task.folder / f"side-{index}-{int(back)}"
            if not kept.exists():
                _keep(kept, _side(document, made, task, index, back=back))
            yield from file_chunks(kept)


def _keep(path: Path, parts: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(parts)


def _side(document: pypdfium2.PdfDocument, made: Plan, task: Task, index: int | None, *, back: bool) -> Iterator[bytes]:
    recipe = task.recipe
    shown = index or 0
    size = made.sides[shown].size
    page = _measures(size, recipe, color=recipe.color == "color" or any(made.colors))
    transform = _transform(recipe) if back else (1, 1)
    lines = _blank(page) if index is None else _drawn(document, index, page, transform)
    if recipe.format == PWG:
        sheet = pwg.PwgSheet(
            points=(round(size[0]), round(size[1])),
            duplex=recipe.two_sided,
            tumble=recipe.sides == "two-sided-short-edge",
            transform=transform,
            quality=recipe.quality,
            total_pages=len(made.sequence),
        )
        return pwg.write_page(page, sheet, lines)
    return urf.write_page(page, urf.UrfSheet(sides=recipe.sides, quality=recipe.quality), lines)


def _measures(size: tuple[float, float], recipe: Recipe, *, color: bool) -> RasterPage:
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


def _sizes(path: Path) -> list[tuple[float, float]]:
    with look.opened(path) as document:
        return [document.get_page_size(index) for index in range(len(document))]


def _same_count(path: Path, expected: int) -> None:
    found = len(_sizes(path))
    if found != expected:
        raise Broken(f"Ghostscript wrote {found} of {expected} pages")


def forget(folder: Path) -> None:
    """Empty the jail's folder between two documents of one batch."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
