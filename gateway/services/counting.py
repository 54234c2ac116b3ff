"""What a ticket makes of paper, told before it is rendered: quotas and prices are asked for long before that.

The rendering counts on its own result; a test holds the two together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from gateway.domain.document import Document
from gateway.domain.job import Job
from gateway.domain.ticket import NUMBER_UP, JobTicket


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """What a ticket makes of pages: sides of sheets that carry something, and sheets, all copies."""

    impressions: int
    media_sheets: int


def count(pages: int, ticket: JobTicket, documents: Sequence[int] = ()) -> Counts:
    """After picks, ranges, number-up or booklet, sides, copies and cover (rows 21 and 108).

    `documents` are the pages of each document that starts on a sheet of its own, as `separate` tells them.
    """
    sides = sheets = 0
    two_sided = ticket.printed_sides not in {None, "one-sided"}
    for chosen in _parts(pages, ticket, documents):
        printed, places = _sides(len(chosen), ticket)
        sides += printed
        sheets += ceil(places / 2) if two_sided else printed
    cover = 1 if ticket.covered else 0
    return Counts(impressions=sides * ticket.copies + cover, media_sheets=sheets * ticket.copies + cover)


def separate(documents: Sequence[Document], ticket: JobTicket) -> tuple[int, ...]:
    """The pages of each document of a job whose documents are told apart on paper; empty when they run on as one.

    multiple-document-handling (RFC 8011 section 5.2.4): only "single-document" lets one start where the last ended.
    """
    pages = tuple(document.pages for document in documents if document.pages is not None)
    if len(pages) < max(2, len(documents)) or ticket.multiple_document_handling == "single-document":
        return ()
    return pages


def counted(job: Job) -> Job:
    """The prepared job with the counts of its ticket as it is now."""
    if job.pages is None:
        return job
    counts = count(job.pages, job.ticket, separate(job.documents, job.ticket))
    return replace(job, impressions=counts.impressions, media_sheets=counts.media_sheets)


def page_sides(pages: int, ticket: JobTicket, documents: Sequence[int] = ()) -> list[tuple[int, ...]]:
    """The document's pages, from 1, on each printed side of one copy, in the order in which the sides come out."""
    found: list[tuple[int, ...]] = []
    for part in _parts(pages, ticket, documents):
        step = ticket.number_up if ticket.number_up in NUMBER_UP else 1
        groups = _folded(part) if ticket.booklet else (part[at : at + step] for at in range(0, len(part), step))
        found += [tuple(group) for group in groups if group]
    return found


def _folded(part: Sequence[int]) -> list[list[int]]:
    """The sides of sheets that lie in each other and are folded in the middle: last and first page, then inwards."""
    places = 4 * ceil(len(part) / 4)
    sides: list[list[int]] = []
    for first in range(0, places // 2, 2):
        last = places - 1 - first
        sides += [[last, first], [first + 1, last - 1]]
    return [[part[place] for place in side if place < len(part)] for side in sides]


def _parts(pages: int, ticket: JobTicket, documents: Sequence[int]) -> list[list[int]]:
    """The printed pages of each document, from 1; picked pages are one document, in an order of their own."""
    chosen = ticket.chosen(pages)
    if ticket.page_picks:
        picked = [pick.page for pick in ticket.page_picks if pick.page <= pages]
        return [[picked[place] for place in chosen]]
    parts, end = [], 0
    for length in documents:
        parts.append([page + 1 for page in chosen if end <= page < end + length])
        end += length
    return [*parts, [page + 1 for page in chosen if page >= end]]


def _sides(pages: int, ticket: JobTicket) -> tuple[int, int]:
    """The printed sides of one document, and the sides with the blank ones between them."""
    if ticket.booklet:
        sides = 2 * ceil(pages / 4)
        # The only blank side of a booklet is the inside of a single page's sheet.
        return (1, 2) if pages == 1 else (sides, sides)
    sides = ceil(pages / (ticket.number_up if ticket.number_up in NUMBER_UP else 1))
    return sides, sides
