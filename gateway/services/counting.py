"""What a ticket makes of paper, told before it is rendered: quotas and prices are asked for long before that.

The rendering counts on its own result; a test holds the two together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from gateway.domain.document import Document
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
        printed, places = _sides(chosen, ticket)
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


def _parts(pages: int, ticket: JobTicket, documents: Sequence[int]) -> list[int]:
    """How many pages are printed of each document; picked pages are one document, in an order of their own."""
    chosen = ticket.chosen(pages)
    if ticket.page_picks:
        return [len(chosen)]
    parts, end = [], 0
    for length in documents:
        parts.append(sum(end <= page < end + length for page in chosen))
        end += length
    return [*parts, sum(page >= end for page in chosen)]


def _sides(pages: int, ticket: JobTicket) -> tuple[int, int]:
    """The printed sides of one document, and the sides with the blank ones between them."""
    if ticket.booklet:
        sides = 2 * ceil(pages / 4)
        # The only blank side of a booklet is the inside of a single page's sheet.
        return (1, 2) if pages == 1 else (sides, sides)
    sides = ceil(pages / (ticket.number_up if ticket.number_up in NUMBER_UP else 1))
    return sides, sides
