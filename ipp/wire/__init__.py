"""The IPP encoding (RFC 8010) as pure functions and a push parser: octets in, values out, no input or output of its own."""

from ipp.wire.decoder import Decoder, decode
from ipp.wire.encoder import END, encode, encode_attributes, encode_group, encode_header
from ipp.wire.enums import JobState, Operation, PrinterState, Status
from ipp.wire.errors import DecodeError, EncodeError, Header, Limits
from ipp.wire.tags import GroupTag, ValueTag
from ipp.wire.values import (
    Attribute,
    Collection,
    Group,
    IntRange,
    Message,
    Resolution,
    StringWithLanguage,
    Value,
)

__all__ = [
    "END",
    "Attribute",
    "Collection",
    "DecodeError",
    "Decoder",
    "EncodeError",
    "Group",
    "GroupTag",
    "Header",
    "IntRange",
    "JobState",
    "Limits",
    "Message",
    "Operation",
    "PrinterState",
    "Resolution",
    "Status",
    "StringWithLanguage",
    "Value",
    "ValueTag",
    "decode",
    "encode",
    "encode_attributes",
    "encode_group",
    "encode_header",
]
