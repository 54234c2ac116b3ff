"""The print options of the release form: from fields to changes of the Job Ticket."""

from typing import Any

from gateway.domain.ticket import parse_pages
from gateway.errors import BadRequest
from webprint import chips, words
from webprint.requests import Form, first

MOST_COPIES = 999
MOST_JOBS = 200
LONG = {"picks": 12_000}  # characters; other fields are short
NAMES = ("copies", "pages", "sides", "color", "layout", "scaling", "border", "toner", "image", *chips.NAMES)
"""The fields, in the order of the form."""


def read_changes(form: Form) -> dict[str, Any]:
    """Only what was filled in; an empty field leaves the job as it was sent. BadRequest says what is wrong."""
    changes: dict[str, Any] = {}
    copies, pages = first(form, "copies").strip(), first(form, "pages").strip()
    if copies:
        changes["copies"] = _copies(copies)
    if pages:
        changes |= parse_pages("" if pages.lower() == "all" else pages).changes
    if sides := _chosen(form, "sides", words.SIDES):
        changes["sides"] = sides
    if color := _chosen(form, "color", words.COLORS):
        changes["print_color_mode"] = color
    return changes | _layout(form) | _look(form) | chips.read_more(form)


def filled(form: Form) -> dict[str, str]:
    """The fields as they were typed, whatever they mean."""
    return {name: first(form, name)[: LONG.get(name, 100)] for name in NAMES}


def read_jobs(form: Form) -> list[int]:
    """The ids of the ticked jobs, in the order of the list, each once."""
    ids = list(dict.fromkeys(form.get("job", [])))
    if not ids:
        raise BadRequest("No job is selected. Tick at least one and try again.")
    if len(ids) > MOST_JOBS or not all(text.isascii() and text.isdigit() and len(text) < 19 for text in ids):
        raise BadRequest("The selection cannot be read. Reload the page and try again.")
    return [int(text) for text in ids]


def _layout(form: Form) -> dict[str, Any]:
    """How pages lie on a side. A booklet has sides of its own unless some were chosen beside it."""
    changes: dict[str, Any] = {}
    layout = _chosen(form, "layout", words.LAYOUTS)
    if layout == "booklet":
        changes |= {"number_up": 1, "imposition_template": "signature"}
        if not first(form, "sides"):
            changes["sides"] = None
    elif layout:
        changes |= {"number_up": int(layout), "imposition_template": None}
    if scaling := _chosen(form, "scaling", words.SCALINGS):
        changes |= {"print_scaling": scaling, "scaling_percent": None}
    if border := _chosen(form, "border", words.BORDERS):
        changes["page_border"] = border == "yes"
    return changes


def _look(form: Form) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if toner := _chosen(form, "toner", words.TONER):
        changes["toner_save"] = None if toner == "full" else toner
    if image := _chosen(form, "image", words.IMAGE):
        changes["as_image"] = image == "yes"
    return changes


def _copies(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 3 or not 1 <= int(text) <= MOST_COPIES:
        raise BadRequest(f'"{text[:20]}" is not a number of copies. Write a number from 1 to {MOST_COPIES}.')
    return int(text)


def _chosen(form: Form, name: str, known: dict[str, str]) -> str:
    value = first(form, name)
    if value and value not in known:
        raise BadRequest("This print option is not known here. Reload the page and try again.")
    return value
