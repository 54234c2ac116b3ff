"""The tag octets of RFC 8010 section 3.5, so that no number of the encoding stands bare in the code.

Both enumerations accept every octet of their range: a tag from a later standard gets a nameless member
(`ValueTag(0x79).name == "TAG_79"`), which lets a message pass through unharmed by what we do not know yet.
"""

from enum import IntEnum
from typing import Self


class _OpenEnum(IntEnum):
    """An enumeration whose range is closed but whose members are not all named."""

    @classmethod
    def _first_and_last(cls) -> tuple[int, int]:
        raise NotImplementedError

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        first, last = cls._first_and_last()
        if not isinstance(value, int) or not first <= value <= last:
            return None
        member = int.__new__(cls, value)
        member._name_ = f"TAG_{value:02X}"
        member._value_ = value
        cls._value2member_map_[value] = member
        return member


class GroupTag(_OpenEnum):
    """begin-attribute-group-tag and end-of-attributes-tag (RFC 8010 section 3.5.1, PWG 5100.5, 5100.22)."""

    OPERATION = 0x01
    JOB = 0x02
    END = 0x03
    PRINTER = 0x04
    UNSUPPORTED = 0x05
    SUBSCRIPTION = 0x06
    EVENT_NOTIFICATION = 0x07
    RESOURCE = 0x08
    DOCUMENT = 0x09
    SYSTEM = 0x0A

    @classmethod
    def _first_and_last(cls) -> tuple[int, int]:
        return 0x01, 0x0F


class ValueTag(_OpenEnum):
    """value-tag: the attribute syntax of one value (RFC 8010 section 3.5.2)."""

    UNSUPPORTED_VALUE = 0x10
    UNKNOWN = 0x12
    NO_VALUE = 0x13
    NOT_SETTABLE = 0x15
    DELETE_ATTRIBUTE = 0x16
    ADMIN_DEFINE = 0x17
    INTEGER = 0x21
    BOOLEAN = 0x22
    ENUM = 0x23
    OCTET_STRING = 0x30
    DATE_TIME = 0x31
    RESOLUTION = 0x32
    RANGE = 0x33
    BEGIN_COLLECTION = 0x34
    TEXT_WITH_LANGUAGE = 0x35
    NAME_WITH_LANGUAGE = 0x36
    END_COLLECTION = 0x37
    TEXT = 0x41
    NAME = 0x42
    KEYWORD = 0x44
    URI = 0x45
    URI_SCHEME = 0x46
    CHARSET = 0x47
    LANGUAGE = 0x48
    MIME_TYPE = 0x49
    MEMBER_NAME = 0x4A

    @classmethod
    def _first_and_last(cls) -> tuple[int, int]:
        return 0x10, 0xFF

    @property
    def is_out_of_band(self) -> bool:
        """Whether the tag itself is the whole value (`no-value`, `unknown`, ...)."""
        return self < 0x20
