"""A tariff, a bill and what cannot be meant as a price."""

from decimal import Decimal

import pytest

from gateway.domain.price import Bill, Tariff, parse_price, parse_sheet_price, payable
from gateway.errors import BadRequest

TARIFF = Tariff(
    grey=Decimal("0.05"),
    color=Decimal("0.25"),
    sheet=Decimal("0.02"),
    sheets=(("iso_a4", Decimal("0.01")), ("iso_a4_210x297mm", Decimal("0.03"))),
    currency="EUR",
)


def test_the_longest_name_of_a_paper_wins() -> None:
    assert TARIFF.of_sheet("iso_a4_210x297mm") == Decimal("0.03")
    assert TARIFF.of_sheet("iso_a4_220x300mm") == Decimal("0.01")
    assert TARIFF.of_sheet("iso_a40_1x1mm") == TARIFF.of_sheet("") == Decimal("0.02")


def test_colour_is_counted_side_by_side_as_they_come_out() -> None:
    bill = Bill(tariff=TARIFF, colored=(True, False, False), covered=True, copies=2)
    assert [bill.color_impressions(n) for n in range(8)] == [0, 0, 1, 1, 1, 2, 2, 2]
    stacked = Bill(tariff=TARIFF, colored=(True, False, False), collated=False, copies=2)
    assert [stacked.color_impressions(n) for n in range(7)] == [0, 1, 2, 2, 2, 2, 2]


def test_part_of_a_job_costs_its_part() -> None:
    bill = Bill(tariff=TARIFF, media="na_letter_8.5x11in", colored=(True, False, False))
    assert bill.amount(0, 0) == 0
    assert bill.amount(1, 1) == Decimal("0.27")
    assert bill.amount(3, 2) == Decimal("0.39")


@pytest.mark.parametrize(
    ("exact", "currency", "paid"),
    [("0.125", "EUR", "0.13"), ("0.5", "JPY", "1"), ("0.0125", "KWD", "0.013"), ("3", "", "3.00")],
)
def test_what_is_paid_has_the_currency_s_digits(exact: str, currency: str, paid: str) -> None:
    assert str(payable(Decimal(exact), currency)) == paid


@pytest.mark.parametrize("price", ["-0.01", "1000.01", "NaN", "Infinity", "0.0000001"])
def test_no_tariff_of_nonsense(price: str) -> None:
    with pytest.raises(BadRequest, match="not a price"):
        Tariff(grey=Decimal(price))


def test_prices_are_read_as_people_write_them() -> None:
    assert parse_price(" 0,05 ") == Decimal("0.05")
    assert parse_sheet_price("ISO_A4=0.01") == ("iso_a4", Decimal("0.01"))
    for text in ("five", "", "1.2.3"):
        with pytest.raises(BadRequest, match=r"0\.05"):
            parse_price(text)
    with pytest.raises(BadRequest, match="which paper"):
        parse_sheet_price("0.01")
