"""What a recipe may say, and that it says the same on the other side of the jail's border."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import model
from sandbox.recipe import (
    NUMBER_UP,
    Cover,
    Media,
    Pick,
    Recipe,
    Stamp,
    recipe_from_wire,
    recipe_to_wire,
)

_texts = st.text(max_size=20)
_stamps = st.builds(
    Stamp,
    text=_texts,
    position=st.sampled_from(["center", "top-left", "bottom"]),
    angle=st.integers(-360, 360),
    opacity=st.integers(1, 100),
    size=st.integers(0, 500),
)
_recipes = st.builds(
    Recipe,
    format=st.sampled_from(model.OUTPUT_FORMATS),
    resolution=st.integers(36, 2400),
    color=st.sampled_from(["auto", "color", "monochrome", "bi-level"]),
    picks=st.lists(st.builds(Pick, page=st.integers(1, 9), rotate=st.sampled_from([0, 90, 270])), max_size=3).map(
        tuple
    ),
    page_ranges=st.lists(st.tuples(st.integers(1, 50), st.integers(50, 99)), max_size=3).map(tuple),
    page_words=st.lists(st.sampled_from(["odd", "even", "last"]), max_size=2).map(tuple),
    documents=st.lists(st.integers(0, 9), max_size=3).map(tuple),
    copies=st.integers(1, 9999),
    collated=st.booleans(),
    number_up=st.sampled_from(NUMBER_UP),
    direction=st.sampled_from(["toright-tobottom", "totop-toleft"]),
    borders=st.booleans(),
    imposition=st.sampled_from(["none", "signature"]),
    media=st.one_of(st.none(), st.builds(Media, width=st.integers(10_000, 90_000), top=st.integers(0, 500))),
    percent=st.integers(5, 1000),
    sides=st.sampled_from(["one-sided", "two-sided-long-edge"]),
    stamps=st.lists(_stamps, max_size=2).map(tuple),
    cover=st.one_of(st.none(), st.builds(Cover, title=_texts, lines=st.lists(_texts, max_size=3).map(tuple))),
    variables=st.lists(st.tuples(_texts, _texts), max_size=2).map(tuple),
    toner=st.sampled_from(["normal", "light", "outline"]),
    as_image=st.booleans(),
)


@given(recipe=_recipes)
def test_a_recipe_survives_the_wire(recipe: Recipe) -> None:
    assert recipe_from_wire(json.loads(json.dumps(recipe_to_wire(recipe)))) == recipe


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": "text/plain"},
        {"resolution": 0},
        {"color": "sepia"},
        {"page_ranges": ((0, 1),)},
        {"page_ranges": ((3, 2),)},
        {"page_words": ("first",)},
        {"documents": (-1,)},
        {"copies": 0},
        {"number_up": 3},
        {"direction": "up"},
        {"imposition": "booklet"},
        {"scaling": "stretch"},
        {"percent": 4},
        {"orientation": "up"},
        {"sides": "two-sided"},
        {"sheet_back": "wrong"},
        {"quality": 9},
        {"toner": "none"},
        {"stamps": (Stamp(text="x"),) * 17},
        {"variables": (("x" * 600, ""),)},
    ],
)
def test_a_recipe_refuses_what_it_does_not_know(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"unknown|possible|range"):
        Recipe(**wrong)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("wrong", [{"width": 5}, {"height": 10**7}, {"top": -1}, {"left": 11_000, "right": 11_000}])
def test_media_refuses_impossible_sheets(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"sheet|margin"):
        Media(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [{"position": "left"}, {"angle": 361}, {"opacity": 0}, {"opacity": 101}, {"size": 501}, {"text": "x" * 501}],
)
def test_a_stamp_refuses_what_cannot_be_printed(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"unknown|possible|stamp"):
        Stamp(**({"text": "x"} | wrong))  # type: ignore[arg-type]  # wrong on purpose


def test_a_cover_and_a_pick_have_bounds() -> None:
    with pytest.raises(ValueError, match="30 lines"):
        Cover(title="x", lines=("y",) * 31)
    with pytest.raises(ValueError, match="first page"):
        Pick(page=0)
    with pytest.raises(ValueError, match="unknown"):
        Pick(page=1, rotate=45)
