"""Chips: only what the Printer has, and fields that are read with suspicion."""

import pytest

from gateway.domain.capabilities import Capabilities, Media
from gateway.domain.job import Job
from gateway.domain.printer import Printer
from gateway.domain.ticket import JobTicket, PagePick
from gateway.errors import BadRequest
from tests.fakes import a_document, a_held_job, a_printer
from webprint.chips import Group, groups, paper_label, read_more, read_picks, tiles
from webprint.options import filled


def asked(job: Job | None = None, printer: Printer | None = None, **typed: str) -> dict[str, Group]:
    fields = filled({name: [value] for name, value in typed.items()})
    found = groups(job or a_held_job(color=True), printer or a_printer(), fields)
    return {group.name: group for group in found}


def on(group: Group) -> str:
    (chip,) = [chip for chip in group.chips if chip.on]
    return chip.label


def test_a_plain_device_is_asked_little() -> None:
    can = Capabilities(color=False, duplex=False, media=(Media(name="iso_a4_210x297mm", x=21000, y=29700),))
    assert set(asked(printer=a_printer(capabilities=can))) == {"layout", "scaling"}


def test_a_grey_document_is_not_asked_for_colour() -> None:
    assert "color" not in asked(a_held_job(color=False))
    assert [chip.label for chip in asked()["color"].chips] == ["Colour", "Black and white"]


def test_what_holds_is_ticked_and_leaves_the_job_as_it_was_sent() -> None:
    printer = a_printer(defaults={"sides": "two-sided-long-edge"})
    sides = asked(printer=printer)["sides"]
    assert on(sides) == "Two-sided"
    assert {chip.label: chip.value for chip in sides.chips}["Two-sided"] == ""
    assert on(asked(printer=printer, sides="one-sided")["sides"]) == "One-sided"
    booklet = a_held_job(color=True, ticket=JobTicket(imposition_template="signature", print_color_mode="monochrome"))
    assert (on(asked(booklet)["layout"]), on(asked(booklet)["color"])) == ("Booklet", "Black and white")


def test_finishings_and_paper_are_those_of_the_printer() -> None:
    can = Capabilities(finishings=(3, 4, 20, 74))
    found = asked(printer=a_printer(capabilities=can), staple="20")
    assert [chip.label for chip in found["staple"].chips] == ["No", "Staple", "Staple top left"]
    assert on(found["staple"]) == "Staple top left"
    assert [chip.label for chip in found["punch"].chips] == ["No", "Two holes left"]
    assert [chip.label for chip in found["paper"].chips] == ["A4", "Letter", "A3", "A5", "Legal"]


def test_papers_have_the_names_that_people_use() -> None:
    names = ("iso_a4_210x297mm", "na_letter_8.5x11in", "jis_b5_182x257mm", "om_small-photo_100x150mm")
    assert [paper_label(name) for name in names] == ["A4", "Letter", "B5", "Small Photo"]


def test_tiles_show_the_pages_in_their_order_and_those_left_out() -> None:
    job = a_held_job(pages=3, thumbnails=(a_document(number=1),))
    shown = tiles(job, "/jobs/1", filled({"picks": ["3,1r90"]}))
    assert [(tile.page, tile.rotate, tile.off) for tile in shown] == [(3, 0, False), (1, 90, False), (2, 0, True)]
    assert shown[1].picture == "/jobs/1/pages/1.png"
    assert shown[0].picture.startswith("/jobs/1/sides/3.png?picks=none")
    plain = tiles(job, "/jobs/1", filled({}))
    assert [(tile.page, tile.off) for tile in plain] == [(1, False), (2, False), (3, False)]


def test_picks_paper_and_finishings_are_read() -> None:
    form = {"picks": ["3, 1r90"], "paper": ["iso_a3_297x420mm"], "staple": ["20"], "punch": ["74"]}
    assert read_more(form) == {
        "page_picks": (PagePick(page=3), PagePick(page=1, rotate=90)),
        "media": "iso_a3_297x420mm",
        "media_col": None,
        "finishings": (20, 74),
    }
    assert read_more({"picks": ["none"], "staple": ["none"]}) == {"page_picks": (), "finishings": ()}
    assert read_more({}) == {}


@pytest.mark.parametrize(
    "field",
    [
        {"picks": "0"},
        {"picks": "1r45"},
        {"picks": "1;2"},
        {"picks": "<script>"},
        {"picks": "١"},
        {"picks": "1" * 30},
        {"picks": ",".join(["1"] * 2001)},
        {"paper": "../../etc"},
        {"paper": "x" * 200},
        {"staple": "99"},
        {"punch": "4"},
    ],
)
def test_nonsense_is_refused(field: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        read_more({name: [value] for name, value in field.items()})


def test_an_empty_order_is_none() -> None:
    assert read_picks("") == ()
