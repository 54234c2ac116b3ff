"""Carries out a layout on a PDF without turning it into pixels: pages become forms on new sheets, copies share them."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from sandbox.errors import Broken, NothingSelected
from sandbox.jail import layout
from sandbox.jail.layout import Matrix, Side, Size
from sandbox.recipe import Recipe


def lay_out(source: Path, target: Path, sizes: Sequence[Size], recipe: Recipe) -> list[Side]:
    """Write one copy of the recipe's sides and return them. `sizes` are the pages' sizes in points as they are seen."""
    chosen = layout.selected(len(sizes), recipe.page_ranges)
    if not chosen:
        raise NothingSelected(f"the ranges choose none of {len(sizes)} pages")
    sides = layout.sides(chosen, sizes, recipe)
    try:
        with Pdf.open(source) as pdf:
            originals = [pdf.pages[index].obj for index in range(len(sizes))]
            forms: dict[int, pikepdf.Object] = {}
            made = [_page(pdf, side, originals, forms) for side in sides]
            _replace(pdf, made)
            pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    except (pikepdf.PdfError, RuntimeError, ValueError, TypeError) as error:
        raise Broken(f"{type(error).__name__}: {error}") from error
    return sides


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


def _page(
    pdf: Pdf, side: Side, originals: Sequence[pikepdf.Object], forms: dict[int, pikepdf.Object]
) -> pikepdf.Object:
    if side.whole is not None:
        return originals[side.whole]
    resources = Dictionary()
    parts: list[str] = []
    for number, placed in enumerate(side.placed):
        if placed.page not in forms:
            forms[placed.page] = pdf.make_indirect(pikepdf.Page(originals[placed.page]).as_form_xobject())
        form = forms[placed.page]
        resources[f"/F{number}"] = form
        clip = placed.clip
        matrix = layout.multiply(_to_origin(form), placed.matrix)
        parts.append(
            f"q {clip.x:.3f} {clip.y:.3f} {clip.width:.3f} {clip.height:.3f} re W n "
            f"{' '.join(f'{number:.6f}' for number in matrix)} cm /F{number} Do Q\n"
        )
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Page,
            MediaBox=Array([0, 0, round(side.size[0], 3), round(side.size[1], 3)]),
            Resources=Dictionary(XObject=resources),
            Contents=pdf.make_stream("".join(parts).encode("ascii")),
        )
    )


def _to_origin(form: pikepdf.Object) -> Matrix:
    """Brings the lower left corner of what the form shows, after its own matrix, to the origin."""
    box = [float(value) for value in form.BBox]
    a, b, c, d, e, f = [float(value) for value in form.get(Name.Matrix, Array([1, 0, 0, 1, 0, 0]))]
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in (box[0], box[2]) for y in (box[1], box[3])]
    return (1, 0, 0, 1, -min(x for x, _ in corners), -min(y for _, y in corners))
