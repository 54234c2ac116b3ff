"""Documents whose pages can be told apart on paper, and ways to read what came out."""

import io
import re
import subprocess
from dataclasses import dataclass

from pikepdf import Dictionary, Name, Pdf
from PIL import Image

from sandbox.client import Sandbox
from sandbox.model import Rendered
from sandbox.recipe import Media, Recipe
from tests.sandbox import samples
from tests.sandbox.samples import stream

MM = 72 / 25.4
A4_SIZE = (210 * MM, 297 * MM)
A4 = Media(width=21000, height=29700)
A5 = Media(width=14800, height=21000)


def numbered(pages: int, size: tuple[float, float] = A4_SIZE, *, draw: bytes = b"") -> bytes:
    """Pages with their number as the only word, near their upper left corner, in a font that is in the file."""
    with Pdf.new() as made:
        for number in range(1, pages + 1):
            page = made.add_blank_page(page_size=size)
            page.obj.Resources = Dictionary(
                Font=Dictionary(F=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
            )
            text = b"BT /F 24 Tf 40 %d Td (p%d) Tj ET " % (size[1] - 60, number)
            page.obj.Contents = made.make_stream(text + draw)
        return samples.saved(made)


def framed(size: tuple[float, float], *, color: bool = True) -> bytes:
    """One page that is all one colour, so that its edges can be measured."""
    fill = b"0.1 0.2 0.9 rg" if color else b"0 g"
    return samples.pdf(1, size=size, draw=b"%s 0 0 %f %f re f" % (fill, *size))


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A word on a side: its middle in points from the upper left corner of the side as it is seen."""

    text: str
    x: float
    y: float


def words(document: bytes) -> list[list[Word]]:
    """The words of each page, read by poppler."""
    done = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=document, capture_output=True, check=True)
    sides: list[list[Word]] = []
    for line in done.stdout.decode().splitlines():
        if "<page " in line:
            sides.append([])
        elif found := re.search(r'xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*)</word>', line):
            left, top, right, bottom = (float(found[number]) for number in range(1, 5))
            sides[-1].append(Word(text=found[5], x=(left + right) / 2, y=(top + bottom) / 2))
    return sides


def texts(document: bytes) -> list[str]:
    return [" ".join(word.text for word in side) for side in words(document)]


def sizes(document: bytes) -> list[tuple[float, float]]:
    """The sizes of all pages in mm."""
    with Pdf.open(io.BytesIO(document)) as opened:
        boxes = [[float(value) for value in page.mediabox] for page in opened.pages]
    return [((box[2] - box[0]) / MM, (box[3] - box[1]) / MM) for box in boxes]


def inked(image: Image.Image, dpi: float) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of what is not white, in mm."""
    found = image.convert("L").point(lambda value: 255 if value < 128 else 0).getbbox()
    assert found is not None, "nothing is printed"
    left, top, right, bottom = (edge * 25.4 / dpi for edge in found)
    return left, top, right, bottom


def has_color(image: Image.Image) -> bool:
    red, green, blue = image.convert("RGB").split()
    return red.tobytes() != green.tobytes() or green.tobytes() != blue.tobytes()


async def preview(
    sandbox: Sandbox, document: bytes, recipe: Recipe, sides: tuple[int, ...], width: int = 400
) -> tuple[Rendered, dict[int, Image.Image]]:
    pictures: dict[int, Image.Image] = {}

    async def keep(number: int, data: bytes) -> None:
        with Image.open(io.BytesIO(data)) as opened:
            pictures[number] = opened.copy()

    totals = await sandbox.preview(stream(document), recipe, keep, sides=sides, width=width)
    return totals, pictures


def rotated(document: bytes, turn: int) -> bytes:
    with Pdf.open(io.BytesIO(document)) as opened:
        for page in opened.pages:
            page.rotate(turn, relative=False)
        return samples.saved(opened)


def fonts(document: bytes) -> str:
    """What poppler says of the fonts in it."""
    return subprocess.run(
        ["pdffonts", "-"], input=document, capture_output=True, check=True, text=False
    ).stdout.decode()
