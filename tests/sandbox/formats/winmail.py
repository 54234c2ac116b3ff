"""Writes winmail.dat as Outlook does (MS-OXTNEF), from its files, texts and mails."""

import struct
from collections.abc import Sequence

SIGNATURE = 0x223E9F78
MESSAGE = bytes.fromhex("0703020000000000c000000000000046")
STORAGE = bytes.fromhex("0b00000000000000c000000000000046")
LONG_NAME, HIDDEN, DATA, SUBJECT, HTML, INTERNET_CODEPAGE = 0x3707, 0x7FFE, 0x3701, 0x0037, 0x1013, 0x3FDE


def attribute(number: int, data: bytes, *, kind: int = 6, level: int = 1) -> bytes:
    return struct.pack("<BHHI", level, number, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def properties(values: Sequence[tuple[int, object]]) -> bytes:
    """A number is a LONG, True a BOOLEAN, text UNICODE, octets BINARY; (interface, octets) an OBJECT."""
    return struct.pack("<I", len(values)) + b"".join(_property(number, value) for number, value in values)


def _property(number: int, value: object) -> bytes:
    if isinstance(value, bool):
        return struct.pack("<HHHH", 0x000B, number, value, 0)
    if isinstance(value, int):
        return struct.pack("<HHI", 0x0003, number, value)
    if isinstance(value, str):
        return _long(0x001F, number, value.encode("utf-16-le") + b"\0\0")
    if isinstance(value, tuple):
        return _long(0x000D, number, b"".join(value))
    assert isinstance(value, bytes)
    return _long(0x0102, number, value)


def _long(kind: int, number: int, octets: bytes) -> bytes:
    head = struct.pack("<HH", kind, number)
    if number >= 0x8000:
        name = "keywords\0".encode("utf-16-le")
        head += bytes(16) + struct.pack("<II", 1, len(name)) + name + bytes(-len(name) % 4)
    return head + struct.pack("<II", 1, len(octets)) + octets + bytes(-len(octets) % 4)


def a_file(name: str, data: bytes, *more: tuple[int, object], title: str = "") -> bytes:
    """An attachment: its octets stand in an attribute of their own."""
    known = properties([(0x8001, "a name of its own"), (LONG_NAME, name), *more])
    return (
        attribute(0x9002, bytes(14), level=2)
        + attribute(0x8010, (title or name).encode("cp1252", "replace") + b"\0", kind=1, level=2)
        + attribute(0x800F, data, level=2)
        + attribute(0x9005, known, level=2)
    )


def an_object(name: str, interface: bytes, data: bytes) -> bytes:
    """An attachment whose octets are an object among its properties: a mail, or something of a program."""
    known = properties([(LONG_NAME, name), (DATA, (interface, data))])
    return attribute(0x9002, bytes(14), level=2) + attribute(0x9005, known, level=2)


def winmail(*files: bytes, text: str = "", html: bytes = b"", subject: str = "", codepage: int = 1252) -> bytes:
    parts = [attribute(0x9006, struct.pack("<I", 0x10000)), attribute(0x9007, struct.pack("<II", codepage, 0))]
    if text:
        parts.append(attribute(0x800C, text.encode("cp1252") + b"\0", kind=2))
    known: list[tuple[int, object]] = [(SUBJECT, subject), (INTERNET_CODEPAGE, 65001)]
    if html:
        known.append((HTML, html))
    parts.append(attribute(0x9003, properties(known)))
    return struct.pack("<IH", SIGNATURE, 1) + b"".join(parts) + b"".join(files)
