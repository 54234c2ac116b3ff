"""Checks a converted sample against what it must be."""

import re

import pypdfium2

from sandbox import kinds
from sandbox.model import Facts
from tests.sandbox.formats.corpus import Sample
from tests.sandbox.samples import drawn, page_sizes

_ANY_TOKEN = re.compile(r"TOKEN[A-Z]+\d{3}X")


def check(sample: Sample, facts: Facts, document: bytes) -> None:
    """Format, pages, the first page's size, all tokens and no other's, or the colour."""
    assert facts.format == sample.format, sample.name
    sizes = page_sizes(document)
    assert (facts.page_count, len(sizes)) == (sample.pages, sample.pages), sample.name
    if sample.size is not None:
        assert all(abs(one - other) <= 1 for one, other in zip(sizes[0], sample.size, strict=True)), (
            sample.name,
            sizes,
        )
    found = text_of(document)
    for token in sample.tokens:
        assert token in found, f"{token} is missing in {sample.name}: {found[:200]}"
    assert set(_ANY_TOKEN.findall(found)) <= set(sample.tokens), sample.name
    assert b"GPSMARK" not in document
    assert "EVILMARK" not in found
    if sample.color is not None:
        check_color(sample, document)


def check_color(sample: Sample, document: bytes) -> None:
    """On average over the page, because black and white only make other colours in a pattern."""
    assert sample.color is not None
    picture = drawn(document).resize((1, 1))
    seen = picture.getpixel((0, 0))
    assert isinstance(seen, tuple)
    loss = 16 if sample.format in {kinds.WEBP, kinds.HEIC, kinds.JPEG} or "-1-" in sample.name else 4
    assert all(abs(one - other) <= loss for one, other in zip(seen, sample.color, strict=True)), (sample.name, seen)


def text_of(document: bytes) -> str:
    opened = pypdfium2.PdfDocument(document)
    try:
        parts = []
        for number in range(len(opened)):
            page = opened[number]
            text = page.get_textpage()
            parts.append(text.get_text_range())
            text.close()
            page.close()
        return "\n".join(parts)
    finally:
        opened.close()
