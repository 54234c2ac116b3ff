"""What an office document says about itself, found without converting it; and what is said about every document."""

import io
import re
import zipfile
from collections.abc import Callable

import docx
import openpyxl
import pytest
from docx.enum.section import WD_SECTION
from docx.shared import Mm

from sandbox import kinds
from sandbox.client import Sandbox
from sandbox.errors import Broken, Encrypted
from sandbox.inspection import Inspection, Section, Sheet, inspection_from_wire, inspection_to_wire
from sandbox.model import Facts
from sandbox.protocol import ProtocolError
from tests.sandbox import samples
from tests.sandbox.formats import hostile, office
from tests.sandbox.samples import complaint, stream

_A4 = (595, 842)


async def _inspected(sandbox: Sandbox, document: bytes) -> Facts:
    return await sandbox.inspect(stream(document))


def _with(document: bytes, members: dict[str, str]) -> bytes:
    buffer = io.BytesIO(document)
    with zipfile.ZipFile(buffer, "a") as made:
        for name, content in members.items():
            made.writestr(name, content)
    return buffer.getvalue()


async def test_a_word_documents_sections_comments_and_changes(sandbox: Sandbox) -> None:
    made = docx.Document()
    section = made.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    second = made.add_section(WD_SECTION.NEW_PAGE)
    second.page_width, second.page_height = Mm(297), Mm(210)
    paragraph = made.add_paragraph("Commented words")
    made.add_comment(paragraph.runs, text="A remark", author="Ann")
    made.add_comment(paragraph.runs, text="Another", author="Bob")
    document = office.docx_bytes(made)
    change = b'<w:ins w:id="9" w:author="Ann"><w:r><w:t>new</w:t></w:r></w:ins><w:del w:id="8" w:author="Ann"/></w:p>'
    document = office.replaced(document, "word/document.xml", b"</w:p>", change)
    facts = await _inspected(sandbox, document)
    found = facts.inspection
    assert found is not None
    assert (facts.format, facts.pages) == (kinds.DOCX, ())
    # Word counts in twentieths of a point.
    assert [(one.width, one.height) for one in found.sections] == [(21001, 29700), (29700, 21001)]
    assert found.comments == 2
    assert found.tracked_changes >= 2
    assert (found.macros, found.external_links) == (False, 0)


@pytest.mark.parametrize("kind", [kinds.DOCM, kinds.DOTX])
async def test_variants_of_word_documents(sandbox: Sandbox, kind: str) -> None:
    document = _with(office.docx_file("TOKENDOCX001X", 1, _A4, kind), {"word/vbaProject.bin": "x"})
    facts = await _inspected(sandbox, document)
    assert facts.inspection is not None
    assert facts.inspection.macros
    assert [(one.width, one.height) for one in facts.inspection.sections] == [(20990, 29704)]
    assert facts.notes == ("The document has macros; they are not run.",)


async def test_a_workbooks_sheets_print_areas_and_links(sandbox: Sandbox) -> None:
    made = openpyxl.Workbook()
    first = made.active
    assert first is not None
    first.title = "Übersicht"
    for row in range(7):
        first.append([row, 2, 3])
    first.print_area = "A1:B5"
    first.page_setup.paperSize = 8
    first.page_setup.orientation = "landscape"
    hidden = made.create_sheet("Hidden")
    hidden.sheet_state = "hidden"
    made.create_sheet("Very").sheet_state = "veryHidden"
    first["A1"].comment = openpyxl.comments.Comment("A remark", "Ann")
    buffer = io.BytesIO()
    made.save(buffer)
    document = _with(buffer.getvalue(), {"xl/externalLinks/externalLink1.xml": "<externalLink/>"})
    facts = await _inspected(sandbox, document)
    assert facts.inspection == Inspection(
        sheets=(
            Sheet(name="Übersicht", print_area="A1:B5", rows=7, columns=3, width=42000, height=29700),
            Sheet(name="Hidden", hidden=True, rows=1, columns=1),
            Sheet(name="Very", hidden=True, rows=1, columns=1),
        ),
        comments=1,
        external_links=1,
    )
    assert any("other workbooks" in note for note in facts.notes)


async def test_slides(sandbox: Sandbox) -> None:
    document = office.replaced(
        office.pptx("TOKENPPTX001X", 3), "ppt/slides/slide2.xml", b"<p:sld ", b'<p:sld show="0" '
    )
    facts = await _inspected(sandbox, document)
    assert facts.inspection == Inspection(slides=3, hidden_slides=1, sections=(Section(width=25400, height=19050),))


