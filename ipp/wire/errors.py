"""What goes wrong in the codec, and the bounds that a message from a stranger is held to."""

from dataclasses import dataclass

Header = tuple[tuple[int, int], int, int]
"""version (major, minor), operation-id or status-code, request-id: the first 8 octets of a message."""


class DecodeError(ValueError):
    """The octets are no IPP message within the limits.

    `offset` counts from the start of the message; `header` is there when the first 8 octets were, for the error reply.
    """

    def __init__(self, offset: int, reason: str, header: Header | None = None) -> None:
        super().__init__(f"{reason} at offset {offset}")
        self.offset = offset
        self.reason = reason
        self.header = header


class EncodeError(ValueError):
    """A value does not fit its syntax; the text names the attribute. A mistake of the caller, not of a peer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one message. The defaults fit requests; responses with long job lists or media databases need more.

    `depth`: nested collections. `attributes`: groups, attributes and collection members together. `header`: octets
    from the version to the end-of-attributes tag. `name` and `value`: octets of one name and of one value.
    """

    depth: int = 8
    attributes: int = 4096
    header: int = 256 * 1024
    name: int = 255
    value: int = 32767
