"""Reads winmail.dat, in which Outlook packs what it sends as "rich text" (MS-OXTNEF): its files, its text, mails in it.

A stream is a signature and a key, then attributes until its end:

    u8 level (1 message, 2 attachment) | u16 number | u16 type | u32 length | octets | u16 checksum

Two of them hold lists of MAPI properties, of which each begins with u16 type and u16 number, padded to four octets.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.errors import Broken, TooLarge
from sandbox.jail import prose

_SIGNATURE = 0x223E9F78
_HEADER = struct.Struct("<BHHI")
_BODY, _ATTACH_DATA, _ATTACH_TITLE = 0x800C, 0x800F, 0x8010
_ATTACH_BEGIN, _MESSAGE_PROPERTIES, _ATTACH_PROPERTIES, _CODEPAGE = 0x9002, 0x9003, 0x9005, 0x9007
_MAX_ATTRIBUTES = 20_000
_MAX_PROPERTIES = 20_000
_MAX_NESTED = 5

# Properties (MS-OXPROPS)
_SUBJECT, _TEXT, _HTML, _INTERNET_CODEPAGE = 0x0037, 0x1000, 0x1013, 0x3FDE
_SHORT_NAME, _LONG_NAME, _SHOWN_NAME, _DATA, _FLAGS, _HIDDEN = 0x3704, 0x3707, 0x3001, 0x3701, 0x3714, 0x7FFE
_SHOWN_IN_TEXT = 4  # of the flags
_STRING, _WIDE, _OBJECT, _BINARY = 0x001E, 0x001F, 0x000D, 0x0102
_FIXED = {2: 2, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0x0A: 4, 0x0B: 2, 0x14: 8, 0x40: 8, 0x48: 16}
_SEVERAL, _NAMED = 0x1000, 0x8000
_IDENTIFIER = 16  # octets in front of an object: which interface it has
_MESSAGE = bytes.fromhex("0703020000000000c000000000000046")


@dataclass(frozen=True, kw_only=True, slots=True)
class Packed:
    """One file; `message` is set for a mail that was attached as one."""

    name: str
    data: bytes = b""
    inline: bool = False
    message: "Contents | None" = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What is in a winmail.dat. A text that it has as RTF alone is not among it."""

    subject: str = ""
    text: str = ""
    html: str = ""
    files: tuple[Packed, ...] = ()


@dataclass(kw_only=True, slots=True)
class _File:
    title: bytes = b""
    data: bytes = b""
    properties: dict[int, bytes | str] = field(default_factory=dict)


def contents(data: bytes, depth: int = 0) -> Contents:
    """Broken for what is none, or ends too early; TooLarge past many attributes or mails in mails."""
    if depth > _MAX_NESTED:
        raise TooLarge("mails in a winmail.dat", limit="bytes", allowed=_MAX_NESTED)
    try:
        return _contents(data, depth)
    except struct.error as error:
        raise Broken(f"winmail.dat: {error}") from error


