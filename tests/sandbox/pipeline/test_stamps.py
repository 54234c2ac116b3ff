"""Watermarks, headers, footers and covers: found by poppler, in their place, and never more than text."""

import pytest

from sandbox.client import Sandbox
from sandbox.recipe import Cover, Recipe, Stamp
from tests.sandbox.pipeline.sheets import A4, fonts, numbered, rotated, texts, words
from tests.sandbox.samples import drawn, render

_VARIABLES = (("user", "Anna Müller"), ("date", "2026-03-01"), ("job", "4711"))


async def test_a_watermark_is_text_across_the_sheet(sandbox: Sandbox) -> None:
    mark = Stamp(text="Draft {user}", angle=45, opacity=30)
    _, result = await render(sandbox, numbered(2), Recipe(stamps=(mark,), variables=_VARIABLES))
    for number, side in enumerate(words(result), 1):
        assert " ".join(word.text for word in side) in {f"p{number} Draft Anna Müller", f"Draft Anna Müller p{number}"}
    picture = drawn(result)
    shades = picture.crop((100, 200, 500, 640)).convert("L").getextrema()
    assert shades == (pytest.approx(255 * 0.7, abs=3), 255)


@pytest.mark.parametrize(
    ("position", "x", "y"),
    [
        ("top-left", (0, 200), (0, 40)),
        ("top", (250, 345), (0, 40)),
        ("top-right", (395, 595), (0, 40)),
        ("bottom-left", (0, 200), (802, 842)),
        ("bottom", (250, 345), (802, 842)),
        ("bottom-right", (395, 595), (802, 842)),
        ("center", (250, 345), (380, 460)),
    ],
)
async def test_positions(sandbox: Sandbox, position: str, x: tuple[int, int], y: tuple[int, int]) -> None:
    stamp = Stamp(text="here", position=position, size=9)  # type: ignore[arg-type]  # listed above
    _, result = await render(sandbox, numbered(1), Recipe(stamps=(stamp,)))
    [word] = [word for word in words(result)[0] if word.text == "here"]
    assert x[0] < word.x < x[1]
    assert y[0] < word.y < y[1]


async def test_variables_are_filled_and_pages_counted_on_the_result(sandbox: Sandbox) -> None:
    stamps = (
        Stamp(text="{user} {date} #{job}", position="top"),
        Stamp(text="{page}/{pages} {unknown}", position="bottom-right"),
    )
    recipe = Recipe(stamps=stamps, variables=_VARIABLES, number_up=2, media=A4, copies=2)
    _, result = await render(sandbox, numbered(4), recipe)
    found = texts(rotated(result, 90))
    assert len(found) == 4
    for side, text in enumerate(found):
        assert "Anna Müller 2026-03-01 #4711" in text
        assert f"{side % 2 + 1}/2 {{unknown}}" in text


async def test_stamps_stand_upright_where_the_pages_are_read(sandbox: Sandbox) -> None:
    recipe = Recipe(stamps=(Stamp(text="head", position="top"),), number_up=2, media=A4)
    _, result = await render(sandbox, numbered(2), recipe)
    [head] = [word for word in words(rotated(result, 90))[0] if word.text == "head"]
    assert 380 < head.x < 460
    assert head.y < 40


@pytest.mark.parametrize("evil", [") Tj ET Q (x", "\\) /F1 Do", "<</JS (x)>>", "a\nb\x00c", "{page}", "%PDF", "ﷺ漢字🖨"])
async def test_a_users_text_is_only_ever_text(sandbox: Sandbox, evil: str) -> None:
    recipe = Recipe(stamps=(Stamp(text="A {user} Z", position="top"),), variables=(("user", evil),))
    _, result = await render(sandbox, numbered(1), recipe)
    found = texts(result)[0].replace("&lt;", "<").replace("&gt;", ">")
    assert "p1" in found
    if evil.isascii():
        shown = "".join(character if character.isprintable() else " " for character in evil)
        assert "".join(f"A {shown} Z".split()) in "".join(found.split())


async def test_the_font_is_embedded_and_small(sandbox: Sandbox) -> None:
    _, plain = await render(sandbox, numbered(1), Recipe())
    _, result = await render(sandbox, numbered(1), Recipe(stamps=(Stamp(text="Ärger ﬁ Ω ½", position="top"),)))
    line = next(line for line in fonts(result).splitlines() if "STAMPS" in line)
    assert "CID TrueType" in line
    assert line.split()[-5:-2] == ["yes", "yes", "yes"]
    assert len(result) < len(plain) + 20_000
    assert "Ärger ﬁ Ω ½" in texts(result)[0]


async def test_a_long_line_is_made_to_fit(sandbox: Sandbox) -> None:
    stamp = Stamp(text="wide " * 60, position="top", size=40)
    _, result = await render(sandbox, numbered(1), Recipe(stamps=(stamp,)))
    found = [word for word in words(result)[0] if word.text == "wide"]
    assert len(found) == 60
    assert min(word.x for word in found) > 20
    assert max(word.x for word in found) < 575


async def test_stamps_survive_grey_and_postscript(sandbox: Sandbox) -> None:
    recipe = Recipe(stamps=(Stamp(text="kept", position="bottom"),), color="monochrome")
    _, result = await render(sandbox, numbered(1), recipe)
    assert "kept" in texts(result)[0]


async def test_the_cover_is_one_sheet_before_all_copies(sandbox: Sandbox) -> None:
    cover = Cover(title="{user}", lines=("Job {job}", "Printed {date}"))
    recipe = Recipe(cover=cover, variables=_VARIABLES, copies=2, sides="two-sided-long-edge")
    totals, result = await render(sandbox, numbered(1), recipe)
    assert texts(result) == ["Anna Müller Job 4711 Printed 2026-03-01", "", "p1", "", "p1"]
    assert (totals.impressions, totals.sheets) == (3, 3)
