"""Where pages land: ranges, copies, sheets, scaling and n-up, by the numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.jail import layout
from sandbox.jail.layout import Matrix, Side
from sandbox.recipe import NUMBER_UP, Media, Recipe, Scaling

A4 = (595.2756, 841.8898)
LYING = (841.8898, 595.2756)
A5 = (419.53, 595.2756)
_A4_MEDIA = Media(width=21000, height=29700)
_MARGINS = Media(width=21000, height=29700, top=1000, right=500, bottom=1500, left=700)


def _one(page: tuple[float, float], recipe: Recipe) -> Side:
    [side] = layout.sides([0], [page], recipe)
    return side


def _corner(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return round(a * x + c * y + e, 1), round(b * x + d * y + f, 1)


def test_page_ranges_choose_in_document_order_and_once() -> None:
    assert layout.selected(5, ()) == [0, 1, 2, 3, 4]
    assert layout.selected(5, ((4, 9), (1, 2), (2, 2))) == [0, 1, 3, 4]
    assert layout.selected(5, ((6, 9),)) == []


def test_copies_collated_and_not() -> None:
    assert layout.order(2, Recipe(copies=2)) == [0, 1, 0, 1]
    assert layout.order(2, Recipe(copies=2, collated=False)) == [0, 0, 1, 1]


def test_two_sided_copies_start_on_sheets_of_their_own() -> None:
    both = Recipe(copies=2, sides="two-sided-long-edge")
    assert layout.order(3, both) == [0, 1, 2, None, 0, 1, 2]
    assert layout.sheets(layout.order(3, both), both) == 4
    apart = Recipe(copies=2, sides="two-sided-long-edge", collated=False)
    assert layout.order(3, apart) == [0, 1, 0, 1, 2, None, 2]
    assert layout.sheets(layout.order(3, apart), apart) == 4


@given(count=st.integers(1, 30), copies=st.integers(1, 9), two=st.booleans(), collated=st.booleans())
def test_every_copy_has_every_side(count: int, copies: int, two: bool, collated: bool) -> None:
    recipe = Recipe(copies=copies, collated=collated, sides="two-sided-long-edge" if two else "one-sided")
    sequence = layout.order(count, recipe)
    assert sorted(side for side in sequence if side is not None) == sorted(list(range(count)) * copies)
    assert layout.sheets(sequence, recipe) == copies * ((count + 1) // 2 if two else count)
    if two and collated:
        assert all(position % 2 == 0 for position, side in enumerate(sequence) if side == 0)


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
    [side] = layout.sides([0, 1], [A4, A4], Recipe(media=_A4_MEDIA, number_up=2))
    first, second = (_corner(placed.matrix, A4[0] / 2, A4[1] / 2) for placed in side.placed)
    # Turned counter-clockwise, what is read first lies at the foot of the upright sheet.
    assert first == (pytest.approx(297.6, abs=0.2), pytest.approx(210.5, abs=0.2))
    assert second == (pytest.approx(297.6, abs=0.2), pytest.approx(631.4, abs=0.2))


def test_four_up_reads_row_by_row() -> None:
    [side] = layout.sides([0, 1, 2, 3], [A4] * 4, Recipe(media=_A4_MEDIA, number_up=4))
    middles = [_corner(placed.matrix, A4[0] / 2, A4[1] / 2) for placed in side.placed]
    assert [(x < 298, y > 421) for x, y in middles] == [(True, True), (False, True), (True, False), (False, False)]


@given(number_up=st.sampled_from(NUMBER_UP), pages=st.integers(1, 40), lying=st.booleans(), sheet=st.booleans())
def test_nothing_leaves_its_cell_and_no_page_is_lost(number_up: int, pages: int, lying: bool, sheet: bool) -> None:
    media = Media(width=29700, height=21000) if sheet else _MARGINS
    size = LYING if lying else A4
    recipe = Recipe(media=media, number_up=number_up, scaling="fit")
    sides = layout.sides(range(pages), [size] * pages, recipe)
    assert len(sides) == -(-pages // number_up)
    placed = [item for side in sides for item in side.placed] or [side for side in sides if side.whole is not None]
    assert len(placed) == pages
    for item in (item for side in sides for item in side.placed):
        for corner in ((0, 0), size):
            x, y = _corner(item.matrix, *corner)
            assert item.clip.x - 0.2 <= x <= item.clip.x + item.clip.width + 0.2
            assert item.clip.y - 0.2 <= y <= item.clip.y + item.clip.height + 0.2
