"""Documents that flow: text, Markdown, tables, books, web pages, mails and Outlook messages."""

import io
import zipfile
from email.message import EmailMessage

from tests.sandbox.formats.compound import compound_file

_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)


def text(token: str, pages: int, encoding: str) -> bytes:
    parts = [
        f"{token} Seite {number}\r\n\tgrößer und größer\r\n" + "A line.\r\n" * 20 for number in range(1, pages + 1)
    ]
    return "\f".join(parts).encode(encoding)


def markdown(token: str, number: int) -> bytes:
    items = "\n".join(f"- item {one}" for one in range(number + 2))
    return (
        f"# Überschrift {token}\n\nSome **bold** and *slanted* words, `code`, and a [link](http://127.0.0.1:9/).\n\n{items}\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nx = 1\n```\n"
    ).encode()


def table(token: str, separator: str) -> bytes:
    rows = [("number", "square", "name"), *((str(n), str(n * n), f"row {n}") for n in range(10)), ("x", "y", token)]
    return "\r\n".join(separator.join(row) for row in rows).encode()


def epub(token: str, chapters: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        made.writestr(
            "META-INF/container.xml",
            '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="O/c.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        )
        numbers = range(1, chapters + 1)
        items = "".join(f'<item id="c{n}" href="{n}.xhtml" media-type="application/xhtml+xml"/>' for n in numbers)
        spine = "".join(f'<itemref idref="c{n}"/>' for n in numbers)
        made.writestr(
            "O/c.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" version="2.0" unique-identifier="i"><metadata '
            'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Book</dc:title></metadata>'
            f"<manifest>{items}</manifest><spine>{spine}</spine></package>",
        )
        for number in numbers:
            made.writestr(
                f"O/{number}.xhtml",
                f'<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{number}</title></head><body><h1>Chapter {number}'
                f'</h1><p>{token} and more.</p><img src="http://127.0.0.1:9/x.png" alt=""/></body></html>',
            )
    return buffer.getvalue()


def page(token: str, number: int) -> bytes:
    rows = "".join(f"<tr><td>{one}<td>{one * one}" for one in range(number + 1))
    return (
        f"<!DOCTYPE html><html><head><title>t</title><script>document.write('EVILMARK')</script></head><body>"
        f"<h1>{token}</h1><p style='color:#c00'>Some text</p><table border=1>{rows}</table>"
        f"<img src='http://127.0.0.1:9/x.png' alt='a picture'></body></html>"
    ).encode()


def mail(token: str, *, attachments: int, html: bool) -> bytes:
    made = EmailMessage()
    made["From"] = "Jürgen Müller <jm@example.test>"
    made["To"] = "print@example.test"
    made["Subject"] = f"About {token}"
    made["Date"] = "Fri, 20 Nov 2026 10:00:00 +0000"
    made.set_content("Good morning,\n\nthis is the text.\n")
    if html:
        made.add_alternative(f"<p>Good <b>morning</b> {token}</p><img src='cid:one'>", subtype="html")
        parts = made.get_payload()
        assert isinstance(parts, list)
        parts[1].add_related(_PNG, "image", "png", cid="<one>")  # type: ignore[union-attr]  # a part is a message
    for number in range(attachments):
        made.add_attachment(b"%PDF-" * 400, maintype="application", subtype="pdf", filename=f"file-{number}.pdf")
    return made.as_bytes()


def message(token: str, *, attachments: int) -> bytes:
    """An Outlook message with its text, sender, receiver and attachments as streams (MS-OXMSG)."""
    streams = {
        "__properties_version1.0": b"\0" * 32,
        "__substg1.0_0037001F": _wide(f"About {token}"),
        "__substg1.0_1000001F": _wide("Good morning,\r\n\r\nthis is the text.\r\n"),
        "__substg1.0_0C1A001F": _wide("Jürgen Müller"),
        "__substg1.0_0C1F001F": _wide("jm@example.test"),
        "__substg1.0_0E04001F": _wide("print@example.test"),
    }
    for number in range(attachments):
        folder = f"__attach_version1.0_#{number:08X}"
        streams[f"{folder}/__substg1.0_3707001F"] = _wide(f"file-{number}.pdf")
        streams[f"{folder}/__substg1.0_37010102"] = b"%PDF-" * 400
    return compound_file(streams)


def _wide(text: str) -> bytes:
    return text.encode("utf-16-le")
