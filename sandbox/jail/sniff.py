"""Tells a document's format by its content. A name or a client's claim is only a hint for the message."""

from sandbox.errors import Broken, FormatUnsupported
from sandbox.model import JPEG, PDF, PNG, POSTSCRIPT, PWG, URF

HEAD = 1024

_MAGIC = (
    (b"%PDF-", PDF),
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"RaS2", PWG),
    (b"UNIRAST\0", URF),
    (b"%!PS", POSTSCRIPT),
    (b"\x04%!PS", POSTSCRIPT),
)
# What people send that is not printed here; naming it helps more than "unknown".
_NAMED = (
    (b"PK\x03\x04", "a ZIP file or an office document"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"GIF8", "a GIF picture"),
    (b"RaS3", "a CUPS raster"),
    (b"3SaR", "a raster of the wrong byte order"),
    (b"2SaR", "a raster of the wrong byte order"),
    (b"\x1b%-12345X", "printer language"),
    (b"{\\rtf", "an RTF document"),
    (b"<", "a web page or XML"),
)


def sniff(head: bytes, declared: str = "") -> str:
    """The format of the document that starts with `head` (its first 1,024 bytes, or all of it).

    Broken for an empty document; FormatUnsupported, with what it seems to be, for one that is not printed here.
    """
    if not head:
        raise Broken("the document is empty")
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    # Readers accept a PDF whose header comes later, after a mail header or a byte order mark; so do we.
    if b"%PDF-" in head[:HEAD]:
        return PDF
    seems = next((name for magic, name in _NAMED if head.lstrip().startswith(magic)), "not a known format")
    claim = f", declared as {declared}" if declared else ""
    raise FormatUnsupported(f"{seems}{claim}")
