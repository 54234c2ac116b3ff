"""Sides and sheets by hand; tests/gateway/adapters/test_converter.py holds the same against what is rendered."""

from typing import Any

import pytest

from gateway.domain.document import Document
from gateway.domain.ticket import LAST_PAGE, JobTicket, PagePick
from gateway.services.counting import Counts, count, separate

TWO = "two-sided-long-edge"


@pytest.mark.parametrize(
    ("ticket", "impressions", "sheets"),
    [
        ({}, 10, 10),
        ({"sides": TWO}, 10, 5),
        ({"copies": 3, "sides": TWO, "page_ranges": ((1, 3),)}, 9, 6),
        ({"page_ranges": ((1, 3), (2, 4), (9, LAST_PAGE))}, 6, 6),
        ({"page_words": ("odd", "last")}, 6, 6),
        ({"number_up": 4}, 3, 3),
        ({"number_up": 3}, 10, 10),
        ({"number_up": 4, "sides": TWO}, 3, 2),
        ({"imposition_template": "signature"}, 6, 3),
        ({"imposition_template": "signature", "sides": TWO, "number_up": 4}, 6, 3),
        ({"imposition_template": "signature", "sides": "one-sided"}, 6, 6),
        ({"imposition_template": "signature", "page_ranges": ((1, 1),)}, 1, 1),
        ({"page_picks": (PagePick(page=1), PagePick(page=1), PagePick(page=11))}, 2, 2),
        ({"job_sheets": "standard", "copies": 2}, 21, 21),
        ({"job_sheets": "none"}, 10, 10),
    ],
)
def test_ten_pages(ticket: dict[str, Any], impressions: int, sheets: int) -> None:
    assert count(10, JobTicket(**ticket)) == Counts(impressions=impressions, media_sheets=sheets)


@pytest.mark.parametrize(
    ("ticket", "impressions", "sheets"),
    [
        ({}, 6, 6),
        ({"sides": TWO}, 6, 4),
        ({"number_up": 2}, 4, 4),
        ({"number_up": 2, "sides": TWO}, 4, 3),
        ({"imposition_template": "signature"}, 5, 3),
        ({"page_ranges": ((4, 6),), "sides": TWO}, 3, 2),
        ({"page_picks": (PagePick(page=6), PagePick(page=1)), "sides": TWO}, 2, 1),
    ],
)
def test_three_documents_of_three_one_and_two_pages(ticket: dict[str, Any], impressions: int, sheets: int) -> None:
    assert count(6, JobTicket(**ticket), (3, 1, 2)) == Counts(impressions=impressions, media_sheets=sheets)


def _documents(*pages: int | None) -> list[Document]:
    return [
        Document(id=str(number), format="application/pdf", size=1, sha256="", pages=each)
        for number, each in enumerate(pages)
    ]


def test_documents_are_separate_unless_they_are_to_be_one() -> None:
    assert separate(_documents(3, 1), JobTicket()) == (3, 1)
    assert separate(_documents(3, 1), JobTicket(multiple_document_handling="single-document")) == ()
    assert separate(_documents(3), JobTicket()) == ()
    assert separate(_documents(3, None), JobTicket()) == ()
    assert separate([], JobTicket()) == ()
