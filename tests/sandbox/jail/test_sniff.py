"""Formats are told by content; what is not printed is named."""

import pytest

from sandbox.errors import Broken, FormatUnsupported
from sandbox.jail.sniff import sniff
from sandbox.model import JPEG, PDF, PNG, POSTSCRIPT, PWG, URF


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.4\n", PDF),
        (b"\xef\xbb\xbf%PDF-1.7", PDF),
        (b"\xff\xd8\xff\xe0", JPEG),
        (b"\x89PNG\r\n\x1a\n", PNG),
        (b"RaS2PwgRaster", PWG),
        (b"UNIRAST\0\0\0\0\1", URF),
        (b"%!PS-Adobe-3.0", POSTSCRIPT),
        (b"\x04%!PS", POSTSCRIPT),
    ],
)
def test_what_is_printed(head: bytes, kind: str) -> None:
    assert sniff(head, "text/plain") == kind


@pytest.mark.parametrize(
    ("head", "named"),
    [
        (b"PK\x03\x04", "office document"),
        (b"\x7fELF\x02", "program"),
        (b"RaS3", "CUPS raster"),
        (b"  <html>", "web page"),
        (b"hello", "not a known format"),
    ],
)
def test_what_is_not_printed_is_named_with_the_claim(head: bytes, named: str) -> None:
    with pytest.raises(FormatUnsupported) as caught:
        sniff(head, "application/pdf")
    assert named in caught.value.detail
    assert "declared as application/pdf" in caught.value.detail


def test_an_empty_document_is_broken() -> None:
    with pytest.raises(Broken):
        sniff(b"")
