"""What people choose of an office document, found without parsing all of it."""

import io
import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest

from sandbox import kinds
from sandbox.client import Sandbox
from sandbox.inspection import Inspection, Sheet
from sandbox.jail import package, skim
from tests.sandbox.formats import compound, office
from tests.sandbox.samples import Collected, stream

_A4 = (595, 842)
_SHEETS = (Sheet(name="Übersicht", print_area="A1:B5"), Sheet(name="R&D", hidden=True), Sheet(name="Very", hidden=True))


def skimmed(data: bytes, kind: str, folder: Path) -> Inspection:
    path = folder / "source"
    path.write_bytes(data)
    if kind not in kinds.OPEN_XML | kinds.OPEN_DOCUMENT:
        return skim.skim(path, None, kind)
    with package.opened(path) as archive:
        return skim.skim(path, archive, kind)


def _workbook() -> bytes:
    made = openpyxl.Workbook()
    first = made.active
    assert first is not None
    first.title, first.print_area = "Übersicht", "A1:B5"
    first["A1"].comment = openpyxl.comments.Comment("A remark", "Ann")
    made.create_sheet("R&D").sheet_state = "hidden"
    made.create_sheet("Very").sheet_state = "veryHidden"
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def _record(kind: bytes, body: bytes) -> bytes:
    assert len(body) < 128
    return kind + bytes([len(body)]) + body


def _binary_workbook() -> bytes:
    bundles = [
        _record(b"\x9c\x01", struct.pack("<II", state, number) + _wide(f"rId{number}") + _wide(name))
        for number, (name, state) in enumerate([("Übersicht", 0), ("R&D", 1), ("Very", 2)], 1)
    ]
    data = _record(b"\x83\x01", b"") + b"".join(bundles) + _record(b"\x84\x01", b"")
    return _zipped_bytes(data)


def _zipped_bytes(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("xl/workbook.bin", data)
        made.writestr("xl/vbaProject.bin", b"x")
    return buffer.getvalue()


def _old_workbook() -> bytes:
    def bound(name: str, hidden: int) -> bytes:
        wide = not name.isascii()
        body = struct.pack("<IBBBB", 0, hidden, 0, len(name), wide) + name.encode("utf-16-le" if wide else "latin-1")
        return struct.pack("<HH", 0x0085, len(body)) + body

    stream_ = struct.pack("<HHHH", 0x0809, 4, 0x0600, 5)
    stream_ += bound("Übersicht", 0) + bound("R&D", 1) + bound("Very", 2) + struct.pack("<HH", 0x000A, 0)
    return compound.compound_file({"Workbook": stream_ + bound("of a sheet", 0)})


def _open_workbook() -> bytes:
    content = (
        '<office:automatic-styles><style:style style:name="ta1" style:family="table"><style:table-properties '
        'table:display="true"/></style:style><style:style style:name="ta2" style:family="table"><style:table-properties '
        'table:display="false"/></style:style></office:automatic-styles><office:body><office:spreadsheet>'
        '<table:table table:name="Übersicht" table:style-name="ta1" table:print-ranges="A1:B5"><table:table-row>'
        "<table:table-cell><office:annotation><text:p>A remark</text:p></office:annotation></table:table-cell>"
        '</table:table-row></table:table><table:table table:name="R&amp;D" table:style-name="ta2"/>'
        '<table:table table:name="Very" table:style-name="ta2"/>'
        '<table:table table:name="\'file:///etc/passwd\'#S" table:print="false"/></office:spreadsheet></office:body>'
    )
    return office.open_document(kinds.ODS, content)


@pytest.mark.parametrize(
    ("data", "kind", "area"),
    [
        (_workbook(), kinds.XLSX, True),
        (_binary_workbook(), kinds.XLSB, False),
        (_old_workbook(), kinds.XLS, False),
        (_open_workbook(), kinds.ODS, True),
    ],
    ids=["xlsx", "xlsb", "xls", "ods"],
)
def test_sheets_in_their_order_with_the_hidden_ones(data: bytes, kind: str, area: bool, tmp_path: Path) -> None:
    found = skimmed(data, kind, tmp_path)
    assert [(one.name, one.hidden) for one in found.sheets] == [(one.name, one.hidden) for one in _SHEETS]
    assert [one.print_area for one in found.sheets] == ([one.print_area for one in _SHEETS] if area else [""] * 3)
    assert found.comments == int(kind in {kinds.XLSX, kinds.ODS})
    assert found.macros == (kind == kinds.XLSB)


def test_a_shipped_old_workbook(tmp_path: Path) -> None:
    assert skimmed(office.shipped("sheet.xls"), kinds.XLS, tmp_path).sheets


def test_comments_and_changes_of_texts(tmp_path: Path) -> None:
    made = office.docx_document("TOKENX001X", 1, _A4)
    made.add_comment(made.paragraphs[0].runs, text="A remark", author="Ann")
    document = office.docx_bytes(made)
    change = b'<w:ins w:id="9" w:author="Ann"><w:r><w:t>new</w:t></w:r></w:ins><w:del w:id="8" w:author="Ann"/></w:p>'
    document = office.replaced(document, "word/document.xml", b"</w:p>", change)
    found = skimmed(document, kinds.DOCX, tmp_path)
    assert (found.comments, found.tracked_changes) == (1, 2 * len(made.paragraphs))
    text = office.open_document(
        kinds.ODT,
        "<office:body><office:text><text:tracked-changes><text:changed-region/></text:tracked-changes>"
        "<text:p><office:annotation office:name='1'/>x<office:annotation-end/></text:p></office:text></office:body>",
    )
    found = skimmed(text, kinds.ODT, tmp_path)
    assert (found.comments, found.tracked_changes, found.sheets) == (1, 1, ())


def test_hidden_slides(tmp_path: Path) -> None:
    document = office.replaced(office.pptx("TOKENX003X", 3), "ppt/slides/slide2.xml", b"<p:sld ", b'<p:sld show="0" ')
    found = skimmed(document, kinds.PPTX, tmp_path)
    assert (found.slides, found.hidden_slides) == (3, 1)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (office.replaced(_workbook(), "xl/workbook.xml", b"</sheets>", b""), kinds.XLSX),
        (_zipped_bytes(b"\x9c\x01\x08" + bytes(8)), kinds.XLSB),
        (compound.compound_file({"Workbook": b"\x85\x00\xff\xff" + b"\xff" * 100}), kinds.XLS),
        (b"no compound file", kinds.XLS),
    ],
)
def test_what_is_damaged_tells_nothing(data: bytes, kind: str, tmp_path: Path) -> None:
    found = skimmed(data, kind, tmp_path)
    assert all(len(one.name) <= 100 for one in found.sheets)


async def test_a_preparation_tells_what_can_be_chosen(sandbox: Sandbox) -> None:
    prepared = await sandbox.prepare(stream(office.xlsx("TOKENX002X", 2, kinds.XLSX)), None, Collected())
    assert prepared.facts.page_count == 2
    assert prepared.facts.inspection == Inspection(
        sheets=(Sheet(name="Sheet"), Sheet(name="Sheet 2"), Sheet(name="Secret", hidden=True))
    )
