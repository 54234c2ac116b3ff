"""Carries out a layout on a PDF without turning it into pixels: pages become forms on new sheets, copies share them."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from sandbox.errors import Broken
from sandbox.jail import font, layout, stamps
from sandbox.jail.layout import Matrix, Side
from sandbox.recipe import Cover, Recipe

_FRAME = 0.5  # points, half of it outside of the cell


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheetwork:
    """The sides of one copy; after them, where the recipe has one, the cover."""

    sides: tuple[Side, ...]
    cover: Side | None = None

    @property
    def all(self) -> tuple[Side, ...]:
        return (*self.sides, self.cover) if self.cover else self.sides


def lay_out(source: Path, target: Path, work: Sheetwork, recipe: Recipe, wanted: Sequence[int] | None = None) -> None:
    """Write the sides with these numbers (all of them when None) as a PDF with a page each."""
    numbers = range(len(work.all)) if wanted is None else wanted
    try:
        with Pdf.open(source) as pdf:
            canvas = _Canvas(pdf, work, recipe)
            made = [canvas.page(number) for number in numbers]
            canvas.letter()
            _replace(pdf, made)
            pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    except (pikepdf.PdfError, RuntimeError, ValueError, TypeError) as error:
        raise Broken(f"{type(error).__name__}: {error}") from error


def repeat(source: Path, target: Path, sequence: Sequence[int | None]) -> None:
    """Write the sides in the order of `sequence`; a side that comes again costs one small page object."""
    with Pdf.open(source) as pdf:
        originals = [page.obj for page in pdf.pages]
        made: list[pikepdf.Object] = []
        for index in sequence:
            original = originals[index or 0]
            copy = Dictionary({key: value for key, value in original.items() if key != "/Parent"})
            if index is None:
                del copy[Name.Contents]
            made.append(pdf.make_indirect(copy))
        _replace(pdf, made)
        pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def join(sources: Sequence[Path], target: Path) -> None:
    """Write the pages of several clean PDFs as one, in order, and remove the parts."""
    with ExitStack() as stack, Pdf.new() as whole:
        for path in sources:
            # Pages that were taken over are read from their own file until the whole is saved.
            whole.pages.extend(stack.enter_context(Pdf.open(path)).pages)
        whole.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    for path in sources:
        path.unlink()


def _replace(pdf: Pdf, pages: Sequence[pikepdf.Object]) -> None:
    del pdf.pages[:]
    for page in pages:
        pdf.pages.append(pikepdf.Page(page))


class _Canvas:
    """Makes the pages of a file; the lettering comes last, when all of its characters are known."""

    def __init__(self, pdf: Pdf, work: Sheetwork, recipe: Recipe) -> None:
        self._pdf = pdf
        self._work = work
        self._recipe = recipe
        self._originals = [page.obj for page in pdf.pages]
        self._forms: dict[int, pikepdf.Object] = {}
        self._lettered: list[tuple[pikepdf.Object, Side, list[stamps.Line]]] = []

    def page(self, number: int) -> pikepdf.Object:
        side = self._work.all[number]
        if side.whole is not None:
            return self._originals[side.whole]
        page = self._drawn(side)
        lines: list[stamps.Line] = []
        if side is self._work.cover and self._recipe.cover is not None:
            lines = _cover_lines(self._recipe.cover, self._recipe, side)
        elif self._recipe.stamps:
            count = len(self._work.sides)
            lines = stamps.stamped(side, self._recipe, font.standard(), number=number + 1, count=count)
        self._lettered.append((page, side, lines))
        return page

    def letter(self) -> None:
        """Write all stamps, in one font of just their characters, and veil what is to come out paler."""
        texts = [line.text for _, _, lines in self._lettered for line in lines]
        embedded = font.standard().embed(self._pdf, texts) if texts else None
        for page, side, lines in self._lettered:
            if lines:
                stamps.draw(self._pdf, page, lines, font.standard(), embedded)
            if self._recipe.toner == "light":
                stamps.veil(self._pdf, page, side.size)
            if self._recipe.mark:
                stamps.mark(self._pdf, page, self._recipe.mark, side)

    def _drawn(self, side: Side) -> pikepdf.Object:
        resources = Dictionary()
        parts: list[str] = []
        for number, placed in enumerate(side.placed):
            form = self._form(placed.page)
            resources[f"/F{number}"] = form
            clip = placed.clip
            matrix = layout.multiply(_to_origin(form), placed.matrix)
            parts.append(
                f"q {clip.x:.3f} {clip.y:.3f} {clip.width:.3f} {clip.height:.3f} re W n "
                f"{' '.join(f'{number:.6f}' for number in matrix)} cm /F{number} Do Q\n"
            )
        parts += [
            f"q 0 G {_FRAME} w {frame.x:.3f} {frame.y:.3f} {frame.width:.3f} {frame.height:.3f} re S Q\n"
            for frame in side.frames
        ]
        return self._pdf.make_indirect(
            Dictionary(
                Type=Name.Page,
                MediaBox=Array([0, 0, round(side.size[0], 3), round(side.size[1], 3)]),
                Resources=Dictionary(XObject=resources),
                Contents=self._pdf.make_stream("".join(parts).encode("ascii")),
            )
        )

    def _form(self, page: int) -> pikepdf.Object:
        if page not in self._forms:
            form = pikepdf.Page(self._originals[page]).as_form_xobject()
            self._forms[page] = self._pdf.make_indirect(form)
        return self._forms[page]


def _cover_lines(cover: Cover, recipe: Recipe, side: Side) -> list[stamps.Line]:
    return stamps.covered(cover, recipe, font.standard(), side.size)


def _to_origin(form: pikepdf.Object) -> Matrix:
    """Brings the lower left corner of what the form shows, after its own matrix, to the origin."""
    box = [float(value) for value in form.BBox]
    a, b, c, d, e, f = [float(value) for value in form.get(Name.Matrix, Array([1, 0, 0, 1, 0, 0]))]
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in (box[0], box[2]) for y in (box[1], box[3])]
    return (1, 0, 0, 1, -min(x for x, _ in corners), -min(y for _, y in corners))
