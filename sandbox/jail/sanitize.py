"""Opens a foreign PDF, repairs it, and keeps of it only what ink can show.

What may stay is listed, what may go is not: a catalog and a page have few keys that printing needs, and everything
else (scripts, actions, attached files, forms, links, outlines, metadata) is dropped and never reaches a printer.
"""

from dataclasses import dataclass
from pathlib import Path

import pikepdf
from pikepdf import Name, Pdf

from sandbox.errors import Broken, Encrypted, PrintForbidden
from sandbox.jail.task import Task

_CATALOG = frozenset({"/Type", "/Pages", "/OCProperties", "/OutputIntents", "/Version", "/Extensions"})
_PAGE = frozenset({"/Type", "/Parent", "/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents", "/Group"})
_TOLD = {
    "/OpenAction": "actions",
    "/AA": "actions",
    "/AcroForm": "form",
    "/AF": "embedded files",
    "/Collection": "embedded files",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Cleaned:
    """What was found on the way in."""

    pages: int
    encrypted: bool
    print_permitted: bool
    repaired: bool
    removed: tuple[str, ...]


def clean(source: Path, target: Path, task: Task) -> Cleaned:
    """Write a repaired, unencrypted, harmless copy. Broken, Encrypted, PrintForbidden or TooLarge.

    Printing that the author forbids is refused, except for `inspect`, which only looks.
    """
    try:
        pdf = Pdf.open(source, password=task.password)
    except pikepdf.PasswordError as error:
        raise Encrypted("the password is wrong" if task.password else "a password is needed") from error
    except (pikepdf.PdfError, ValueError, RuntimeError) as error:
        raise Broken(str(error)) from error
    with pdf:
        permitted = _may_print(pdf)
        if not permitted and task.operation != "inspect":
            raise PrintForbidden("the document's permissions")
        try:
            return _cleaned(pdf, target, task, permitted=permitted)
        except (pikepdf.PdfError, ValueError, RuntimeError, TypeError, KeyError, AttributeError) as error:
            raise Broken(f"{type(error).__name__}: {error}") from error


def _cleaned(pdf: Pdf, target: Path, task: Task, *, permitted: bool) -> Cleaned:
    count = _claimed_pages(pdf)
    # A page tree that shares its nodes can claim few pages and have millions, or the other way round: both are checked.
    task.pages(count)
    count = len(pdf.pages)
    task.pages(count)
    if count == 0:
        raise Broken("the document has no page")
    removed = _strip(pdf)
    encrypted = pdf.is_encrypted
    if Name.Size not in pdf.trailer:
        # qpdf rebuilds a lost trailer without it, and then writes a file that it could not open again.
        pdf.trailer[Name.Size] = len(pdf.objects) + 1
    pdf.save(target, encryption=False, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    repaired = bool(pdf.get_warnings())
    if repaired:
        _check(target, count)
    return Cleaned(
        pages=count,
        encrypted=encrypted,
        print_permitted=permitted,
        repaired=repaired,
        removed=tuple(sorted(removed)),
    )


def _check(path: Path, pages: int) -> None:
    """What was repaired must now be sound. Broken, or pikepdf's own error, when it is not."""
    with Pdf.open(path) as again:
        if again.get_warnings() or len(again.pages) != pages:
            raise Broken("the repair did not hold")


def _may_print(pdf: Pdf) -> bool:
    if not pdf.is_encrypted or pdf.owner_password_matched:
        return True
    return bool(pdf.allow.print_lowres or pdf.allow.print_highres)


def _claimed_pages(pdf: Pdf) -> int:
    try:
        return int(pdf.Root.Pages.Count)
    except (AttributeError, KeyError, TypeError, ValueError):
        return 0


def _strip(pdf: Pdf) -> set[str]:
    removed = _flatten(pdf)
    root = pdf.Root
    names = root.get(Name.Names)
    if isinstance(names, pikepdf.Dictionary):
        removed |= {
            word for key, word in (("/JavaScript", "JavaScript"), ("/EmbeddedFiles", "embedded files")) if key in names
        }
    for key in set(root.keys()) - _CATALOG:
        if key in _TOLD:
            removed.add(_TOLD[key])
        del root[key]
    for page in pdf.pages:
        for key in set(page.obj.keys()) - _PAGE:
            if key in _TOLD:
                removed.add(_TOLD[key])
            del page.obj[key]
    if Name.Info in pdf.trailer:
        del pdf.trailer[Name.Info]
    return removed


def _flatten(pdf: Pdf) -> set[str]:
    """Draw into the page what annotations and form fields show on paper; their dictionaries then go."""
    annotated = any(Name.Annots in page.obj for page in pdf.pages)
    if not annotated:
        return set()
    removed = {"annotations"} | {_action(annotation) for page in pdf.pages for annotation in _annotations(page)}
    try:
        if Name.AcroForm in pdf.Root:
            pdf.generate_appearance_streams()
        pdf.flatten_annotations("print")
    except (pikepdf.PdfError, RuntimeError, ValueError, TypeError):
        # A damaged annotation costs the annotations, not the document.
        removed.add("damaged annotations")
    return removed - {""}


def _annotations(page: pikepdf.Page) -> list[pikepdf.Object]:
    found = page.obj.get(Name.Annots)
    return [item for item in found if isinstance(item, pikepdf.Dictionary)] if isinstance(found, pikepdf.Array) else []


def _action(annotation: pikepdf.Object) -> str:
    action = annotation.get(Name.A)
    kind = action.get(Name.S) if isinstance(action, pikepdf.Dictionary) else None
    return {"/JavaScript": "JavaScript", "/Launch": "launch actions"}.get(str(kind), "") if kind is not None else ""
