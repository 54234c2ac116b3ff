"""Skims an office document for what people choose of it: sheets, hidden ones, print areas, comments, tracked changes.

It is read before every conversion, so small parts are parsed and large ones searched by pattern; `survey` takes its time
and tells more. A part that is damaged or too large tells nothing here: the conversion says what is wrong with it.

    BIFF8 record  type u16, length u16; BOUNDSHEET (0x0085): place u32, hidden u8, kind u8, length u8, wide u8, name
    BIFF12 record type and length in 7 bits a byte; BrtBundleSh (156): hidden u32, id u32, relation and name as wide text
"""

import re
import struct
import zipfile
from collections.abc import Iterable, Iterator
from html import unescape
from pathlib import Path

from sandbox import kinds
from sandbox.errors import Broken, TooLarge
from sandbox.inspection import Inspection, Sheet
from sandbox.jail import compound, package
from sandbox.jail.parts import attribute, local

_MOST = 2_000
_MAX_BOOK = 4 * 2**20
_MAX_TEXT = 16 * 2**20
_HEAD = 4096
_BOUNDSHEET, _EOF, _BUNDLE = 0x0085, 0x000A, 156

_COMMENT = re.compile(rb"<(?:\w+:)?comment[ >]")
_CHANGE = re.compile(rb"<w:(?:ins|del|moveFrom|moveTo)[ >/]")
_HIDDEN_SLIDE = re.compile(rb"<(?:\w+:)?sld[ >][^>]*\bshow=\"(?:0|false)\"")
_SLIDE = re.compile(r"ppt/slides/slide\d+\.xml\Z")
_TABLE = re.compile(rb"<table:table [^>]*>")
_TABLE_STYLE = re.compile(rb'<style:style [^>]*style:family="table"[^>]*>.*?</style:style>', re.DOTALL)
_NAMED = {name: re.compile(rb'\b%s="([^"]*)"' % name.encode()) for name in (
    "table:name", "table:style-name", "table:print-ranges", "style:name"
)}  # fmt: skip


def skim(source: Path, archive: zipfile.ZipFile | None, kind: str) -> Inspection:
    """`archive` is the opened package of a format that is one."""
    try:
        if archive is None:
            return Inspection(sheets=tuple(_old_sheets(source))) if kind == kinds.XLS else Inspection()
        names = archive.namelist()
        if kind in kinds.OPEN_DOCUMENT:
            return _open_document(archive, names)
        if "xl/workbook.xml" in names or "xl/workbook.bin" in names:
            return _workbook(archive, names)
        return _word(archive, names) if "word/document.xml" in names else _slides(archive, names)
    except (Broken, TooLarge, struct.error, ValueError, LookupError):
        return Inspection()


def has_macros(names: Iterable[str]) -> bool:
    return any(name.endswith("vbaProject.bin") or name.startswith(("Basic/", "Scripts/")) for name in names)


def _word(archive: zipfile.ZipFile, names: list[str]) -> Inspection:
    return Inspection(
        comments=len(_COMMENT.findall(_part(archive, "word/comments.xml"))),
        tracked_changes=len(_CHANGE.findall(_part(archive, "word/document.xml"))),
        macros=has_macros(names),
    )


def _slides(archive: zipfile.ZipFile, names: list[str]) -> Inspection:
    slides = [name for name in names if _SLIDE.match(name)]
    return Inspection(
        slides=len(slides),
        hidden_slides=sum(_HIDDEN_SLIDE.search(_head(archive, name)) is not None for name in slides),
        macros=has_macros(names),
    )


def _workbook(archive: zipfile.ZipFile, names: list[str]) -> Inspection:
    notes = [name for name in names if name.startswith("xl/comments") and name.endswith(".xml")]
    binary = "xl/workbook.bin" in names
    sheets = _binary_sheets(archive) if binary else _sheets(archive)
    return Inspection(
        sheets=tuple(sheets),
        comments=sum(len(_COMMENT.findall(_part(archive, name))) for name in notes[:_MOST]),
        external_links=sum("externalLinks/" in name and name.endswith((".xml", ".bin")) for name in names),
        macros=has_macros(names),
    )


