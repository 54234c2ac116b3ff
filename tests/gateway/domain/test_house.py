"""House rules change what a ticket asks, and nothing that they do not name."""

from dataclasses import replace

import pytest

from gateway.domain.house import NO_RULES, HouseRules
from gateway.domain.ticket import JobTicket, Stamp
from gateway.errors import BadRequest

OWN = Stamp(text="mine", position="top-left")


def test_no_rules_change_nothing() -> None:
    ticket = JobTicket(copies=3, stamps=(OWN,))
    assert NO_RULES.applied(ticket) is ticket


@pytest.mark.parametrize(
    ("asked", "printed"), [(None, "monochrome"), ("color", "monochrome"), ("bi-level", "bi-level")]
)
def test_grey(asked: str | None, printed: str) -> None:
    assert HouseRules(force_grey=True).applied(JobTicket(print_color_mode=asked)).print_color_mode == printed


@pytest.mark.parametrize(
    ("ticket", "sides"),
    [
        (JobTicket(), "two-sided-long-edge"),
        (JobTicket(sides="one-sided"), "two-sided-long-edge"),
        (JobTicket(sides="two-sided-short-edge"), "two-sided-short-edge"),
        (JobTicket(imposition_template="signature", sides="one-sided"), "two-sided-short-edge"),
        (JobTicket(imposition_template="signature"), None),
    ],
)
def test_two_sided(ticket: JobTicket, sides: str | None) -> None:
    assert HouseRules(force_duplex=True).applied(ticket).sides == sides


def test_toner_text_and_mark() -> None:
    ruled = HouseRules(toner_save="light", remove_graphics=True, trace_mark=True).applied(JobTicket(copies=2))
    assert ruled == JobTicket(copies=2, toner_save="light", remove_graphics=True, trace_mark=True)
    assert ruled.laid_out_here
    assert HouseRules(cover=True).applied(JobTicket(job_sheets="none")).covered
    outline = JobTicket(toner_save="outline")
    assert HouseRules(toner_save="light").applied(outline) == outline


def test_stamps_stand_beside_those_that_were_asked_for() -> None:
    rules = HouseRules(watermark="Copy", header="{user}", footer="{page}/{pages}", bates="X-")
    stamps = rules.applied(JobTicket(stamps=(OWN,))).stamps
    assert [(stamp.text, stamp.position) for stamp in stamps] == [
        ("mine", "top-left"),
        ("Copy", "center"),
        ("{user}", "top"),
        ("{page}/{pages}", "bottom"),
        ("{bates}", "bottom-right"),
    ]
    assert replace(rules, bates="").applied(JobTicket()).stamps[-1].text == "{bates}", "a prefix may be empty"


def test_texts_are_bounded() -> None:
    with pytest.raises(BadRequest, match="200 characters"):
        HouseRules(footer="x" * 201)
    with pytest.raises(BadRequest, match="printable"):
        HouseRules(bates="A\nB")


def test_grey_of_the_house_asks_no_device_for_colour() -> None:
    grey = HouseRules(force_grey=True)
    asked = JobTicket(print_color_mode="color", sides="two-sided-long-edge")
    assert grey.greyed(asked) == replace(asked, print_color_mode="monochrome")
    assert HouseRules().greyed(asked) == asked
    assert grey.greyed(JobTicket(print_color_mode="bi-level")).print_color_mode == "bi-level"
    assert HouseRules(force_duplex=True).greyed(JobTicket()) == JobTicket(), "two sides are made where a device can"
