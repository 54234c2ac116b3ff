"""What the decoder holds while it reads: values come one by one and become an Attribute when the next one begins."""

from ipp.wire.tags import ValueTag
from ipp.wire.values import Attribute, Value


class Scope:
    """The attributes of the group, or the members of the collection, that is being read."""

    __slots__ = ("attributes", "name", "tags", "values")

    def __init__(self) -> None:
        self.attributes: list[Attribute] = []
        self.name: str | None = None
        self.tags: list[ValueTag] = []
        self.values: list[Value] = []

    def begin(self, name: str) -> None:
        """Start an attribute; the one before it must have been closed."""
        self.name = name
        self.tags = []
        self.values = []

    def close(self) -> None:
        """Finish the attribute that was begun, if one was; it has at least one value."""
        if self.name is None:
            return
        tags = self.tags
        first = tags[0]
        mixed = () if tags.count(first) == len(tags) else tuple(tags)
        self.attributes.append(Attribute(self.name, first, tuple(self.values), mixed))
        self.name = None
