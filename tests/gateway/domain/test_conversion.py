import pytest

from gateway.domain.conversion import AS_AUTHORED, ConversionChoice, parse_sheets
from gateway.domain.ticket import JobTicket
from gateway.errors import BadRequest


@pytest.mark.parametrize(
    ("text", "sheets"), [("", ()), ("1", (1,)), (" 3, 1 ", (1, 3)), ("2-4,3,7", (2, 3, 4, 7)), ("5-5", (5,))]
)
def test_sheets_are_read_as_people_write_them(text: str, sheets: tuple[int, ...]) -> None:
    assert parse_sheets(text) == sheets


@pytest.mark.parametrize("text", ["0", "-1", "1-", "3-1", "one", "1;2", "1-9999", "²", "999999"])
def test_what_is_no_sheet_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match=r"sheet"):
        parse_sheets(text)


@pytest.mark.parametrize("area", ["", "all", "A1", "A1:D20", "$B$2:XFD1048576"])
def test_print_areas(area: str) -> None:
    assert ConversionChoice(print_area=area).print_area == area


@pytest.mark.parametrize("area", ["ALL OF IT", "A1:", "1:2", "A1:B2,C3:D4", "A1\nB2", "Sheet1!A1:B2"])
def test_what_is_no_print_area_is_refused(area: str) -> None:
    with pytest.raises(BadRequest, match="no print area"):
        ConversionChoice(print_area=area)


def test_a_sheet_before_the_first_is_refused() -> None:
    with pytest.raises(BadRequest):
        ConversionChoice(sheets=(0,))


def test_a_ticket_changes_everything_but_the_conversion() -> None:
    assert JobTicket().conversion == AS_AUTHORED
    with pytest.raises(BadRequest, match="converted again"):
        JobTicket().with_changes(conversion=ConversionChoice(comments=True))
