"""Compound files (MS-CFB): old office documents, Outlook messages, and new office documents under a password."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import olefile  # type: ignore[import-untyped]  # olefile ships no types

from sandbox import kinds
from sandbox.errors import Broken, FormatUnsupported, TooLarge

_MAX_STREAM = 64 * 2**20
_STREAMS = (
    ("EncryptedPackage", kinds.LOCKED),
    ("WordDocument", kinds.DOC),
    ("Workbook", kinds.XLS),
    ("Book", kinds.XLS),
    ("PowerPoint Document", kinds.PPT),
    ("__properties_version1.0", kinds.MSG),
)
_NAMED = (
    ("VisioDocument", "a Visio drawing: save it as PDF"),
    ("Quill", "a Publisher document: save it as PDF"),
    ("Contents", "a Publisher or Works document: save it as PDF"),
    ("!_StringData", "a Windows installer"),
)
_ENCRYPTED_WORD = 0x0100
"""fEncrypted in the flags of the File Information Block (MS-DOC section 2.5.2)."""


@contextmanager
def opened(path: Path) -> Iterator[olefile.OleFileIO]:
    """A compound file. Broken for one that is damaged; every error inside the block is its fault, too."""
    try:
        file = olefile.OleFileIO(str(path))
    except _ERRORS as error:
        raise Broken(f"compound file: {type(error).__name__}: {error}") from error
    try:
        yield file
    except _ERRORS as error:
        raise Broken(f"compound file: {type(error).__name__}: {error}") from error
    finally:
        file.close()


# OleFileError is an OSError without a number; what olefile does with broken numbers raises the others.
_ERRORS = (OSError, IndexError, KeyError, ValueError, TypeError, AttributeError, RecursionError, OverflowError)


def format_of(path: Path) -> str:
    """The format of a compound file. FormatUnsupported, with its name, for one that is not printed here; Broken."""
    with opened(path) as file:
        for name, found in _STREAMS:
            if file.exists(name):
                return found
        for name, label in _NAMED:
            if file.exists(name):
                raise FormatUnsupported(label)
    raise FormatUnsupported("a compound file that is no document of Word, Excel, PowerPoint or Outlook")


def is_locked(path: Path) -> bool:
    """Whether a compound file is under a password (a Word document's flag, or an encrypted package)."""
    with opened(path) as file:
        if file.exists("EncryptedPackage"):
            return True
        if not file.exists("WordDocument"):
            return False
        head = file.openstream("WordDocument").read(12)
        return len(head) == 12 and bool(int.from_bytes(head[10:12], "little") & _ENCRYPTED_WORD)


def read(file: olefile.OleFileIO, name: str | list[str]) -> bytes:
    """A stream's bytes, empty when there is none. TooLarge over 64 MiB."""
    if not file.exists(name):
        return b""
    if file.get_size(name) > _MAX_STREAM:
        raise TooLarge("a stream of a compound file", limit="bytes", allowed=_MAX_STREAM)
    data: bytes = file.openstream(name).read()
    return data
