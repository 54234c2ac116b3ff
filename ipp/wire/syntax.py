"""The octets of a single value, for each attribute syntax (RFC 8010 section 3.9).

syntax                      value octets
integer, enum               SIGNED-INTEGER, 4
boolean                     1: 0x00 or 0x01
text, name, keyword, uri... the characters in UTF-8
octetString, unknown tags   as they are
dateTime                    11: RFC 2579 DateAndTime (year 2, month, day, hour, minutes, seconds, deci-seconds,
                            "+" or "-", hours from UTC, minutes from UTC)
resolution                  9: SIGNED-INTEGER cross-feed, SIGNED-INTEGER feed, SIGNED-BYTE units
rangeOfInteger              8: SIGNED-INTEGER lower, SIGNED-INTEGER upper
text/nameWithLanguage       SIGNED-SHORT length, language, SIGNED-SHORT length, text
out-of-band                 none
"""

import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from ipp.wire.tags import ValueTag
from ipp.wire.values import IntRange, Resolution, StringWithLanguage, Value

_INTEGER = struct.Struct(">i")
_RANGE = struct.Struct(">ii")
_RESOLUTION = struct.Struct(">iib")
_DATE_TIME = struct.Struct(">HBBBBBBcBB")
_SHORT = struct.Struct(">h")

_BOOLEANS = {b"\x00": False, b"\x01": True}
_INTEGER_TAGS = (ValueTag.INTEGER, ValueTag.ENUM)
_LANGUAGE_TAGS = (ValueTag.TEXT_WITH_LANGUAGE, ValueTag.NAME_WITH_LANGUAGE)
_STRING_TAGS = (
    ValueTag.TEXT,
    ValueTag.NAME,
    ValueTag.KEYWORD,
    ValueTag.URI,
    ValueTag.URI_SCHEME,
    ValueTag.CHARSET,
    ValueTag.LANGUAGE,
    ValueTag.MIME_TYPE,
)


def _need_length(data: bytes, length: int) -> None:
    if len(data) != length:
        msg = f"has {len(data)} octets where {length} are needed"
        raise ValueError(msg)


def _decode_integer(data: bytes) -> int:
    _need_length(data, 4)
    return int.from_bytes(data, "big", signed=True)


def _decode_boolean(data: bytes) -> bool:
    _need_length(data, 1)
    value = _BOOLEANS.get(data)
    if value is None:
        msg = "is neither 0 nor 1"
        raise ValueError(msg)
    return value


def _decode_string(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        msg = "is not valid UTF-8"
        raise ValueError(msg) from error


def _decode_octets(data: bytes) -> bytes:
    return data


def _decode_nothing(_data: bytes) -> None:
    # The standard wants no octets here; some printers send an explaining text, which has no place in the value.
    return None


def _decode_date_time(data: bytes) -> datetime:
    _need_length(data, 11)
    year, month, day, hour, minute, second, deci, sign, off_hours, off_minutes = _DATE_TIME.unpack(data)
    if sign not in b"+-" or off_hours > 14 or off_minutes > 59 or deci > 9 or second > 60:
        msg = "is out of range for a date and time"
        raise ValueError(msg)
    offset = timedelta(hours=off_hours, minutes=off_minutes)
    zone = timezone(-offset if sign == b"-" else offset) if offset else UTC
    try:
        # 60 is a leap second, which datetime lacks.
        return datetime(year, month, day, hour, minute, min(second, 59), deci * 100_000, tzinfo=zone)
    except ValueError as error:
        msg = "is out of range for a date and time"
        raise ValueError(msg) from error


def _decode_resolution(data: bytes) -> Resolution:
    _need_length(data, 9)
    return Resolution(*_RESOLUTION.unpack(data))


def _decode_range(data: bytes) -> IntRange:
    _need_length(data, 8)
    return IntRange(*_RANGE.unpack(data))


def _decode_with_language(data: bytes) -> StringWithLanguage:
    language_end = 2 + int.from_bytes(data[:2], "big")
    text_start = language_end + 2
    if text_start > len(data) or len(data) - text_start != int.from_bytes(data[language_end:text_start], "big"):
        msg = "has inner lengths that do not add up"
        raise ValueError(msg)
    return StringWithLanguage(_decode_string(data[text_start:]), _decode_string(data[2:language_end]))


def _encode_boolean(value: bool) -> bytes:
    return b"\x01" if value else b"\x00"


def _encode_date_time(value: datetime) -> bytes:
    offset = value.utcoffset()
    if offset is None:
        msg = "needs a time zone"
        raise ValueError(msg)
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    return _DATE_TIME.pack(
        *(value.year, value.month, value.day, value.hour, value.minute, value.second, value.microsecond // 100_000),
        *(b"-" if offset < timedelta() else b"+", hours, minutes),
    )


def _encode_resolution(value: Resolution) -> bytes:
    return _RESOLUTION.pack(value.x, value.y, value.units)


def _encode_range(value: IntRange) -> bytes:
    return _RANGE.pack(value.lower, value.upper)


def _encode_with_language(value: StringWithLanguage) -> bytes:
    language, text = value.language.encode(), value.text.encode()
    return b"".join((_SHORT.pack(len(language)), language, _SHORT.pack(len(text)), text))


def _encode_nothing(value: None) -> bytes:
    if value is not None:
        msg = "must be None under an out-of-band tag"
        raise ValueError(msg)
    return b""


def _encode_octets(value: bytes) -> bytes:
    if not isinstance(value, bytes):
        msg = f"must be bytes, not {type(value).__name__}"
        raise TypeError(msg)
    return value


def _decoders() -> list[Callable[[bytes], Value]]:
    table: list[Callable[[bytes], Value]] = [_decode_nothing] * 0x20 + [_decode_octets] * 0xE0
    for tag in _INTEGER_TAGS:
        table[tag] = _decode_integer
    for tag in _STRING_TAGS:
        table[tag] = _decode_string
    for tag in _LANGUAGE_TAGS:
        table[tag] = _decode_with_language
    table[ValueTag.BOOLEAN] = _decode_boolean
    table[ValueTag.DATE_TIME] = _decode_date_time
    table[ValueTag.RESOLUTION] = _decode_resolution
    table[ValueTag.RANGE] = _decode_range
    return table


def _encoders() -> list[Callable[..., bytes]]:
    table: list[Callable[..., bytes]] = [_encode_nothing] * 0x20 + [_encode_octets] * 0xE0
    for tag in _INTEGER_TAGS:
        table[tag] = _INTEGER.pack
    for tag in _STRING_TAGS:
        table[tag] = str.encode
    for tag in _LANGUAGE_TAGS:
        table[tag] = _encode_with_language
    table[ValueTag.BOOLEAN] = _encode_boolean
    table[ValueTag.DATE_TIME] = _encode_date_time
    table[ValueTag.RESOLUTION] = _encode_resolution
    table[ValueTag.RANGE] = _encode_range
    return table


DECODERS = _decoders()
"""For each tag octet, the function from value octets to the value; ValueError says what is wrong with them."""

ENCODERS = _encoders()
"""For each tag octet, the function from a value of that syntax to its octets; any exception means a wrong value."""
