"""From a clean PDF and a recipe to what the device takes, with everything counted on the result.

Preview and paper are made here by the same steps: pages are put on sides, sides become a PDF, and that PDF is thinned,
pictured or turned grey as the recipe says. Only then the ways part: a preview draws it, a printer gets its copies.
"""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from sandbox.errors import Broken, NothingSelected, TooLarge
from sandbox.jail import compose, ghost, layout, look, pictured, pwg, rasterise, sequence, textonly, urf
from sandbox.jail.channel import file_chunks
from sandbox.jail.compose import Sheetwork
from sandbox.jail.document import Opened
from sandbox.jail.layout import Side, Size
from sandbox.jail.task import Task
from sandbox.model import PCLXL, PDF, POSTSCRIPT, PWG, URF, Rendered
from sandbox.recipe import Recipe


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The sides of one copy, cover last, as a PDF; the order of sides over all copies; which sides have colour on it."""

    path: Path
    sides: tuple[Side, ...]
    sequence: list[int | None]
    colors: list[bool]


def plan(opened: Opened, task: Task) -> Plan:
    """Lay the document out. TooLarge when sides times copies pass the limit."""
    recipe = task.recipe
    source = _source(opened, task)
    work, order = _arranged(_sizes(source), task)
    task.pages(len(work.all))
    _check_pixels(work.all, task)
    laid = task.folder / "laid.pdf"
    compose.lay_out(source, laid, work, recipe)
    source.unlink()  # two copies at a time are what the jail's memory is meant for
    path = _finished(laid, work.all, task)
    colors = [False] * len(work.all) if recipe.gray else look.colors(path)
    return Plan(path=path, sides=work.all, sequence=order, colors=colors)


def previewed(opened: Opened, task: Task, show: look.Show) -> Rendered:
    """Picture what comes out, side after side as it lies in the printer's tray, blank backs and all; count all of it.

    `show` gets those of the task's sides that there are, in order. Only what is pictured is laid out.
    """
    recipe = task.recipe
    source = _source(opened, task)
    work, order = _arranged(_sizes(source), task)
    wanted = [place for place in sorted(set(task.sides)) if 1 <= place <= len(order)]
    numbers = [order[place - 1] for place in wanted]
    drawn = sorted({number for number in numbers if number is not None})
    task.pages(len(drawn))
    _check_pixels([work.all[number] for number in drawn], task)
    laid = task.folder / "laid.pdf"
    if drawn:
        compose.lay_out(source, laid, work, recipe, drawn)
        laid = _finished(laid, [work.all[number] for number in drawn], task)
    with look.opened(laid) if drawn else nullcontext() as document:
        for place, number in zip(wanted, numbers, strict=True):
            size = look.fitted(work.all[number or 0].size, task.thumbnails.width)
            if number is None:
                image = Image.new("L", size, "white")
            else:
                image = look.draw(document, drawn.index(number), size, gray=_drawn_gray(recipe)).image
            show(place, look.picture(image, task.thumbnails))
    return _counted(order, recipe, colors=())


def rendered(made: Plan, recipe: Recipe) -> Rendered:
    """The counts; the size is counted by whoever receives the bytes."""
    return _counted(made.sequence, recipe, made.colors)


def _source(opened: Opened, task: Task) -> Path:
    """The document's pages as they are to be laid out."""
    if not task.recipe.text_only:
        return opened.path
    target = task.folder / "text.pdf"
    textonly.text_only(opened.path, target)
    opened.path.unlink()
    return target


