"""Which pages are printed, how they share sides, and in which order the sides of all copies come out. Pure lists.

Words as in IPP: page-ranges, number-up, imposition-template, sides, copies, multiple-document-handling.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.recipe import PageWord, Recipe


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """A page of the document (0-based) and by how many degrees it is turned clockwise."""

    page: int
    rotate: int = 0


Group = tuple[Chosen | None, ...]
"""What shares one side, in reading order; None keeps a place free."""


def chosen(pages: int, recipe: Recipe) -> list[list[Chosen]]:
    """The chosen pages of each document; documents of which nothing is chosen are left out."""
    if recipe.picks:
        # Whoever put pages into an order of their own has made one document of them.
        picked = [Chosen(page=pick.page - 1, rotate=pick.rotate) for pick in recipe.picks if pick.page <= pages]
        wanted = _selected(len(picked), recipe.page_ranges, recipe.page_words)
        parts = [[picked[place] for place in wanted]]
    else:
        wanted = _selected(pages, recipe.page_ranges, recipe.page_words)
        parts = _by_document([Chosen(page=page) for page in wanted], recipe.documents)
    return [part for part in parts if part]


def groups(part: Sequence[Chosen], recipe: Recipe) -> list[Group]:
    """The sides of one document: pages that go together, an all-free one is a blank side."""
    if recipe.booklet:
        return _signature(part, leftwards=recipe.direction.startswith("toleft"))
    step = recipe.number_up
    return [tuple(part[start : start + step]) for start in range(0, len(part), step)]


def once(parts: Sequence[Sequence[Group]], recipe: Recipe) -> tuple[list[Group], list[int | None]]:
    """The printed sides of one copy, and their order by number with None for a blank back."""
    printed: list[Group] = []
    sequence: list[int | None] = []
    for part in parts:
        if recipe.two_sided and len(sequence) % 2:
            sequence.append(None)
        for group in part:
            if any(group):
                sequence.append(len(printed))
                printed.append(group)
            elif recipe.two_sided:
                sequence.append(None)
    return printed, _trimmed(sequence)


def order(single: Sequence[int | None], recipe: Recipe, cover: int | None = None) -> list[int | None]:
    """The sides of all copies in printing order, each copy on sheets of its own; before them the cover on its own."""
    before: list[int | None] = []
    if cover is not None:
        before = [cover, None] if recipe.two_sided else [cover]
    return _trimmed([*before, *_repeated(list(single), recipe)])


def sheets(sequence: Sequence[int | None], recipe: Recipe) -> int:
    """How many media sheets a sequence of sides takes."""
    return (len(sequence) + 1) // 2 if recipe.two_sided else len(sequence)


def _selected(count: int, ranges: Sequence[tuple[int, int]], words: Sequence[PageWord]) -> list[int]:
    """The 0-based places that ranges and words choose, in document order, each once."""
    if not ranges and not words:
        return list(range(count))
    parity = {"odd": 1, "even": 0}
    return [
        number - 1
        for number in range(1, count + 1)
        if any(first <= number <= last for first, last in ranges)
        or any(number == count if word == "last" else number % 2 == parity[word] for word in words)
    ]


def _by_document(pages: Sequence[Chosen], documents: Sequence[int]) -> list[list[Chosen]]:
    parts: list[list[Chosen]] = []
    rest = list(pages)
    end = 0
    for count in documents:
        end += count
        parts.append([page for page in rest if page.page < end])
        rest = [page for page in rest if page.page >= end]
    return [*parts, rest]


def _signature(part: Sequence[Chosen], *, leftwards: bool) -> list[Group]:
    """Saddle stitch: sheets that lie in each other, folded in the middle. On the outermost are the last and first page."""
    count = -(-len(part) // 4) * 4
    pages: list[Chosen | None] = [*part, *[None] * (count - len(part))]
    made: list[Group] = []
    for sheet in range(count // 4):
        first, last = 2 * sheet, count - 1 - 2 * sheet
        front, back = (pages[last], pages[first]), (pages[first + 1], pages[last - 1])
        made += [front[::-1], back[::-1]] if leftwards else [front, back]
    return made


def _repeated(single: list[int | None], recipe: Recipe) -> list[int | None]:
    if recipe.copies == 1:
        return single
    if recipe.two_sided and len(single) % 2:
        single = [*single, None]
    if recipe.collated:
        return single * recipe.copies
    step = 2 if recipe.two_sided else 1
    taken = [single[start : start + step] for start in range(0, len(single), step)]
    return [side for sheet in taken for side in sheet * recipe.copies]


def _trimmed(sequence: list[int | None]) -> list[int | None]:
    """Without blank sides at the end: the sheet comes out there anyway."""
    end = len(sequence)
    while end and sequence[end - 1] is None:
        end -= 1
    return sequence[:end]
