"""Looks into ZIP files before anything is unpacked: what they are, whether they are a bomb, and single small members."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from defusedxml import ElementTree as SafeTree  # type: ignore[import-untyped]  # defusedxml ships no types
from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]  # defusedxml ships no types

from sandbox import kinds
from sandbox.errors import Broken, Encrypted, FormatUnsupported, TooLarge

_MAX_ENTRIES = 20_000
_MAX_RATIO = 400
_RATIO_FROM = 8 * 2**20
"""Below this size a member may shrink as far as it likes: an empty sheet's XML does."""
MAX_UNPACKED = 1024 * 2**20
_MAX_MEMBER = 64 * 2**20
_MAX_NAME = 512

_MAIN_PARTS = (
    ("wordprocessingml.document.main+xml", kinds.DOCX),
    ("ms-word.document.macroEnabled.main+xml", kinds.DOCM),
    ("wordprocessingml.template.main+xml", kinds.DOTX),
    ("ms-word.template.macroEnabledTemplate.main+xml", kinds.DOTM),
    ("spreadsheetml.sheet.main+xml", kinds.XLSX),
    ("spreadsheetml.template.main+xml", kinds.XLTX),
    ("ms-excel.sheet.macroEnabled.main+xml", kinds.XLSM),
    ("ms-excel.template.macroEnabled.main+xml", kinds.XLTM),
    ("ms-excel.sheet.binary.macroEnabled.main", kinds.XLSB),
    ("presentationml.presentation.main+xml", kinds.PPTX),
    ("presentationml.template.main+xml", kinds.POTX),
    ("ms-powerpoint.presentation.macroEnabled.main+xml", kinds.PPTM),
    ("ms-powerpoint.slideshow.macroEnabled.main+xml", kinds.PPTM),
    ("presentationml.slideshow.main+xml", kinds.PPSX),
)
_MIMETYPES = {*kinds.OPEN_DOCUMENT, kinds.EPUB}
_NAMED = (
    ("Index/Document.iwa", "a Pages, Numbers or Keynote document: export it as PDF"),
    ("visio/document.xml", "a Visio drawing: save it as PDF"),
    ("META-INF/MANIFEST.MF", "a Java program"),
    ("AndroidManifest.xml", "an Android program"),
)
_ENCRYPTED_FLAG = 0x1


DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, EOFError, RuntimeError)
"""What reading a member of a damaged file raises."""


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """A ZIP file that has passed the checks. Broken, TooLarge; FormatUnsupported when it is none at all."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise FormatUnsupported(f"a damaged ZIP file or office document ({error})") from error
    with archive:
        _check(archive)
        try:
            yield archive
        except DAMAGED as error:
            raise Broken(f"{type(error).__name__}: {error}") from error


def _check(archive: zipfile.ZipFile) -> None:
    """Sizes as the directory states them; a member that inflates to more than it states is cut off when it is read."""
    entries = archive.infolist()
    if len(entries) > _MAX_ENTRIES:
        raise TooLarge(f"{len(entries)} entries in a ZIP file", limit="bytes", allowed=_MAX_ENTRIES)
    seen: set[str] = set()
    total = 0
    for entry in entries:
        name = entry.filename
        if len(name) > _MAX_NAME or name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/"):
            raise Broken("a name inside the file leads out of it")
        if entry.external_attr >> 28 == 0xA:
            raise Broken("a link inside the file")
        if name in seen:
            raise Broken("two parts of the file have one name")
        seen.add(name)
        total += entry.file_size
        if entry.file_size > _RATIO_FROM and entry.file_size > _MAX_RATIO * max(entry.compress_size, 1):
            raise TooLarge(f"a part shrunk over {_MAX_RATIO} times", limit="bytes", allowed=MAX_UNPACKED)
    if total > MAX_UNPACKED:
        raise TooLarge(f"{total} bytes unpacked", limit="bytes", allowed=MAX_UNPACKED)
    _apart(entries)


def _apart(entries: list[zipfile.ZipInfo]) -> None:
    """Broken when two members share their bytes: so a small file could unpack to any size."""
    end = -1
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < end:
            raise Broken("parts of the file lie over one another")
        end = entry.header_offset + 30 + len(entry.filename) + entry.compress_size


def read(archive: zipfile.ZipFile, name: str, limit: int = _MAX_MEMBER) -> bytes:
    """A member of at most `limit` bytes, empty when there is none. TooLarge over it; Encrypted under a password."""
    try:
        entry = archive.getinfo(name)
    except KeyError:
        return b""
    if entry.flag_bits & _ENCRYPTED_FLAG:
        raise Encrypted("a member of the ZIP file")
    with archive.open(entry) as member:
        data = member.read(limit + 1)
    if len(data) > limit:
        raise TooLarge(f"a part of over {limit} bytes", limit="bytes", allowed=limit)
    return data


def format_of(path: Path) -> str:
    """The format of an office document, book or XPS. FormatUnsupported for any other ZIP, Encrypted, Broken, TooLarge."""
    with opened(path) as archive:
        names = set(archive.namelist())
        if "mimetype" in names:
            found = _by_mimetype(archive)
            if found is not None:
                return found
        if "[Content_Types].xml" in names:
            return _by_content_types(archive, names)
        for name, label in _NAMED:
            if name in names:
                raise FormatUnsupported(label)
        if "word/document.xml" in names or "xl/workbook.xml" in names:
            raise Broken("an office document without its list of parts")
        raise FormatUnsupported("a ZIP archive, not an office document: unpack it first and send the files in it")


def tree(data: bytes) -> "SafeTree.Element":
    """XML without entities, document types or references outside. Broken when it is anything else."""
    try:
        return SafeTree.fromstring(data, forbid_dtd=True)
    except (DefusedXmlException, SyntaxError, ValueError, LookupError, RecursionError) as error:
        raise Broken(f"XML: {type(error).__name__}: {error}") from error


def _by_mimetype(archive: zipfile.ZipFile) -> str | None:
    stated = read(archive, "mimetype", 200).strip().decode("ascii", "replace")
    if stated not in _MIMETYPES:
        if stated.startswith("application/vnd.oasis.opendocument"):
            raise FormatUnsupported("an OpenDocument chart, formula or database: save it as PDF")
        return None
    return stated


def is_locked(path: Path) -> bool:
    """Whether an OpenDocument file says in its manifest that its parts are encrypted."""
    with opened(path) as archive:
        return b"encryption-data" in read(archive, "META-INF/manifest.xml")


def _by_content_types(archive: zipfile.ZipFile, names: set[str]) -> str:
    root = tree(read(archive, "[Content_Types].xml", 4 * 2**20))
    types = [element.get("ContentType", "") for element in root.iter()]
    for suffix, found in _MAIN_PARTS:
        if any(stated.endswith(suffix) for stated in types):
            return found
    if any(name.lower().endswith(".fdseq") for name in names):
        open_xps = b"openxps" in read(archive, "_rels/.rels", 2**20)
        return kinds.OXPS if open_xps else kinds.XPS
    if "visio/document.xml" in names:
        raise FormatUnsupported("a Visio drawing: save it as PDF")
    raise FormatUnsupported("a package of parts that is no document of Word, Excel or PowerPoint")
