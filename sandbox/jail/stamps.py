"""Text over what is printed: watermarks, headers, footers and the cover page. And the veil of white that saves toner."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pikepdf
from pikepdf import Dictionary, Name, Pdf

from sandbox.jail import layout
from sandbox.jail.font import Font
from sandbox.jail.layout import Matrix, Side, Size
from sandbox.recipe import Cover, Recipe, Stamp

_EDGE = 24.0  # points from the edge of the sheet: more than the margin of any common device
_EDGE_SIZE = 9.0
_LARGEST = 144.0
_FILLED = 0.8
_CAPITAL = 0.73  # the height of a capital letter in units of the font's size
_LONGEST = 500
_VEIL = 45  # percent of white over everything
_COVER_EDGE = 60.0
_MARK = 34.0  # points: 12 mm, for a code that phones read from paper
_COVER_SIZES = (24.0, 12.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A text in its place: `matrix` brings its baseline's start to the sheet, `opacity` is in percent."""

    text: str
    size: float
    matrix: Matrix
    opacity: int = 100


def stamped(side: Side, recipe: Recipe, font: Font, *, number: int, count: int) -> list[Line]:
    """The stamps of the side of that number, of `count` in a copy."""
    values = {**dict(recipe.variables), "page": str(number), "pages": str(count)}
    if recipe.numbering is not None:
        values["bates"] = recipe.numbering.of(number)
    outward = layout.turned(side.turn, side.size)
    read = layout.seen(side.size, side.turn)
    lines = []
    for stamp in recipe.stamps:
        text = filled(stamp.text, values)
        if text:
            size, matrix = _placed(stamp, font.length(text), read)
            lines.append(Line(text=text, size=size, matrix=layout.multiply(matrix, outward), opacity=stamp.opacity))
    return lines


def covered(cover: Cover, recipe: Recipe, font: Font, sheet: Size) -> list[Line]:
    """The lines of a cover page on a sheet of that size."""
    values = dict(recipe.variables)
    made: list[Line] = []
    y = sheet[1] - 1.5 * _COVER_EDGE
    for number, raw in enumerate((cover.title, *cover.lines)):
        text = filled(raw, values)
        size = _COVER_SIZES[min(number, 1)]
        room = max(sheet[0] - 2 * _COVER_EDGE, 1.0)
        length = font.length(text) * size
        shown = size * min(1.0, room / length) if length else size
        made.append(Line(text=text, size=shown, matrix=(1, 0, 0, 1, _COVER_EDGE, y)))
        y -= 1.6 * size + (_COVER_SIZES[1] if number == 0 else 0)
    return [line for line in made if line.text]


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables, in one pass: what stands in a value is never looked at again. One line, bounded."""
    whole = re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), text)
    return "".join(character if character.isprintable() else " " for character in whole).strip()[:_LONGEST]


def draw(pdf: Pdf, page: pikepdf.Object, lines: Sequence[Line], font: Font, embedded: pikepdf.Object | None) -> None:
    """Put the lines over what a page shows. `page` has resources of its own."""
    resources = page.Resources
    if lines and embedded is not None:
        resources[Name.Font] = Dictionary(Stamps=embedded)
    parts = []
    for line in lines:
        glyphs = "".join(f"{glyph:04x}" for glyph in font.glyphs(line.text))
        matrix = " ".join(f"{value:.5f}" for value in line.matrix)
        shown = f"BT /Stamps {line.size:.3f} Tf {matrix} Tm <{glyphs}> Tj ET"
        parts.append(f"q {_opaque(resources, line.opacity)} 0 g {_told(line, shown)} Q\n")
    _append(pdf, page, "".join(parts))


def mark(pdf: Pdf, page: pikepdf.Object, rows: Sequence[str], side: Side) -> None:
    """Draw a square code where the lower left corner is as the side is read, on white so that it can be found."""
    step = _MARK / len(rows)
    outward = " ".join(f"{value:.5f}" for value in layout.turned(side.turn, side.size))
    quiet = 2 * step
    parts = [
        f"q {outward} cm 1 g {_EDGE - quiet:.3f} {_EDGE - quiet:.3f} {_MARK + 2 * quiet:.3f} {_MARK + 2 * quiet:.3f} re f 0 g\n"
    ]
    for number, row in enumerate(rows):
        y = _EDGE + _MARK - (number + 1) * step
        parts += [
            f"{_EDGE + run.start() * step:.3f} {y:.3f} {len(run[0]) * step:.3f} {step:.3f} re\n"
            for run in re.finditer("1+", row)
        ]
    _append(pdf, page, f"{''.join(parts)}f Q\n")


def veil(pdf: Pdf, page: pikepdf.Object, size: Size) -> None:
    """Make all that a page shows paler."""
    _append(pdf, page, f"q {_opaque(page.Resources, _VEIL)} 1 g 0 0 {size[0]:.3f} {size[1]:.3f} re f Q\n")


def _told(line: Line, shown: str) -> str:
    """Slanting text with what it says: readers would take each letter of it for a word."""
    if min(abs(line.matrix[0]), abs(line.matrix[1])) < 0.01:
        return shown
    return f"/Span <</ActualText <feff{line.text.encode('utf-16-be').hex()}>>> BDC {shown} EMC"


def _opaque(resources: pikepdf.Object, percent: int) -> str:
    """The operator that sets an opacity, known to the resources from now on."""
    if percent == 100:
        return ""
    if Name.ExtGState not in resources:
        resources[Name.ExtGState] = Dictionary()
    resources.ExtGState[f"/O{percent}"] = Dictionary(Type=Name.ExtGState, ca=percent / 100)
    return f"/O{percent} gs"


def _append(pdf: Pdf, page: pikepdf.Object, content: str) -> None:
    if content:
        before = page.Contents.read_bytes()
        page.Contents = pdf.make_stream(before + content.encode("ascii"))


def _placed(stamp: Stamp, length: float, read: Size) -> tuple[float, Matrix]:
    """The size of a stamp of `length` (at size 1), and where its baseline starts on the sheet as it is read."""
    width, height = read
    angle = math.radians(stamp.angle)
    cosine, sine = math.cos(angle), math.sin(angle)
    across = length * abs(cosine) + _CAPITAL * abs(sine)
    along = length * abs(sine) + _CAPITAL * abs(cosine)
    edge = min(_EDGE, width / 10, height / 10)
    if stamp.position == "center":
        most = _FILLED * min(width / across, height / along)
        size = min(stamp.size or _LARGEST, most)
    else:
        size = min(stamp.size or _EDGE_SIZE, (width - 2 * edge) / across, (height - 2 * edge) / along)
    x, y = width / 2, height / 2
    if stamp.position.endswith("left"):
        x = edge + across * size / 2
    elif stamp.position.endswith("right"):
        x = width - edge - across * size / 2
    if stamp.position.startswith("top"):
        y = height - edge - along * size / 2
    elif stamp.position.startswith("bottom"):
        y = edge + along * size / 2
    # From the middle of the text back to where its baseline starts.
    half, rise = length * size / 2, _CAPITAL * size / 2
    start = (x - half * cosine + rise * sine, y - half * sine - rise * cosine)
    return size, (cosine, sine, -sine, cosine, *start)
