"""Who does what of a ticket, told apart by protocol and ability."""

from typing import Any

import pytest

from gateway.domain.capabilities import Capabilities
from gateway.domain.ticket import JobTicket, Stamp
from gateway.errors import NotPossible
from gateway.services.delivery_plan import Plan, order_for, plan_for
from tests.fakes import a_device, a_document, a_printer, a_released_job

IPP, RAW = "ipp://192.0.2.1/ipp/print", "socket://192.0.2.1"


def _plan(uri: str, ticket: JobTicket | None = None, defaults: dict[str, str] | None = None, **abilities: Any) -> Plan:
    job = a_released_job(pages=5, color=True, ticket=ticket or JobTicket())
    device = a_device(uri=uri, capabilities=Capabilities(**abilities))
    return plan_for(job, a_printer(defaults=defaults or {}), device)


@pytest.mark.parametrize(
    ("formats", "chosen"),
    [
        (("image/urf", "application/pdf"), "application/pdf"),
        (("image/urf", "image/pwg-raster", "image/jpeg"), "image/pwg-raster"),
        (("image/urf",), "image/urf"),
        (("application/postscript", "application/vnd.hp-PCLXL"), "application/vnd.hp-PCLXL"),
        (("application/postscript",), "application/postscript"),
    ],
)
def test_the_best_format_that_the_device_takes(formats: tuple[str, ...], chosen: str) -> None:
    assert _plan(IPP, formats=formats).format == chosen
    assert _plan(IPP, formats=formats).render is (chosen != "application/pdf")


def test_no_format_that_we_can_make() -> None:
    with pytest.raises(NotPossible, match="no format"):
        _plan(IPP, formats=("image/jpeg", "application/octet-stream"))


@pytest.mark.parametrize("uri", [IPP, RAW])
def test_a_plain_pdf_goes_out_as_it_is(uri: str) -> None:
    assert not _plan(uri).render
    assert not _plan(uri, JobTicket(sides="two-sided-long-edge", media="iso_a4_210x297mm", print_quality=5)).render


@pytest.mark.parametrize("uri", [IPP, RAW])
@pytest.mark.parametrize("ticket", [JobTicket(page_ranges=((1, 2),)), JobTicket(number_up=2)])
def test_ranges_and_number_up_are_always_ours(uri: str, ticket: JobTicket) -> None:
    assert _plan(uri, ticket).render


@pytest.mark.parametrize(
    "ticket",
    [JobTicket(print_color_mode="monochrome"), JobTicket(orientation_requested=4), JobTicket(print_scaling="fit")],
)
def test_what_an_ipp_device_is_told_a_raw_device_must_find_in_the_document(ticket: JobTicket) -> None:
    assert not _plan(IPP, ticket).render
    assert _plan(RAW, ticket).render


def test_grey_on_a_grey_device_needs_nobody() -> None:
    assert not _plan(RAW, JobTicket(print_color_mode="monochrome"), color=False).render


@pytest.mark.parametrize(
    ("uri", "able", "theirs", "ours"), [(IPP, 99, 3, 1), (IPP, 3, 3, 1), (IPP, 2, 1, 3), (RAW, 99, 1, 3)]
)
def test_copies_by_the_device_or_by_us_but_never_both(uri: str, able: int, theirs: int, ours: int) -> None:
    plan = _plan(uri, JobTicket(copies=3), copies=able)
    assert (plan.device_copies, plan.our_copies, plan.render) == (theirs, ours, ours > 1)
    assert plan.counts.impressions == 15


def test_what_we_turned_the_device_does_not_turn_again() -> None:
    ticket = JobTicket(orientation_requested=4, print_scaling="fit", number_up=2)
    plan = _plan(IPP, ticket)
    assert (plan.theirs.orientation_requested, plan.theirs.print_scaling) == (None, None)
    assert (plan.ours.orientation_requested, plan.ours.print_scaling) == (4, "fit")
    assert _plan(IPP, JobTicket(orientation_requested=4)).theirs.orientation_requested == 4


def test_the_printers_defaults_fill_what_the_ticket_leaves_open() -> None:
    defaults = {"sides": "two-sided-long-edge", "print-color-mode": "monochrome", "media": "iso_a5_148x210mm"}
    plan = _plan(IPP, JobTicket(print_color_mode="color"), defaults)
    assert (plan.theirs.sides, plan.theirs.print_color_mode) == ("two-sided-long-edge", "color")
    assert plan.theirs.media == "iso_a5_148x210mm"
    assert (plan.counts.impressions, plan.counts.media_sheets) == (5, 3)


def test_sides_are_said_outright_so_that_the_count_is_true() -> None:
    assert _plan(IPP).theirs.sides == "one-sided"
    plan = _plan(IPP, JobTicket(sides="two-sided-long-edge"), duplex=False)
    assert plan.theirs.sides == "one-sided"
    assert plan.counts.media_sheets == 5


@pytest.mark.parametrize(
    ("mode", "able", "color"),
    [(None, True, True), ("monochrome", True, False), (None, False, False), ("color", True, True)],
)
def test_what_is_charged_as_colour(mode: str | None, able: bool, color: bool) -> None:
    assert _plan(IPP, JobTicket(print_color_mode=mode), color=able).color is color


@pytest.mark.parametrize("name", ["Report", "ü" * 400, "a\nb\x1b%", "", "  ", "𝔘" * 100])
def test_the_orders_name_fits_and_carries_the_release(name: str) -> None:
    job = a_released_job(name=name, pages=1)
    plan = plan_for(job, a_printer(), a_device(uri=IPP))
    order = order_for(job, plan, size=10)
    assert order.name.endswith(f" {job.release_id}")
    assert len(order.name.encode()) <= 255
    assert order.name.isprintable()
    assert order.user == "alice"


def test_a_job_without_a_release_has_no_order() -> None:
    job = a_released_job(pages=1, release_id=None)
    with pytest.raises(NotPossible, match="not been released"):
        order_for(job, plan_for(job, a_printer(), a_device(uri=IPP)), size=1)


@pytest.mark.parametrize(
    "ticket",
    [
        JobTicket(page_words=("odd",)),
        JobTicket(imposition_template="signature"),
        JobTicket(stamps=(Stamp(text="Draft"),)),
        JobTicket(toner_save="light"),
        JobTicket(scaling_percent=90),
        JobTicket(as_image=True),
    ],
)
@pytest.mark.parametrize("uri", [IPP, RAW])
def test_what_only_we_lay_out(uri: str, ticket: JobTicket) -> None:
    assert _plan(uri, ticket).render


def test_a_booklet_is_told_to_turn_over_the_short_edge_whatever_the_printers_default() -> None:
    plan = _plan(IPP, JobTicket(imposition_template="signature"), {"sides": "one-sided"})
    assert plan.theirs.sides == plan.ours.sides == "two-sided-short-edge"
    assert (plan.counts.impressions, plan.counts.media_sheets) == (4, 2)
    assert _plan(IPP, JobTicket(imposition_template="signature"), duplex=False).theirs.sides == "one-sided"


def test_a_cover_is_not_copied_by_the_device() -> None:
    plan = _plan(IPP, JobTicket(job_sheets="standard", copies=2))
    assert (plan.render, plan.our_copies, plan.device_copies) == (True, 2, 1)
    assert plan.counts.impressions == 11


@pytest.mark.parametrize(
    ("pages", "sides", "handling", "render"),
    [
        ((3, 2), "two-sided-long-edge", None, True),
        ((2, 3), "two-sided-long-edge", None, False),
        ((3, 2), "one-sided", None, False),
        ((3, 2), "two-sided-long-edge", "single-document", False),
    ],
)
def test_a_document_never_starts_on_the_back_of_anothers_sheet(
    pages: tuple[int, int], sides: str, handling: str | None, render: bool
) -> None:
    documents = tuple(a_document(number=n, pages=each) for n, each in enumerate(pages, 1))
    ticket = JobTicket(sides=sides, multiple_document_handling=handling)
    job = a_released_job(pages=5, ticket=ticket, documents=documents)
    assert plan_for(job, a_printer(), a_device(uri=IPP)).render is render
