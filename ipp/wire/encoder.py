"""Values to octets. Groups and attributes can be encoded apart, so that an answer asked for often is built once."""

import struct
from collections.abc import Iterable
from functools import lru_cache

from ipp.wire.errors import EncodeError
from ipp.wire.syntax import ENCODERS
from ipp.wire.tags import GroupTag, ValueTag
from ipp.wire.values import Attribute, Collection, Group, Message, Value

END = bytes([GroupTag.END])
"""The end-of-attributes-tag; document data follows it."""

_HEADER = struct.Struct(">BBHi")
_MAX = 32767
# 3 octets before an additional value: its tag and a name of no length.
_NAMELESS = [bytes([tag, 0, 0]) for tag in range(256)]
_LENGTHS = [length.to_bytes(2, "big") for length in range(256)]
_END_COLLECTION = _NAMELESS[ValueTag.END_COLLECTION] + _LENGTHS[0]


def encode(message: Message) -> bytes:
    """Give the octets of `message` up to and including the end-of-attributes tag; EncodeError for a wrong value."""
    head = encode_header(message.version, message.code, message.request_id)
    return b"".join((head, *map(encode_group, message.groups), END))


def encode_header(version: tuple[int, int], code: int, request_id: int) -> bytes:
    """Give the first 8 octets of a message (RFC 8010 section 3.1.1)."""
    return _HEADER.pack(*version, code, request_id)


def encode_group(group: Group) -> bytes:
    """Give the group's tag and its attributes."""
    return bytes([group.tag]) + encode_attributes(group.attributes)


def encode_attributes(attributes: Iterable[Attribute]) -> bytes:
    """Give the attributes one after the other, without a group tag; EncodeError for a wrong value."""
    parts: list[bytes] = []
    for attribute in attributes:
        _add_values(parts, _head(attribute.tag, attribute.name), attribute)
    return b"".join(parts)


def _add_values(parts: list[bytes], head: bytes, attribute: Attribute) -> None:
    if not attribute.values:
        msg = f"attribute {attribute.name!r} has no value"
        raise EncodeError(msg)
    for tag, value in zip(attribute.tags, attribute.values, strict=True):
        parts.append(head or _NAMELESS[tag])
        head = b""
        if tag == ValueTag.BEGIN_COLLECTION:
            parts.append(_LENGTHS[0])
            _add_members(parts, attribute.name, value)
        else:
            octets = _octets(attribute.name, tag, value)
            parts.append(_length(attribute.name, octets))
            parts.append(octets)


def _add_members(parts: list[bytes], name: str, value: Value) -> None:
    if not isinstance(value, Collection):
        msg = f"attribute {name!r}: a collection is needed, not {type(value).__name__}"
        raise EncodeError(msg)
    for member in value.members:
        parts.append(_member_head(member.name))
        _add_values(parts, b"", member)
    parts.append(_END_COLLECTION)


def _octets(name: str, tag: int, value: Value) -> bytes:
    try:
        return ENCODERS[tag](value)
    except (ValueError, TypeError, AttributeError, struct.error) as error:
        # The value itself stays out of the text: it may be a password.
        msg = f"attribute {name!r}: the {type(value).__name__} does not fit {ValueTag(tag).name}: {error}"
        raise EncodeError(msg) from error


def _length(name: str, octets: bytes) -> bytes:
    length = len(octets)
    if length < 256:
        return _LENGTHS[length]
    if length > _MAX:
        msg = f"attribute {name!r}: a value has {length} octets, but {_MAX} are the most"
        raise EncodeError(msg)
    return length.to_bytes(2, "big")


@lru_cache(maxsize=4096)
def _head(tag: int, name: str) -> bytes:
    return bytes([tag]) + _name(name)


@lru_cache(maxsize=4096)
def _member_head(name: str) -> bytes:
    return _NAMELESS[ValueTag.MEMBER_NAME] + _name(name)


def _name(name: str) -> bytes:
    octets = name.encode()
    if not 1 <= len(octets) <= 255:
        msg = f"attribute name {name!r} must have 1 to 255 octets"
        raise EncodeError(msg)
    return len(octets).to_bytes(2, "big") + octets