def _sheets(archive: zipfile.ZipFile) -> list[Sheet]:
    root = package.tree(package.read(archive, "xl/workbook.xml", _MAX_BOOK))
    areas = {
        attribute(one, "localSheetId"): one.text or ""
        for one in root.iter()
        if local(one.tag) == "definedName" and attribute(one, "name") == "_xlnm.Print_Area"
    }
    found = [one for one in root.iter() if local(one.tag) == "sheet"]
    return [
        Sheet(
            name=attribute(one, "name")[:100],
            hidden=attribute(one, "state") in {"hidden", "veryHidden"},
            print_area=_area(areas.get(str(place), "")),
        )
        for place, one in enumerate(found[:_MOST])
    ]


def _area(named: str) -> str:
    """Without the sheet's own name before each range."""
    return ",".join(part.rpartition("!")[2] for part in named.replace("$", "").split(","))[:300]


def _binary_sheets(archive: zipfile.ZipFile) -> Iterator[Sheet]:
    data = package.read(archive, "xl/workbook.bin", _MAX_BOOK)
    place, found = 0, 0
    while place < len(data) and found < _MOST:
        kind, place = _packed(data, place, 2)
        length, place = _packed(data, place, 4)
        if kind == _BUNDLE:
            (hidden,) = struct.unpack_from("<I", data, place)
            _, after = _wide(data, place + 8)
            name, _ = _wide(data, after)
            found += 1
            yield Sheet(name=name[:100], hidden=hidden != 0)
        place += length


def _packed(data: bytes, place: int, most: int) -> tuple[int, int]:
    """A number in 7 bits a byte, and the place after it."""
    value = 0
    for number in range(most):
        byte = data[place + number]
        value |= (byte & 0x7F) << (7 * number)
        if byte < 0x80:
            return value, place + number + 1
    return value, place + most


def _wide(data: bytes, place: int) -> tuple[str, int]:
    """A text of counted UTF-16 units, and the place after it."""
    (count,) = struct.unpack_from("<I", data, place)
    end = place + 4 + 2 * min(count, 1024)
    return data[place + 4 : end].decode("utf-16-le", "replace"), end


def _old_sheets(source: Path) -> Iterator[Sheet]:
    with compound.opened(source) as file:
        data = compound.read(file, "Workbook") or compound.read(file, "Book")
    place, found = 0, 0
    while place + 4 <= len(data) and found < _MOST:
        kind, length = struct.unpack_from("<HH", data, place)
        place += 4
        if kind == _EOF:
            # The end of the globals; the sheets themselves follow.
            return
        if kind == _BOUNDSHEET and length >= 8:
            _, hidden, _, count, wide = struct.unpack_from("<IBBBB", data, place)
            text = data[place + 8 : place + length]
            name = text[: 2 * count].decode("utf-16-le", "replace") if wide & 1 else text[:count].decode("latin-1")
            found += 1
            yield Sheet(name=name[:100], hidden=hidden & 3 != 0)
        place += length


def _open_document(archive: zipfile.ZipFile, names: list[str]) -> Inspection:
    content = _part(archive, "content.xml")
    sheets: tuple[Sheet, ...] = ()
    if b"<office:spreadsheet" in content:
        hidden = {
            _value("style:name", style) for style in _TABLE_STYLE.findall(content) if b'table:display="false"' in style
        }
        # LibreOffice writes the sheets of linked files among its own, with the file in front.
        own = (one for one in _TABLE.findall(content) if not _value("table:name", one).startswith("'file:"))
        sheets = tuple(_table(one, hidden) for one, _ in zip(own, range(_MOST), strict=False))
    return Inspection(
        sheets=sheets,
        slides=content.count(b"<draw:page "),
        comments=len(re.findall(rb"<office:annotation[ >]", content)),
        tracked_changes=content.count(b"<text:changed-region"),
        macros=has_macros(names),
    )


def _table(element: bytes, hidden: set[str]) -> Sheet:
    return Sheet(
        name=_value("table:name", element)[:100],
        hidden=_value("table:style-name", element) in hidden,
        print_area=_value("table:print-ranges", element)[:300],
    )


def _value(name: str, element: bytes) -> str:
    found = _NAMED[name].search(element)
    return unescape(found[1].decode("utf-8", "replace")) if found else ""


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        return package.read(archive, name, _MAX_TEXT)
    except TooLarge:
        return b""


def _head(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        return member.read(_HEAD)
