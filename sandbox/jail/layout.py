"""Where pages land on a side: the grid of number-up, scaling, turning. Pure arithmetic in PDF points.

Words as in IPP: number-up, presentation-direction-number-up, print-scaling (PWG 5100.13), orientation-requested.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sandbox.jail.sequence import Chosen, Group
from sandbox.recipe import Direction, Media, Orientation, Recipe

Matrix = tuple[float, float, float, float, float, float]
Size = tuple[float, float]
Turn = Literal[0, 90, 180, 270]

# Sizes that differ by less than this are the same paper: rounding of inches, points and millimetres.
_SAME = 2.0

_GRIDS = {1: (1, 1), 2: (2, 1), 4: (2, 2), 6: (3, 2), 9: (3, 3), 16: (4, 4)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Rect:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """A page (0-based), the matrix that brings its lower left corner to its place, and the part of the sheet it may mark."""

    page: int
    matrix: Matrix
    clip: Rect


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One printed side. `whole` names a page that is taken as it is; else `placed` are drawn on a sheet of `size`.

    `turn` is by how many degrees, counter-clockwise, what is read upright lies on the sheet; `frames` are the borders
    around pages that share the side.
    """

    size: Size
    turn: Turn = 0
    whole: int | None = None
    placed: tuple[Placed, ...] = ()
    frames: tuple[Rect, ...] = ()


def side(group: Group, sizes: Sequence[Size], recipe: Recipe) -> Side:
    """Put pages that share a side on it. `sizes` are the sizes of all pages of the document as they are seen."""
    shown = next(page for page in group if page is not None)
    first = _seen(sizes[shown.page], shown.rotate)
    media = recipe.media
    sheet = points(media) if media else first
    alone = recipe.number_up == 1 and not recipe.booklet
    if alone and not shown.rotate and recipe.orientation == "auto" and _fits_exactly(first, sheet, recipe):
        return _untouched(shown.page, first, recipe)
    turn = _turn(sheet, first, recipe)
    # Everything is laid out on the sheet as it is read, and turned onto the sheet as it runs at the end.
    read = seen(sheet, turn)
    full = Rect(x=0, y=0, width=read[0], height=read[1])
    inner = _printable(media, full, turn) if media else full
    outward = turned(turn, sheet)
    cells = [inner] if alone else _cells(inner, recipe, landscape=read[0] > read[1])
    placed = []
    for page, cell in zip(group, cells, strict=False):
        if page is None:
            continue
        size = _seen(sizes[page.page], page.rotate)
        if alone:
            matrix, clip = _place(size, cell, full, recipe, margins=inner != full)
        else:
            matrix, clip = _fit(size, cell), cell
        upright = multiply(_upright(page, sizes[page.page]), matrix)
        placed.append(Placed(page=page.page, matrix=multiply(upright, outward), clip=_moved(clip, outward)))
    frames = tuple(_moved(cell, outward) for cell in cells) if recipe.borders and not alone else ()
    return Side(size=sheet, turn=turn, placed=tuple(placed), frames=frames)


def points(media: Media) -> Size:
    return media.width * 72 / 2540, media.height * 72 / 2540


def seen(sheet: Size, turn: int) -> Size:
    """The sheet's size as it is read."""
    return sheet if turn in {0, 180} else (sheet[1], sheet[0])


def _seen(size: Size, rotate: int) -> Size:
    return size if rotate in {0, 180} else (size[1], size[0])


def _upright(page: Chosen, size: Size) -> Matrix:
    """Turns a page clockwise as it was picked, its lower left corner at the origin again."""
    return turned(-page.rotate, _seen(size, page.rotate))


def _untouched(page: int, size: Size, recipe: Recipe) -> Side:
    if recipe.drawn_over:
        # Something is drawn over it, so that it needs a place on a sheet of its own.
        whole = Rect(x=0, y=0, width=size[0], height=size[1])
        return Side(size=size, placed=(Placed(page=page, matrix=(1, 0, 0, 1, 0, 0), clip=whole),))
    return Side(size=size, whole=page)


def _fits_exactly(page: Size, sheet: Size, recipe: Recipe) -> bool:
    if recipe.scaling == "percent" and recipe.percent != 100:
        return False
    media = recipe.media
    if media is None:
        return True
    same = abs(page[0] - sheet[0]) < _SAME and abs(page[1] - sheet[1]) < _SAME
    margins = any((media.top, media.right, media.bottom, media.left))
    # "fit" into margins shrinks a page of the sheet's own size; all other ways leave it alone.
    return same and not (recipe.scaling == "fit" and margins)


