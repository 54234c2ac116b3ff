"""page-ranges as people write them, and changes at release."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.ticket import LAST_PAGE, JobTicket, PageChoice, PagePick, Stamp, parse_page_ranges, parse_pages
from gateway.errors import BadRequest

Ranges = tuple[tuple[int, int], ...]


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("", ()),
        ("  ", ()),
        ("3", ((3, 3),)),
        ("1-3,7", ((1, 3), (7, 7))),
        (" 1 - 3 , 7 ,", ((1, 3), (7, 7))),
        ("007", ((7, 7),)),
        ("5,1-2", ((5, 5), (1, 2))),
        ("100000-999999", ((100000, 999999),)),
    ],
)
def test_ranges(text: str, ranges: Ranges) -> None:
    assert parse_page_ranges(text) == ranges


@pytest.mark.parametrize(
    "text", ["0", "3-1", "-3", "3-", "-", "a", "1-b", "1--3", "1-2-3", "1.5", "+1", "١", "²", "1;2", "9" * 13, "1e3"]
)
def test_what_is_no_range_is_a_bad_request_that_quotes_it(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_page_ranges(f"1, {text}")
    assert text[:12] in str(caught.value)


pages = st.integers(1, 999_999)


@given(st.lists(st.tuples(pages, pages).map(lambda pair: (min(pair), max(pair)))))
def test_what_is_written_is_read(ranges: list[tuple[int, int]]) -> None:
    text = ",".join(f"{low}" if low == high else f"{low}-{high}" for low, high in ranges)
    assert parse_page_ranges(text) == tuple(ranges)


@given(st.text(max_size=40))
def test_any_text_is_ranges_or_a_bad_request(text: str) -> None:
    try:
        ranges = parse_page_ranges(text)
    except BadRequest:
        return
    assert all(1 <= low <= high for low, high in ranges)


def test_changes_replace_fields_and_unknown_ones_are_named() -> None:
    ticket = JobTicket(copies=2, sides="one-sided")
    assert ticket.with_changes(copies=3) == JobTicket(copies=3, sides="one-sided")
    with pytest.raises(BadRequest, match="colour, size"):
        ticket.with_changes(size=1, colour=True, copies=1)


def test_only_uncollated_copies_are_not_collated() -> None:
    assert JobTicket().collated
    assert JobTicket(multiple_document_handling="separate-documents-collated-copies").collated
    assert not JobTicket(multiple_document_handling="separate-documents-uncollated-copies").collated


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("", PageChoice()),
        ("1-3,7,odd,last", PageChoice(ranges=((1, 3), (7, 7)), words=("odd", "last"))),
        ("Even, LAST ,even", PageChoice(words=("even", "last"))),
        ("4-last", PageChoice(ranges=((4, LAST_PAGE),))),
        ("9 - Last,2", PageChoice(ranges=((9, LAST_PAGE), (2, 2)))),
    ],
)
def test_pages_by_number_and_word(text: str, choice: PageChoice) -> None:
    assert parse_pages(text) == choice


@pytest.mark.parametrize("text", ["first", "last-1", "odd-even", "0-last", "lastlast", "1-odd", "9999999999"])
def test_words_that_are_none(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_pages(text)


def test_words_are_for_those_who_take_them() -> None:
    with pytest.raises(BadRequest, match="odd"):
        parse_page_ranges("1,odd")


@pytest.mark.parametrize(
    ("ticket", "places"),
    [
        (JobTicket(), [0, 1, 2, 3, 4]),
        (JobTicket(page_ranges=((4, LAST_PAGE),)), [3, 4]),
        (JobTicket(page_words=("odd",)), [0, 2, 4]),
        (JobTicket(page_words=("even", "last")), [1, 3, 4]),
        (JobTicket(page_ranges=((2, 2), (9, 9)), page_words=("last",)), [1, 4]),
        (JobTicket(page_ranges=((6, 9),)), []),
        (JobTicket(page_picks=(PagePick(page=5), PagePick(page=6), PagePick(page=1))), [0, 1]),
        (JobTicket(page_picks=(PagePick(page=5), PagePick(page=1)), page_words=("even",)), [1]),
        (JobTicket(page_picks=(PagePick(page=6),), page_words=("last",)), []),
    ],
)
def test_the_chosen_places(ticket: JobTicket, places: list[int]) -> None:
    assert ticket.chosen(5) == places


@pytest.mark.parametrize(
    ("ticket", "sides"),
    [
        (JobTicket(), None),
        (JobTicket(sides="two-sided-long-edge"), "two-sided-long-edge"),
        (JobTicket(imposition_template="signature"), "two-sided-short-edge"),
        (JobTicket(imposition_template="signature", sides="two-sided-long-edge"), "two-sided-short-edge"),
        (JobTicket(imposition_template="signature", sides="one-sided"), "one-sided"),
        (JobTicket(imposition_template="none", sides="one-sided"), "one-sided"),
    ],
)
def test_a_booklet_is_turned_over_its_short_edge(ticket: JobTicket, sides: str | None) -> None:
    assert ticket.printed_sides == sides


def test_what_is_laid_out_here() -> None:
    assert not JobTicket(copies=3, sides="two-sided-long-edge", job_sheets="none", page_border=True).laid_out_here
    asked = (
        JobTicket(page_words=("odd",)),
        JobTicket(page_picks=(PagePick(page=1),)),
        JobTicket(imposition_template="signature"),
        JobTicket(scaling_percent=90),
        JobTicket(stamps=(Stamp(text="x"),)),
        JobTicket(toner_save="light"),
        JobTicket(as_image=True),
        JobTicket(job_sheets="standard"),
    )
    assert all(ticket.laid_out_here for ticket in asked)