def _contents(data: bytes, depth: int) -> Contents:
    codec, body = "cp1252", b""
    properties: dict[int, bytes | str] = {}
    files: list[_File] = []
    for number, value in _attributes(data):
        if number == _CODEPAGE:
            codec = _codec(struct.unpack_from("<I", value)[0])
        elif number == _BODY:
            body = value
        elif number == _MESSAGE_PROPERTIES:
            properties |= _properties(value, codec)
        elif number == _ATTACH_BEGIN:
            files.append(_File())
        elif not files:
            continue
        elif number == _ATTACH_TITLE:
            files[-1].title = value
        elif number == _ATTACH_DATA:
            files[-1].data = value
        elif number == _ATTACH_PROPERTIES:
            files[-1].properties |= _properties(value, codec)
    inside = _number(properties.get(_INTERNET_CODEPAGE))
    return Contents(
        subject=_plain(properties.get(_SUBJECT), codec),
        text=_plain(properties.get(_TEXT), codec) or _plain(body, codec),
        html=_markup(properties.get(_HTML), _codec(inside) if inside else codec),
        files=tuple(_packed(one, codec, depth) for one in files),
    )


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(number, octets); what is no attribute ends the list, since some gateways add lines of their own behind it."""
    if struct.unpack_from("<I", data)[0] != _SIGNATURE:
        raise Broken("winmail.dat: no signature")
    at = 6
    for _ in range(_MAX_ATTRIBUTES):
        if at + _HEADER.size > len(data) or data[at] not in {1, 2}:
            return
        _, number, _, length = _HEADER.unpack_from(data, at)
        at += _HEADER.size
        if at + length > len(data):
            raise Broken(f"winmail.dat: it ends in the middle of an attribute at offset {at}")
        yield number, data[at : at + length]
        at += length + 2
    raise TooLarge("attributes of a winmail.dat", limit="bytes", allowed=_MAX_ATTRIBUTES)


def _packed(file: _File, codec: str, depth: int) -> Packed:
    known = file.properties
    names = (known.get(_LONG_NAME), file.title, known.get(_SHORT_NAME), known.get(_SHOWN_NAME))
    name = next(filter(None, (_plain(one, codec).strip() for one in names)), "")
    inline = bool(_number(known.get(_HIDDEN)) & 1 or _number(known.get(_FLAGS)) & _SHOWN_IN_TEXT)
    held = known.get(_DATA, b"")
    if file.data or not isinstance(held, bytes):
        return Packed(name=name, data=file.data, inline=inline)
    if held.startswith(_MESSAGE):
        return Packed(name=name, inline=inline, message=contents(held[_IDENTIFIER:], depth + 1))
    return Packed(name=name, data=held, inline=inline)


def _properties(data: bytes, codec: str) -> dict[int, bytes | str]:
    """The first value of each property, by its number; those with names of their own are passed over."""
    found: dict[int, bytes | str] = {}
    (count,) = struct.unpack_from("<I", data)
    at = 4
    for _ in range(min(count, _MAX_PROPERTIES)):
        kind, number = struct.unpack_from("<HH", data, at)
        at += 4
        if number >= _NAMED:
            at = _after_name(data, at)
        several, kind = bool(kind & _SEVERAL), kind & ~_SEVERAL
        values = 1
        if several or kind not in _FIXED:
            (values,) = struct.unpack_from("<I", data, at)
            at += 4
        if kind in _FIXED:
            found.setdefault(number, data[at : at + _FIXED[kind]])
            at = _even(at + values * _FIXED[kind])
            continue
        if kind not in {_STRING, _WIDE, _OBJECT, _BINARY}:
            raise Broken(f"winmail.dat: a property of unknown type {kind:#06x}")
        for _ in range(values):
            (length,) = struct.unpack_from("<I", data, at)
            value = data[at + 4 : at + 4 + length]
            if len(value) < length:
                raise Broken("winmail.dat: it ends in the middle of a property")
            found.setdefault(number, _typed(value, kind, codec))
            at = _even(at + 4 + length)
    return found


def _after_name(data: bytes, at: int) -> int:
    (kind,) = struct.unpack_from("<I", data, at + 16)
    if kind == 0:
        return at + 24
    (length,) = struct.unpack_from("<I", data, at + 20)
    return _even(at + 24 + length)


def _typed(value: bytes, kind: int, codec: str) -> bytes | str:
    if kind == _WIDE:
        return value.decode("utf-16-le", "replace").rstrip("\0")
    if kind == _OBJECT and not value.startswith(_MESSAGE):
        return value[_IDENTIFIER:]
    return _plain(value, codec) if kind == _STRING else value


def _even(at: int) -> int:
    return (at + 3) & ~3


def _number(value: bytes | str | None) -> int:
    return int.from_bytes(value[:4], "little") if isinstance(value, bytes) else 0


def _plain(value: bytes | str | None, codec: str) -> str:
    return (value.decode(codec, "replace") if isinstance(value, bytes) else value or "").rstrip("\0")


def _markup(value: bytes | str | None, codec: str) -> str:
    """A page tells its own charset better than the mail around it."""
    if not isinstance(value, bytes):
        return value or ""
    return prose.decoded(value) or _plain(value, codec)


def _codec(codepage: int) -> str:
    """Python's name of a Windows codepage."""
    names = {65001: "utf-8", 20127: "ascii", 20866: "koi8-r", 50220: "iso2022_jp"}
    name = names.get(codepage, f"iso8859-{codepage - 28590}" if 28591 <= codepage <= 28605 else f"cp{codepage}")
    try:
        "".encode(name)
    except LookupError:
        return "cp1252"
    return name
