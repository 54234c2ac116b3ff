"""What a house does to every job: text alone, numbers that run on, a code that tells the job."""

import io
from typing import Any

import pikepdf
import pytest
import segno
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image

from sandbox.client import Sandbox
from sandbox.jail import look
from sandbox.recipe import Numbering, Recipe, Stamp, recipe_from_wire, recipe_to_wire
from tests.sandbox import samples
from tests.sandbox.pipeline.sheets import A4, A4_SIZE, numbered, rotated, texts
from tests.sandbox.samples import Collected, complaint, drawn, render, stream

_PICTURE = b"q 300 0 0 300 100 100 cm /I Do Q 1 0 0 rg 0 0 200 200 re f 0 0 m 300 300 l S "


def _document(content: bytes, **resources: Any) -> bytes:
    with Pdf.new() as made:
        page = made.add_blank_page(page_size=A4_SIZE)
        picture = made.make_stream(
            bytes([255, 0, 0]) * 64,
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=8,
            Height=8,
            ColorSpace=Name.DeviceRGB,
            BitsPerComponent=8,
        )
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        form = made.make_stream(
            b"BT 1 1 1 rg /F 20 Tf 40 400 Td (inside) Tj ET 0 1 0 rg 0 0 99 99 re f /I Do",
            Type=Name.XObject,
            Subtype=Name.Form,
            BBox=Array([0, 0, 595, 842]),
            Resources=Dictionary(Font=Dictionary(F=font), XObject=Dictionary(I=picture)),
        )
        loop = made.make_stream(
            b"/L Do", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 9, 9]), Resources=Dictionary()
        )
        loop.Resources = Dictionary(XObject=Dictionary(L=loop))
        page.obj.Resources = Dictionary(Font=Dictionary(F=font), XObject=Dictionary(I=picture, M=form, L=loop))
        page.obj.Contents = made.make_stream(content)
        return samples.saved(made)


async def test_pictures_and_shapes_go_and_text_turns_black(sandbox: Sandbox) -> None:
    words = b"BT 1 1 1 rg /F 24 Tf 40 700 Td (outside) Tj ET /M Do /L Do "
    _, result = await render(sandbox, _document(_PICTURE + words), Recipe(text_only=True))
    assert texts(result) == ["outside inside"]
    picture = drawn(result)
    dark = sum(picture.convert("L").histogram()[:128])
    assert 200 < dark < 20_000
    assert not look.has_color(picture)
    with pikepdf.open(io.BytesIO(result)) as pdf:
        assert not any(
            getattr(one, "Subtype", None) == "/Image" for one in pdf.objects if isinstance(one, pikepdf.Stream)
        )


@pytest.mark.parametrize("content", [_PICTURE, b"BT 3 Tr /F 24 Tf 40 700 Td (recognised) Tj ET " + _PICTURE, b""])
async def test_a_page_that_shows_no_text_stays_as_it_is(sandbox: Sandbox, content: bytes) -> None:
    _, plain = await render(sandbox, _document(content), Recipe())
    _, result = await render(sandbox, _document(content), Recipe(text_only=True))
    assert drawn(result).tobytes() == drawn(plain).tobytes()


async def test_the_preview_shows_text_alone_too(sandbox: Sandbox) -> None:
    sink = Collected()
    words = b"BT /F 24 Tf 40 700 Td (outside) Tj ET "
    await sandbox.preview(
        stream(_document(_PICTURE + words)), Recipe(text_only=True), sink.picture, sides=[1], width=300
    )
    assert not look.has_color(Image.open(io.BytesIO(sink.pictures[1])).convert("RGB"))


async def test_numbers_run_on_over_the_sides_of_each_copy(sandbox: Sandbox) -> None:
    recipe = Recipe(
        stamps=(Stamp(text="{bates}", position="bottom-right"),),
        numbering=Numbering(prefix="ACME-", first=98, digits=5),
        copies=2,
    )
    _, result = await render(sandbox, numbered(3), recipe)
    assert [text.split()[-1] for text in texts(result)] == ["ACME-00098", "ACME-00099", "ACME-00100"] * 2


def _code(text: str) -> tuple[str, ...]:
    return tuple("".join(str(module) for module in row) for row in segno.make(text, error="m", micro=False).matrix)


@pytest.mark.parametrize("number_up", [1, 2])
async def test_a_mark_stands_in_the_corner_as_the_side_is_read(sandbox: Sandbox, number_up: int) -> None:
    rows = _code("JOB 4711")
    _, result = await render(sandbox, numbered(2), Recipe(mark=rows, number_up=number_up, media=A4))
    upright = rotated(result, 90) if number_up == 2 else result
    picture = drawn(upright, scale=4).convert("L")
    scale = picture.width / (A4_SIZE[1] if number_up == 2 else A4_SIZE[0])
    step = 34 / len(rows)
    for line, row in enumerate(rows):
        for column, module in enumerate(row):
            x, y = 24 + (column + 0.5) * step, 24 + 34 - (line + 0.5) * step
            shade = picture.getpixel((round(x * scale), round(picture.height - y * scale)))
            assert isinstance(shade, int)
            assert (shade < 128) == (module == "1"), (line, column)


def test_they_cross_the_border_and_are_checked() -> None:
    recipe = Recipe(text_only=True, mark=("10", "01"), numbering=Numbering(prefix="X", first=3, digits=4))
    assert recipe_from_wire(recipe_to_wire(recipe)) == recipe
    assert "square" in complaint(lambda: Recipe(mark=("10", "0")))
    assert "square" in complaint(lambda: Recipe(mark=("a",)))
    assert "digits" in complaint(lambda: Numbering(digits=99))
