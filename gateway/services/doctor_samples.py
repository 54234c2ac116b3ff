"""Sample documents of each kind that clients send: one small white page, made here octet by octet."""

import struct

from gateway.domain.clients import PWG, URF

_DPI = 300
_WIDTH, _HEIGHT = 2480, 3508  # A4
_POINTS = (595, 842)


def sample(format_: str) -> bytes:
    """PDF for any other format, which every printer of this century takes."""
    return {URF: urf, PWG: pwg}.get(format_, pdf)()


def pdf() -> bytes:
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> /Contents 4 0 R >>",
        b"<< /Length 0 >>\nstream\n\nendstream",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    rest = b"trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 5\n0000000000 65535 f \n" + table + rest


def urf() -> bytes:
    """UNIRAST, pages(4); bits, colour space, duplex, quality (1 each), 8 unused, width, height, dpi (4 each), 8 unused."""
    page = struct.pack(">BBBB8xIII8x", 8, 0, 1, 4, _WIDTH, _HEIGHT, _DPI)
    return b"UNIRAST\0" + struct.pack(">I", 1) + page + _white()


def pwg() -> bytes:
    """PWG 5102.4: RaS2 and a header of 1796 octets (table 3), then lines packed as in section 4.4."""
    header = bytearray(1796)
    header[0:9] = b"PwgRaster"
    for offset, value in (
        (276, _DPI),
        (280, _DPI),
        (340, 1),  # NumCopies
        (352, _POINTS[0]),
        (356, _POINTS[1]),
        (372, _WIDTH),
        (376, _HEIGHT),
        (384, 8),  # BitsPerColor
        (388, 8),  # BitsPerPixel
        (392, _WIDTH),  # BytesPerLine
        (400, 18),  # ColorSpace: sGray
        (420, 1),  # NumColors
        (452, 1),  # TotalPageCount
        (456, 1),  # CrossFeedTransform
        (460, 1),  # FeedTransform
    ):
        struct.pack_into(">I", header, offset, value)
    return b"RaS2" + bytes(header) + _white()


def _white() -> bytes:
    """All lines of a white page: a line repeated up to 256 times, white repeated up to 128 times."""
    line = b"".join(bytes([min(128, _WIDTH - done) - 1, 0xFF]) for done in range(0, _WIDTH, 128))
    return b"".join(bytes([min(256, _HEIGHT - done) - 1]) + line for done in range(0, _HEIGHT, 256))