def _turn(sheet: Size, page: Size, recipe: Recipe) -> Turn:
    explicit: dict[Orientation, Turn] = {
        "portrait": 0,
        "landscape": 90,
        "reverse-landscape": 270,
        "reverse-portrait": 180,
    }
    orientation = recipe.orientation
    if recipe.booklet:
        # Two pages beside each other, whatever they are, so that the fold stands upright.
        return 90 if sheet[0] < sheet[1] else 0
    if orientation != "auto" and recipe.number_up == 1:
        return explicit[orientation]
    lying = page[0] > page[1] if orientation == "auto" else orientation.endswith("landscape")
    columns, rows = _GRIDS[recipe.number_up]
    # Two upright pages make a lying sheet; four make an upright one again.
    wanted = lying if columns == rows else not lying
    if page[0] == page[1] and recipe.number_up == 1:
        return 0
    upside: Turn = 180 if orientation.startswith("reverse") else 0
    sideways: Turn = 270 if upside else 90
    return sideways if wanted != (sheet[0] > sheet[1]) else upside


def _cells(inner: Rect, recipe: Recipe, *, landscape: bool) -> list[Rect]:
    """The cells in the order in which pages fill them."""
    if recipe.booklet:
        # Which page is left and which is right was settled when the sheets were put together.
        return _grid(inner, (2, 1), "toright-tobottom")
    columns, rows = _GRIDS[recipe.number_up]
    return _grid(inner, (columns, rows) if landscape else (rows, columns), recipe.direction)


def _grid(inner: Rect, counts: tuple[int, int], direction: Direction) -> list[Rect]:
    columns, rows = counts
    width, height = inner.width / columns, inner.height / rows
    across = range(columns)[::-1] if "toleft" in direction else range(columns)
    down = range(rows)[::-1] if "totop" in direction else range(rows)
    if direction.startswith(("toright", "toleft")):
        places = [(column, row) for row in down for column in across]
    else:
        places = [(column, row) for column in across for row in down]
    return [
        Rect(x=inner.x + column * width, y=inner.y + inner.height - (row + 1) * height, width=width, height=height)
        for column, row in places
    ]


def _fit(page: Size, cell: Rect) -> Matrix:
    return _centered(page, cell, min(cell.width / page[0], cell.height / page[1]))


def _place(page: Size, inner: Rect, full: Rect, recipe: Recipe, *, margins: bool) -> tuple[Matrix, Rect]:
    """Scale a page onto its sheet and centre it there (print-scaling)."""
    larger = page[0] > full.width + _SAME or page[1] > full.height + _SAME
    way = recipe.scaling
    if way == "auto":
        way = ("fit" if margins else "fill") if larger else "none"
    elif way == "auto-fit":
        way = "fit" if larger else "none"
    target = inner if way == "fit" else full
    ratios = (target.width / page[0], target.height / page[1])
    scale = {"fit": min(ratios), "fill": max(ratios), "percent": recipe.percent / 100}.get(way, 1.0)
    return _centered(page, target, scale), target


def _centered(page: Size, target: Rect, scale: float) -> Matrix:
    x = target.x + (target.width - page[0] * scale) / 2
    y = target.y + (target.height - page[1] * scale) / 2
    return (scale, 0, 0, scale, x, y)


def _printable(media: Media, read: Rect, turn: int) -> Rect:
    """What the margins leave, on the sheet as it is read: the margins turn with it."""
    margins = [length * 72 / 2540 for length in (media.top, media.right, media.bottom, media.left)]
    # Turning what is read by 90 degrees counter-clockwise brings its right-hand edge to the sheet's top.
    shift = turn // 90
    top, right, bottom, left = (margins[(edge - shift) % 4] for edge in range(4))
    return Rect(x=left, y=bottom, width=read.width - left - right, height=read.height - top - bottom)


def turned(turn: int, sheet: Size) -> Matrix:
    """Brings what is read upright onto a sheet of that size, turned counter-clockwise by `turn` degrees."""
    width, height = sheet
    turns: dict[int, Matrix] = {
        0: (1, 0, 0, 1, 0, 0),
        90: (0, 1, -1, 0, width, 0),
        180: (-1, 0, 0, -1, width, height),
        270: (0, -1, 1, 0, 0, height),
    }
    return turns[turn % 360]


def multiply(first: Matrix, second: Matrix) -> Matrix:
    """`first`, then `second`, in PDF's row vectors (ISO 32000-1 section 8.3.4)."""
    a, b, c, d, e, f = first
    p, q, r, s, t, u = second
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u)


def _moved(rect: Rect, matrix: Matrix) -> Rect:
    a, b, c, d, e, f = matrix
    corners = [(rect.x, rect.y), (rect.x + rect.width, rect.y + rect.height)]
    (x0, y0), (x1, y1) = [(a * x + c * y + e, b * x + d * y + f) for x, y in corners]
    return Rect(x=min(x0, x1), y=min(y0, y1), width=abs(x1 - x0), height=abs(y1 - y0))
