"""The first look at what a client says its document is."""

from gateway.domain.formats import AUTO_SENSE, is_accepted, is_language, normalized
from gateway.domain.printer import Printer
from gateway.errors import FormatNotSupported

__all__ = ["AUTO_SENSE", "check_format"]


def check_format(media_type: str, printer: Printer | None = None) -> str:
    """The normalized media type, or FormatNotSupported with what can be sent instead; `printer` may take more."""
    plain = normalized(media_type)
    if is_accepted(plain):
        return plain
    if is_language(plain):
        if printer is not None and printer.pass_through:
            return plain
        raise FormatNotSupported(
            "This is a print file for printers of a certain kind, which is not taken here. Print with the driverless "
            "(IPP) printer, or send the document itself, for example as PDF."
        )
    raise FormatNotSupported(
        f'Documents of the type "{plain[:80]}" cannot be printed. Send PDF, a picture, a text or an office document.'
    )
