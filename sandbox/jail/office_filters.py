"""Which of LibreOffice's filters reads what. A filter that is named is the only one that gets to see the document.

Left to itself LibreOffice tries dozens of old and seldom-tested readers on anything. The names are those of its own
registry, German ones included.
"""

import codecs
from dataclasses import dataclass
from pathlib import Path

_OOXML = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"

GENERIC = "application/octet-stream"
"""Only LibreOffice can tell: an encrypted Office file shows nothing of what is in it."""
TEXT = "text/plain"
CSV = "text/csv"

_FILTERS = {
    "application/msword": "MS Word 97",
    f"{_OOXML}.wordprocessingml.document": "MS Word 2007 XML",
    f"{_OOXML}.wordprocessingml.template": "MS Word 2007 XML Template",
    "application/vnd.ms-word.document.macroEnabled.12": "MS Word 2007 XML VBA",
    "application/vnd.ms-word.template.macroEnabled.12": "MS Word 2007 XML Template",
    f"{_ODF}.text": "writer8",
    f"{_ODF}.text-template": "writer8_template",
    "application/rtf": "Rich Text Format",
    "text/rtf": "Rich Text Format",
    TEXT: "Text (encoded)",
    "text/html": "HTML (StarWriter)",
    "application/xhtml+xml": "HTML (StarWriter)",
    "application/vnd.ms-excel": "MS Excel 97",
    f"{_OOXML}.spreadsheetml.sheet": "Calc MS Excel 2007 XML",
    f"{_OOXML}.spreadsheetml.template": "Calc MS Excel 2007 XML Template",
    "application/vnd.ms-excel.sheet.macroEnabled.12": "Calc MS Excel 2007 VBA XML",
    "application/vnd.ms-excel.template.macroEnabled.12": "Calc MS Excel 2007 XML Template",
    "application/vnd.ms-excel.sheet.binary.macroEnabled.12": "Calc MS Excel 2007 Binary",
    f"{_ODF}.spreadsheet": "calc8",
    f"{_ODF}.spreadsheet-template": "calc8_template",
    CSV: "Text - txt - csv (StarCalc)",
    "application/vnd.ms-powerpoint": "MS PowerPoint 97",
    f"{_OOXML}.presentationml.presentation": "Impress MS PowerPoint 2007 XML",
    f"{_OOXML}.presentationml.slideshow": "Impress MS PowerPoint 2007 XML AutoPlay",
    f"{_OOXML}.presentationml.template": "Impress MS PowerPoint 2007 XML Template",
    "application/vnd.ms-powerpoint.presentation.macroEnabled.12": "Impress MS PowerPoint 2007 XML VBA",
    f"{_ODF}.presentation": "impress8",
    f"{_ODF}.presentation-template": "impress8_template",
    f"{_ODF}.graphics": "draw8",
    f"{_ODF}.graphics-template": "draw8_template",
}
# RFC 6838 section 4.2: media types are compared without regard to case.
_BY_TYPE = {media_type.lower(): name for media_type, name in _FILTERS.items()}
MEDIA_TYPES = frozenset(_FILTERS) | {GENERIC}

_HEAD = 256 * 1024
# Pairs of a column and its kind; 2 is text. A spreadsheet of this LibreOffice has that many columns.
_ALL_TEXT = "/".join(f"{column}/2" for column in range(1, 1025))
_SEPARATORS = ",;\t|"
_UTF8, _WINDOWS = "UTF8", "MS_1252"
# The numbers that the CSV filter knows the same character sets by.
_CSV_NUMBERS = {_UTF8: 76, _WINDOWS: 1}
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """A filter and its own options, both as LibreOffice's media descriptor has them; no name lets it choose."""

    name: str
    options: str = ""


def reader(media_type: str, path: Path) -> Reader | None:
    """The filter for a document whose format has been found by content; None for one that no filter is meant for.

    A text in UTF-16 is written anew in UTF-8.
    """
    if media_type == GENERIC:
        return Reader(name="")
    name = _BY_TYPE.get(media_type.lower())
    if name is None:
        return None
    if media_type in {TEXT, CSV} and _head(path).startswith(_UTF16_MARKS):
        _to_utf8(path)
    if media_type == TEXT:
        return Reader(name=name, options=f"{_charset(_head(path))},LF,,,")
    if media_type == CSV:
        return Reader(name=name, options=_csv_options(_head(path)))
    return Reader(name=name)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)


def _charset(head: bytes) -> str:
    """UTF-8 when it is valid, else what old Windows programs write."""
    try:
        # The head may end in the middle of a character.
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < _HEAD)
    except UnicodeDecodeError:
        return _WINDOWS
    return _UTF8


def _csv_options(head: bytes) -> str:
    """Separator, quote, character set, first line, kinds of columns: all text, so "007" and "=1+1" stay as they are."""
    charset = _charset(head)
    text = head.decode("utf-8" if charset == _UTF8 else "cp1252", "replace")
    lines = [line for line in text.splitlines()[:50] if line.strip()]
    # The separator that is on every line, and there most often.
    separator = max(
        _SEPARATORS, key=lambda mark: (min((line.count(mark) for line in lines), default=0), text.count(mark))
    )
    return f"{ord(separator)},34,{_CSV_NUMBERS[charset]},1,{_ALL_TEXT},0"


def _to_utf8(path: Path) -> None:
    anew = path.with_suffix(".utf8")
    with path.open(encoding="utf-16", errors="replace") as old, anew.open("w", encoding="utf-8") as new:
        while text := old.read(_HEAD):
            new.write(text)
    anew.replace(path)
