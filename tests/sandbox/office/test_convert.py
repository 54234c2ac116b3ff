"""Each office format, found by its content, comes out as the pages and words it has."""

import subprocess
from collections.abc import Mapping

import pytest

from sandbox import kinds
from sandbox.client import Sandbox
from sandbox.conversion import Conversion
from sandbox.errors import NothingSelected
from sandbox.model import Prepared
from tests.sandbox.office import documents as d
from tests.sandbox.office.conftest import MADE
from tests.sandbox.samples import Collected, page_count, pdf, stream

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("office-convert")]


def words(document: bytes) -> str:
    """The text of a PDF with single spaces."""
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=document, capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())


async def printed(
    sandbox: Sandbox,
    document: bytes,
    conversion: Conversion | None = None,
    *,
    batch: str = "tests",
    password: str = "",
    declared: str | None = None,
) -> tuple[Prepared, str]:
    """Prepare; returns what is known of it and the words of the printable PDF."""
    sink = Collected()
    prepared = await sandbox.prepare(
        stream(document), declared, sink, batch=batch, conversion=conversion, password=password or None
    )
    assert page_count(sink.data) == prepared.facts.page_count
    return prepared, words(sink.data)


FORMATS: list[tuple[str, bytes, int, str]] = [
    (kinds.DOCX, d.docx_with("hello docx", pages=3), 3, "hello docx"),
    (kinds.XLSX, d.xlsx_with({"A": [["hello", "xlsx"]], "B": [["second"]]}), 2, "hello xlsx second"),
    (kinds.PPTX, d.pptx(4), 4, "hello pptx 4"),
    (kinds.PPSX, d.retyped(d.pptx(2), "presentation.main+xml", "slideshow.main+xml"), 2, "hello pptx 2"),
    (kinds.XLTM, d.retyped(d.xlsx_with({"A": [["hello", "xltm"]]}), *d.XLTM_TYPE), 1, "hello xltm"),
    (kinds.DOTM, d.retyped(d.docx_with("hello dotm"), *d.DOTM_TYPE), 1, "hello dotm"),
    (kinds.ODT, d.odt(), 1, "hello odt"),
    (kinds.OTT, d.odt(template=True), 1, "hello odt"),
    (kinds.ODS, d.ods(), 1, "hello ods"),
    (kinds.OTS, d.ods(template=True), 1, "hello ods"),
    (kinds.ODP, d.odp(3), 3, "hello odp 3"),
    (kinds.RTF, d.rtf(), 1, "hello rtf"),
    (kinds.CSV, "name;sum\nMüller;007\n=1+1;3\n".encode() * 5, 1, "Müller 007 =1+1 3"),
    (kinds.CSV, "name,sum\nMüller,007\nx,3\n".encode("cp1252") * 5, 1, "Müller 007"),
    (
        kinds.HTML,
        b"<!DOCTYPE html><html><body><h1>hello html</h1><table><tr><td>c1</td></tr></table></body></html>",
        1,
        "hello html",
    ),
]


@pytest.mark.parametrize(
    ("media_type", "document", "pages", "text"),
    FORMATS,
    ids=[f"{f[0].split('.')[-1].split('/')[-1]}-{n}" for n, f in enumerate(FORMATS)],
)
async def test_formats(sandbox: Sandbox, media_type: str, document: bytes, pages: int, text: str) -> None:
    # Only a text needs to be told what it is: a table and a letter may begin alike.
    declared = media_type if media_type == kinds.CSV else None
    prepared, found = await printed(sandbox, document, declared=declared)
    assert prepared.facts.format == media_type
    assert prepared.facts.page_count == pages
    assert text in found


@pytest.mark.parametrize("name", MADE)
async def test_formats_that_only_an_office_writes(
    sandbox: Sandbox, made_by_office: Mapping[str, bytes], name: str
) -> None:
    prepared, found = await printed(sandbox, made_by_office[name])
    assert prepared.facts.format == getattr(kinds, name.upper())
    assert prepared.facts.page_count == (2 if MADE[name][0] == "slides" else 1)
    assert "hello office" in found


BOOK = d.xlsx_with({"A": [[1, 2, "=A1+B1"]], "H": [["hidden cell"]], "C": [["c1", "c2"], ["c3", "c4"]]}, hidden=["H"])


