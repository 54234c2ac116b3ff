"""Office documents of a given number of pages, sheets or slides, written by libraries or part by part."""

import io
import lzma
import zipfile
from pathlib import Path

import docx
import openpyxl
from docx.shared import Pt

from sandbox import kinds
from tests.sandbox.formats import binary_workbook

_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_MAIN = {
    kinds.DOCX: f"{_OPEN_XML}.wordprocessingml.document.main+xml",
    kinds.DOTX: f"{_OPEN_XML}.wordprocessingml.template.main+xml",
    kinds.DOCM: "application/vnd.ms-word.document.macroEnabled.main+xml",
    kinds.XLSX: f"{_OPEN_XML}.spreadsheetml.sheet.main+xml",
    kinds.XLSM: "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    kinds.PPTX: f"{_OPEN_XML}.presentationml.presentation.main+xml",
    kinds.PPTM: "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml",
}
Size = tuple[int, int]
_A4 = (595, 842)


def docx_document(token: str, pages: int, size: Size) -> "docx.document.Document":
    made = docx.Document()
    section = made.sections[0]
    section.page_width, section.page_height = Pt(size[0]), Pt(size[1])
    for number in range(1, pages + 1):
        made.add_heading(f"{token} {number}")
        made.add_paragraph("Some words on the page.")
        if number < pages:
            made.add_page_break()
    return made


def docx_bytes(made: "docx.document.Document") -> bytes:
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def docx_file(token: str, pages: int, size: Size, kind: str) -> bytes:
    return retyped(docx_bytes(docx_document(token, pages, size)), kinds.DOCX, kind)


def xlsx(token: str, pages: int, kind: str) -> bytes:
    """A sheet a page, and a hidden one."""
    made = openpyxl.Workbook()
    first = made.active
    assert first is not None
    for number in range(1, pages + 1):
        sheet = first if number == 1 else made.create_sheet(f"Sheet {number}")
        sheet.page_setup.paperSize = 9
        sheet.column_dimensions["A"].width = 30
        for row in range(1, 12):
            sheet.append([token, row, row * row])
    hidden = made.create_sheet("Secret")
    hidden.append(["hidden words"])
    hidden.sheet_state = "hidden"
    buffer = io.BytesIO()
    made.save(buffer)
    return retyped(buffer.getvalue(), kinds.XLSX, kind)


def retyped(data: bytes, old: str, new: str) -> bytes:
    """The same package calling itself something else, as macro documents and templates do."""
    if old == new:
        return data
    return replaced(data, "[Content_Types].xml", _MAIN[old].encode(), _MAIN[new].encode())


def replaced(data: bytes, member: str, old: bytes, new: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content.replace(old, new) if name == member else content)
    return buffer.getvalue()


def zipped(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return buffer.getvalue()


def rtf(token: str, pages: int, size: Size) -> bytes:
    texts = rf"\page{chr(10)}".join(f"{token} {number}\\par" for number in range(1, pages + 1))
    return f"{{\\rtf1\\ansi\\paperw{size[0] * 20}\\paperh{size[1] * 20}\n{texts}\n}}".encode("ascii")


_NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" '
    'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" '
    'xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0" office:version="1.2"'
)


def open_document(kind: str, content: str, styles: str = "") -> bytes:
    members = {
        "mimetype": kind,
        "META-INF/manifest.xml": (
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
            '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
            '<manifest:file-entry manifest:full-path="styles.xml" manifest:media-type="text/xml"/></manifest:manifest>'
        ),
        "content.xml": f"<office:document-content {_NAMES}>{content}</office:document-content>",
        "styles.xml": f"<office:document-styles {_NAMES}>{styles}</office:document-styles>",
    }
    return zipped(members)


def _layout(size: Size, presentation: str = "") -> str:
    return (
        '<office:automatic-styles><style:page-layout style:name="L"><style:page-layout-properties '
        f'fo:page-width="{size[0]}pt" fo:page-height="{size[1]}pt" fo:margin="40pt" '
        'fo:margin-top="40pt" fo:margin-bottom="40pt" fo:margin-left="40pt" fo:margin-right="40pt"/></style:page-layout>'
        f'</office:automatic-styles><office:master-styles><style:master-page style:name="{presentation or "Standard"}" '
        'style:page-layout-name="L"/></office:master-styles>'
    )


