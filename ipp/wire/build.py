"""Short constructors, one for each attribute syntax, so that attribute tables read like the standards' own."""

from datetime import datetime

from ipp.wire.tags import ValueTag
from ipp.wire.values import Attribute, Collection, IntRange, Resolution, StringWithLanguage, Value


def _attribute(name: str, tag: ValueTag, values: tuple[Value, ...]) -> Attribute:
    if not values:
        msg = f"attribute {name!r} needs at least one value; use no_value({name!r}) to say that it has none"
        raise ValueError(msg)
    return Attribute(name, tag, values)


def integer(name: str, *values: int) -> Attribute:
    return _attribute(name, ValueTag.INTEGER, values)


def enum(name: str, *values: int) -> Attribute:
    return _attribute(name, ValueTag.ENUM, values)


def boolean(name: str, *values: bool) -> Attribute:
    return _attribute(name, ValueTag.BOOLEAN, values)


def keyword(name: str, *values: str) -> Attribute:
    return _attribute(name, ValueTag.KEYWORD, values)


def text(name: str, *values: str) -> Attribute:
    return _attribute(name, ValueTag.TEXT, values)


def name(name: str, *values: str) -> Attribute:
    return _attribute(name, ValueTag.NAME, values)


def text_with_language(name: str, *values: StringWithLanguage) -> Attribute:
    return _attribute(name, ValueTag.TEXT_WITH_LANGUAGE, values)


def name_with_language(name: str, *values: StringWithLanguage) -> Attribute:
    return _attribute(name, ValueTag.NAME_WITH_LANGUAGE, values)


def uri(name: str, *values: str) -> Attribute:
    return _attribute(name, ValueTag.URI, values)


def uri_scheme(name: str, *values: str) -> Attribute:
    return _attribute(name, ValueTag.URI_SCHEME, values)


def charset(name: str, *values: str) -> Attribute:
    return _attribute(name, ValueTag.CHARSET, values)


def language(name: str, *values: str) -> Attribute:
    return _attribute(name, ValueTag.LANGUAGE, values)


def mime(name: str, *values: str) -> Attribute:
    return _attribute(name, ValueTag.MIME_TYPE, values)


def octets(name: str, *values: bytes) -> Attribute:
    return _attribute(name, ValueTag.OCTET_STRING, values)


def date_time(name: str, *values: datetime) -> Attribute:
    """Make a dateTime attribute; the values must be aware of their time zone (the encoder refuses others)."""
    return _attribute(name, ValueTag.DATE_TIME, values)


def resolution(name: str, *values: Resolution) -> Attribute:
    return _attribute(name, ValueTag.RESOLUTION, values)


def int_range(name: str, *values: IntRange) -> Attribute:
    return _attribute(name, ValueTag.RANGE, values)


def collection(name: str, *values: Collection) -> Attribute:
    return _attribute(name, ValueTag.BEGIN_COLLECTION, values)


def members(*attributes: Attribute) -> Collection:
    return Collection(attributes)


def no_value(name: str) -> Attribute:
    return Attribute(name, ValueTag.NO_VALUE, (None,))


def unknown(name: str) -> Attribute:
    return Attribute(name, ValueTag.UNKNOWN, (None,))


def unsupported(name: str) -> Attribute:
    return Attribute(name, ValueTag.UNSUPPORTED_VALUE, (None,))
