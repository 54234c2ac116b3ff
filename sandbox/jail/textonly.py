"""Leaves of each page its text, black: what saves the most toner and what a reader needs.

Pictures, shadings and painted shapes go, also in forms; so do colours and transparency, or white letters on a dark
ground would vanish with it. A page that shows no text (a scan) stays as it is, rather than come out blank.
"""

from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Operator, Pdf

from sandbox.errors import Broken

_SHOWING = frozenset({"Tj", "TJ", "'", '"'})
# Painting becomes the end of the path, so that a clipping path that was set with it stays.
_PAINTING = frozenset({"f", "F", "f*", "B", "B*", "b", "b*", "S", "s"})
_DROPPED = frozenset({"sh", "gs", "g", "G", "rg", "RG", "k", "K", "cs", "CS", "sc", "SC", "scn", "SCN", "ri"})
_INVISIBLE = {3, 7}
_DEPTH = 12
_MOST_FORMS = 5_000


def text_only(source: Path, target: Path) -> None:
    """Write a copy of a clean PDF without graphics. Broken when its content can't be read."""
    try:
        with Pdf.open(source) as pdf:
            stripper = _Stripper(pdf)
            for page in pdf.pages:
                stripper.page(page)
            pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    except (pikepdf.PdfError, RuntimeError, ValueError, TypeError, KeyError) as error:
        raise Broken(f"{type(error).__name__}: {error}") from error


class _Stripper:
    """Forms that several pages share are stripped once."""

    def __init__(self, pdf: Pdf) -> None:
        self._pdf = pdf
        self._forms: dict[tuple[int, int], tuple[pikepdf.Object, bool]] = {}

    def page(self, page: pikepdf.Page) -> None:
        if Name.Contents not in page.obj:
            return
        resources = page.resources
        content, kept, shows = self._stripped(page, resources, 0)
        if shows:
            page.obj.Contents = self._pdf.make_stream(content)
            page.obj.Resources = kept

    def _stripped(self, stream: Any, resources: Any, depth: int) -> tuple[bytes, pikepdf.Object, bool]:
        """The content without graphics, resources with the forms of that content, and whether it shows text."""
        forms = _entries(resources, Name.XObject)
        used: dict[str, pikepdf.Object] = {}
        kept: list[Any] = []
        shows, mode = False, 0
        for instruction in pikepdf.parse_content_stream(stream):
            name, operands = str(instruction.operator), instruction.operands
            if name == "Do":
                drawn = self._form(forms.get(str(operands[0])), resources, depth)
                if drawn is not None and drawn[1]:
                    used[str(operands[0])] = drawn[0]
                    kept.append(instruction)
                    shows = True
            elif name in _PAINTING:
                kept.append(([], Operator("n")))
            elif name not in _DROPPED and not isinstance(instruction, pikepdf.ContentStreamInlineImage):
                mode = _mode(operands) if name == "Tr" else mode
                shows = shows or (name in _SHOWING and mode not in _INVISIBLE)
                kept.append(instruction)
        return pikepdf.unparse_content_stream(kept), _resources(resources, used), shows

    def _form(self, form: Any, outside: Any, depth: int) -> tuple[pikepdf.Object, bool] | None:
        """A form's stripped copy and whether it shows text; None for what is no form. Broken for forms without end."""
        if not isinstance(form, pikepdf.Stream) or form.get(Name.Subtype) != Name.Form:
            return None
        if depth >= _DEPTH or len(self._forms) >= _MOST_FORMS:
            raise Broken("forms within forms without end")
        if form.objgen not in self._forms:
            # While it is worked on it shows nothing: a form that draws itself would have no end.
            self._forms[form.objgen] = (form, False)
            own = form.get(Name.Resources, outside)
            content, kept, shows = self._stripped(form, own, depth + 1)
            copy = self._pdf.make_stream(content)
            for key in (Name.Type, Name.Subtype, Name.BBox, Name.Matrix):
                if key in form:
                    copy[key] = form[key]
            copy.Resources = kept
            self._forms[form.objgen] = (copy, shows)
        return self._forms[form.objgen]


def _resources(resources: Any, forms: dict[str, pikepdf.Object]) -> pikepdf.Object:
    """What text needs: fonts, the forms that show some, and properties that marked content names."""
    kept = Dictionary()
    for key in (Name.Font, Name.Properties):
        if key in resources:
            kept[key] = resources[key]
    if forms:
        kept[Name.XObject] = Dictionary(forms)
    kept[Name.ProcSet] = Array([Name.PDF, Name.Text])
    return kept


def _entries(resources: Any, key: pikepdf.Name) -> dict[str, Any]:
    found = resources.get(key) if isinstance(resources, Dictionary) else None
    return dict(found.items()) if isinstance(found, Dictionary) else {}


def _mode(operands: Any) -> int:
    try:
        return int(operands[0])
    except (IndexError, TypeError, ValueError):
        return 0