def odt(token: str, pages: int, size: Size, kind: str) -> bytes:
    breaks = (
        '<office:automatic-styles><style:style style:name="B" style:family="paragraph"><style:paragraph-properties '
        'fo:break-before="page"/></style:style></office:automatic-styles>'
    )
    parts = [
        f"<text:p{' text:style-name=' + chr(34) + 'B' + chr(34) if number > 1 else ''}>{token} {number}</text:p>"
        for number in range(1, pages + 1)
    ]
    content = f"{breaks}<office:body><office:text>{''.join(parts)}</office:text></office:body>"
    return open_document(kind, content, _layout(size))


def ods(token: str, pages: int, kind: str) -> bytes:
    row = f'<table:table-row><table:table-cell office:value-type="string"><text:p>{token}</text:p></table:table-cell></table:table-row>'
    tables = "".join(f'<table:table table:name="S{number}">{row * 5}</table:table>' for number in range(1, pages + 1))
    return open_document(kind, f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>")


def odp(token: str, pages: int) -> bytes:
    slides = "".join(
        f'<draw:page draw:name="p{number}" draw:master-page-name="M"><draw:frame svg:x="2cm" svg:y="2cm" svg:width="20cm" '
        f'svg:height="3cm"><draw:text-box><text:p>{token} {number}</text:p></draw:text-box></draw:frame></draw:page>'
        for number in range(1, pages + 1)
    )
    content = f"<office:body><office:presentation>{slides}</office:presentation></office:body>"
    return open_document(kinds.ODP, content, _layout((794, 595), "M"))


_SLIDE_NAMES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
)
_GROUP = (
    '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr><a:xfrm><a:off x="0" y="0"/>'
    '<a:ext cx="0" cy="0"/><a:chOff x="0" y="0"/><a:chExt cx="0" cy="0"/></a:xfrm></p:grpSpPr>'
)
_MAP = (
    '<p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2" accent3="accent3" '
    'accent4="accent4" accent5="accent5" accent6="accent6" hlink="hlink" folHlink="folHlink"/>'
)


def xlsb(token: str, pages: int) -> bytes:
    """A sheet a page."""
    rows = [(float(row), float(row * row), token) for row in range(1, 12)]
    return binary_workbook.xlsb({f"Sheet {number}": rows for number in range(1, pages + 1)})


