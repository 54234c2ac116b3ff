"""Where pages land on sheets: selection, order of sides, scaling, n-up. Pure arithmetic in PDF points.

Words as in IPP: page-ranges, number-up, print-scaling (PWG 5100.13), orientation-requested, sides, copies,
multiple-document-handling (collated or not).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.recipe import Media, Orientation, Recipe, Scaling

Matrix = tuple[float, float, float, float, float, float]
Size = tuple[float, float]

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
    """One printed side. `whole` names a page that is taken as it is; else `placed` are drawn on a sheet of `size`."""

    size: Size
    whole: int | None = None
    placed: tuple[Placed, ...] = ()


def selected(pages: int, ranges: Sequence[tuple[int, int]]) -> list[int]:
    """The 0-based pages of a document that the ranges choose, in document order, each once."""
    if not ranges:
        return list(range(pages))
    return [page for page in range(pages) if any(first <= page + 1 <= last for first, last in ranges)]


def sides(pages: Sequence[int], sizes: Sequence[Size], recipe: Recipe) -> list[Side]:
    """Put the chosen pages on sides, one copy. `sizes` are the sizes of all pages as they are seen."""
    step = recipe.number_up
    groups = [pages[start : start + step] for start in range(0, len(pages), step)]
    return [_side(group, sizes, recipe) for group in groups]


def order(count: int, recipe: Recipe) -> list[int | None]:
    """The sides of all copies in printing order; None is a blank back, so that each copy starts on a sheet of its own."""
    once: list[int | None] = list(range(count))
    if recipe.copies == 1:
        return once
    if recipe.two_sided and count % 2:
        once.append(None)
    if recipe.collated:
        repeated = once * recipe.copies
    else:
        step = 2 if recipe.two_sided else 1
        sheets = [once[start : start + step] for start in range(0, len(once), step)]
        repeated = [side for sheet in sheets for side in sheet * recipe.copies]
    return repeated[:-1] if repeated and repeated[-1] is None else repeated


def sheets(sequence: Sequence[int | None], recipe: Recipe) -> int:
    """How many media sheets a sequence of sides takes."""
    return (len(sequence) + 1) // 2 if recipe.two_sided else len(sequence)


def _side(group: Sequence[int], sizes: Sequence[Size], recipe: Recipe) -> Side:
    first = sizes[group[0]]
    media = recipe.media
    sheet = _points(media) if media else first
    alone = recipe.number_up == 1
    if alone and recipe.orientation == "auto" and (media is None or _fits_exactly(first, sheet, recipe.scaling, media)):
        return Side(size=first, whole=group[0])
    turn = _turn(sheet, first, recipe.number_up, recipe.orientation)
    # Everything is laid out on the sheet as it is read, and turned onto the sheet as it runs at the end.
    read = sheet if turn in {0, 180} else (sheet[1], sheet[0])
    full = Rect(x=0, y=0, width=read[0], height=read[1])
    inner = _printable(media, full, turn) if media else full
    outward = _turned(turn, sheet)
    scaling: Scaling = recipe.scaling if alone else "fit"
    cells = [inner] if alone else _cells(inner, recipe.number_up, landscape=read[0] > read[1])
    placed = []
    for page, cell in zip(group, cells, strict=False):
        matrix, clip = _place(sizes[page], cell, full if alone else cell, scaling, margins=inner != full)
        placed.append(Placed(page=page, matrix=multiply(matrix, outward), clip=_moved(clip, outward)))
    return Side(size=sheet, placed=tuple(placed))


def _points(media: Media) -> Size:
    return media.width * 72 / 2540, media.height * 72 / 2540


def _fits_exactly(page: Size, sheet: Size, scaling: Scaling, media: Media) -> bool:
    same = abs(page[0] - sheet[0]) < _SAME and abs(page[1] - sheet[1]) < _SAME
    margins = any((media.top, media.right, media.bottom, media.left))
    # "fit" into margins shrinks a page of the sheet's own size; all other ways leave it alone.
    return same and not (scaling == "fit" and margins)


def _turn(sheet: Size, page: Size, number_up: int, orientation: Orientation) -> int:
    """By how many degrees, counter-clockwise, what is read upright lies on the sheet as it runs."""
    explicit = {"portrait": 0, "landscape": 90, "reverse-landscape": 270, "reverse-portrait": 180}
    if orientation != "auto" and number_up == 1:
        return explicit[orientation]
    lying = page[0] > page[1] if orientation == "auto" else orientation.endswith("landscape")
    columns, rows = _GRIDS[number_up]
    # Two upright pages make a lying sheet; four make an upright one again.
    wanted = lying if columns == rows else not lying
    if page[0] == page[1] and number_up == 1:
        return 0
    turned = wanted != (sheet[0] > sheet[1])
    base = 90 if turned else 0
    return base + 180 if orientation.startswith("reverse") else base


def _cells(inner: Rect, number_up: int, *, landscape: bool) -> list[Rect]:
    """The cells in reading order, left to right and top to bottom."""
    columns, rows = _GRIDS[number_up] if landscape else _GRIDS[number_up][::-1]
    width, height = inner.width / columns, inner.height / rows
    return [
        Rect(x=inner.x + column * width, y=inner.y + inner.height - (row + 1) * height, width=width, height=height)
        for row in range(rows)
        for column in range(columns)
    ]


def _place(page: Size, inner: Rect, full: Rect, scaling: Scaling, *, margins: bool) -> tuple[Matrix, Rect]:
    """Scale a page into its cell and centre it there (print-scaling)."""
    larger = page[0] > full.width + _SAME or page[1] > full.height + _SAME
    way = scaling
    if way == "auto":
        way = ("fit" if margins else "fill") if larger else "none"
    elif way == "auto-fit":
        way = "fit" if larger else "none"
    target = inner if way == "fit" else full
    ratios = (target.width / page[0], target.height / page[1])
    scale = {"fit": min(ratios), "fill": max(ratios)}.get(way, 1.0)
    x = target.x + (target.width - page[0] * scale) / 2
    y = target.y + (target.height - page[1] * scale) / 2
    return (scale, 0, 0, scale, x, y), target


def _printable(media: Media, read: Rect, turn: int) -> Rect:
    """What the margins leave, on the sheet as it is read: the margins turn with it."""
    margins = [length * 72 / 2540 for length in (media.top, media.right, media.bottom, media.left)]
    # Turning what is read by 90 degrees counter-clockwise brings its right-hand edge to the sheet's top.
    shift = turn // 90
    top, right, bottom, left = (margins[(edge - shift) % 4] for edge in range(4))
    return Rect(x=left, y=bottom, width=read.width - left - right, height=read.height - top - bottom)


def _turned(turn: int, sheet: Size) -> Matrix:
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
