"""A TrueType font for stamps: measures text and gives a PDF just the glyphs that it uses.

Text becomes numbers of glyphs here, so that no text of a user's ever stands in a content stream.

    offset table   version u32, tables u16, 6 bytes    each table: tag 4, checksum u32, offset u32, length u32
    cmap           version u16, subtables u16          each: platform u16, encoding u16, offset u32
      format 4     segments*2 at 6; ends from 14, then 2 bytes, starts, deltas, offsets (u16 each)
      format 12    groups u32 at 12; each: first u32, last u32, glyph u32
    glyf           contours i16, box 4*i16; contours < 0: components of flags u16, glyph u16, arguments
"""

import struct
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

from sandbox.errors import Crashed

_PLACES = (
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
    Path("/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf"),
    Path("/usr/share/fonts/truetype/liberation2/LiberationSans-Regular.ttf"),
)
_KEPT = ("cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep")
_ARGS_ARE_WORDS, _HAS_SCALE, _MORE, _HAS_XY_SCALE, _HAS_MATRIX = 0x1, 0x8, 0x20, 0x40, 0x80
_BLOCK = 100


class Font:
    """One font file, read once. ValueError or struct.error for a file that is none."""

    def __init__(self, data: bytes) -> None:
        self._tables = _tables(data)
        head, hhea = self._tables["head"], self._tables["hhea"]
        self._em: int = struct.unpack_from(">H", head, 18)[0]
        self.box = tuple(1000 * value // self._em for value in struct.unpack_from(">4h", head, 36))
        self.ascent, self.descent = (1000 * value // self._em for value in struct.unpack_from(">2h", hhea, 4))
        self._glyph_count: int = struct.unpack_from(">H", self._tables["maxp"], 4)[0]
        self._measured: int = struct.unpack_from(">H", hhea, 34)[0]
        self._glyph_of = _characters(self._tables["cmap"])
        long = struct.unpack_from(">h", head, 50)[0] == 1
        count = self._glyph_count + 1
        places = struct.unpack_from(f">{count}{'I' if long else 'H'}", self._tables["loca"])
        self._places = places if long else tuple(2 * place for place in places)

    def glyphs(self, text: str) -> list[int]:
        """The number of each character's glyph; 0, an empty box, where the font has none."""
        return [self._glyph_of.get(ord(character), 0) for character in text]

    def width(self, glyph: int) -> int:
        """In thousandths of the font's size."""
        place = 4 * min(glyph, self._measured - 1)
        return int(struct.unpack_from(">H", self._tables["hmtx"], place)[0]) * 1000 // self._em

    def length(self, text: str) -> float:
        """The width of a text in units of the font's size."""
        return sum(self.width(glyph) for glyph in self.glyphs(text)) / 1000

    def embed(self, pdf: Pdf, texts: Iterable[str]) -> pikepdf.Object:
        """A font object that shows these texts, and by which a reader finds their characters again."""
        used = {glyph: character for text in texts for character, glyph in zip(text, self.glyphs(text), strict=True)}
        file = self.subset(used)
        descriptor = Dictionary(
            Type=Name.FontDescriptor,
            FontName=Name("/STAMPS+Sans"),
            Flags=4,
            FontBBox=Array(list(self.box)),
            ItalicAngle=0,
            Ascent=self.ascent,
            Descent=self.descent,
            CapHeight=self.ascent,
            StemV=80,
            FontFile2=pdf.make_indirect(pikepdf.Stream(pdf, file, Length1=len(file))),
        )
        widths: list[object] = []
        for glyph in sorted(used):
            widths += [glyph, Array([self.width(glyph)])]
        descendant = Dictionary(
            Type=Name.Font,
            Subtype=Name.CIDFontType2,
            BaseFont=Name("/STAMPS+Sans"),
            CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
            CIDToGIDMap=Name.Identity,
            W=Array(widths),
            FontDescriptor=pdf.make_indirect(descriptor),
        )
        return pdf.make_indirect(
            Dictionary(
                Type=Name.Font,
                Subtype=Name.Type0,
                BaseFont=Name("/STAMPS+Sans"),
                Encoding=Name("/Identity-H"),
                DescendantFonts=Array([pdf.make_indirect(descendant)]),
                ToUnicode=pdf.make_stream(_to_unicode(used)),
            )
        )

    def subset(self, glyphs: Iterable[int]) -> bytes:
        """The font file with these glyphs alone, under the same numbers."""
        wanted = self._with_components({0, *glyphs})
        count = max(wanted) + 1
        outlines, places = bytearray(), [0]
        for glyph in range(count):
            if glyph in wanted:
                outlines += self._outline(glyph)
                outlines += bytes(-len(outlines) % 4)
            places.append(len(outlines))
        measured = min(self._measured, count)
        tables = {tag: self._tables[tag] for tag in _KEPT if tag in self._tables}
        rest = self._tables["hmtx"][4 * self._measured :][: 2 * (count - measured)]
        tables["glyf"] = bytes(outlines)
        tables["loca"] = struct.pack(f">{len(places)}I", *places)
        tables["hmtx"] = self._tables["hmtx"][: 4 * measured] + rest
        tables["head"] = _patched(tables["head"], 50, 1)
        tables["hhea"] = _patched(tables["hhea"], 34, measured)
        tables["maxp"] = _patched(tables["maxp"], 4, count)
        return _file(tables)

    def _outline(self, glyph: int) -> bytes:
        return self._tables["glyf"][self._places[glyph] : self._places[glyph + 1]]

    def _with_components(self, glyphs: set[int]) -> set[int]:
        """The glyphs and those that they are put together from."""
        found: set[int] = set()
        waiting = list(glyphs)
        while waiting:
            glyph = waiting.pop()
            if glyph not in found and glyph < self._glyph_count:
                found.add(glyph)
                waiting += _components(self._outline(glyph))
        return found


@cache
def standard() -> Font:
    """The machine's own font for stamps. Crashed when it has none."""
    for path in _PLACES:
        if path.exists():
            return Font(path.read_bytes())
    raise Crashed("no font for stamps: neither fonts-dejavu-core nor fonts-liberation is installed")


def _tables(data: bytes) -> dict[str, bytes]:
    version, count = struct.unpack_from(">IH", data)
    if version not in {0x00010000, 0x74727565}:
        raise ValueError("not a TrueType font at offset 0")
    found = {}
    for number in range(count):
        tag, _, offset, length = struct.unpack_from(">4sIII", data, 12 + 16 * number)
        found[tag.decode("latin-1")] = data[offset : offset + length]
    return found


def _characters(cmap: bytes) -> dict[int, int]:
    """From characters to glyphs, by the widest table for Unicode."""
    offsets = {}
    for number in range(struct.unpack_from(">H", cmap, 2)[0]):
        platform, encoding, offset = struct.unpack_from(">HHI", cmap, 4 + 8 * number)
        offsets[platform, encoding] = offset
    for key in ((3, 10), (0, 4), (3, 1), (0, 3)):
        if key in offsets:
            table = cmap[offsets[key] :]
            kind = struct.unpack_from(">H", table)[0]
            return _segments(table) if kind == 4 else _groups(table)
    raise ValueError("a font without a table for Unicode")


def _groups(table: bytes) -> dict[int, int]:
    found: dict[int, int] = {}
    for number in range(struct.unpack_from(">I", table, 12)[0]):
        first, last, glyph = struct.unpack_from(">III", table, 16 + 12 * number)
        found.update((code, glyph + code - first) for code in range(first, last + 1))
    return found


def _segments(table: bytes) -> dict[int, int]:
    count = struct.unpack_from(">H", table, 6)[0] // 2
    ends, starts, deltas, offsets = (
        struct.unpack_from(f">{count}H", table, 14 + 2 * count * part + (2 if part else 0)) for part in range(4)
    )
    found: dict[int, int] = {}
    for number in range(count):
        for code in range(starts[number], min(ends[number], 0xFFFE) + 1):
            glyph = code
            if offsets[number]:
                place = 16 + 6 * count + 2 * number + offsets[number] + 2 * (code - starts[number])
                glyph = struct.unpack_from(">H", table, place)[0]
                if glyph == 0:
                    continue
            found[code] = (glyph + deltas[number]) & 0xFFFF
    return found


def _components(outline: bytes) -> list[int]:
    if len(outline) < 10 or struct.unpack_from(">h", outline)[0] >= 0:
        return []
    found, place, flags = [], 10, _MORE
    while flags & _MORE:
        flags, glyph = struct.unpack_from(">HH", outline, place)
        found.append(glyph)
        place += 4 + (4 if flags & _ARGS_ARE_WORDS else 2)
        place += 2 if flags & _HAS_SCALE else 4 if flags & _HAS_XY_SCALE else 8 if flags & _HAS_MATRIX else 0
    return found


def _patched(table: bytes, offset: int, value: int) -> bytes:
    return table[:offset] + struct.pack(">H", value) + table[offset + 2 :]


def _file(tables: Mapping[str, bytes]) -> bytes:
    count = len(tables)
    power = 1 << (count.bit_length() - 1)
    header = struct.pack(">IHHHH", 0x00010000, count, 16 * power, power.bit_length() - 1, 16 * (count - power))
    place = len(header) + 16 * count
    directory, bodies = bytearray(), bytearray()
    for tag in sorted(tables):
        body = tables[tag] + bytes(-len(tables[tag]) % 4)
        checksum = sum(struct.unpack(f">{len(body) // 4}I", body)) & 0xFFFFFFFF
        directory += struct.pack(">4sIII", tag.encode("latin-1"), checksum, place + len(bodies), len(tables[tag]))
        bodies += body
    return header + bytes(directory) + bytes(bodies)


def _to_unicode(used: Mapping[int, str]) -> bytes:
    lines = [f"<{glyph:04x}> <{character.encode('utf-16-be').hex()}>" for glyph, character in sorted(used.items())]
    blocks = [lines[start : start + _BLOCK] for start in range(0, len(lines), _BLOCK)]
    mapped = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n/CMapName /Stamps def\n"
        "/CMapType 2 def\n1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n"
        f"{mapped}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")
