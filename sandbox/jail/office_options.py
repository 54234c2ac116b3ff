"""What of a document is printed: its sheets, their print areas and width, its comments and tracked changes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.conversion import ALL_CELLS
from sandbox.errors import NothingSelected, TooLarge
from sandbox.jail.office_filters import CSV

# com.sun.star.document.RedlineDisplayType: INSERTED looks as if all had been accepted.
_CHANGES_ACCEPTED, _CHANGES_SHOWN = 1, 2


def _nobody(count: int) -> None:
    """No watchdog to tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OfficeTask:
    """One request as the office worker sees it. `sheets` are 1-based, in the document's order, hidden ones counted."""

    folder: Path
    format: str = ""
    password: str = ""
    max_pages: int = 2000
    max_stored_bytes: int = 2**28
    sheets: tuple[int, ...] = ()
    print_area: str = ""
    fit_width: bool = False
    comments: bool = False
    changes: bool = False
    report: Callable[[int], None] = _nobody

    @property
    def alters(self) -> bool:
        """Whether the document has to be loaded so that it can be altered; it is never written back."""
        return bool(self.sheets) or self.comments

    def pages(self, count: int) -> None:
        """Tell the watchdog how many pages there are. TooLarge when that is more than is allowed."""
        if count > self.max_pages:
            raise TooLarge(f"{count} pages", limit="pages", allowed=self.max_pages)
        self.report(count)


def task_from_wire(request: dict[str, Any], folder: Path, report: Callable[[int], None]) -> OfficeTask:
    """Build the task of a request. KeyError, TypeError or ValueError for one that the gateway never makes."""
    chosen = request["conversion"]
    return OfficeTask(
        folder=folder,
        format=request["format"],
        password=request["password"],
        max_pages=request["max_pages"],
        max_stored_bytes=request["max_stored_bytes"],
        sheets=tuple(int(number) for number in chosen["sheets"]),
        print_area=chosen["print_area"],
        fit_width=chosen["fit_width"],
        comments=chosen["comments"],
        changes=chosen["changes"],
        report=report,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A sheet and its page style, both UNO objects."""

    sheet: Any
    style: Any


def settle(document: Any, sheets: Sequence[Sheet], task: OfficeTask, address: Callable[[Any, str], Any]) -> None:
    """Apply the options to a loaded document. NothingSelected for sheets or an area it does not have."""
    if hasattr(document, "RedlineDisplayType"):
        document.RedlineDisplayType = _CHANGES_SHOWN if task.changes else _CHANGES_ACCEPTED
        if task.comments:
            _print_comments(document)
    chosen = _choose(sheets, task.sheets) if task.sheets else sheets
    if task.print_area:
        _set_areas(chosen, task.print_area, address)
    for one in chosen if task.fit_width else ():
        # One page wide and as many long as it takes.
        one.style.ScaleToPagesX, one.style.ScaleToPagesY = 1, 0
    for one in chosen if task.comments else ():
        one.style.PrintAnnotations = True
    for one in chosen if task.format == CSV else ():
        # LibreOffice's own: a sheet named after our internal file name, and a page number.
        one.style.HeaderIsOn = one.style.FooterIsOn = False


def _choose(sheets: Sequence[Sheet], numbers: tuple[int, ...]) -> list[Sheet]:
    """Show the chosen sheets and print nothing of the others."""
    if not sheets:
        return []
    chosen = [one for number, one in enumerate(sheets, 1) if number in numbers]
    if not chosen:
        raise NothingSelected(f"the document has {len(sheets)} sheets")
    for one in chosen:
        one.sheet.IsVisible = True
    for one in sheets:
        if one not in chosen:
            # Without an area, while others have one or print as a whole, a sheet is left out. Hiding it would fail where
            # the author protected the structure.
            one.sheet.setPrintAreas(())
    return chosen


def _set_areas(sheets: Sequence[Sheet], area: str, address: Callable[[Any, str], Any]) -> None:
    """Print `area` of each sheet; "all" forgets the areas that the author set."""
    for one in sheets:
        one.sheet.setPrintAreas((_used(one.sheet) if area == ALL_CELLS else address(one.sheet, area),))


def _used(sheet: Any) -> Any:
    cursor = sheet.createCursor()
    cursor.gotoStartOfUsedArea(False)
    cursor.gotoEndOfUsedArea(True)
    return cursor.getRangeAddress()


def _print_comments(document: Any) -> None:
    """Make an endnote of each comment: a mark where it belongs, its words after the last page, all pages as they were.

    LibreOffice draws comments into the margin for a printer only, never into a PDF.
    """
    fields = document.getTextFields().createEnumeration()
    comments = []
    while fields.hasMoreElements():
        field = fields.nextElement()
        if field.supportsService("com.sun.star.text.textfield.Annotation"):
            comments.append(field)
    for comment in comments:
        words = f"{comment.Author}: {comment.Content}"
        try:
            place = comment.getAnchor()
            note = document.createInstance("com.sun.star.text.Endnote")
            place.getText().insertTextContent(place.getEnd(), note, False)
            note.setString(words)
        except Exception:  # noqa: BLE001 - UNO's exceptions are made at run time; headers can't hold endnotes
            text = document.getText()
            text.insertString(text.getEnd(), f"\n{words}", False)
