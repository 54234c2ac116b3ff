"""page-ranges as people write them, and changes at release."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.ticket import JobTicket, parse_page_ranges
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
