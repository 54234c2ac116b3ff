"""What crosses the border of the jail, and what a hostile worker can't make of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import errors, model
from sandbox.errors import KINDS, Crashed, SandboxError, TooLarge, Unavailable, from_wire, to_wire
from sandbox.model import Facts, Media, PageFacts, Recipe, Thumbnails
from sandbox.protocol import ProtocolError

_recipes = st.builds(
    Recipe,
    format=st.sampled_from(model.OUTPUT_FORMATS),
    resolution=st.integers(36, 2400),
    color=st.sampled_from(["auto", "color", "monochrome", "bi-level"]),
    page_ranges=st.lists(st.tuples(st.integers(1, 50), st.integers(50, 99)), max_size=3).map(tuple),
    copies=st.integers(1, 9999),
    collated=st.booleans(),
    number_up=st.sampled_from(model.NUMBER_UP),
    media=st.one_of(st.none(), st.builds(Media, width=st.integers(10_000, 90_000), top=st.integers(0, 500))),
    sides=st.sampled_from(["one-sided", "two-sided-long-edge"]),
)


@given(recipe=_recipes)
def test_a_recipe_survives_the_wire(recipe: Recipe) -> None:
    wire = json.loads(json.dumps(model.recipe_to_wire(recipe)))
    assert model.recipe_from_wire(wire) == recipe


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": "text/plain"},
        {"resolution": 0},
        {"color": "sepia"},
        {"page_ranges": ((0, 1),)},
        {"page_ranges": ((3, 2),)},
        {"copies": 0},
        {"number_up": 3},
        {"scaling": "stretch"},
        {"orientation": "up"},
        {"sides": "two-sided"},
        {"sheet_back": "wrong"},
        {"quality": 9},
    ],
)
def test_a_recipe_refuses_what_it_does_not_know(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"unknown|possible|range"):
        Recipe(**wrong)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("wrong", [{"width": 5}, {"height": 10**7}, {"top": -1}, {"left": 11_000, "right": 11_000}])
def test_media_refuses_impossible_sheets(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"sheet|margin"):
        Media(**wrong)


def test_thumbnails_have_bounds() -> None:
    with pytest.raises(ValueError, match="16 to 2000"):
        Thumbnails(width=5000)


def test_facts_survive_the_wire() -> None:
    facts = Facts(
        format=model.PDF,
        pages=(PageFacts(width=21000, height=29700, color=True), PageFacts(width=1, height=2, color=False)),
        encrypted=True,
        removed=("JavaScript",),
    )
    assert model.facts_from_wire(json.loads(json.dumps(model.facts_to_wire(facts)))) == facts
    assert (facts.page_count, facts.color_pages) == (2, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {},
        {"pages": [[1, 2]], "removed": [], "format": model.PDF},
        {"pages": [[1, 2, -1]], "removed": [], "format": model.PDF},
        {"pages": [["1", 2, 0]], "removed": [], "format": model.PDF},
        {"pages": [], "removed": "all", "format": model.PDF},
        {"pages": [], "removed": ["x"] * 33, "format": model.PDF},
        {"pages": [], "removed": [], "format": "text/html"},
    ],
)
def test_facts_out_of_shape_are_refused(wrong: object) -> None:
    with pytest.raises((ProtocolError, ValueError)):
        model.facts_from_wire(wrong)


def test_totals_out_of_shape_are_refused() -> None:
    with pytest.raises(ProtocolError):
        model.rendered_from_wire({"format": model.PDF, "impressions": -1}, size=0)
    with pytest.raises(ProtocolError):
        model.rendered_from_wire("x", size=0)


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind is not Unavailable])
def test_each_error_survives_the_wire_and_says_what_to_do(kind: type[SandboxError]) -> None:
    back = from_wire(to_wire(kind("why", page=3)))
    assert type(back) is kind
    assert (back.detail, back.page) == ("why", 3)
    assert len(str(back)) > 30
    assert str(back).endswith(".")


@pytest.mark.parametrize("limit", ["pages", "pixels", "bytes", "memory", "output"])
def test_a_passed_limit_is_named_with_its_number(limit: str) -> None:
    told = str(TooLarge("", limit=limit, allowed=2000))
    assert limit == "memory" or "2,000" in told
    assert "{" not in told


def test_a_worker_cannot_make_up_kinds_or_texts() -> None:
    forged = from_wire({"kind": "unavailable", "detail": "a\nb\x1b[31m" + "x" * 999, "limit": [], "page": "1"})
    assert type(forged) is Crashed
    assert forged.detail.isprintable()
    assert len(forged.detail) <= 300
    assert (forged.limit, forged.page) == ("", None)
    assert type(from_wire({"kind": {}})) is Crashed
    assert str(errors.Broken("", page=2)).endswith("(page 2).")
