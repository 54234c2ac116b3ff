"""What a message says, as frozen values: the only shapes that the rest of the program sees of the encoding."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from ipp.wire.tags import GroupTag, ValueTag


@dataclass(frozen=True, slots=True)
class StringWithLanguage:
    """textWithLanguage or nameWithLanguage (RFC 8011 sections 5.1.2.2 and 5.1.3.2); `language` is an RFC 5646 tag."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """resolution (RFC 8011 section 5.1.16): cross-feed `x` and feed `y` in `units`, 3 = dots per inch, 4 = per cm."""

    x: int
    y: int
    units: int = 3


@dataclass(frozen=True, slots=True)
class IntRange:
    """rangeOfInteger (RFC 8011 section 5.1.14), both ends inclusive. The codec does not compare the ends."""

    lower: int
    upper: int

    def __contains__(self, number: int) -> bool:
        return self.lower <= number <= self.upper


@dataclass(frozen=True, slots=True)
class Collection:
    """collection (RFC 8011 section 5.1.18): member attributes in the order of the message."""

    members: tuple["Attribute", ...]

    def get(self, name: str) -> "Attribute | None":
        """Give the first member called `name`."""
        return _first(self.members, name)

    def __contains__(self, name: str) -> bool:
        return _first(self.members, name) is not None

    def __iter__(self) -> Iterator["Attribute"]:
        return iter(self.members)


Value = int | bool | str | bytes | datetime | StringWithLanguage | Resolution | IntRange | Collection | None
"""One value; None stands for an out-of-band value, whose meaning is its tag."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A name with one or more values (a 1setOf has several); `tag` is the syntax of the first value.

    `mixed_tags` is empty unless the values differ in syntax, such as the keyword and name values of `media`;
    then it has one tag for each value. Read `tags`, make such attributes with `Attribute.mixed`.
    """

    name: str
    tag: ValueTag
    values: tuple[Value, ...]
    mixed_tags: tuple[ValueTag, ...] = ()

    @classmethod
    def mixed(cls, name: str, pairs: Iterable[tuple[ValueTag, Value]]) -> Self:
        """Make an attribute whose values each carry their own tag; ValueError when there is no value."""
        pairs = tuple(pairs)
        if not pairs:
            msg = f"attribute {name!r} needs at least one value"
            raise ValueError(msg)
        tags, values = zip(*pairs, strict=True)
        uniform = tags.count(tags[0]) == len(tags)
        return cls(name, tags[0], values, () if uniform else tags)

    @property
    def tags(self) -> tuple[ValueTag, ...]:
        """The tag of each value."""
        return self.mixed_tags or (self.tag,) * len(self.values)

    @property
    def value(self) -> Value:
        """The first value."""
        return self.values[0]


@dataclass(frozen=True, slots=True)
class Group:
    """An attribute group (RFC 8010 section 3.1.2). Names may repeat on the wire; `get` gives the first."""

    tag: GroupTag
    attributes: tuple[Attribute, ...] = ()

    def get(self, name: str) -> Attribute | None:
        """Give the first attribute called `name`."""
        return _first(self.attributes, name)

    def __contains__(self, name: str) -> bool:
        return _first(self.attributes, name) is not None

    def __iter__(self) -> Iterator[Attribute]:
        return iter(self.attributes)


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response without its document data (RFC 8010 section 3.1.1).

    `version` is (major, minor); `code` is the operation-id of a request and the status-code of a response.
    """

    version: tuple[int, int]
    code: int
    request_id: int
    groups: tuple[Group, ...] = ()

    def group(self, tag: GroupTag) -> Group | None:
        """Give the first group with this tag."""
        return next(self.groups_of(tag), None)

    def groups_of(self, tag: GroupTag) -> Iterator[Group]:
        """Give each group with this tag, in order: a Get-Jobs response has one JOB group for each job."""
        return (group for group in self.groups if group.tag == tag)


def _first(attributes: tuple[Attribute, ...], name: str) -> Attribute | None:
    for attribute in attributes:
        if attribute.name == name:
            return attribute
    return None
