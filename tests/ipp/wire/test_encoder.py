"""What the encoder gives in parts, and how it refuses values that do not fit their syntax."""

from datetime import datetime

import pytest

from ipp.wire import (
    END,
    Attribute,
    EncodeError,
    Group,
    GroupTag,
    IntRange,
    Message,
    Value,
    ValueTag,
    build,
    encode,
    encode_attributes,
    encode_group,
    encode_header,
)
from tests.ipp.wire.samples import PRINT_JOB, PRINT_JOB_OCTETS


def test_parts_join_to_the_whole() -> None:
    head = encode_header(PRINT_JOB.version, PRINT_JOB.code, PRINT_JOB.request_id)
    operation, job = PRINT_JOB.groups
    parts = head + encode_group(operation) + b"\x02" + encode_attributes(job.attributes) + END
    assert parts == PRINT_JOB_OCTETS


def test_numbers_and_values_of_enumerations_are_the_same() -> None:
    message = Message((1, 1), 0x0002, 1, PRINT_JOB.groups)
    assert encode(message) == PRINT_JOB_OCTETS


MISFITS: list[tuple[ValueTag, Value]] = [
    (ValueTag.INTEGER, "1"),
    (ValueTag.INTEGER, 2**31),
    (ValueTag.ENUM, None),
    (ValueTag.KEYWORD, 1),
    (ValueTag.KEYWORD, b"bytes"),
    (ValueTag.TEXT, "\ud800"),
    (ValueTag.TEXT, "x" * 32768),
    (ValueTag.NO_VALUE, "text"),
    (ValueTag.OCTET_STRING, "text"),
    (ValueTag.RANGE, 5),
    (ValueTag.RANGE, IntRange(0, 2**31)),
    (ValueTag.RESOLUTION, IntRange(1, 2)),
    (ValueTag.DATE_TIME, datetime(2026, 1, 1)),  # noqa: DTZ001 - the missing zone is what is refused
    (ValueTag.DATE_TIME, "2026"),
    (ValueTag.TEXT_WITH_LANGUAGE, "plain"),
    (ValueTag.BEGIN_COLLECTION, "plain"),
]


@pytest.mark.parametrize(("tag", "value"), MISFITS)
def test_misfit_names_the_attribute(tag: ValueTag, value: Value) -> None:
    with pytest.raises(EncodeError, match=r"attribute 'thing'"):
        encode_attributes([Attribute("thing", tag, (value,))])


def test_a_secret_does_not_show_in_the_error() -> None:
    with pytest.raises(EncodeError) as caught:
        encode_attributes([Attribute("job-password", ValueTag.OCTET_STRING, ("4711",))])
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "n" * 256])
def test_names_have_1_to_255_octets(name: str) -> None:
    with pytest.raises(EncodeError, match="1 to 255 octets"):
        encode_attributes([build.integer(name, 1)])
    with pytest.raises(EncodeError, match="1 to 255 octets"):
        encode_attributes([build.collection("c", build.members(build.integer(name, 1)))])


def test_an_attribute_has_a_value() -> None:
    with pytest.raises(EncodeError, match="'empty' has no value"):
        encode_attributes([Attribute("empty", ValueTag.KEYWORD, ())])
    with pytest.raises(ValueError, match="use no_value"):
        build.keyword("empty")


def test_a_long_value_has_a_length_of_two_octets() -> None:
    octets = encode_group(Group(GroupTag.JOB, (build.octets("x", bytes(32767)),)))
    assert octets == b"\x02\x30\x00\x01x\x7f\xff" + bytes(32767)
