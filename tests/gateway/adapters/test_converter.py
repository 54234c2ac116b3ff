"""Tickets become recipes, and what the sandbox makes of them is what was counted before."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any, Self

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from gateway.adapters.converter import SandboxConverter, recipe
from gateway.adapters.converter.found import document_facts
from gateway.adapters.converter.sandboxed import _sandbox_settings
from gateway.domain import document as domain_document
from gateway.domain.capabilities import Capabilities
from gateway.domain.capabilities import Media as DeviceMedia
from gateway.domain.conversion import ConversionChoice
from gateway.domain.ticket import JobTicket, MediaCol, PagePick, Stamp
from gateway.errors import BadRequest, FormatError
from gateway.services.counting import Counts, count
from gateway.services.ports import Particulars
from gateway.settings import Sandbox
from sandbox import kinds
from sandbox.inspection import Inspection, Sheet
from sandbox.model import Coverage, Facts, PageFacts
from sandbox.recipe import Media

PDF = "application/pdf"
A4 = "iso_a4_210x297mm"
CAN = Capabilities()
MARGIN = 423


def made(ticket: JobTicket, capabilities: Capabilities = CAN, **said: Any) -> Any:
    return recipe(ticket, capabilities, PDF, 1, Particulars(**said))


def test_a_plain_ticket_is_the_plainest_recipe() -> None:
    plain = made(JobTicket())
    assert (plain.format, plain.copies, plain.sides, plain.color, plain.media) == (PDF, 1, "one-sided", "auto", None)


@pytest.mark.parametrize(
    ("mode", "able", "color"),
    [
        (None, True, "auto"),
        ("color", True, "color"),
        ("monochrome", True, "monochrome"),
        ("auto-monochrome", True, "monochrome"),
        ("process-monochrome", True, "monochrome"),
        ("bi-level", False, "bi-level"),
        ("highlight", True, "auto"),
        ("color", False, "monochrome"),
    ],
)
def test_colour(mode: str | None, able: bool, color: str) -> None:
    assert made(JobTicket(print_color_mode=mode), Capabilities(color=able)).color == color


def test_paper_has_the_devices_margins_unless_others_are_asked_for() -> None:
    known = Media(width=21000, height=29700, top=MARGIN, right=MARGIN, bottom=MARGIN, left=MARGIN)
    assert made(JobTicket(media=A4)).media == known
    assert made(JobTicket(media_col=MediaCol(x=21000, y=29700))).media == known
    borderless = MediaCol(x=21000, y=29700, top_margin=0, right_margin=0, bottom_margin=0, left_margin=0)
    assert made(JobTicket(media_col=borderless)).media == Media(width=21000, height=29700)
    odd = MediaCol(x=10000, y=15000, left_margin=300)
    assert made(JobTicket(media_col=odd)).media == Media(width=10000, height=15000, left=300)
    both = Capabilities(media=(*CAN.media, DeviceMedia(name=A4, x=21000, y=29700, source="photo", margin=0)))
    assert made(JobTicket(media_col=MediaCol(x=21000, y=29700)), both).media == Media(width=21000, height=29700)
    assert made(JobTicket(media="iso_a0_841x1189mm")).media is None


def test_the_devices_back_sides_and_resolutions() -> None:
    assert made(JobTicket(), Capabilities(sheet_back="rotated")).sheet_back == "rotated"
    assert made(JobTicket(), Capabilities(sheet_back="sideways")).sheet_back == "normal"
    assert made(JobTicket(printer_resolution=(600, 600, 3))).resolution == 600
    assert made(JobTicket(printer_resolution=(1200, 1200, 3)), Capabilities(resolutions=(203, 600))).resolution == 203


def test_booklets_need_both_sides() -> None:
    ticket = JobTicket(imposition_template="signature", sides="two-sided-long-edge")
    assert (made(ticket).imposition, made(ticket).sides) == ("signature", "two-sided-short-edge")
    assert made(ticket, Capabilities(duplex=False)).sides == "one-sided"


def test_everything_else_that_a_ticket_can_ask() -> None:
    ticket = JobTicket(
        page_ranges=((2, 3),),
        page_words=("last",),
        page_picks=(PagePick(page=2, rotate=90),),
        presentation_direction_number_up="toleft-tobottom",
        page_border=True,
        number_up=4,
        scaling_percent=70,
        print_scaling="fit",
        orientation_requested=5,
        stamps=(Stamp(text="{user}", position="top", angle=3, opacity=50, size=9),),
        toner_save="outline",
        as_image=True,
        job_sheets="standard",
        multiple_document_handling="separate-documents-uncollated-copies",
    )
    found = made(ticket, variables=(("user", "x" * 999),), documents=(2, 1))
    assert (found.page_ranges, found.page_words, found.documents) == (((2, 3),), ("last",), (2, 1))
    assert [(pick.page, pick.rotate) for pick in found.picks] == [(2, 90)]
    assert (found.number_up, found.direction, found.borders) == (4, "toleft-tobottom", True)
    assert (found.scaling, found.percent, found.orientation) == ("percent", 70, "reverse-landscape")
    [stamp] = found.stamps
    assert (stamp.text, stamp.position, stamp.angle, stamp.opacity, stamp.size) == ("{user}", "top", 3, 50, 9)
    assert (found.toner, found.as_image, found.collated) == ("outline", True, False)
    assert found.cover is not None
    assert len(found.variables[0][1]) == 200


@pytest.mark.parametrize(
    "ticket",
    [
        JobTicket(scaling_percent=2),
        JobTicket(stamps=(Stamp(text="x", opacity=0),)),
        JobTicket(page_picks=(PagePick(page=1, rotate=45),)),
        JobTicket(media_col=MediaCol(x=5, y=5)),
        JobTicket(media_col=MediaCol(x=21000, y=29700, left_margin=30000)),
    ],
)
def test_what_cannot_be_on_paper_is_a_bad_request(ticket: JobTicket) -> None:
    with pytest.raises(BadRequest, match="cannot be printed as asked"):
        made(ticket)


def document(pages: int) -> bytes:
    buffer = io.BytesIO()
    with pikepdf.Pdf.new() as pdf:
        for _ in range(pages):
            pdf.add_blank_page(page_size=(200, 300))
        pdf.save(buffer)
    return buffer.getvalue()


async def stream(data: bytes) -> AsyncIterator[bytes]:
    yield data


class Running:
    """One pool of jails for many examples, on a loop of its own."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self.converter = SandboxConverter(Sandbox(workers=1, office_at_start=False))

    def __enter__(self) -> Self:
        self._runner.run(self.converter.start())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self.converter.stop())
        self._runner.close()

    def render(self, pages: int, ticket: JobTicket, said: Particulars, *, kind: str = PDF) -> tuple[Counts, bytes]:
        parts: list[bytes] = []

        async def sink(chunk: bytes) -> None:
            parts.append(chunk)

        rendered = self._runner.run(
            self.converter.render(
                stream(document(pages)),
                sink,
                ticket=ticket,
                capabilities=CAN,
                format=kind,
                copies=ticket.copies,
                particulars=said,
            )
        )
        return Counts(impressions=rendered.impressions, media_sheets=rendered.media_sheets), b"".join(parts)

    def preview(self, pages: int, ticket: JobTicket, sides: list[int]) -> tuple[Counts, dict[int, bytes]]:
        pictures: dict[int, bytes] = {}

        async def keep(side: int, png: bytes) -> None:
            pictures[side] = png

        made = self._runner.run(
            self.converter.preview(
                stream(document(pages)),
                keep,
                ticket=ticket,
                capabilities=CAN,
                format=PDF,
                copies=ticket.copies,
                sides=sides,
                width=120,
                particulars=Particulars(batch="anna"),
            )
        )
        return Counts(impressions=made.impressions, media_sheets=made.media_sheets), pictures


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with Running() as started:
        yield started


