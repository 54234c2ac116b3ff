"""The document formats that are taken, in one place: front-ends announce this list, intake holds to it.

What a document really is, is found out in the sandbox; a claim only keeps out what nobody can print here.
"""

PDF = "application/pdf"
URF = "image/urf"
PWG_RASTER = "image/pwg-raster"
AUTO_SENSE = "application/octet-stream"
PCL = "application/vnd.hp-PCL"
PCLXL = "application/vnd.hp-PCLXL"

LANGUAGES = (PCL, PCLXL)
"""Print files for printers of a certain kind: taken where a Printer passes them through, and opened nowhere."""

# What phones and print dialogs make. The preferred one first: clients that find PDF leave copies, sides and ranges to
# us instead of counting them into a raster.
DIALOG = (PDF, URF, PWG_RASTER, "image/jpeg", "image/png")

_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
_MACROS = "macroEnabled.12"

# What people have.
FILES = (
    "application/postscript",
    "image/gif",
    "image/bmp",
    "image/tiff",
    "image/webp",
    "image/heic",
    "image/svg+xml",
    "application/oxps",
    "application/vnd.ms-xpsdocument",
    "application/epub+zip",
    "text/plain",
    "text/markdown",
    "text/csv",
    "text/html",
    "message/rfc822",
    "application/vnd.ms-outlook",
    "application/rtf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    *(f"{_OPEN_XML}.wordprocessingml.{kind}" for kind in ("document", "template")),
    *(f"{_OPEN_XML}.spreadsheetml.{kind}" for kind in ("sheet", "template")),
    *(f"{_OPEN_XML}.presentationml.{kind}" for kind in ("presentation", "slideshow", "template")),
    *(f"application/vnd.ms-word.{kind}.{_MACROS}" for kind in ("document", "template")),
    *(f"application/vnd.ms-excel.{kind}.{_MACROS}" for kind in ("sheet", "sheet.binary", "template")),
    f"application/vnd.ms-powerpoint.presentation.{_MACROS}",
    *(f"{_OPEN_DOCUMENT}.text{kind}" for kind in ("", "-template")),
    *(f"{_OPEN_DOCUMENT}.spreadsheet{kind}" for kind in ("", "-template")),
    *(f"{_OPEN_DOCUMENT}.presentation{kind}" for kind in ("", "-template")),
    f"{_OPEN_DOCUMENT}.graphics",
)

ACCEPTED = (*DIALOG, *FILES)

_SPREADSHEETS = frozenset(
    {
        "application/vnd.ms-excel",
        *(f"{_OPEN_XML}.spreadsheetml.{kind}" for kind in ("sheet", "template")),
        *(f"application/vnd.ms-excel.{kind}.{_MACROS}" for kind in ("sheet", "sheet.binary", "template")),
        *(f"{_OPEN_DOCUMENT}.spreadsheet{kind}" for kind in ("", "-template")),
    }
)
_TEXTS = frozenset(
    {
        "application/rtf",
        "application/msword",
        *(f"{_OPEN_XML}.wordprocessingml.{kind}" for kind in ("document", "template")),
        *(f"application/vnd.ms-word.{kind}.{_MACROS}" for kind in ("document", "template")),
        *(f"{_OPEN_DOCUMENT}.text{kind}" for kind in ("", "-template")),
    }
)

_OTHER_NAMES = {
    "": AUTO_SENSE,
    "application/zip": AUTO_SENSE,
    "application/x-zip-compressed": AUTO_SENSE,
    "binary/octet-stream": AUTO_SENSE,
    "application/x-pdf": PDF,
    "application/pcl": PCL,
    "application/x-pcl": PCL,
    "application/vnd.cups-pcl": PCL,
    "application/ps": "application/postscript",
    "application/x-postscript": "application/postscript",
    "application/xps": "application/oxps",
    "application/xhtml+xml": "text/html",
    "application/csv": "text/csv",
    "text/comma-separated-values": "text/csv",
    "text/x-markdown": "text/markdown",
    "text/rtf": "application/rtf",
    "application/x-rtf": "application/rtf",
    "text/xml": AUTO_SENSE,
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/x-ms-bmp": "image/bmp",
    "image/x-bmp": "image/bmp",
    "image/x-windows-bmp": "image/bmp",
    "image/tif": "image/tiff",
    "image/x-tiff": "image/tiff",
    "image/heif": "image/heic",
    "image/heic-sequence": "image/heic",
    "image/svg": "image/svg+xml",
}
_BY_LOWER = {known.lower(): known for known in (*ACCEPTED, AUTO_SENSE, *LANGUAGES)}


def normalized(media_type: str) -> str:
    """The media type without parameters, under the name and in the case that we use for it."""
    plain = media_type.partition(";")[0].strip().lower()
    return _OTHER_NAMES.get(plain) or _BY_LOWER.get(plain, plain)


def is_spreadsheet(media_type: str) -> bool:
    """Whether it has sheets to choose from."""
    return media_type in _SPREADSHEETS


def has_choices(media_type: str) -> bool:
    """Whether people can choose what of it is made printable: sheets, or comments and tracked changes."""
    return media_type in _SPREADSHEETS | _TEXTS


def is_accepted(media_type: str) -> bool:
    """`media_type` is a normalized one."""
    return media_type in ACCEPTED or media_type == AUTO_SENSE


def is_language(media_type: str) -> bool:
    """Whether it goes to a device as it is, or nowhere."""
    return media_type in LANGUAGES
