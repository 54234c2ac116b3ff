"""Octets to values, as they arrive from a stranger: bounded, and never more than one element behind the network.

The layout of a message (RFC 8010 sections 3.1 to 3.1.7), lengths and numbers big-endian and signed:

    version-number              2   major, minor
    operation-id / status-code  2
    request-id                  4
    then, any number of times, one attribute group:
        begin-attribute-group-tag   1   0x01..0x0F, but 0x03
        then, any number of times, one element (an attribute with its first value, or one more value):
            value-tag               1   0x10..0xFF
            name-length             2   u; 0 for an additional value and for everything inside a collection
            name                    u
            value-length            2   v
            value                   v
    end-of-attributes-tag       1   0x03
    data                        the rest: the document

A collection is a run of elements (section 3.1.6); members nest:

    0x34 begCollection          name of the attribute (or none inside a collection), value-length 0
        0x4A memberAttrName     no name, value = the member's name
        any value-tag           no name, value = the member's value; again for further values
    0x37 endCollection          no name, value-length 0
"""

import struct
from typing import NoReturn

from ipp.wire.errors import DecodeError, Header, Limits
from ipp.wire.scope import Scope
from ipp.wire.syntax import DECODERS
from ipp.wire.tags import GroupTag, ValueTag
from ipp.wire.values import Collection, Group, Message

_HEADER = struct.Struct(">BBHi")
_TAG_AND_LENGTH = struct.Struct(">BH")
_LENGTH = struct.Struct(">H")
_VALUE_TAGS = [ValueTag(tag) if tag >= 0x10 else ValueTag.UNKNOWN for tag in range(256)]
_BEGIN, _END, _MEMBER = int(ValueTag.BEGIN_COLLECTION), int(ValueTag.END_COLLECTION), int(ValueTag.MEMBER_NAME)
_STRUCTURE = frozenset((_BEGIN, _END, _MEMBER))
_DEFAULT_LIMITS = Limits()


