"""Files that want to break, fill up or lead out whatever opens them; one maker for each."""

import io
import struct
import zipfile
import zlib
from email.message import EmailMessage

from PIL import Image

from sandbox import kinds
from tests.sandbox.formats import fixed, office, pictures
from tests.sandbox.formats.compound import compound_file

A4 = (595, 842)


def with_member(name: str, content: bytes, *, link: bool = False, times: int = 1) -> bytes:
    """A Word document with one more member."""
    buffer = io.BytesIO(office.docx_file("TOKENBAD001X", 1, A4, kinds.DOCX))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as made:
        for number in range(times):
            entry = zipfile.ZipInfo(name.format(number=number))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o120777 if link else 0o100644) << 16
            made.writestr(entry, content)
    return buffer.getvalue()


def zip_bomb(megabytes: int = 200) -> bytes:
    return with_member("word/media/zeros.xml", bytes(megabytes * 2**20))


def lying_zip() -> bytes:
    """A member that says it is small and inflates to 100 MB."""
    data = bytearray(with_member("[x].xml", b"<a/>" + bytes(100 * 2**20)))
    real = struct.pack("<I", 100 * 2**20 + 4)
    start = 0
    while (at := data.find(real, start)) >= 0:
        data[at : at + 4] = struct.pack("<I", 1000)
        start = at + 4
    return bytes(data)


def overlapping() -> bytes:
    """Twenty members that are all the same bytes of the file."""
    data = bytearray(with_member("word/same{number}.xml", bytes(100_000), times=20))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as made:
        first = next(entry for entry in made.infolist() if "same0" in entry.filename)
    central = data.find(b"PK\x01\x02")
    while central >= 0:
        size = struct.unpack_from("<H", data, central + 28)[0]
        if b"same" in data[central + 46 : central + 46 + size]:
            struct.pack_into("<I", data, central + 42, first.header_offset)
        central = data.find(b"PK\x01\x02", central + 4)
    return bytes(data)


_LAUGHS = '<!DOCTYPE x [<!ENTITY a0 "ha">' + "".join(
    f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 12)
)


def laughing_docx() -> bytes:
    types = f'<?xml version="1.0"?>{_LAUGHS}]><Types>&a11;</Types>'.encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("[Content_Types].xml", types)
        made.writestr("word/document.xml", "<w/>")
    return buffer.getvalue()


def laughing_svg() -> bytes:
    return f'<?xml version="1.0"?>{_LAUGHS}]><svg xmlns="http://www.w3.org/2000/svg"><text>&a11;</text></svg>'.encode()


def leaking_svg(port: int) -> bytes:
    """Everything in SVG that can name another file or host."""
    web = f"http://127.0.0.1:{port}"
    return (
        '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY leak SYSTEM "file:///etc/passwd">]>'
        f'<?xml-stylesheet href="{web}/a.css"?><svg xmlns="http://www.w3.org/2000/svg" width="300" height="300" '
        'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xi="http://www.w3.org/2001/XInclude">'
        f'<style>@import url("{web}/b.css"); @font-face {{ font-family: x; src: url({web}/f) }}</style>'
        f'<image xlink:href="{web}/i.png" width="9" height="9"/><image xlink:href="file:///etc/passwd" width="9" height="9"/>'
        f'<use xlink:href="{web}/u.svg#a"/><use xlink:href="/etc/passwd#a"/><script xlink:href="{web}/s.js"/>'
        '<text y="50"><xi:include href="file:///etc/passwd" parse="text"/></text><text y="90">&leak;</text>'
        '<text y="20">SHOWN</text></svg>'
    ).encode()


def leaking_html(port: int) -> bytes:
    web = f"http://127.0.0.1:{port}"
    return (
        f'<html><head><base href="{web}/"><link rel=stylesheet href="{web}/a.css"><style>@import "{web}/b.css";</style>'
        f'<meta http-equiv=refresh content="0;{web}/r"></head><body background="{web}/bg.png"><h1>SHOWN</h1>'
        f'<img src="{web}/i.png"><img src="file:///etc/passwd"><img srcset="{web}/s.png 2x"><iframe src="/etc/passwd"></iframe>'
        f'<object data="{web}/o"></object><embed src="{web}/e"><p style="background:url({web}/p.png)">x</p>'
        f'<script src="{web}/s.js"></script><video poster="{web}/v.png"></video><form action="{web}/f"><input></form>'
        f'<svg><image href="{web}/v.svg"/></svg></body></html>'
    ).encode()


def spinning_svg() -> bytes:
    """A group that uses the one before it ten times, twenty levels deep."""
    groups = '<g id="g0"><rect width="1" height="1"/></g>' + "".join(
        f'<g id="g{level}">{f"<use href={chr(34)}#g{level - 1}{chr(34)}/>" * 10}</g>' for level in range(1, 20)
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><defs>{groups}</defs><use href="#g19"/></svg>'.encode()


def huge_svg() -> bytes:
    return b'<svg xmlns="http://www.w3.org/2000/svg" width="900000000" height="900000000"><rect width="9" height="9"/></svg>'


def tiff_of(count: int) -> bytes:
    """A TIFF whose directories, of one black pixel each, follow one another `count` times."""
    parts = [b"II*\0" + struct.pack("<I", 8)]
    place = 8
    for number in range(count):
        tags = ((256, 3, 1), (257, 3, 1), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 4), (278, 3, 1), (279, 4, 1))
        size = 2 + 12 * len(tags) + 4
        place += size
        body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
        parts.append(struct.pack("<H", len(tags)) + body + struct.pack("<I", place if number + 1 < count else 0))
    return b"".join(parts)


