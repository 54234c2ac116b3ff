"""The document of a test page: one A4 side that tells when it was made, for which device, and which way it came.

Written by hand in a page of PDF (ISO 32000-1 section 7.5): it goes through the same door and the same jail as any other
document, so that what it proves is the whole way.
"""

from collections.abc import Sequence

WIDTH, HEIGHT = 595, 842
_BARS = ("0 1 1", "1 0 1", "1 1 0", "0 0 0")  # cyan, magenta, yellow as red-green-blue, and black


def test_page(title: str, lines: Sequence[str]) -> bytes:
    """PDF octets. What Latin-1 has not is shown as a question mark."""
    drawn = [f"0.8 w 40 40 {WIDTH - 80} {HEIGHT - 80} re S", "BT /F1 24 Tf 64 740 Td", f"({_text(title)}) Tj ET"]
    for number, line in enumerate(lines):
        drawn.append(f"BT /F1 12 Tf 64 {690 - 22 * number} Td ({_text(line)}) Tj ET")
    for number, color in enumerate(_BARS):
        drawn.append(f"{color} rg {64 + 120 * number} 80 100 60 re f")
    content = "\n".join(drawn).encode("latin-1", "replace")
    return _document(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> >>" % (WIDTH, HEIGHT),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        ]
    )


def _text(line: str) -> str:
    plain = "".join(sign for sign in line if sign.isprintable())[:90]
    return plain.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _document(objects: Sequence[bytes]) -> bytes:
    """Objects numbered from 1, with the table that says where each begins."""
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    begin = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, begin)
    return bytes(out)
