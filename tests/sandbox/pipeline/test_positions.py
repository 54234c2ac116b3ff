"""Where things are on the sheets that come out of a real jail, measured by programs that none of us wrote."""

import pytest

from sandbox.client import Sandbox
from sandbox.errors import NothingSelected, TooLarge
from sandbox.recipe import Media, Pick, Recipe
from tests.sandbox.pipeline.sheets import A4, A5, framed, inked, numbered, preview, rotated, sizes, texts, words
from tests.sandbox.samples import drawn, render

_SHORT = "two-sided-short-edge"


@pytest.mark.parametrize(
    ("media", "mm"),
    [
        (A4, (210, 297)),
        (A5, (148, 210)),
        (Media(width=21590, height=27940), (215.9, 279.4)),
        (Media(width=10477, height=24130), (104.77, 241.3)),
    ],
)
async def test_paper_is_exact(sandbox: Sandbox, media: Media, mm: tuple[float, float]) -> None:
    _, result = await render(sandbox, numbered(1), Recipe(media=media, scaling="fit"))
    [(width, height)] = sizes(result)
    assert (width, height) == (pytest.approx(mm[0], abs=0.01), pytest.approx(mm[1], abs=0.01))


@pytest.mark.parametrize("percent", [25, 50, 71, 140])
async def test_percent_is_exact(sandbox: Sandbox, percent: int) -> None:
    """A square of 100 mm, measured at 1200 dpi (0.02 mm a pixel)."""
    document = framed((100 / 25.4 * 72, 100 / 25.4 * 72), color=False)
    _, result = await render(sandbox, document, Recipe(media=A4, scaling="percent", percent=percent))
    left, top, right, bottom = inked(drawn(result, scale=1200 / 72), 1200)
    assert right - left == pytest.approx(percent, abs=0.1)
    assert bottom - top == pytest.approx(percent, abs=0.1)
    assert (left + right) / 2 == pytest.approx(105, abs=0.1)
    assert (top + bottom) / 2 == pytest.approx(148.5, abs=0.1)


async def test_fit_fills_what_the_margins_leave(sandbox: Sandbox) -> None:
    media = Media(width=21000, height=29700, top=1000, right=500, bottom=2000, left=700)
    _, result = await render(sandbox, framed((400, 400), color=False), Recipe(media=media, scaling="fit"))
    left, top, right, bottom = inked(drawn(result, scale=600 / 72), 600)
    assert (left, right) == (pytest.approx(7, abs=0.1), pytest.approx(205, abs=0.1))
    assert (top + bottom) / 2 == pytest.approx((10 + 277) / 2, abs=0.1)


@pytest.mark.parametrize(
    ("number_up", "cells"),
    [
        # Columns and rows of the sheet as it is read; two and six pages need it lying.
        (2, (2, 1)),
        (4, (2, 2)),
        (6, (3, 2)),
        (9, (3, 3)),
        (16, (4, 4)),
    ],
)
async def test_number_up_positions(sandbox: Sandbox, number_up: int, cells: tuple[int, int]) -> None:
    _, result = await render(sandbox, numbered(number_up), Recipe(media=A4, number_up=number_up))
    [side] = words(rotated(result, 90) if number_up in {2, 6} else result)
    width, height = (842, 595) if number_up in {2, 6} else (595, 842)
    columns, rows = cells
    found = [(int(word.x * columns / width), int(word.y * rows / height)) for word in side]
    expected = {f"p{row * columns + column + 1}": (column, row) for row in range(rows) for column in range(columns)}
    assert {word.text: cell for word, cell in zip(side, found, strict=True)} == expected


async def test_borders_are_drawn(sandbox: Sandbox) -> None:
    plain = drawn((await render(sandbox, numbered(4), Recipe(media=A4, number_up=4)))[1], scale=2)
    lined = drawn((await render(sandbox, numbered(4), Recipe(media=A4, number_up=4, borders=True)))[1], scale=2)
    middle = (lined.width // 2, lined.height // 4)
    around = [(middle[0] + step, middle[1]) for step in (-1, 0, 1)]
    assert min(lined.getpixel(place)[0] for place in around) < 128
    assert min(plain.getpixel(place)[0] for place in around) == 255


async def test_a_booklet_reads_right_when_it_is_folded(sandbox: Sandbox) -> None:
    recipe = Recipe(media=A4, imposition="signature", sides=_SHORT)
    totals, result = await render(sandbox, numbered(7), recipe)
    sides = [sorted(side, key=lambda word: word.x) for side in words(rotated(result, 90))]
    assert [[word.text for word in side] for side in sides] == [["p1"], ["p2", "p7"], ["p6", "p3"], ["p4", "p5"]]
    # The first page alone: on the right half, where a folded booklet has its front.
    assert sides[0][0].x > 421
    assert (totals.impressions, totals.sheets) == (4, 2)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
async def test_picked_pages_come_in_their_order_and_turned(sandbox: Sandbox, rotate: int) -> None:
    picks = (Pick(page=3, rotate=rotate), Pick(page=1), Pick(page=1))
    totals, result = await render(sandbox, numbered(3), Recipe(picks=picks))
    assert texts(result) == ["p3", "p1", "p1"]
    [turned] = words(result)[0]
    upper_left = {0: (True, True), 90: (False, True), 180: (False, False), 270: (True, False)}[rotate]
    width, height = (595, 842) if rotate in {0, 180} else (842, 595)
    assert (turned.x < width / 2, turned.y < height / 2) == upper_left
    assert totals.impressions == 3


async def test_words_and_ranges_choose(sandbox: Sandbox) -> None:
    _, result = await render(sandbox, numbered(9), Recipe(page_ranges=((2, 3),), page_words=("last", "odd")))
    assert texts(result) == ["p1", "p2", "p3", "p5", "p7", "p9"]
    with pytest.raises(NothingSelected):
        await render(sandbox, numbered(1), Recipe(page_words=("even",)))


async def test_documents_and_copies_start_on_sheets_of_their_own(sandbox: Sandbox) -> None:
    recipe = Recipe(documents=(1, 2), copies=2, sides="two-sided-long-edge")
    totals, result = await render(sandbox, numbered(3), recipe)
    assert texts(result) == ["p1", "", "p2", "p3", "p1", "", "p2", "p3"]
    assert (totals.impressions, totals.sheets) == (6, 4)


@pytest.mark.parametrize(("orientation", "corner"), [("landscape", "below"), ("reverse-landscape", "above")])
async def test_orientation(sandbox: Sandbox, orientation: str, corner: str) -> None:
    recipe = Recipe(media=A4, orientation=orientation, scaling="fit")  # type: ignore[arg-type]  # listed above
    _, result = await render(sandbox, numbered(1, size=(842, 595)), recipe)
    [[word]] = words(result)
    assert (word.y > 421) is (corner == "below")
    assert (word.x < 297) is (corner == "below")


async def test_a_page_that_is_turned_already_turns_on_from_there(sandbox: Sandbox) -> None:
    _, result = await render(sandbox, rotated(numbered(1), 90), Recipe(picks=(Pick(page=1, rotate=90),)))
    [[word]] = words(result)
    # Seen upright again after another half turn: now it stands on its head.
    assert word.x > 300
    assert word.y > 421
    [(width, height)] = sizes(result)
    assert (width, height) == (pytest.approx(210, abs=0.1), pytest.approx(297, abs=0.1))


async def test_copies_of_nonsense_end_early(sandbox: Sandbox) -> None:
    with pytest.raises(TooLarge):
        await preview(sandbox, numbered(20), Recipe(copies=9999), (1,))