@pytest.mark.parametrize(
    ("conversion", "expected"),
    [
        (Conversion(), "1 2 3 c1 c2 c3 c4"),
        (Conversion(sheets=(3,)), "c1 c2 c3 c4"),
        (Conversion(sheets=(1, 2)), "1 2 3 hidden cell"),
        (Conversion(sheets=(3,), print_area="A2:A2"), "c3"),
        (Conversion(sheets=(3,), print_area="all"), "c1 c2 c3 c4"),
    ],
)
async def test_sheets_and_areas(sandbox: Sandbox, conversion: Conversion, expected: str) -> None:
    assert (await printed(sandbox, BOOK, conversion))[1] == expected


async def test_a_sheet_that_is_not_there(sandbox: Sandbox) -> None:
    with pytest.raises(NothingSelected):
        await printed(sandbox, BOOK, Conversion(sheets=(9,)))


async def test_fit_to_width(sandbox: Sandbox) -> None:
    wide = d.xlsx_with({"W": [[f"column{number}" for number in range(30)]]})
    as_it_is, _ = await printed(sandbox, wide)
    fitted, found = await printed(sandbox, wide, Conversion(fit_width=True))
    assert as_it_is.facts.page_count > 1
    assert fitted.facts.page_count == 1
    assert "column29" in found


async def test_an_authors_print_area_is_kept_or_forgotten(sandbox: Sandbox) -> None:
    import io

    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(d.xlsx_with({"A": [["in", "out"]]})))
    book["A"].print_area = "A1:A1"
    document = d.saved(book)
    assert (await printed(sandbox, document))[1] == "in"
    assert (await printed(sandbox, document, Conversion(print_area="all")))[1] == "in out"


async def test_comments_are_printed_when_asked_for(sandbox: Sandbox) -> None:
    import docx

    document = docx.Document()
    paragraph = document.add_paragraph("the words")
    document.add_comment(paragraph.runs, text="my remark", author="Ada", initials="A")
    made = d.saved(document)
    without, text = await printed(sandbox, made)
    assert (without.facts.page_count, text) == (1, "the words")
    _, text = await printed(sandbox, made, Conversion(comments=True))
    assert "Ada: my remark" in text


async def test_comments_of_a_spreadsheet(sandbox: Sandbox) -> None:
    import openpyxl
    from openpyxl.comments import Comment

    book = openpyxl.Workbook()
    book.active["A1"] = "cell"
    book.active["A1"].comment = Comment("my remark", "Ada")
    made = d.saved(book)
    assert "my remark" not in (await printed(sandbox, made))[1]
    assert "my remark" in (await printed(sandbox, made, Conversion(comments=True)))[1]


async def test_tracked_changes_are_shown_as_accepted_or_as_changes(sandbox: Sandbox) -> None:
    document = d.docx_with("MARKER")
    by = 'w:author="a" w:date="2026-01-01T00:00:00Z"'
    xml = d.part(document, "word/document.xml").replace(
        "<w:t>MARKER</w:t></w:r>",
        f'<w:t>old</w:t></w:r><w:ins w:id="1" {by}><w:r><w:t>ADDED</w:t></w:r></w:ins>'
        f'<w:del w:id="2" {by}><w:r><w:delText>GONE</w:delText></w:r></w:del>',
    )
    changed = d.rezipped(document, {"word/document.xml": xml})
    assert "oldADDED page 1" in (await printed(sandbox, changed))[1]
    assert "oldADDEDGONE" in (await printed(sandbox, changed, Conversion(changes=True)))[1]


async def test_office_documents_merge_with_others_in_their_order(sandbox: Sandbox) -> None:
    sink = Collected()
    sources = [stream(d.docx_with("first")), stream(pdf(1)), stream(d.ods((("third",),)))]
    facts = await sandbox.merge(sources, sink)
    found = words(sink.data)
    assert facts.page_count == 3
    assert found.index("first") < found.index("page 1") < found.index("third")


async def test_a_batch_keeps_its_office_and_nobody_else_gets_it(sandbox: Sandbox) -> None:
    assert sandbox.office.pool is not None
    seen = []
    for batch in ("ada", "ada", "bob"):
        await printed(sandbox, d.odt(), batch=batch)
        async with sandbox.office.worker(batch) as worker:
            seen.append(worker.jail.pid)
            # The worker has served nothing here, and goes back to its batch.
    assert seen[0] == seen[1] != seen[2]
