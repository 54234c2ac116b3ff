"""Office documents made for the tests: by python-docx and openpyxl, and by hand where the content of a part matters."""

import io
import zipfile
from collections.abc import Mapping, Sequence

import docx
import openpyxl

OOXML = "application/vnd.openxmlformats-officedocument"
DOCX = f"{OOXML}.wordprocessingml.document"
XLSX = f"{OOXML}.spreadsheetml.sheet"
PPTX = f"{OOXML}.presentationml.presentation"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODP = "application/vnd.oasis.opendocument.presentation"

_ODF_SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"),
        ("text", "text"),
        ("table", "table"),
        ("draw", "drawing"),
        ("style", "style"),
        ("svg", "svg-compatible"),
        ("fo", "xsl-fo-compatible"),
        ("presentation", "presentation"),
        ("script", "script"),
    )
)


def docx_with(*texts: str, pages: int = 1) -> bytes:
    """A text of exactly `pages` pages with "page N" on each, after the given paragraphs."""
    document = docx.Document()
    for text in texts:
        document.add_paragraph(text)
    for number in range(1, pages + 1):
        document.add_paragraph(f"page {number}")
        if number < pages:
            document.add_page_break()
    return saved(document)


def docx_table(rows: int) -> bytes:
    document = docx.Document()
    table = document.add_table(rows=rows, cols=3)
    for number, row in enumerate(table.rows, 1):
        row.cells[0].text = f"row {number}"
    return saved(document)


def long_docx(paragraphs_a_page: int = 12, pages: int = 20) -> bytes:
    """Ordinary prose in the measure of office work: headings, paragraphs, a table on every fifth page."""
    document = docx.Document()
    sentence = "The quick brown fox jumps over the lazy dog while the printer warms up and the paper waits. "
    for page in range(1, pages + 1):
        document.add_heading(f"Chapter {page}", level=1)
        for number in range(paragraphs_a_page):
            document.add_paragraph(sentence * (2 + number % 3))
        if page % 5 == 0:
            for row in document.add_table(rows=3, cols=4).rows:
                for cell in row.cells:
                    cell.text = "cell"
        if page < pages:
            document.add_page_break()
    return saved(document)


def saved(document: object) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)  # type: ignore[attr-defined]  # a Document or a Workbook
    return buffer.getvalue()


def xlsx_with(sheets: Mapping[str, Sequence[Sequence[object]]], *, hidden: Sequence[str] = ()) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
        if title in hidden:
            sheet.sheet_state = "hidden"
    return saved(book)


def xlsx_rows(rows: int, columns: int = 6) -> bytes:
    return xlsx_with({"Data": [[f"r{row}c{column}" for column in range(columns)] for row in range(1, rows + 1)]})


def zipped(parts: Mapping[str, str | bytes], *, stored: Sequence[str] = ()) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            kind = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(name, content, compress_type=kind)
    return buffer.getvalue()


def rezipped(document: bytes, changes: Mapping[str, str | bytes]) -> bytes:
    """The same package with some parts replaced or added."""
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    return zipped(parts | dict(changes))


def part(document: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        return archive.read(name).decode()


XLTM_TYPE = (f"{OOXML}.spreadsheetml.sheet.main", "application/vnd.ms-excel.template.macroEnabled.main")
DOTM_TYPE = (f"{OOXML}.wordprocessingml.document.main", "application/vnd.ms-word.template.macroEnabledTemplate.main")


def retyped(document: bytes, old: str, new: str) -> bytes:
    """The same package, its main part stated to be of another type."""
    types = part(document, "[Content_Types].xml")
    assert old in types
    return rezipped(document, {"[Content_Types].xml": types.replace(old, new)})


def _odf(media_type: str, body: str, *, styles: str = "", extra: Mapping[str, str | bytes] | None = None) -> bytes:
    added = extra or {}
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="text/xml"/>' for name in added
    )
    manifest = (
        '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" '
        f'manifest:version="1.3"><manifest:file-entry manifest:full-path="/" manifest:media-type="{media_type}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        f"{entries}</manifest:manifest>"
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {_ODF_SPACES} xmlns:xlink="http://www.w3.org/1999/xlink" '
        'xmlns:dom="http://www.w3.org/2001/xml-events" xmlns:ooo="http://openoffice.org/2004/office" '
        'xmlns:xforms="http://www.w3.org/2002/xforms" '
        f'office:version="1.3">{styles}<office:body>{body}</office:body></office:document-content>'
    )
    return zipped(
        {"mimetype": media_type, "content.xml": content, "META-INF/manifest.xml": manifest, **added},
        stored=("mimetype",),
    )


