"""Job attributes to a Job Ticket, and what is told back of those that were not understood (RFC 8011 section 4.1.7)."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.capabilities import Capabilities
from gateway.domain.project import ProjectPolicy
from gateway.domain.ticket import JobTicket, MediaCol
from ipp.server.job_settables import JOB_SETTABLE, JOB_TEMPLATE, offered_by
from ipp.server.status import Refused
from ipp.server.template_attributes import template_attributes
from ipp.server.ticket import READERS, deletion, insist, read
from ipp.wire import Attribute, IntRange, Resolution, Status, StringWithLanguage, ValueTag, build
from tests.fakes import a_printer

PRINTER = a_printer(capabilities=Capabilities(finishings=(3, 4, 20)))
PLAIN = a_printer(capabilities=Capabilities(color=False, duplex=False, copies=1))


def size(x: int, y: int) -> Attribute:
    return build.collection(
        "media-size", build.members(build.integer("x-dimension", x), build.integer("y-dimension", y))
    )


@pytest.mark.parametrize(
    ("attribute", "fields"),
    [
        (build.integer("copies", 3), {"copies": 3}),
        (build.keyword("sides", "two-sided-short-edge"), {"sides": "two-sided-short-edge"}),
        (build.keyword("print-color-mode", "monochrome"), {"print_color_mode": "monochrome"}),
        (build.keyword("media", "iso_a4_210x297mm"), {"media": "iso_a4_210x297mm"}),
        (build.name("media", "na_letter_8.5x11in"), {"media": "na_letter_8.5x11in"}),
        (build.enum("orientation-requested", 4), {"orientation_requested": 4}),
        (build.enum("orientation-requested", 7), {"orientation_requested": None}),
        (build.enum("print-quality", 5), {"print_quality": 5}),
        (build.resolution("printer-resolution", Resolution(600, 600)), {"printer_resolution": (600, 600, 3)}),
        (build.keyword("print-scaling", "fill"), {"print_scaling": "fill"}),
        (build.int_range("page-ranges", IntRange(1, 2), IntRange(5, 5)), {"page_ranges": ((1, 2), (5, 5))}),
        (build.integer("number-up", 4), {"number_up": 4}),
        (build.enum("finishings", 4, 20), {"finishings": (4, 20)}),
        (
            build.collection("finishings-col", build.members(build.keyword("finishing-template", "staple-top-left"))),
            {"finishings": (20,)},
        ),
        (build.keyword("output-bin", "face-down"), {"output_bin": "face-down"}),
        (
            build.keyword("multiple-document-handling", "separate-documents-uncollated-copies"),
            {"multiple_document_handling": "separate-documents-uncollated-copies"},
        ),
        (
            build.keyword("sheet-collate", "uncollated"),
            {"multiple_document_handling": "separate-documents-uncollated-copies"},
        ),
        (build.keyword("print-content-optimize", "photo"), {"print_content_optimize": "photo"}),
        (build.keyword("print-rendering-intent", "saturation"), {"print_rendering_intent": "saturation"}),
        (build.keyword("job-hold-until", "indefinite"), {"job_hold_until": "indefinite"}),
        (build.keyword("job-hold-until", "no-hold"), {"job_hold_until": None}),
        (
            build.date_time("job-hold-until-time", datetime(2027, 1, 1, tzinfo=UTC)),
            {"job_hold_until_time": 1798761600.0},
        ),
        (build.integer("job-priority", 1), {"job_priority": 1}),
        (build.keyword("job-sheets", "none"), {"job_sheets": "none"}),
        (build.name("job-sheets", "standard"), {"job_sheets": "standard"}),
        (build.keyword("job-sheets", "none", "standard"), {"job_sheets": "standard"}),
        (build.keyword("imposition-template", "signature"), {"imposition_template": "signature"}),
        (build.keyword("imposition-template", "none"), {"imposition_template": "none"}),
        (
            build.keyword("presentation-direction-number-up", "tobottom-toleft"),
            {"presentation_direction_number_up": "tobottom-toleft"},
        ),
        (
            build.name_with_language("job-accounting-user-id", StringWithLanguage("zoé", "fr")),
            {"job_accounting_user_id": "zoé"},
        ),
        (build.keyword("job-release-action", "owner-authorized"), {}),
    ],
    ids=lambda value: value.name if isinstance(value, Attribute) else "",
)
def test_what_is_supported_goes_into_the_ticket(attribute: Attribute, fields: dict[str, Any]) -> None:
    reading = read([attribute], PRINTER)
    assert reading.unsupported == ()
    assert reading.ticket == JobTicket(**fields)


def test_an_account_is_supported_where_jobs_are_charged_to_projects() -> None:
    account = build.name("job-account-id", "P-2041")
    assert read([account], PRINTER).unsupported == (account,)
    charging = replace(PRINTER, projects=ProjectPolicy.OPTIONAL)
    assert read([account], charging).ticket == JobTicket(job_account_id="P-2041")
    assert read([build.name("job-account-id", "x" * 256)], charging).unsupported
    for printer, supported in ((PRINTER, False), (charging, True)):
        assert build.boolean("job-account-id-supported", supported) in template_attributes(printer)
        assert ("job-account-id" in offered_by(printer, JOB_SETTABLE)) is supported


def test_every_template_attribute_has_a_reader_and_is_offered() -> None:
    assert set(READERS) == set(JOB_TEMPLATE)
    offered = {attribute.name for attribute in template_attributes(PRINTER)}
    members = {"job-accounting-user-id", "job-account-id", "job-hold-until-time", "page-ranges", "finishings-col"}
    for name in READERS:
        assert f"{name}-supported" in offered, name
        assert f"{name}-default" in offered or name in members, name


@pytest.mark.parametrize(
    "attribute",
    [
        build.integer("copies", 0),
        build.integer("copies", 1000),
        build.integer("copies", 1, 2),
        build.keyword("copies", "two"),
        build.boolean("copies", True),
        build.keyword("sides", "both"),
        build.integer("sides", 1),
        build.keyword("media", "iso_a0_841x1189mm"),
        build.collection("media", build.members(size(1, 1))),
        build.enum("orientation-requested", 8),
        build.enum("print-quality", 6),
        build.resolution("printer-resolution", Resolution(600, 300)),
        build.resolution("printer-resolution", Resolution(300, 300, 4)),
        build.int_range("page-ranges", IntRange(0, 2)),
        build.int_range("page-ranges", IntRange(3, 2)),
        build.int_range("page-ranges", IntRange(1, 5), IntRange(5, 6)),
        build.int_range("page-ranges", *(IntRange(n, n) for n in range(1, 102))),
        build.integer("page-ranges", 1),
        build.integer("number-up", 3),
        build.enum("finishings", 3, 99),
        build.collection("finishings-col", build.members(build.keyword("finishing-template", "origami"))),
        build.keyword("finishings-col", "staple"),
        build.keyword("job-hold-until", "night"),
        build.keyword("job-hold-until-time", "tomorrow"),
        build.integer("job-priority", 101),
        build.keyword("job-sheets", "confidential"),
        build.keyword("job-sheets", "none", "none", "none"),
        build.integer("job-sheets", 1),
        build.keyword("imposition-template", "origami"),
        build.keyword("presentation-direction-number-up", "round-and-round"),
        build.name("job-account-id", "x" * 256),
        build.keyword("job-release-action", "button-press"),
        build.collection("media-col", build.members(size(1, 1))),
        build.collection("media-col", build.members(build.keyword("media-type", "stationery"))),
        build.collection("media-col", build.members(size(21000, 29700), build.keyword("media-source", "basement"))),
        build.collection("media-col", build.members(size(21000, 29700), build.keyword("media-type", "papyrus"))),
        build.keyword("media-col", "iso_a4_210x297mm"),
        build.no_value("sides"),
    ],
    ids=lambda a: f"{a.name}",
)
def test_a_value_that_is_not_supported_is_told_back_as_it_was(attribute: Attribute) -> None:
    reading = read([attribute], PRINTER)
    assert reading.unsupported == (attribute,)
    assert reading.ticket == JobTicket()


def test_an_unknown_attribute_is_told_back_as_unsupported() -> None:
    reading = read([build.keyword("coffee", "black"), build.integer("copies", 2)], PRINTER)
    assert reading.unsupported == (build.unsupported("coffee"),)
    assert reading.ticket == JobTicket(copies=2)


def test_media_col_picks_the_sheet_by_its_size() -> None:
    wanted = build.members(
        size(21000, 29700), build.keyword("media-source", "auto"), build.integer("media-left-margin", 500)
    )
    ticket = read([build.collection("media-col", wanted)], PRINTER).ticket
    assert ticket.media == "iso_a4_210x297mm"
    assert ticket.media_col == MediaCol(x=21000, y=29700, source="auto", left_margin=500)


@pytest.mark.parametrize(("x", "y", "name"), [(20990, 29704, "iso_a4_210x297mm"), (21590, 27940, "na_letter_8.5x11in")])
def test_a_size_that_went_through_points_is_still_that_sheet(x: int, y: int, name: str) -> None:
    assert read([build.collection("media-col", build.members(size(x, y)))], PRINTER).ticket.media == name


def test_media_col_may_name_the_sheet() -> None:
    by_name = build.members(build.keyword("media-size-name", "iso_a5_148x210mm"))
    assert read([build.collection("media-col", by_name)], PRINTER).ticket.media == "iso_a5_148x210mm"


def test_what_a_device_has_not_is_not_supported() -> None:
    asked = [build.keyword("sides", "two-sided-long-edge"), build.keyword("print-color-mode", "color")]
    assert read(asked, PLAIN).unsupported == tuple(asked)


def test_of_an_attribute_given_twice_the_first_counts() -> None:
    assert read([build.integer("copies", 2), build.integer("copies", 3)], PRINTER).ticket.copies == 2


def test_fidelity_refuses_with_all_that_is_unsupported() -> None:
    reading = read([build.keyword("sides", "both"), build.keyword("coffee", "black")], PRINTER)
    insist(reading, fidelity=False)
    insist(reading, fidelity=False, mandatory=("copies",))
    for how in ({"fidelity": True}, {"fidelity": False, "mandatory": ("coffee",)}):
        with pytest.raises(Refused) as refused:
            insist(reading, **how)  # type: ignore[arg-type]  # two shapes of keyword arguments
        assert refused.value.status is Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
        assert refused.value.unsupported == reading.unsupported


@pytest.mark.parametrize("name", JOB_TEMPLATE)
def test_what_can_be_set_can_be_taken_off_again(name: str) -> None:
    off = deletion(Attribute(name, ValueTag.DELETE_ATTRIBUTE, (None,)))
    if name == "job-release-action":
        return
    assert off is not None
    assert JobTicket(copies=5, sides="one-sided").with_changes(**off) is not None


def test_only_delete_attribute_deletes() -> None:
    assert deletion(build.no_value("copies")) is None
    assert deletion(Attribute("coffee", ValueTag.DELETE_ATTRIBUTE, (None,))) is None


VALUES = st.one_of(
    st.integers(-5, 2000).map(lambda n: (ValueTag.INTEGER, n)),
    st.booleans().map(lambda b: (ValueTag.BOOLEAN, b)),
    st.text(max_size=20).map(lambda t: (ValueTag.KEYWORD, t)),
    st.binary(max_size=20).map(lambda b: (ValueTag.OCTET_STRING, b)),
    st.builds(IntRange, st.integers(-3, 20), st.integers(-3, 20)).map(lambda r: (ValueTag.RANGE, r)),
    st.builds(Resolution, st.integers(0, 900), st.integers(0, 900)).map(lambda r: (ValueTag.RESOLUTION, r)),
    st.just((ValueTag.NO_VALUE, None)),
    st.sampled_from([size(21000, 29700), build.keyword("media-source", "x"), build.integer("finishing-template", 1)])
    .map(lambda member: (ValueTag.BEGIN_COLLECTION, build.members(member))),
)  # fmt: skip


@given(st.sampled_from(JOB_TEMPLATE), st.lists(VALUES, min_size=1, max_size=4))
def test_whatever_comes_is_either_in_the_ticket_or_told_back(name: str, values: list[Any]) -> None:
    attribute = Attribute.mixed(name, values)
    reading = read([attribute], PRINTER)
    assert reading.unsupported in {(), (attribute,)}
    assert isinstance(reading.ticket, JobTicket)