async def test_open_documents(sandbox: Sandbox) -> None:
    text = await _inspected(sandbox, office.odt("TOKENODT001X", 2, _A4, kinds.ODT))
    assert text.inspection is not None
    assert [(one.width, one.height, one.top) for one in text.inspection.sections] == [(20990, 29704, 1411)]
    document = office.ods("TOKENODS001X", 2, kinds.ODS)
    document = office.replaced(
        document, "content.xml", b'table:name="S2"', b'table:name="S2" table:print-ranges="S2.A1:S2.B2"'
    )
    sheets = await _inspected(sandbox, document)
    assert sheets.inspection is not None
    assert sheets.inspection.sheets == (Sheet(name="S1"), Sheet(name="S2", print_area="S2.A1:S2.B2"))
    slides = await _inspected(sandbox, office.odp("TOKENODP001X", 3))
    assert slides.inspection is not None
    assert slides.inspection.slides == 3


@pytest.mark.parametrize("make", [hostile.encrypted_package, hostile.encrypted_odt])
async def test_a_password_is_asked_for(sandbox: Sandbox, make: Callable[[], bytes]) -> None:
    with pytest.raises(Encrypted):
        await _inspected(sandbox, make())


@pytest.mark.parametrize(
    "document",
    [
        office.replaced(office.docx_file("TOKENX001X", 1, _A4, kinds.DOCX), "word/document.xml", b"</w:body>", b""),
        office.replaced(office.xlsx("TOKENX002X", 1, kinds.XLSX), "xl/workbook.xml", b"</sheets>", b""),
        office.replaced(office.pptx("TOKENX003X", 1), "ppt/presentation.xml", b"9144000", b"wide"),
    ],
    ids=["docx", "xlsx", "pptx"],
)
async def test_damaged_parts_are_broken(sandbox: Sandbox, document: bytes) -> None:
    with pytest.raises(Broken):
        await _inspected(sandbox, document)


async def test_other_documents_have_pages_and_no_inspection(sandbox: Sandbox) -> None:
    facts = await _inspected(sandbox, samples.pdf(2))
    assert (facts.inspection, facts.page_count) == (None, 2)


async def test_fonts_that_are_not_in_the_file_are_named(sandbox: Sandbox) -> None:
    assert (await _inspected(sandbox, samples.pdf(1))).missing_fonts == ()
    odd = office.replaced(
        office.docx_file("TOKENX004X", 1, _A4, kinds.DOCX),
        "word/document.xml",
        b"<w:r><w:t>",
        b'<w:r><w:rPr><w:rFonts w:ascii="Odd Sans"/></w:rPr><w:t>',
    )
    sink = samples.Collected()
    prepared = await sandbox.prepare(stream(odd), None, sink)
    assert "Odd Sans" in prepared.facts.missing_fonts
    [note] = [note for note in prepared.facts.notes if "Odd Sans" in note]
    assert re.fullmatch(r"The font Odd Sans is missing; \w+ is used instead, so lines may break elsewhere\.", note), (
        note
    )
    assert "Calibri" not in prepared.facts.missing_fonts


@pytest.mark.parametrize(
    ("draw", "expected"),
    [
        (b"", (0, 0, 0, 0)),
        (b"0 g 0 0 600 421 re f", (0, 0, 0, 5000)),
        (b"0 1 1 rg 0 0 600 900 re f", (10000, 0, 0, 0)),
        (b"1 0 1 rg 0 0 600 900 re f", (0, 10000, 0, 0)),
        (b"1 1 0 rg 0 0 298 900 re f", (0, 0, 5000, 0)),
        (b"0.5 0.25 0.25 rg 0 0 600 900 re f", (0, 2500, 2500, 5000)),
    ],
)
async def test_coverage_of_each_colorant(sandbox: Sandbox, draw: bytes, expected: tuple[int, ...]) -> None:
    facts = await _inspected(sandbox, samples.pdf(1, draw=draw))
    found = facts.pages[0].coverage
    assert found is not None
    # The page's number stands on it, too: some 0.2 per cent of black.
    for one, wanted in zip((found.cyan, found.magenta, found.yellow, found.black), expected, strict=True):
        assert abs(one - wanted) <= 80, found


def test_an_inspection_crosses_the_border_unchanged() -> None:
    found = Inspection(
        sheets=(Sheet(name="S", hidden=True, print_area="A1:B2", rows=3, columns=4),),
        sections=(Section(width=21000, height=29700, top=1000),),
        comments=3,
        macros=True,
    )
    assert inspection_from_wire(inspection_to_wire(found)) == found
    assert inspection_from_wire(None) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"sheets": "many"},
        {"sheets": [{"name": 3}]},
        {"sheets": [{"name": "x", "rows": -1}]},
        {"comments": "3"},
        {"slides": 2**40},
        {"sections": [[1, 2]]},
    ],
)
def test_a_hostile_workers_inspection_is_refused(changed: dict[str, object]) -> None:
    wire = inspection_to_wire(Inspection()) | changed
    assert "inspection" in complaint(lambda: inspection_from_wire(wire))
    with pytest.raises(ProtocolError):
        inspection_from_wire([])
