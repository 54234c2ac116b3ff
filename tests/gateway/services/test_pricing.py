"""Quotes follow the layout: what is counted is what the device is sent."""

from decimal import Decimal
from typing import Any

import pytest

from gateway.domain.capabilities import Capabilities
from gateway.domain.document import PageFacts
from gateway.domain.facts import kept
from gateway.domain.price import Tariff
from gateway.domain.ticket import JobTicket, MediaCol, PagePick
from gateway.services.counting import count, page_sides
from gateway.services.delivery_plan import plan_for
from gateway.services.pricing import Paged, Pricing, media_of
from tests.fakes import a_device, a_held_job, a_printer

TARIFF = Tariff(grey=Decimal("0.05"), color=Decimal("0.25"), sheets=(("iso_a4", Decimal("0.01")),), currency="EUR")
PRICING = Pricing(currency="CHF")
TWO = "two-sided-long-edge"
TICKETS: list[dict[str, Any]] = [
    {},
    {"sides": TWO},
    {"number_up": 4},
    {"number_up": 3},
    {"page_ranges": ((2, 4),), "copies": 3},
    {"page_words": ("odd",)},
    {"imposition_template": "signature"},
    {"imposition_template": "signature", "page_ranges": ((1, 1),)},
    {"page_picks": (PagePick(page=9), PagePick(page=1, rotate=90), PagePick(page=1)), "number_up": 2},
    {"job_sheets": "standard"},
]


@pytest.mark.parametrize("fields", TICKETS)
@pytest.mark.parametrize("pages", [1, 2, 5, 8, 9])
@pytest.mark.parametrize("documents", [(), (1, 3)])
def test_sides_are_as_many_as_are_counted(fields: dict[str, Any], pages: int, documents: tuple[int, ...]) -> None:
    ticket = JobTicket(**fields)
    once = count(pages, JobTicket(**fields | {"copies": 1}), documents)
    assert len(page_sides(pages, ticket, documents)) == once.impressions - ticket.covered


def test_a_booklet_s_sheets_lie_in_each_other() -> None:
    assert page_sides(8, JobTicket(imposition_template="signature")) == [(8, 1), (2, 7), (6, 3), (4, 5)]
    assert page_sides(5, JobTicket(imposition_template="signature")) == [(1,), (2,), (3,), (4, 5)]


@pytest.mark.parametrize(
    ("fields", "amount", "counts", "saving"),
    [
        ({}, "0.50", (5, 5, 1), "0.02"),
        ({"sides": TWO}, "0.48", (5, 3, 1), "0"),
        ({"copies": 2}, "1.00", (10, 10, 2), "0.04"),
        ({"print_color_mode": "monochrome"}, "0.30", (5, 5, 0), "0.02"),
        ({"number_up": 2}, "0.38", (3, 3, 1), "0.01"),
        ({"imposition_template": "signature"}, "0.42", (4, 2, 1), "0"),
        ({"page_ranges": ((2, 5),)}, "0.24", (4, 4, 0), "0.02"),
    ],
)
def test_what_it_costs(fields: dict[str, Any], amount: str, counts: tuple[int, int, int], saving: str) -> None:
    quote = PRICING.quote(a_printer(tariff=TARIFF), JobTicket(**fields), Paged(pages=5, color_pages={1}))
    assert (quote.amount, quote.currency) == (Decimal(amount), "EUR")
    assert (quote.impressions, quote.sheets, quote.color_impressions) == counts
    assert quote.saving_two_sided == Decimal(saving)


def test_a_printer_without_a_tariff_is_free_and_still_counts() -> None:
    quote = PRICING.quote(a_printer(), JobTicket(copies=2), Paged(pages=3, color_pages={2}))
    assert (quote.free, quote.amount, quote.currency) == (True, 0, "CHF")
    assert (quote.impressions, quote.sheets, quote.color_impressions) == (6, 6, 2)


def test_the_printer_s_default_is_quoted_and_a_device_without_colour_charges_none() -> None:
    printer = a_printer(tariff=TARIFF, defaults={"sides": TWO})
    paged = Paged(pages=4)
    assert PRICING.quote(printer, JobTicket(), paged).sheets == 2
    plain = a_device(capabilities=Capabilities(color=False, duplex=False))
    assert PRICING.quote(printer, JobTicket(), paged, device=plain).amount == Decimal("0.24")


def test_a_job_s_facts_tell_which_pages_carry_colour() -> None:
    pages = [PageFacts(width=21000, height=29700, color=number == 2) for number in range(3)]
    job = a_held_job(pages=4, color=True, facts=kept(pages, []))
    assert PRICING.of(job, a_printer(tariff=TARIFF)).color_impressions == 2  # nobody looked at page 4
    assert PRICING.of(a_held_job(pages=4, color=True), a_printer(tariff=TARIFF)).color_impressions == 4


def test_a_delivery_is_planned_with_the_bill_that_was_quoted() -> None:
    printer, ticket = a_printer(tariff=TARIFF), JobTicket(sides=TWO, copies=2)
    job = a_held_job(pages=3, ticket=ticket)
    plan, quote = plan_for(job, printer, a_device()), PRICING.of(job, printer)
    assert plan.bill.amount(plan.counts.impressions, plan.counts.media_sheets) == quote.amount == Decimal("0.34")


def test_the_paper_is_found_by_name_by_size_or_as_it_lies_ready() -> None:
    can = Capabilities()
    assert media_of(JobTicket(media="na_letter_8.5x11in"), can) == "na_letter_8.5x11in"
    assert media_of(JobTicket(media_col=MediaCol(x=29700, y=42000)), can) == "iso_a3_297x420mm"
    assert media_of(JobTicket(media_col=MediaCol(x=1, y=1)), can) == ""
    assert media_of(JobTicket(), can) == "iso_a4_210x297mm"
