"""Looking things up in messages, and the open ranges of the tags."""

import pytest

from ipp.wire import (
    Attribute,
    Collection,
    GroupTag,
    IntRange,
    JobState,
    Operation,
    PrinterState,
    Status,
    ValueTag,
    build,
)
from tests.ipp.wire.samples import COLLECTION, PRINT_JOB


def test_groups_and_attributes_by_name() -> None:
    job = PRINT_JOB.group(GroupTag.JOB)
    assert job is not None
    copies = job.get("copies")
    assert copies is not None
    assert copies.value == 20
    assert "sides" in job
    assert "media" not in job
    assert job.get("media") is None
    assert PRINT_JOB.group(GroupTag.PRINTER) is None


def test_members_by_name() -> None:
    attribute = COLLECTION.groups[0].attributes[0]
    first, second = attribute.values
    assert isinstance(first, Collection)
    assert isinstance(second, Collection)
    assert [member.name for member in first] == ["media-size", "media-type"]
    assert "media-size" in first
    assert first.get("media-type") == build.keyword("media-type", "stationery", "photographic")
    assert second.get("media-type") is None


def test_mixed_tags() -> None:
    mixed = Attribute.mixed("media", [(ValueTag.KEYWORD, "a"), (ValueTag.NAME, "b")])
    assert mixed.tag == ValueTag.KEYWORD
    assert mixed.tags == (ValueTag.KEYWORD, ValueTag.NAME)
    alike = Attribute.mixed("media", [(ValueTag.KEYWORD, "a"), (ValueTag.KEYWORD, "b")])
    assert alike == build.keyword("media", "a", "b")
    assert alike.tags == (ValueTag.KEYWORD,) * 2
    with pytest.raises(ValueError, match="'media' needs at least one value"):
        Attribute.mixed("media", [])


def test_ranges_include_both_ends() -> None:
    assert [n for n in range(5) if n in IntRange(1, 3)] == [1, 2, 3]


def test_registered_keywords() -> None:
    assert Status(0x0406).keyword == "client-error-not-found"
    assert Status(0x0001).keyword == "successful-ok-ignored-or-substituted-attributes"
    assert JobState.PROCESSING_STOPPED.keyword == "processing-stopped"
    assert PrinterState.IDLE.keyword == "idle"
    assert Operation(0x0039).keyword == "cancel-my-jobs"


def test_tags_without_a_name_are_still_tags() -> None:
    assert ValueTag(0x79).name == "TAG_79"
    assert ValueTag(0x79) is ValueTag(0x79)
    assert GroupTag(0x0E) == 0x0E
    assert "TAG_79" not in ValueTag.__members__
    for wrong in (0x0F, 0x100, -1):
        with pytest.raises(ValueError, match="is not a valid ValueTag"):
            ValueTag(wrong)
    for wrong in (0, 0x10):
        with pytest.raises(ValueError, match="is not a valid GroupTag"):
            GroupTag(wrong)


def test_out_of_band_tags() -> None:
    assert ValueTag.NO_VALUE.is_out_of_band
    assert not ValueTag.INTEGER.is_out_of_band