_tickets = st.builds(
    JobTicket,
    copies=st.integers(1, 3),
    sides=st.sampled_from([None, "one-sided", "two-sided-long-edge", "two-sided-short-edge"]),
    media=st.sampled_from([None, A4]),
    page_ranges=st.lists(st.tuples(st.integers(1, 6), st.integers(6, 12)), max_size=2).map(tuple),
    page_words=st.lists(st.sampled_from(["odd", "even", "last"]), max_size=2).map(tuple),
    page_picks=st.one_of(
        st.just(()),
        st.lists(st.builds(PagePick, page=st.integers(1, 12), rotate=st.sampled_from([0, 90])), max_size=9).map(tuple),
    ),
    number_up=st.sampled_from([1, 2, 4, 6, 9, 16]),
    imposition_template=st.sampled_from([None, None, "signature"]),
    multiple_document_handling=st.sampled_from([None, "separate-documents-uncollated-copies"]),
    job_sheets=st.sampled_from([None, "none", "standard"]),
    stamps=st.sampled_from([(), (Stamp(text="{page}/{pages}", position="top"),)]),
    toner_save=st.sampled_from([None, "light"]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ticket=_tickets, documents=st.lists(st.integers(1, 5), min_size=1, max_size=3))
def test_what_is_counted_before_is_what_comes_out(running: Running, ticket: JobTicket, documents: list[int]) -> None:
    pages = sum(documents)
    said = Particulars(documents=tuple(documents) if len(documents) > 1 else (), batch="anna")
    if not ticket.chosen(pages):
        with pytest.raises(FormatError):
            running.render(pages, ticket, said)
        return
    counted, result = running.render(pages, ticket, said)
    assert counted == count(pages, ticket, said.documents)
    two_sided = ticket.printed_sides not in {None, "one-sided"}
    with pikepdf.Pdf.open(io.BytesIO(result)) as opened:
        sides = len(opened.pages)
    assert -(-sides // (2 if two_sided else 1)) == counted.media_sheets


def test_a_preview_has_the_counts_of_the_whole(running: Running) -> None:
    ticket = JobTicket(copies=2, number_up=2, sides="two-sided-long-edge")
    counted, pictures = running.preview(5, ticket, [1, 4, 8, 99])
    assert counted == count(5, ticket) == Counts(impressions=6, media_sheets=4)
    assert list(pictures) == [1, 4]
    with Image.open(io.BytesIO(pictures[1])) as first:
        assert first.width == 120
    with Image.open(io.BytesIO(pictures[4])) as blank:
        assert blank.convert("L").getextrema() == (255, 255)


def test_one_submitters_documents_go_through_one_worker(running: Running) -> None:
    """The worker that is parked under the submitter's key is the one that does the next document."""
    pool = running.converter._sandbox.pool
    running.render(1, JobTicket(), Particulars(batch="batch-a"))
    (worker,) = (one for one, batch in pool._parked.items() if batch == "batch-a")
    running.render(1, JobTicket(copies=2), Particulars(batch="batch-a"))
    assert pool._parked[worker] == "batch-a"
    assert worker.documents == 2
    running.render(1, replace(JobTicket()), Particulars())
    assert "batch-a" in pool._parked.values()


def test_the_office_settings_reach_the_sandbox() -> None:
    made = _sandbox_settings(Sandbox(office_workers=3))
    assert (made.office_workers, made.office_ready, made.office_at_start) == (3, 3, True)
    assert not _sandbox_settings(Sandbox(office_at_start=False)).office_at_start


@pytest.mark.parametrize(("media_type", "told"), [(kinds.PDF, True), (kinds.DOCX, False), (kinds.HTML, False)])
def test_only_of_a_pdf_that_was_sent_it_is_told_what_was_removed(media_type: str, *, told: bool) -> None:
    facts = Facts(format=media_type, pages=(), removed=("a script",), notes=("a note",))
    notes = document_facts(facts).notes
    assert ("Removed for safety: a script." in notes) == told
    assert "a note" in notes


def test_notes_say_what_is_left_out_unless_it_was_chosen() -> None:
    sheets = (Sheet(name="Sums"), Sheet(name="Salaries", hidden=True))
    facts = Facts(
        format=kinds.XLSX, pages=(), inspection=Inspection(sheets=sheets, comments=2, tracked_changes=1, macros=True)
    )
    found = document_facts(facts)
    assert found.notes == (
        "This sheet is hidden and is not printed: Salaries.",
        "2 comments are not printed.",
        "Tracked changes are printed as if they had been accepted.",
    )
    assert found.inspection is not None
    assert [(sheet.name, sheet.hidden) for sheet in found.inspection.sheets] == [("Sums", False), ("Salaries", True)]
    assert document_facts(facts, ConversionChoice(sheets=(1, 2), comments=True, changes=True)).notes == ()


def test_comments_on_slides_are_not_offered() -> None:
    slides = Facts(format=kinds.PPTX, pages=(), inspection=Inspection(slides=3, hidden_slides=1, comments=4))
    assert document_facts(slides).notes == ("One slide is hidden and not printed.",)


def test_coverage_and_fonts_come_through() -> None:
    ink = Coverage(cyan=1, magenta=2, yellow=3, black=4)
    page = PageFacts(width=21000, height=29700, color=True, coverage=ink)
    found = document_facts(Facts(format=PDF, pages=(page,), fonts=("A", "B"), missing_fonts=("B",)))
    assert found.pages[0].coverage == domain_document.Coverage(cyan=1, magenta=2, yellow=3, black=4)
    assert (found.fonts, found.missing_fonts, found.inspection) == (("A", "B"), ("B",), None)
