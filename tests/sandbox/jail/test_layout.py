"""Where pages land: scaling, turning and number-up, by the numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.jail import layout, sequence
from sandbox.jail.layout import Matrix, Side
from sandbox.jail.sequence import Chosen
from sandbox.recipe import NUMBER_UP, Direction, Media, Recipe, Scaling, Stamp

A4 = (595.2756, 841.8898)
LYING = (841.8898, 595.2756)
A5 = (419.53, 595.2756)
_A4_MEDIA = Media(width=21000, height=29700)
_MARGINS = Media(width=21000, height=29700, top=1000, right=500, bottom=1500, left=700)


def _one(page: tuple[float, float], recipe: Recipe) -> Side:
    return layout.side((Chosen(page=0),), [page], recipe)


def _sides(sizes: list[tuple[float, float]], recipe: Recipe) -> list[Side]:
    pages = [Chosen(page=page) for page in range(len(sizes))]
    return [layout.side(group, sizes, recipe) for group in sequence.groups(pages, recipe)]


def _corner(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return round(a * x + c * y + e, 1), round(b * x + d * y + f, 1)


def test_a_page_of_the_sheets_size_is_taken_as_it_is() -> None:
    assert _one(A4, Recipe(media=_A4_MEDIA)).whole == 0
    assert _one((595, 842), Recipe(media=_MARGINS)).whole == 0
    assert _one((300, 300), Recipe()).whole == 0


@pytest.mark.parametrize(
    ("scaling", "page", "media", "scale"),
    [
        ("auto", A5, _A4_MEDIA, 1.0),
        ("auto", (1190.55, 1683.78), _A4_MEDIA, 0.5),
        ("auto-fit", A5, _A4_MEDIA, 1.0),
        ("auto-fit", (1190.55, 1683.78), _A4_MEDIA, 0.5),
        ("fit", A5, _A4_MEDIA, 1.4142),
        ("fill", (100, 200), _A4_MEDIA, 5.9528),
        ("none", (1190.55, 1683.78), _A4_MEDIA, 1.0),
    ],
)
def test_print_scaling(scaling: Scaling, page: tuple[float, float], media: Media, scale: float) -> None:
    [placed] = _one(page, Recipe(media=media, scaling=scaling)).placed
    assert placed.matrix[0] == pytest.approx(scale, abs=0.001)
    middle = _corner(placed.matrix, page[0] / 2, page[1] / 2)
    assert middle == (pytest.approx(A4[0] / 2, abs=0.1), pytest.approx(A4[1] / 2, abs=0.1))


def test_fit_stays_within_the_margins() -> None:
    [placed] = _one(A4, Recipe(media=_MARGINS, scaling="fit")).placed
    left, bottom = _corner(placed.matrix, 0, 0)
    right, top = _corner(placed.matrix, *A4)
    assert left >= 700 * 72 / 2540 - 0.1
    assert bottom >= 1500 * 72 / 2540 - 0.1
    assert right <= A4[0] - 500 * 72 / 2540 + 0.1
    assert top <= A4[1] - 1000 * 72 / 2540 + 0.1


def test_a_lying_page_is_turned_onto_an_upright_sheet() -> None:
    [placed] = _one(LYING, Recipe(media=_A4_MEDIA)).placed
    assert _corner(placed.matrix, 0, 0) == (595.3, 0.0)
    assert _corner(placed.matrix, *LYING) == (0.0, 841.9)


def test_the_margins_turn_with_the_page() -> None:
    [placed] = _one(LYING, Recipe(media=_MARGINS, scaling="fit")).placed
    clip = placed.clip
    assert clip.x == pytest.approx(700 * 72 / 2540, abs=0.1)
    assert clip.y == pytest.approx(1500 * 72 / 2540, abs=0.1)
    assert clip.x + clip.width == pytest.approx(A4[0] - 500 * 72 / 2540, abs=0.1)
    assert clip.y + clip.height == pytest.approx(A4[1] - 1000 * 72 / 2540, abs=0.1)


@pytest.mark.parametrize(
    ("orientation", "origin"),
    [
        ("portrait", (0.0, 0.0)),
        ("landscape", (595.3, 0.0)),
        ("reverse-landscape", (0.0, 841.9)),
        ("reverse-portrait", (595.3, 841.9)),
    ],
)
def test_orientation_requested(orientation: str, origin: tuple[float, float]) -> None:
    page = A4 if orientation.endswith("portrait") else LYING
    [placed] = _one(page, Recipe(media=_A4_MEDIA, orientation=orientation)).placed  # type: ignore[arg-type]  # listed above
    assert _corner(placed.matrix, 0, 0) == origin


def test_two_up_reads_from_left_to_right_on_the_turned_sheet() -> None:
    [side] = _sides([A4] * 2, Recipe(media=_A4_MEDIA, number_up=2))
    first, second = (_corner(placed.matrix, A4[0] / 2, A4[1] / 2) for placed in side.placed)
    # Turned counter-clockwise, what is read first lies at the foot of the upright sheet.
    assert first == (pytest.approx(297.6, abs=0.2), pytest.approx(210.5, abs=0.2))
    assert second == (pytest.approx(297.6, abs=0.2), pytest.approx(631.4, abs=0.2))


def test_four_up_reads_row_by_row() -> None:
    [side] = _sides([A4] * 4, Recipe(media=_A4_MEDIA, number_up=4))
    middles = [_corner(placed.matrix, A4[0] / 2, A4[1] / 2) for placed in side.placed]
    assert [(x < 298, y > 421) for x, y in middles] == [(True, True), (False, True), (True, False), (False, False)]


@given(number_up=st.sampled_from(NUMBER_UP), pages=st.integers(1, 40), lying=st.booleans(), sheet=st.booleans())
def test_nothing_leaves_its_cell_and_no_page_is_lost(number_up: int, pages: int, lying: bool, sheet: bool) -> None:
    media = Media(width=29700, height=21000) if sheet else _MARGINS
    size = LYING if lying else A4
    recipe = Recipe(media=media, number_up=number_up, scaling="fit")
    sides = _sides([size] * pages, recipe)
    assert len(sides) == -(-pages // number_up)
    placed = [item for side in sides for item in side.placed] or [side for side in sides if side.whole is not None]
    assert len(placed) == pages
    for item in (item for side in sides for item in side.placed):
        for corner in ((0, 0), size):
            x, y = _corner(item.matrix, *corner)
            assert item.clip.x - 0.2 <= x <= item.clip.x + item.clip.width + 0.2
            assert item.clip.y - 0.2 <= y <= item.clip.y + item.clip.height + 0.2


@pytest.mark.parametrize(
    ("direction", "first", "second"),
    [
        ("toright-tobottom", (0, 1), (1, 1)),
        ("toleft-tobottom", (1, 1), (0, 1)),
        ("toright-totop", (0, 0), (1, 0)),
        ("toleft-totop", (1, 0), (0, 0)),
        ("tobottom-toright", (0, 1), (0, 0)),
        ("tobottom-toleft", (1, 1), (1, 0)),
        ("totop-toright", (0, 0), (0, 1)),
        ("totop-toleft", (1, 0), (1, 1)),
    ],
)
def test_presentation_direction(direction: Direction, first: tuple[int, int], second: tuple[int, int]) -> None:
    [side] = _sides([A4] * 4, Recipe(media=_A4_MEDIA, number_up=4, direction=direction))
    middles = [_corner(placed.matrix, A4[0] / 2, A4[1] / 2) for placed in side.placed]
    assert [(int(x > 298), int(y > 421)) for x, y in middles[:2]] == [first, second]


def test_borders_stand_around_every_cell_also_the_empty_ones() -> None:
    [side] = _sides([A4] * 3, Recipe(media=_A4_MEDIA, number_up=4, borders=True))
    assert len(side.frames) == 4
    assert {round(frame.width, 1) for frame in side.frames} == {297.6}
    [alone] = _sides([A4], Recipe(media=_A4_MEDIA, borders=True))
    assert alone.frames == ()


@pytest.mark.parametrize("percent", [25, 50, 99, 141, 400])
def test_percent_is_of_the_pages_own_size_in_the_middle_of_the_sheet(percent: int) -> None:
    for media in (None, _A4_MEDIA, _MARGINS):
        [placed] = _one(A4, Recipe(media=media, scaling="percent", percent=percent)).placed
        assert placed.matrix[0] == percent / 100
        middle = _corner(placed.matrix, A4[0] / 2, A4[1] / 2)
        assert middle == (pytest.approx(297.6, abs=0.1), pytest.approx(420.9, abs=0.1))
    assert _one(A4, Recipe(scaling="percent", percent=100)).whole == 0


@pytest.mark.parametrize(
    ("rotate", "corner"), [(0, (0.0, 0.0)), (90, (0.0, 595.3)), (180, (595.3, 841.9)), (270, (841.9, 0.0))]
)
def test_a_picked_page_turns_clockwise(rotate: int, corner: tuple[float, float]) -> None:
    side = layout.side((Chosen(page=0, rotate=rotate),), [A4], Recipe())
    if rotate == 0:
        assert side.whole == 0
        return
    assert side.size == (LYING if rotate in {90, 270} else A4)
    assert _corner(side.placed[0].matrix, 0, 0) == corner


def test_a_booklets_pages_stand_beside_each_other() -> None:
    recipe = Recipe(media=_A4_MEDIA, imposition="signature", sides="two-sided-short-edge")
    front, back = _sides([A4] * 4, recipe)
    assert [placed.page for placed in front.placed] == [3, 0]
    assert [placed.page for placed in back.placed] == [1, 2]
    assert front.turn == back.turn == 90
    left, right = (_corner(placed.matrix, A4[0] / 2, A4[1] / 2) for placed in front.placed)
    assert left[1] == pytest.approx(210.5, abs=0.2)
    assert right[1] == pytest.approx(631.4, abs=0.2)
    [lying, _] = _sides([LYING] * 4, recipe)
    assert lying.turn == 90


def test_what_is_stamped_lies_on_a_sheet_of_its_own() -> None:
    side = _one(A4, Recipe(stamps=(Stamp(text="x"),)))
    assert side.whole is None
    assert side.placed[0].matrix == (1, 0, 0, 1, 0, 0)
