"""The form "What to print of this document": shown for what people can choose of it, read into a choice."""

from dataclasses import dataclass

from gateway.domain.conversion import ALL_CELLS, ConversionChoice
from gateway.domain.document import Inspection
from gateway.domain.formats import has_choices
from gateway.domain.job import Job
from gateway.errors import BadRequest
from webprint.requests import Form, first


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetView:
    """One sheet of a workbook to tick."""

    number: int
    name: str
    hidden: bool
    chosen: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ChoiceView:
    """`area` is author, all or own; `own_area` what was typed. Counts of what could be shown beside the pages."""

    sheets: tuple[SheetView, ...]
    area: str
    own_area: str
    fit_width: bool
    comments: int
    with_comments: bool
    changes: int
    with_changes: bool


def view_choice(job: Job) -> ChoiceView | None:
    """None where nothing can be chosen: not now, or not of these documents."""
    if job.key is None or not job.prepared:
        return None
    found, chosen = _found(job), job.ticket.conversion
    if not (found.sheets or found.comments or found.tracked_changes):
        return None
    area = "author" if not chosen.print_area else "all" if chosen.print_area == ALL_CELLS else "own"
    return ChoiceView(
        sheets=tuple(
            SheetView(
                number=number,
                name=sheet.name or str(number),
                hidden=sheet.hidden,
                chosen=number in chosen.sheets if chosen.sheets else not sheet.hidden,
            )
            for number, sheet in enumerate(found.sheets, 1)
        ),
        area=area,
        own_area=chosen.print_area if area == "own" else "",
        fit_width=chosen.fit_width,
        comments=found.comments,
        with_comments=chosen.comments,
        changes=found.tracked_changes,
        with_changes=chosen.changes,
    )


def read_choice(form: Form, job: Job) -> ConversionChoice:
    """BadRequest says what to choose instead. The sheets that would be printed anyway are no choice."""
    sheets = _found(job).sheets
    ticked = form.get("sheet", [])
    if not all(text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= len(sheets) for text in ticked):
        raise BadRequest("The selection cannot be read. Reload the page and try again.")
    if sheets and not ticked:
        raise BadRequest("No sheet is selected. Tick at least one and try again.")
    numbers = {int(text) for text in ticked}
    shown = {number for number, sheet in enumerate(sheets, 1) if not sheet.hidden}
    return ConversionChoice(
        sheets=() if numbers == shown else tuple(sorted(numbers)),
        print_area=_area(form),
        fit_width=bool(first(form, "fit_width")),
        comments=bool(first(form, "comments")),
        changes=bool(first(form, "changes")),
    )


def _area(form: Form) -> str:
    """What is typed into the field counts, whatever is ticked beside it."""
    typed = first(form, "own_area").strip()
    if typed or first(form, "area") == "own":
        return typed
    return ALL_CELLS if first(form, "area") == "all" else ""


def _found(job: Job) -> Inspection:
    """Of all documents together; sheets only where one document has them, since a choice counts them from its first."""
    facts = job.found.inspections
    several = [found for document, found in zip(job.documents, facts, strict=False) if has_choices(document.format)]
    books = [found.sheets for found in several if found.sheets]
    return Inspection(
        sheets=books[0] if len(books) == 1 else (),
        comments=sum(found.comments for found in several),
        tracked_changes=sum(found.tracked_changes for found in several),
    )
