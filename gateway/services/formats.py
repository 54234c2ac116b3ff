"""The document formats that are taken, in one place: front-ends announce this list, intake holds to it."""

from gateway.errors import FormatNotSupported

AUTO_SENSE = "application/octet-stream"

SUPPORTED: tuple[str, ...] = (
    "application/pdf",
    "image/jpeg",
    "image/png",
    "image/pwg-raster",
    "image/urf",
    AUTO_SENSE,
)

_OTHER_NAMES = {
    "": AUTO_SENSE,
    "binary/octet-stream": AUTO_SENSE,
    "application/x-pdf": "application/pdf",
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
}

_OFFICE = (
    "application/msword",
    "application/rtf",
    "application/vnd.ms-",
    "application/vnd.oasis.opendocument.",
    "application/vnd.openxmlformats-officedocument.",
    "text/rtf",
)


def normalized(media_type: str) -> str:
    """The media type without parameters, in lower case, under the name that we use for it."""
    plain = media_type.partition(";")[0].strip().lower()
    return _OTHER_NAMES.get(plain, plain)


def check_format(media_type: str) -> str:
    """The normalized media type, or FormatNotSupported with what can be sent instead."""
    plain = normalized(media_type)
    if plain in SUPPORTED:
        return plain
    if plain.startswith(_OFFICE):
        raise FormatNotSupported("Office documents cannot be printed directly. Save the document as PDF and send that.")
    raise FormatNotSupported(
        f'Documents of the type "{plain[:80]}" cannot be printed. Send PDF, JPEG, PNG, PWG Raster or Apple Raster (URF).'
    )