class Decoder:
    """A push parser for one message: feed it what arrives, in pieces of any size.

    After a DecodeError every further call raises it again; after the message is complete `feed` must not be called.
    """

    def __init__(self, limits: Limits = _DEFAULT_LIMITS) -> None:
        self.header: Header | None = None
        """Known as soon as 8 octets are in, so that a refusal can echo the request-id."""
        self.trailing = b""
        """What followed the end-of-attributes tag in the octets fed: the start of the document."""
        self._limits = limits
        self._pending = bytearray()
        self._needed = 0
        self._consumed = 0
        self._count = 0
        self._groups: list[Group] = []
        self._group_tag: GroupTag | None = None
        self._scope = Scope()
        self._outer: list[Scope] = []
        self._message: Message | None = None
        self._error: DecodeError | None = None

    def feed(self, data: bytes) -> Message | None:
        """Read on; give the message once its end-of-attributes tag was read, None before. Raises DecodeError."""
        if self._error is not None:
            raise self._error
        if self._message is not None:
            msg = "the message is complete; what follows is the document"
            raise RuntimeError(msg)
        if self._pending:
            # Waiting for a known number of octets keeps the work linear when a long value drips in.
            self._pending += data
            if len(self._pending) < self._needed:
                return None
            data = bytes(self._pending)
            self._pending.clear()
        self._read(data)
        return self._message

    def eof(self) -> None:
        """Say that nothing more will come; DecodeError unless the message is complete."""
        if self._error is not None:
            raise self._error
        if self._message is None:
            self._fail(self._consumed + len(self._pending), "the message ends before its end-of-attributes tag")

    def _read(self, data: bytes) -> None:
        position, end = 0, len(data)
        if self.header is None:
            if end < 8:
                self._wait(data, 0, 8)
                return
            major, minor, code, request_id = _HEADER.unpack_from(data)
            self.header = ((major, minor), code, request_id)
            position = 8
        while position < end:
            tag = data[position]
            if tag >= 0x10:
                following = self._element(data, position, end)
                if following == 0:
                    return
                position = following
            else:
                self._delimiter(tag, self._consumed + position)
                position += 1
                if tag == GroupTag.END:
                    self._finish()
                    self.trailing = data[position:]
                    break
        self._consumed += position

    def _wait(self, data: bytes, position: int, size: int) -> int:
        """Keep the element that starts at `position` until `size` octets of it are in."""
        self._consumed += position
        if self._consumed + size > self._limits.header:
            self._fail(self._limits.header, f"the attributes take more than {self._limits.header} octets")
        self._pending += data[position:]
        self._needed = size
        return 0

    def _element(self, data: bytes, position: int, end: int) -> int:
        """Read one element; give the position after it, or 0 when it is not all there."""
        if end - position < 5:
            return self._wait(data, position, 5)
        tag, name_length = _TAG_AND_LENGTH.unpack_from(data, position)
        value_start = position + 5 + name_length
        if name_length > self._limits.name:
            self._fail(self._consumed + position + 1, f"a name of {name_length} octets is over the limit")
        if end < value_start:
            return self._wait(data, position, value_start - position)
        (value_length,) = _LENGTH.unpack_from(data, value_start - 2)
        value_end: int = value_start + value_length
        if value_length > self._limits.value:
            self._fail(self._consumed + value_start - 2, f"a value of {value_length} octets is over the limit")
        if end < value_end:
            return self._wait(data, position, value_end - position)
        if self._consumed + value_end > self._limits.header:
            self._fail(self._limits.header, f"the attributes take more than {self._limits.header} octets")
        if name_length:
            self._begin_attribute(data[position + 3 : value_start - 2], position + 3)
        elif self._scope.name is None and tag not in _STRUCTURE:
            self._fail(self._consumed + position, "a value without a name")
        self._value(tag, data[value_start:value_end], position, value_start)
        return value_end

    def _begin_attribute(self, octets: bytes, position: int) -> None:
        if self._group_tag is None:
            self._fail(self._consumed + position, "an attribute before any group")
        if self._outer:
            self._fail(self._consumed + position, "a named attribute inside a collection")
        self._scope.close()
        self._begin(octets, position)

    def _begin(self, octets: bytes, position: int) -> None:
        self._count_one(position)
        try:
            self._scope.begin(octets.decode("ascii"))
        except UnicodeDecodeError:
            self._fail(self._consumed + position, "an attribute name that is not US-ASCII")

    def _value(self, tag: int, octets: bytes, position: int, value_start: int) -> None:
        scope = self._scope
        if tag in _STRUCTURE:
            self._structure(tag, octets, self._consumed + position, value_start)
            return
        try:
            scope.values.append(DECODERS[tag](octets))
        except ValueError as error:
            self._fail(self._consumed + value_start, f"a value of {scope.name!r} {error}")
        scope.tags.append(_VALUE_TAGS[tag])

    def _structure(self, tag: int, octets: bytes, offset: int, value_start: int) -> None:
        if tag == _MEMBER:
            self._member(octets, offset, value_start)
        elif octets:
            self._fail(offset, "a collection delimiter with a value")
        elif tag == _BEGIN:
            self._begin_collection(offset)
        else:
            self._end_collection(offset)

    def _member(self, octets: bytes, offset: int, value_start: int) -> None:
        if not self._outer:
            self._fail(offset, "a member attribute outside of a collection")
        if not 1 <= len(octets) <= self._limits.name:
            self._fail(offset, f"a member name of {len(octets)} octets")
        self._close_member(offset)
        self._begin(octets, value_start)

    def _begin_collection(self, offset: int) -> None:
        if self._scope.name is None:
            self._fail(offset, "a collection without a name")
        if len(self._outer) >= self._limits.depth:
            self._fail(offset, f"collections nested deeper than {self._limits.depth}")
        self._outer.append(self._scope)
        self._scope = Scope()

    def _end_collection(self, offset: int) -> None:
        if not self._outer:
            self._fail(offset, "the end of a collection that was not begun")
        self._close_member(offset)
        members = tuple(self._scope.attributes)
        self._scope = self._outer.pop()
        self._scope.values.append(Collection(members))
        self._scope.tags.append(ValueTag.BEGIN_COLLECTION)

    def _close_member(self, offset: int) -> None:
        if self._scope.name is not None and not self._scope.values:
            self._fail(offset, f"the member {self._scope.name!r} has no value")
        self._scope.close()

    def _delimiter(self, tag: int, offset: int) -> None:
        if self._outer:
            self._fail(offset, "a group delimiter inside a collection")
        if tag == 0:
            self._fail(offset, "the reserved tag 0")
        if offset >= self._limits.header:
            self._fail(self._limits.header, f"the attributes take more than {self._limits.header} octets")
        self._close_group()
        if tag != GroupTag.END:
            self._count_one(offset - self._consumed)
            self._group_tag = GroupTag(tag)

    def _close_group(self) -> None:
        self._scope.close()
        if self._group_tag is not None:
            self._groups.append(Group(self._group_tag, tuple(self._scope.attributes)))
        self._scope = Scope()

    def _finish(self) -> None:
        assert self.header is not None
        version, code, request_id = self.header
        self._message = Message(version, code, request_id, tuple(self._groups))

    def _count_one(self, position: int) -> None:
        self._count += 1
        if self._count > self._limits.attributes:
            self._fail(self._consumed + position, f"more than {self._limits.attributes} attributes")

    def _fail(self, offset: int, reason: str) -> NoReturn:
        self._error = DecodeError(offset, reason, self.header)
        self._pending.clear()
        raise self._error from None


def decode(data: bytes, limits: Limits = _DEFAULT_LIMITS) -> tuple[Message, bytes]:
    """Decode a message that is all there; give it with the document octets behind it. Raises DecodeError."""
    decoder = Decoder(limits)
    message = decoder.feed(data)
    if message is None:
        decoder.eof()
        raise AssertionError
    return message, decoder.trailing
