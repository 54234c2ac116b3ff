"""Inspects texts: Word documents with python-docx, OpenDocument files of all kinds by their XML."""

import re
import zipfile
from pathlib import Path
from typing import Any

from sandbox.errors import Broken
from sandbox.inspection import Inspection, Section, Sheet
from sandbox.jail import package
from sandbox.jail.parts import attribute, count, local

_CHANGES = frozenset({"ins", "del", "moveFrom", "moveTo", "rPrChange", "pPrChange"})
_LENGTH = re.compile(r"([0-9.]+)(mm|cm|in|pt)\Z")
_UNITS = {"mm": 100.0, "cm": 1000.0, "in": 2540.0, "pt": 2540 / 72}
_MOST = 2_000
_DAMAGED = (LookupError, ValueError, TypeError, AttributeError, SyntaxError, AssertionError, *package.DAMAGED)


def survey(source: Path) -> Inspection:
    """Of a Word document in Open XML. Broken or TooLarge."""
    import docx  # noqa: PLC0415 - costs each worker's start what few documents need
    from docx.opc.exceptions import PackageNotFoundError  # noqa: PLC0415 - the same

    with package.opened(source) as archive:
        names = archive.namelist()
        body = package.read(archive, "word/document.xml")
        comments = count(package.read(archive, "word/comments.xml"), {"comment"})
        external = sum(
            package.read(archive, name).count(b'TargetMode="External"') for name in names if name.endswith(".rels")
        )
    changes = count(body, _CHANGES)
    try:
        sections = tuple(_section(one) for one in docx.Document(str(_as_document(source))).sections)[:_MOST]
    except (PackageNotFoundError, *_DAMAGED) as error:
        raise Broken(f"Word document: {type(error).__name__}: {error}") from error
    return Inspection(
        sections=sections,
        comments=comments,
        tracked_changes=changes,
        external_links=external,
        macros=any(name.endswith("vbaProject.bin") for name in names),
    )


def _as_document(source: Path) -> Path:
    """The file itself, or, since python-docx opens nothing else, a copy of it that calls itself a plain document."""
    wanted = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    with package.opened(source) as archive:
        types = package.read(archive, "[Content_Types].xml")
        if wanted.encode("ascii") in types:
            return source
        plain = re.sub(
            rb"application/vnd\.[\w.-]*(?:ms-word|wordprocessingml)\.[\w.]+\.main\+xml", wanted.encode("ascii"), types
        )
        copy = source.with_name("plain.docx")
        with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as target:
            for name in archive.namelist():
                if not name.endswith("/"):
                    target.writestr(name, plain if name == "[Content_Types].xml" else package.read(archive, name))
    return copy


def _section(section: Any) -> Section:
    def length(value: Any) -> int:
        return max(0, min(round(value.mm * 100), 2**30)) if value is not None else 0

    return Section(
        width=length(section.page_width),
        height=length(section.page_height),
        top=length(section.top_margin),
        right=length(section.right_margin),
        bottom=length(section.bottom_margin),
        left=length(section.left_margin),
    )


def open_document(source: Path) -> Inspection:
    """Of any OpenDocument file. Broken or TooLarge."""
    with package.opened(source) as archive:
        content = package.read(archive, "content.xml")
        styles = package.read(archive, "styles.xml")
        names = archive.namelist()
    if not content:
        raise Broken("an OpenDocument file without content")
    if package.is_locked(source):
        return Inspection()
    root = package.tree(content)
    hidden = _hidden_styles(root)
    tables = [element for element in root.iter() if local(element.tag) == "table"]
    spreadsheet = any(local(element.tag) == "spreadsheet" for element in root.iter())
    return Inspection(
        sheets=tuple(_sheet(table, hidden) for table in tables[:_MOST]) if spreadsheet else (),
        sections=_page_layouts(styles) if styles else (),
        slides=sum(local(e.tag) == "page" and "drawing" in str(e.tag) for e in root.iter()),
        comments=sum(local(element.tag) == "annotation" for element in root.iter()),
        tracked_changes=sum(local(element.tag) == "changed-region" for element in root.iter()),
        external_links=len(re.findall(rb'xlink:href="(?:https?|ftp|file|smb):', content)),
        macros=any(name.startswith(("Basic/", "Scripts/")) for name in names),
    )


def _hidden_styles(root: Any) -> set[str]:
    return {
        attribute(style, "name")
        for style in root.iter()
        if local(style.tag) == "style"
        for properties in style
        if local(properties.tag) == "table-properties" and attribute(properties, "display") == "false"
    }


def _sheet(table: Any, hidden: set[str]) -> Sheet:
    return Sheet(
        name=attribute(table, "name")[:100],
        hidden=attribute(table, "style-name") in hidden,
        print_area=attribute(table, "print-ranges")[:300],
    )


def _page_layouts(styles: bytes) -> tuple[Section, ...]:
    found = []
    for element in package.tree(styles).iter():
        if local(element.tag) == "page-layout-properties":
            width, height = (_hundredths(attribute(element, name)) for name in ("page-width", "page-height"))
            if width and height:
                margins = {side: _hundredths(attribute(element, f"margin-{side}")) for side in _SIDES}
                found.append(Section(width=width, height=height, **margins))
    return tuple(dict.fromkeys(found))[:_MOST]


_SIDES = ("top", "right", "bottom", "left")


def _hundredths(length: str) -> int:
    found = _LENGTH.match(length)
    try:
        return min(round(float(found[1]) * _UNITS[found[2]]), 2**30) if found else 0
    except (ValueError, OverflowError):
        return 0