def odt(body: str = "<text:p>hello odt</text:p>", *, template: bool = False, **parts: object) -> bytes:
    kind = f"{ODT}-template" if template else ODT
    return _odf(kind, f"<office:text>{body}</office:text>", **parts)  # type: ignore[arg-type]  # as _odf takes them


def ods(rows: Sequence[Sequence[str]] = (("hello", "ods"),), *, template: bool = False) -> bytes:
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    body = f'<office:spreadsheet><table:table table:name="One">{cells}</table:table></office:spreadsheet>'
    return _odf(f"{ODS}-template" if template else ODS, body)


def odp(slides: int = 1, text: str = "hello odp") -> bytes:
    pages = "".join(
        f'<draw:page draw:name="slide{number}" draw:master-page-name="Default"><draw:frame svg:x="2cm" svg:y="2cm" '
        f'svg:width="20cm" svg:height="3cm"><draw:text-box><text:p>{text} {number}</text:p></draw:text-box></draw:frame>'
        f'<draw:rect svg:x="4cm" svg:y="7cm" svg:width="9cm" svg:height="6cm"/></draw:page>'
        for number in range(1, slides + 1)
    )
    return _odf(ODP, f"<office:presentation>{pages}</office:presentation>")


def rtf(text: str = "hello rtf") -> bytes:
    return b"{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Times New Roman;}}\\f0\\fs24 " + text.encode("ascii") + b"\\par}"


_PPTX_SPACES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
)
RELATIONS = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def pptx(slides: int = 1, text: str = "hello pptx") -> bytes:
    """A presentation of nothing but its slides, each with a text and a filled rectangle."""
    numbers = range(1, slides + 1)
    overrides = "".join(
        f'<Override PartName="/ppt/slides/slide{n}.xml" ContentType="{OOXML}.presentationml.slide+xml"/>'
        for n in numbers
    )
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/ppt/presentation.xml" ContentType="{OOXML}.presentationml.presentation.main+xml"/>{overrides}</Types>',
        "_rels/.rels": f'<?xml version="1.0"?><Relationships {RELATIONS}><Relationship Id="rId1" Type="{RELATION}/officeDocument" '
        'Target="ppt/presentation.xml"/></Relationships>',
        "ppt/presentation.xml": f'<?xml version="1.0"?><p:presentation {_PPTX_SPACES}><p:sldIdLst>'
        + "".join(f'<p:sldId id="{255 + n}" r:id="rId{n}"/>' for n in numbers)
        + '</p:sldIdLst><p:sldSz cx="9144000" cy="6858000"/></p:presentation>',
        "ppt/_rels/presentation.xml.rels": f'<?xml version="1.0"?><Relationships {RELATIONS}>'
        + "".join(f'<Relationship Id="rId{n}" Type="{RELATION}/slide" Target="slides/slide{n}.xml"/>' for n in numbers)
        + "</Relationships>",
    }
    for number in numbers:
        parts[f"ppt/slides/slide{number}.xml"] = (
            f'<?xml version="1.0"?><p:sld {_PPTX_SPACES}><p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/>'
            f"<p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>{_shape(2, 500_000, f'{text} {number}')}"
            f"{_shape(3, 3_000_000, 'box')}</p:spTree></p:cSld></p:sld>"
        )
    return zipped(parts)


def _shape(number: int, y: int, text: str) -> str:
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="s{number}"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm>'
        f'<a:off x="500000" y="{y}"/><a:ext cx="7000000" cy="1500000"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/>'
        '</a:prstGeom><a:solidFill><a:srgbClr val="DDEEFF"/></a:solidFill></p:spPr><p:txBody><a:bodyPr/><a:p><a:r>'
        f"<a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )
