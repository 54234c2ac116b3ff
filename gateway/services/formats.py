"""The first look at what a client says its document is."""

from gateway.domain.formats import AUTO_SENSE, is_accepted, normalized
from gateway.errors import FormatNotSupported

__all__ = ["AUTO_SENSE", "check_format"]


def check_format(media_type: str) -> str:
    """The normalized media type, or FormatNotSupported with what can be sent instead."""
    plain = normalized(media_type)
    if is_accepted(plain):
        return plain
    raise FormatNotSupported(
        f'Documents of the type "{plain[:80]}" cannot be printed. Send PDF, a picture, a text or an office document.'
    )
