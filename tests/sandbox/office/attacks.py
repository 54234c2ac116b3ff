"""Office documents that want something: to fetch, to show what is the host's, to run, or to use everything up."""

from tests.sandbox.office import documents as d


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
    """An object that is linked, and one that is embedded with something to start."""
    linked = (
        f'<text:p><draw:frame svg:width="2cm" svg:height="2cm"><draw:object xlink:href="{url}"/></draw:frame>x</text:p>'
    )
    return d.odt(linked)


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
        "dde": _field('DDEAUTO c:\\\\windows\\\\system32\\\\cmd.exe "/k calc"'),
        "webservice": d.xlsx_with({"A": [[f'=WEBSERVICE("{url}")', f'=WEBSERVICE("{secret}")', "x"]]}),
        "html": f'<html><body><img src="{url}"><iframe src="{secret}"></iframe><p>x</p></body></html>'.encode(),
        "xxe": d.rezipped(d.odt(), {"content.xml": xxe}),
        "laughs": d.rezipped(d.odt(), {"content.xml": bomb}),
        "zip-bomb": d.rezipped(d.docx_with("x"), {"word/document.xml": bytes(400_000_000)}),
        "truncated": d.docx_with("x")[:9000],
    }
