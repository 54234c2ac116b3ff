"""The print options of the release form: from fields to changes of the Job Ticket."""

from typing import Any

from gateway.domain.ticket import parse_pages
from gateway.errors import BadRequest
from webprint import words
from webprint.requests import Form, first

MOST_COPIES = 999
MOST_JOBS = 200


def read_changes(form: Form) -> dict[str, Any]:
    """Only what was filled in; an empty field leaves the job as it was sent. BadRequest says what is wrong."""
    changes: dict[str, Any] = {}
    copies = first(form, "copies").strip()
    if copies:
        changes["copies"] = _copies(copies)
    sides = first(form, "sides")
    if sides:
        changes["sides"] = _one_of(sides, words.SIDES)
    color = first(form, "color")
    if color:
        changes["print_color_mode"] = _one_of(color, words.COLORS)
    pages = first(form, "pages").strip()
    if pages:
        changes |= parse_pages(pages).changes
    return changes


def read_jobs(form: Form) -> list[int]:
    """The ids of the ticked jobs, in the order of the list, each once."""
    ids = list(dict.fromkeys(form.get("job", [])))
    if not ids:
        raise BadRequest("No job is selected. Tick at least one and try again.")
    if len(ids) > MOST_JOBS or not all(text.isascii() and text.isdigit() and len(text) < 19 for text in ids):
        raise BadRequest("The selection cannot be read. Reload the page and try again.")
    return [int(text) for text in ids]


def _copies(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 3 or not 1 <= int(text) <= MOST_COPIES:
        raise BadRequest(f'"{text[:20]}" is not a number of copies. Write a number from 1 to {MOST_COPIES}.')
    return int(text)


def _one_of(value: str, known: dict[str, str]) -> str:
    if value not in known:
        raise BadRequest("This print option is not known here. Reload the page and try again.")
    return value