def tiff_in_a_ring() -> bytes:
    whole = bytearray(tiff_of(2))
    whole[-4:] = struct.pack("<I", 8)
    return bytes(whole)


def wide_picture(kind: str) -> bytes:
    """A small file that says it is 60,000 pixels wide and high."""
    huge = 60_000
    whole = bytearray(pictures.single(kind, (8, 8), (9, 9, 9), 0))
    if kind == "bmp":
        struct.pack_into("<II", whole, 18, huge, huge)
    elif kind == "gif":
        struct.pack_into("<HH", whole, 6, huge, huge)
        descriptor = whole.index(b"\x2c\0\0\0\0")
        struct.pack_into("<HH", whole, descriptor + 5, huge, huge)
    elif kind == "heic":
        at = whole.index(b"ispe")
        struct.pack_into(">II", whole, at + 8, huge, huge)
    return bytes(whole)


def wide_tiff() -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(buffer, "TIFF", compression="group4")
    return buffer.getvalue()


def nested_mail(levels: int) -> bytes:
    parts = [b"From: a@x.test\nTo: b@x.test\nSubject: s\nMIME-Version: 1.0\n"]
    parts += [b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level) for level in range(levels)]
    return b"".join(parts) + b"\ntext\n"


def mail_of_messages(levels: int) -> bytes:
    head = b"From: a@x.test\nTo: b@x.test\nSubject: s\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\n"
    return head * levels + b"From: a@x.test\n\nend\n"


def wide_mail(parts: int) -> bytes:
    head = b"From: a@x.test\nTo: b@x.test\nSubject: s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    return head + b"--b\nContent-Type: text/plain\n\nx\n" * parts + b"--b--\n"


def sly_mail() -> bytes:
    """Names and headers that would be markup or lines of their own if anybody believed them."""
    made = EmailMessage()
    made["From"] = "<script>alert(1)</script> <a@x.test>"
    made["To"] = "b@x.test"
    made["Subject"] = "<img src=file:///etc/passwd>"
    made.set_content("</pre><img src='file:///etc/passwd'> SHOWN")
    made.add_attachment(b"x", maintype="application", subtype="x", filename="../../etc/<b>passwd</b>.pdf")
    return made.as_bytes()


def deep_html(levels: int) -> bytes:
    return b"<html><body>" + b"<div>" * levels + b"SHOWN" + b"</div>" * levels


def encrypted_package() -> bytes:
    return compound_file({"EncryptedPackage": bytes(5000), "EncryptionInfo": bytes(200)})


def encrypted_odt() -> bytes:
    data = office.odt("TOKENENC001X", 1, A4, kinds.ODT)
    entry = b'manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    locked = entry[:-2] + b"><manifest:encryption-data/></manifest:file-entry>"
    return office.replaced(data, "META-INF/manifest.xml", entry, locked)


def circular_compound() -> bytes:
    """A compound file whose chain of sectors comes back to its own start."""
    whole = bytearray(compound_file({"WordDocument": bytes(9000)}))
    table = struct.unpack_from("<I", whole, 76)[0]
    at = 512 + table * 512
    for number in range(128):
        struct.pack_into("<I", whole, at + number * 4, number // 2)
    return bytes(whole)


def straying_xps() -> bytes:
    data = fixed.xps("TOKENBAD002X", 1)
    return office.replaced(data, "Pages/1.fpage", b"/Resources/font.ttf", b"/../../../../etc/passwd")


def flate_text() -> bytes:
    """A gigabyte of line feeds would be refused by its size; this is as many as the size allows."""
    return b"words\n" + b"\n" * 30_000_000


def polyglot_pdf_zip() -> bytes:
    return fixed.pdf("TOKENPDF999X", 1, A4) + office.docx_file("TOKENDOCX999X", 2, A4, kinds.DOCX)


def polyglot_gif_page() -> bytes:
    return pictures.single("gif", (300, 300), (10, 20, 200), 0) + b"<html><script>EVILMARK</script></html>"


def crc_broken_docx() -> bytes:
    data = bytearray(office.docx_file("TOKENBAD003X", 1, A4, kinds.DOCX))
    at = data.index(b"[Content_Types].xml") + len("[Content_Types].xml") + 20
    data[at] ^= 0xFF
    return bytes(data)


def png_with_text(megabytes: int) -> bytes:
    """A compressed text chunk that inflates to `megabytes`."""
    whole = pictures.single("png", (8, 8), (1, 1, 1), 1)
    body = b"zTXt" + b"Comment\0\0" + zlib.compress(bytes(megabytes * 2**20), 9)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return whole[:33] + chunk + whole[33:]