def pptx(token: str, pages: int, form: str = kinds.PPTX) -> bytes:
    """Slides of 10 by 7.5 inches with a text box each, one layout and one master."""
    kind = f"{_OPEN_XML}.presentationml"
    numbers = range(1, pages + 1)
    parts = [
        ("presentation.xml", f"{kind}.presentation.main+xml"),
        ("slideMasters/slideMaster1.xml", f"{kind}.slideMaster+xml"),
    ]
    parts += [
        ("slideLayouts/slideLayout1.xml", f"{kind}.slideLayout+xml"),
        ("theme/theme1.xml", f"{_OPEN_XML}.theme+xml"),
    ]
    parts += [(f"slides/slide{number}.xml", f"{kind}.slide+xml") for number in numbers]
    overrides = "".join(f'<Override PartName="/ppt/{name}" ContentType="{stated}"/>' for name, stated in parts)
    listed = "".join(f'<p:sldId id="{255 + number}" r:id="rId{number + 1}"/>' for number in numbers)
    members = {
        "[Content_Types].xml": (
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
        ),
        "_rels/.rels": _relations([("officeDocument", "ppt/presentation.xml")]),
        "ppt/presentation.xml": (
            f'<p:presentation {_SLIDE_NAMES}><p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="rId1"/></p:sldMasterIdLst>'
            f'<p:sldIdLst>{listed}</p:sldIdLst><p:sldSz cx="9144000" cy="6858000"/><p:notesSz cx="6858000" cy="9144000"/>'
            "</p:presentation>"
        ),
        "ppt/_rels/presentation.xml.rels": _relations(
            [("slideMaster", "slideMasters/slideMaster1.xml"), *(("slide", f"slides/slide{n}.xml") for n in numbers)]
        ),
        "ppt/slideMasters/slideMaster1.xml": (
            f"<p:sldMaster {_SLIDE_NAMES}><p:cSld><p:spTree>{_GROUP}</p:spTree></p:cSld>{_MAP}"
            '<p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="rId1"/></p:sldLayoutIdLst></p:sldMaster>'
        ),
        "ppt/slideMasters/_rels/slideMaster1.xml.rels": _relations(
            [("slideLayout", "../slideLayouts/slideLayout1.xml"), ("theme", "../theme/theme1.xml")]
        ),
        "ppt/slideLayouts/slideLayout1.xml": (
            f'<p:sldLayout {_SLIDE_NAMES} type="blank"><p:cSld name="Blank"><p:spTree>{_GROUP}</p:spTree></p:cSld></p:sldLayout>'
        ),
        "ppt/slideLayouts/_rels/slideLayout1.xml.rels": _relations(
            [("slideMaster", "../slideMasters/slideMaster1.xml")]
        ),
        "ppt/theme/theme1.xml": _theme(),
    }
    for number in numbers:
        members[f"ppt/slides/slide{number}.xml"] = _slide(f"{token} {number}")
        members[f"ppt/slides/_rels/slide{number}.xml.rels"] = _relations(
            [("slideLayout", "../slideLayouts/slideLayout1.xml")]
        )
    return retyped(zipped(members), kinds.PPTX, form)


def _slide(text: str) -> str:
    return (
        f'<p:sld {_SLIDE_NAMES}><p:cSld><p:spTree>{_GROUP}<p:sp><p:nvSpPr><p:cNvPr id="2" name="Box"/><p:cNvSpPr txBox="1"/>'
        '<p:nvPr/></p:nvSpPr><p:spPr><a:xfrm><a:off x="914400" y="914400"/><a:ext cx="7000000" cy="900000"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr><p:txBody><a:bodyPr/><a:p><a:r><a:rPr lang="en-US" sz="2400">'
        f'<a:latin typeface="Arial"/></a:rPr><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:sld>'
    )


def _relations(targets: list[tuple[str, str]]) -> str:
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    listed = "".join(
        f'<Relationship Id="rId{number}" Type="{base}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{listed}</Relationships>'
    )


def _theme() -> str:
    names = ("dk1", "lt1", "dk2", "lt2", *(f"accent{number}" for number in range(1, 7)), "hlink", "folHlink")
    colors = "".join(
        f'<a:{name}><a:srgbClr val="{"FFFFFF" if name.startswith("lt") else "000000"}"/></a:{name}>' for name in names
    )
    font = '<a:latin typeface="Arial"/><a:ea typeface=""/><a:cs typeface=""/>'
    fill = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>'
    effect = "<a:effectStyle><a:effectLst/></a:effectStyle>"
    return (
        f'<a:theme {_SLIDE_NAMES} name="T"><a:themeElements><a:clrScheme name="c">{colors}</a:clrScheme><a:fontScheme name="f">'
        f'<a:majorFont>{font}</a:majorFont><a:minorFont>{font}</a:minorFont></a:fontScheme><a:fmtScheme name="m">'
        f"<a:fillStyleLst>{fill * 3}</a:fillStyleLst><a:lnStyleLst>{f'<a:ln>{fill}</a:ln>' * 3}</a:lnStyleLst>"
        f"<a:effectStyleLst>{effect * 3}</a:effectStyleLst><a:bgFillStyleLst>{fill * 3}</a:bgFillStyleLst></a:fmtScheme>"
        "</a:themeElements></a:theme>"
    )


def shipped(name: str) -> bytes:
    """One of the documents beside this module."""
    return lzma.decompress((Path(__file__).parent / "data" / f"{name}.xz").read_bytes())
