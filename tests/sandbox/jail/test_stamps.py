"""Variables and places of stamps, by the numbers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.jail import stamps
from sandbox.jail.font import standard
from sandbox.jail.layout import Side
from sandbox.recipe import Recipe, Stamp

_A4 = (595.0, 842.0)


def test_what_stands_in_a_value_is_never_filled_again() -> None:
    values = {"user": "{page}", "page": "7"}
    assert stamps.filled("{user} {page} {other} {", values) == "{page} 7 {other} {"


@pytest.mark.parametrize(
    ("text", "shown"), [("a\nb\tc\x00", "a b c"), ("  ", ""), ("x" * 900, "x" * 500), ("\u202eabc", "abc")]
)
def test_one_bounded_line_without_control_characters(text: str, shown: str) -> None:
    assert stamps.filled(text, {}) == shown


@given(
    angle=st.integers(-360, 360),
    size=st.integers(0, 500),
    position=st.sampled_from(["center", "top-left", "top", "top-right", "bottom-left", "bottom", "bottom-right"]),
    turn=st.sampled_from([0, 90, 180, 270]),
    length=st.integers(1, 200),
)
def test_no_stamp_leaves_the_sheet(angle: int, size: int, position: str, turn: int, length: int) -> None:
    stamp = Stamp(text="W" * length, position=position, angle=angle, size=size)  # type: ignore[arg-type]  # listed above
    side = Side(size=_A4, turn=turn)  # type: ignore[arg-type]  # listed above
    [line] = stamps.stamped(side, Recipe(stamps=(stamp,)), standard(), number=1, count=1)
    a, b, c, d, e, f = line.matrix
    assert math.hypot(a, b) == pytest.approx(1)
    long, high = standard().length(stamp.text) * line.size, 0.73 * line.size
    for x, y in ((0, 0), (long, 0), (0, high), (long, high)):
        assert -0.5 <= a * x + c * y + e <= _A4[0] + 0.5
        assert -0.5 <= b * x + d * y + f <= _A4[1] + 0.5


def test_an_empty_stamp_is_none() -> None:
    recipe = Recipe(stamps=(Stamp(text="{user}"),), variables=(("user", " "),))
    assert stamps.stamped(Side(size=_A4), recipe, standard(), number=1, count=1) == []
