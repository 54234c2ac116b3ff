"""What crosses the border of the jail, and what a hostile worker can't make of it."""

import json

import pytest

from sandbox import errors, model
from sandbox.errors import KINDS, Crashed, SandboxError, TooLarge, Unavailable, from_wire, to_wire
from sandbox.model import Facts, PageFacts, Thumbnails
from sandbox.protocol import ProtocolError


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
