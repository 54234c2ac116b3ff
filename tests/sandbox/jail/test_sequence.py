"""Ranges and words, picks, documents, booklets and copies: which page comes out when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.jail import sequence
from sandbox.jail.sequence import Chosen
from sandbox.recipe import Pick, Recipe

_TWO = "two-sided-long-edge"
_SHORT = "two-sided-short-edge"


def _chosen(count: int, recipe: Recipe) -> list[list[int]]:
    return [[page.page for page in part] for part in sequence.chosen(count, recipe)]


def _once(count: int, recipe: Recipe) -> tuple[list[sequence.Group], list[int | None]]:
    parts = sequence.chosen(count, recipe)
    return sequence.once([sequence.groups(part, recipe) for part in parts], recipe)


def test_page_ranges_choose_in_document_order_and_once() -> None:
    assert _chosen(5, Recipe()) == [[0, 1, 2, 3, 4]]
    assert _chosen(5, Recipe(page_ranges=((4, 9), (1, 2), (2, 2)))) == [[0, 1, 3, 4]]
    assert _chosen(5, Recipe(page_ranges=((6, 9),))) == []


@pytest.mark.parametrize(
    ("words", "pages"),
    [(("odd",), [0, 2, 4]), (("even",), [1, 3]), (("last",), [4]), (("odd", "even"), [0, 1, 2, 3, 4])],
)
def test_page_words(words: tuple[str, ...], pages: list[int]) -> None:
    assert _chosen(5, Recipe(page_words=words)) == [pages]  # type: ignore[arg-type]  # listed above


def test_ranges_and_words_add_up() -> None:
    assert _chosen(8, Recipe(page_ranges=((1, 2),), page_words=("last",))) == [[0, 1, 7]]


def test_picks_reorder_repeat_turn_and_leave_out() -> None:
    picks = (Pick(page=3), Pick(page=1, rotate=90), Pick(page=3), Pick(page=9))
    assert sequence.chosen(3, Recipe(picks=picks)) == [[Chosen(page=2), Chosen(page=0, rotate=90), Chosen(page=2)]]
    assert _chosen(3, Recipe(picks=picks, page_words=("last",))) == [[2]]
    assert _chosen(3, Recipe(picks=picks, page_ranges=((2, 2),))) == [[0]]


def test_documents_start_on_sides_and_sheets_of_their_own() -> None:
    recipe = Recipe(documents=(3, 2), number_up=2, sides=_TWO)
    groups, order = _once(5, recipe)
    assert [[page.page for page in group if page] for group in groups] == [[0, 1], [2], [3, 4]]
    assert order == [0, 1, 2]
    assert _once(5, Recipe(documents=(3, 2), sides=_TWO))[1] == [0, 1, 2, None, 3, 4]
    assert _once(5, Recipe(documents=(3, 2)))[1] == [0, 1, 2, 3, 4]
    assert _chosen(5, Recipe(documents=(3, 2), page_ranges=((4, 5),))) == [[3, 4]]
    assert _chosen(5, Recipe(documents=(3, 1))) == [[0, 1, 2], [3], [4]]


@pytest.mark.parametrize(
    ("pages", "sides"),
    [
        (1, [[None, 0]]),
        (2, [[None, 0], [1, None]]),
        (3, [[None, 0], [1, 2]]),
        (4, [[3, 0], [1, 2]]),
        (6, [[None, 0], [1, None], [5, 2], [3, 4]]),
        (8, [[7, 0], [1, 6], [5, 2], [3, 4]]),
    ],
)
def test_booklets_fold_into_reading_order(pages: int, sides: list[list[int | None]]) -> None:
    groups, order = _once(pages, Recipe(imposition="signature", sides=_SHORT))
    assert [[page.page if page else None for page in group] for group in groups] == sides
    assert order == list(range(len(sides)))


def test_a_booklet_from_right_to_left_is_mirrored() -> None:
    recipe = Recipe(imposition="signature", sides=_SHORT, direction="toleft-tobottom")
    groups, _ = _once(4, recipe)
    assert [[page.page for page in group if page] for group in groups] == [[0, 3], [2, 1]]


def test_copies_collated_and_not() -> None:
    assert sequence.order(range(2), Recipe(copies=2)) == [0, 1, 0, 1]
    assert sequence.order(range(2), Recipe(copies=2, collated=False)) == [0, 0, 1, 1]


def test_two_sided_copies_start_on_sheets_of_their_own() -> None:
    both = Recipe(copies=2, sides=_TWO)
    assert sequence.order(range(3), both) == [0, 1, 2, None, 0, 1, 2]
    assert sequence.sheets(sequence.order(range(3), both), both) == 4
    apart = Recipe(copies=2, sides=_TWO, collated=False)
    assert sequence.order(range(3), apart) == [0, 1, 0, 1, 2, None, 2]
    assert sequence.sheets(sequence.order(range(3), apart), apart) == 4


def test_the_cover_comes_once_on_a_sheet_of_its_own() -> None:
    assert sequence.order(range(2), Recipe(copies=2), cover=2) == [2, 0, 1, 0, 1]
    assert sequence.order(range(1), Recipe(copies=2, sides=_TWO), cover=1) == [1, None, 0, None, 0]


@given(count=st.integers(1, 30), copies=st.integers(1, 9), two=st.booleans(), collated=st.booleans())
def test_every_copy_has_every_side(count: int, copies: int, two: bool, collated: bool) -> None:
    recipe = Recipe(copies=copies, collated=collated, sides=_TWO if two else "one-sided")
    order = sequence.order(range(count), recipe)
    assert sorted(side for side in order if side is not None) == sorted(list(range(count)) * copies)
    assert sequence.sheets(order, recipe) == copies * ((count + 1) // 2 if two else count)
    if two and collated:
        assert all(position % 2 == 0 for position, side in enumerate(order) if side == 0)


@given(pages=st.integers(1, 60), two=st.booleans())
def test_a_booklet_has_every_page_once_on_a_quarter_of_the_sheets(pages: int, two: bool) -> None:
    recipe = Recipe(imposition="signature", sides=_SHORT if two else "one-sided")
    groups, order = _once(pages, recipe)
    assert sorted(page.page for group in groups for page in group if page) == list(range(pages))
    assert not two or sequence.sheets(order, recipe) == -(-pages // 4)