def _arranged(sizes: list[Size], task: Task) -> tuple[Sheetwork, list[int | None]]:
    """All sides with what goes on them, and their order over all copies. NothingSelected, or TooLarge for too many."""
    recipe = task.recipe
    parts = sequence.chosen(len(sizes), recipe)
    if not parts:
        raise NothingSelected(f"none of {len(sizes)} pages is chosen")
    groups, single = sequence.once([sequence.groups(part, recipe) for part in parts], recipe)
    if len(single) * recipe.copies > task.max_impressions:
        raise TooLarge(f"{len(single) * recipe.copies} impressions", limit="pages", allowed=task.max_impressions)
    sides = tuple(layout.side(group, sizes, recipe) for group in groups)
    cover = Side(size=layout.points(recipe.media) if recipe.media else sides[0].size) if recipe.cover else None
    order = sequence.order(single, recipe, cover=len(sides) if cover else None)
    return Sheetwork(sides=sides, cover=cover), order


def _counted(order: Sequence[int | None], recipe: Recipe, colors: Sequence[bool]) -> Rendered:
    sides = [index for index in order if index is not None]
    return Rendered(
        format=recipe.format,
        impressions=len(sides),
        sheets=sequence.sheets(order, recipe),
        color_impressions=sum(colors[index] for index in sides) if colors else 0,
        size=0,
    )


def _check_pixels(sides: Iterable[Side], task: Task) -> None:
    if task.recipe.format in {PWG, URF} or task.recipe.pictured:
        for number, side in enumerate(sides, 1):
            rasterise.measures(side.size, task.recipe, color=True).within(task.max_pixels, number)


def _finished(laid: Path, sides: Sequence[Side], task: Task) -> Path:
    """What the recipe does to whole sides; the result is what everything after looks at."""
    recipe = task.recipe
    if recipe.pictured:
        target = task.folder / "pictured.pdf"
        pictured.to_pictures(laid, target, [side.size for side in sides], recipe)
    elif recipe.gray and recipe.format == PDF:
        target = task.folder / "gray.pdf"
        ghost.to_gray(laid, target)
        _same_count(target, len(sides))
    else:
        return laid
    laid.unlink()
    return target


def _drawn_gray(recipe: Recipe) -> bool:
    """Whether colour is taken out when a side is drawn; in a PDF it has gone before."""
    return recipe.gray and recipe.format != PDF


def chunks(made: Plan, task: Task) -> Iterator[bytes]:
    """The result, a chunk at a time."""
    if task.recipe.format in {PDF, POSTSCRIPT, PCLXL}:
        yield from file_chunks(_vector(made, task))
    else:
        yield from _raster(made, task)


def _vector(made: Plan, task: Task) -> Path:
    recipe = task.recipe
    source = made.path
    if made.sequence != list(range(len(made.sides))):
        source = task.folder / "copies.pdf"
        compose.repeat(made.path, source, made.sequence)
    if recipe.format == PDF:
        return source
    target = task.folder / "output"
    duplex = (recipe.two_sided, recipe.sides == "two-sided-short-edge")
    count = len(made.sequence)
    if recipe.format == POSTSCRIPT:
        ghost.to_postscript(source, target, count, gray=recipe.gray, duplex=duplex)
    else:
        mono = recipe.gray or (recipe.color == "auto" and not any(made.colors))
        ghost.to_pclxl(source, target, count, gray=mono, dpi=recipe.resolution, duplex=duplex)
    return target


def _raster(made: Plan, task: Task) -> Iterator[bytes]:
    order = made.sequence
    yield pwg.SYNC if task.recipe.format == PWG else urf.file_header(len(order))
    again = {index for index, count in Counter(order).items() if count > 1}
    color = task.recipe.color == "color" or any(made.colors)
    with look.opened(made.path) as document:
        for position, index in enumerate(order):
            back = task.recipe.two_sided and position % 2 == 1
            size = made.sides[index or 0].size
            octets = rasterise.side(document, index, size, task.recipe, color=color, back=back, total=len(order))
            if index not in again:
                yield from octets
                continue
            # The same side comes once a copy: it is kept compressed, front and back apart.
            kept = task.folder / f"side-{index}-{int(back)}"
            if not kept.exists():
                _keep(kept, octets)
            yield from file_chunks(kept)


def _keep(path: Path, parts: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(parts)


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
