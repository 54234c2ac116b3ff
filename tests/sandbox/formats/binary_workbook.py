"""Writes Excel's binary workbooks (MS-XLSB): packages whose parts are records. No library writes them."""

import io
import struct
import zipfile
from collections.abc import Sequence

_BEGIN_BOOK, _END_BOOK = 131, 132
_BEGIN_SHEETS, _END_SHEETS, _SHEET = 143, 144, 156
_BEGIN_SHEET, _END_SHEET = 129, 130
_BEGIN_DATA, _END_DATA, _ROW = 145, 146, 0
_NUMBER, _TEXT = 5, 6

_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_EXCEL = "application/vnd.ms-excel"

Cell = str | float


def xlsb(sheets: dict[str, Sequence[Sequence[Cell]]]) -> bytes:
    """A workbook with these sheets of rows of texts and numbers."""
    numbers = range(1, len(sheets) + 1)
    parts = {
        "[Content_Types].xml": (
            f'<?xml version="1.0"?><Types xmlns="{_TYPES}"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.bin" ContentType="{_EXCEL}.sheet.binary.macroEnabled.main"/>'
            + "".join(
                f'<Override PartName="/xl/worksheets/sheet{n}.bin" ContentType="{_EXCEL}.worksheet"/>' for n in numbers
            )
            + "</Types>"
        ).encode(),
        "_rels/.rels": _relations({"rId1": ("officeDocument", "xl/workbook.bin")}),
        "xl/workbook.bin": _workbook(list(sheets)),
        "xl/_rels/workbook.bin.rels": _relations(
            {f"rId{n}": ("worksheet", f"worksheets/sheet{n}.bin") for n in numbers}
        ),
    }
    parts |= {f"xl/worksheets/sheet{n}.bin": _sheet(rows) for n, rows in enumerate(sheets.values(), 1)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return buffer.getvalue()


def _relations(targets: dict[str, tuple[str, str]]) -> bytes:
    listed = "".join(
        f'<Relationship Id="{name}" Type="{_RELATION}/{kind}" Target="{target}"/>'
        for name, (kind, target) in targets.items()
    )
    return f'<?xml version="1.0"?><Relationships xmlns="{_RELATIONS}">{listed}</Relationships>'.encode()


def _workbook(names: list[str]) -> bytes:
    listed = b"".join(
        _record(_SHEET, struct.pack("<II", 0, number) + _wide(f"rId{number}") + _wide(name))
        for number, name in enumerate(names, 1)
    )
    return _record(_BEGIN_BOOK) + _record(_BEGIN_SHEETS) + listed + _record(_END_SHEETS) + _record(_END_BOOK)


def _sheet(rows: Sequence[Sequence[Cell]]) -> bytes:
    made = [_record(_BEGIN_SHEET), _record(_BEGIN_DATA)]
    for number, row in enumerate(rows):
        # MS-XLSB section 2.4.720: row, style, height in twentieths of a point, flags, no spans of columns.
        made.append(_record(_ROW, struct.pack("<IIH3xI", number, 0, 300, 0)))
        for column, value in enumerate(row):
            place = struct.pack("<II", column, 0)
            if isinstance(value, str):
                made.append(_record(_TEXT, place + _wide(value)))
            else:
                made.append(_record(_NUMBER, place + struct.pack("<d", value)))
    return b"".join([*made, _record(_END_DATA), _record(_END_SHEET)])


def _record(kind: int, data: bytes = b"") -> bytes:
    """MS-XLSB section 2.1.4: the kind in one or two octets, the size in up to four, seven bits in each."""
    return _sevens(kind) + _sevens(len(data)) + data


def _sevens(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")
