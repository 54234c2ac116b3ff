"""Capabilities out of printers that say much, little or odd things."""

from gateway.adapters.devices.ipp_capabilities import capabilities
from ipp.wire import Attribute, Collection, Group, GroupTag, IntRange, Resolution, build


def _printer(*attributes: Attribute) -> Group:
    return Group(GroupTag.PRINTER, attributes)


def _column(x: int | IntRange, y: int, *members: Attribute) -> Collection:
    width = build.integer("x-dimension", x) if isinstance(x, int) else build.int_range("x-dimension", x)
    return build.members(
        build.collection("media-size", build.members(width, build.integer("y-dimension", y))), *members
    )


def test_a_printer_that_says_nothing_is_assumed_to_do_least() -> None:
    least = capabilities(_printer())
    assert (least.color, least.duplex, least.copies, least.resolutions) == (False, False, 1, (300,))
    assert [m.name for m in least.media] == ["iso_a4_210x297mm"]


def test_media_from_the_database_with_what_is_ready_first() -> None:
    found = capabilities(
        _printer(
            build.keyword("media-supported", "iso_a4_210x297mm", "iso_a5_148x210mm", "custom_max_300x400mm"),
            build.collection(
                "media-col-database",
                _column(14800, 21000, build.keyword("media-source", "manual")),
                _column(21000, 29700, build.keyword("media-source", "main"), build.integer("media-top-margin", 500)),
                _column(IntRange(100, 30000), 40000),
            ),
            build.collection("media-col-ready", _column(21000, 29700, build.keyword("media-source", "main"))),
        )
    ).media
    assert [(m.name, m.source, m.ready, m.margin) for m in found] == [
        ("iso_a4_210x297mm", "main", True, 500),
        ("iso_a5_148x210mm", "manual", False, 423),
    ]


def test_without_collections_the_names_tell_the_sizes() -> None:
    found = capabilities(
        _printer(
            build.keyword("media-supported", "na_letter_8.5x11in", "iso_a4_210x297mm", "custom_min_3x5in", "a4"),
            build.keyword("media-ready", "iso_a4_210x297mm"),
        )
    ).media
    assert [(m.name, m.x, m.y, m.ready) for m in found] == [
        ("iso_a4_210x297mm", 21000, 29700, True),
        ("na_letter_8.5x11in", 21590, 27940, False),
    ]


def test_resolutions_in_dots_per_centimetre_and_odd_ones() -> None:
    found = capabilities(
        _printer(build.resolution("printer-resolution-supported", Resolution(236, 236, 4), Resolution(600, 1200, 3)))
    )
    assert found.resolutions == (599,)


def test_colour_and_duplex_by_either_word() -> None:
    by_mode = _printer(
        build.keyword("print-color-mode-supported", "monochrome", "color"),
        build.keyword("sides-supported", "one-sided", "two-sided-short-edge"),
    )
    assert capabilities(by_mode).color
    assert capabilities(by_mode).duplex
    assert capabilities(_printer(build.boolean("color-supported", True))).color


def test_how_back_sides_must_lie() -> None:
    assert capabilities(_printer()).sheet_back == "normal"
    assert capabilities(_printer(build.keyword("pwg-raster-document-sheet-back", "rotated"))).sheet_back == "rotated"
    assert capabilities(_printer(build.keyword("urf-supported", "W8", "SRGB24", "DM4"))).sheet_back == "manual-tumble"
    both = _printer(build.keyword("pwg-raster-document-sheet-back", "flipped"), build.keyword("urf-supported", "DM1"))
    assert capabilities(both).sheet_back == "flipped"
    assert capabilities(_printer(build.keyword("pwg-raster-document-sheet-back", "odd"))).sheet_back == "normal"
