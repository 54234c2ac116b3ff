"""The stamps' font: measured, cut down to what is used, and still a font that others read."""

import struct
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageFont

from sandbox.jail import font
from sandbox.jail.font import Font, standard

_HEADER = 12


def test_text_is_as_wide_as_freetype_says() -> None:
    text = "Ärger, 12 ½ Ω ﬁ"
    drawn = ImageFont.truetype(
        "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 1000, layout_engine=ImageFont.Layout.BASIC
    )
    plain = sum(drawn.getlength(character) for character in text)
    assert standard().length(text) * 1000 == pytest.approx(plain, rel=0.01)


def test_an_unknown_character_is_a_box_and_never_an_error() -> None:
    assert standard().glyphs("漢\U0001f5a8") == [0, 0]
    assert 0 not in standard().glyphs("Az09 äß€")


@settings(max_examples=30, deadline=None)
@given(text=st.text(st.characters(min_codepoint=32, max_codepoint=0x24F), min_size=1, max_size=30))
def test_a_subset_has_the_same_outlines_under_the_same_numbers(text: str) -> None:
    whole = standard()
    glyphs = whole.glyphs(text)
    cut = whole.subset(glyphs)
    assert len(cut) < 60_000
    # A subset has no names of characters: the glyphs are compared as the file holds them.
    again = _outlines(cut)
    full = {glyph: whole._outline(glyph) for glyph in glyphs}
    assert {glyph: again[glyph][: len(full[glyph])] for glyph in glyphs} == full


def _outlines(data: bytes) -> list[bytes]:
    tables = font._tables(data)
    count = len(tables["loca"]) // 4
    places = struct.unpack(f">{count}I", tables["loca"])
    return [tables["glyf"][start:end] for start, end in pairwise(places)]


def test_an_accented_letter_brings_its_parts() -> None:
    whole = standard()
    [glyph] = whole.glyphs("Ǻ")
    parts = font._components(whole._outline(glyph))
    outlines = _outlines(whole.subset([glyph]))
    assert parts
    assert all(outlines[part] for part in parts)


def test_checksums_add_up() -> None:
    data = standard().subset(standard().glyphs("abc"))
    for number in range(struct.unpack_from(">H", data, 4)[0]):
        _, checksum, offset, length = struct.unpack_from(">4sIII", data, _HEADER + 16 * number)
        body = data[offset : offset + length] + bytes(-length % 4)
        assert sum(struct.unpack(f">{len(body) // 4}I", body)) & 0xFFFFFFFF == checksum


def test_the_older_table_of_characters_is_read_too() -> None:
    """Format 4 by hand: A and B by a delta, a and b by a list of glyphs of which b has none."""
    ends, starts = (0x42, 0x62, 0xFFFF), (0x41, 0x61, 0xFFFF)
    deltas, offsets = (0x10000 - 0x41 + 5, 0, 1), (0, 4, 0)
    body = struct.pack(">3H", *ends) + bytes(2) + struct.pack(">3H3H3H", *starts, *deltas, *offsets)
    body += struct.pack(">2H", 9, 0)
    table = struct.pack(">7H", 4, 14 + len(body), 0, 6, 4, 1, 2) + body
    cmap = struct.pack(">HHHHI", 0, 1, 3, 1, 12) + table
    assert font._characters(cmap) == {0x41: 5, 0x42: 6, 0x61: 9}


@pytest.mark.parametrize("data", [b"", b"OTTO" + bytes(20), bytes(100), b"\x00\x01\x00\x00\xff\xff" + bytes(20)])
def test_what_is_no_font_is_an_error(data: bytes) -> None:
    with pytest.raises((ValueError, struct.error, KeyError)):
        Font(data)
