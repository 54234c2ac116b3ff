"""The formats that are printed here by their media types (IANA), and which of them only the office worker can open."""

PDF = "application/pdf"
POSTSCRIPT = "application/postscript"
PCL = "application/vnd.hp-PCL"
PCLXL = "application/vnd.hp-PCLXL"
PWG = "image/pwg-raster"
URF = "image/urf"

JPEG = "image/jpeg"
PNG = "image/png"
GIF = "image/gif"
BMP = "image/bmp"
TIFF = "image/tiff"
WEBP = "image/webp"
HEIC = "image/heic"
SVG = "image/svg+xml"

XPS = "application/vnd.ms-xpsdocument"
OXPS = "application/oxps"
EPUB = "application/epub+zip"

TEXT = "text/plain"
MARKDOWN = "text/markdown"
CSV = "text/csv"
HTML = "text/html"
EML = "message/rfc822"
MSG = "application/vnd.ms-outlook"
RTF = "application/rtf"

_OPEN_XML = "application/vnd.openxmlformats-officedocument"
DOCX = f"{_OPEN_XML}.wordprocessingml.document"
DOTX = f"{_OPEN_XML}.wordprocessingml.template"
XLSX = f"{_OPEN_XML}.spreadsheetml.sheet"
PPTX = f"{_OPEN_XML}.presentationml.presentation"
PPSX = f"{_OPEN_XML}.presentationml.slideshow"
DOCM = "application/vnd.ms-word.document.macroEnabled.12"
XLSM = "application/vnd.ms-excel.sheet.macroEnabled.12"
XLSB = "application/vnd.ms-excel.sheet.binary.macroEnabled.12"
PPTM = "application/vnd.ms-powerpoint.presentation.macroEnabled.12"
DOTM = "application/vnd.ms-word.template.macroEnabled.12"
XLTM = "application/vnd.ms-excel.template.macroEnabled.12"
XLTX = f"{_OPEN_XML}.spreadsheetml.template"
POTX = f"{_OPEN_XML}.presentationml.template"
DOC = "application/msword"
XLS = "application/vnd.ms-excel"
PPT = "application/vnd.ms-powerpoint"

_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
ODT = f"{_OPEN_DOCUMENT}.text"
OTT = f"{_OPEN_DOCUMENT}.text-template"
ODS = f"{_OPEN_DOCUMENT}.spreadsheet"
OTS = f"{_OPEN_DOCUMENT}.spreadsheet-template"
ODP = f"{_OPEN_DOCUMENT}.presentation"
OTP = f"{_OPEN_DOCUMENT}.presentation-template"
ODG = f"{_OPEN_DOCUMENT}.graphics"

LOCKED = "application/octet-stream"
"""An office document under a password: which one is known only to whoever has the password."""

RASTERS = frozenset({PWG, URF})
LANGUAGES = frozenset({PCL, PCLXL})
"""What only some devices understand: nothing here draws it, so it goes to them as it is or nowhere."""
PICTURES = frozenset({JPEG, PNG, GIF, BMP, TIFF, WEBP, HEIC})
OPEN_XML = frozenset({DOCX, DOCM, DOTX, DOTM, XLSX, XLSM, XLTX, XLTM, XLSB, PPTX, PPTM, PPSX, POTX})
OPEN_DOCUMENT = frozenset({ODT, OTT, ODS, OTS, ODP, OTP, ODG})
OFFICE = frozenset({*OPEN_XML, *OPEN_DOCUMENT, DOC, XLS, PPT, RTF, CSV, LOCKED})
"""What goes to the office worker as it is. Web pages and mails go there as HTML that the light worker wrote."""

LABELS = {
    PDF: "a PDF",
    POSTSCRIPT: "PostScript",
    PCL: "a print file in PCL",
    PCLXL: "a print file in PCL XL",
    PWG: "a PWG raster",
    URF: "an AirPrint raster",
    JPEG: "a JPEG picture",
    PNG: "a PNG picture",
    GIF: "a GIF picture",
    BMP: "a BMP picture",
    TIFF: "a TIFF picture",
    WEBP: "a WebP picture",
    HEIC: "an HEIC picture",
    SVG: "an SVG drawing",
    XPS: "an XPS document",
    OXPS: "an OpenXPS document",
    EPUB: "an EPUB book",
    TEXT: "plain text",
    MARKDOWN: "Markdown text",
    CSV: "a CSV table",
    HTML: "a web page",
    EML: "an e-mail",
    MSG: "an Outlook message",
    RTF: "an RTF document",
    DOCX: "a Word document",
    DOCM: "a Word document with macros",
    DOTX: "a Word template",
    DOTM: "a Word template with macros",
    DOC: "an old Word document",
    XLSX: "an Excel workbook",
    XLSM: "an Excel workbook with macros",
    XLSB: "a binary Excel workbook",
    XLTX: "an Excel template",
    XLTM: "an Excel template with macros",
    XLS: "an old Excel workbook",
    PPTX: "a PowerPoint presentation",
    PPTM: "a PowerPoint presentation with macros",
    PPSX: "a PowerPoint show",
    POTX: "a PowerPoint template",
    PPT: "an old PowerPoint presentation",
    ODT: "an OpenDocument text",
    OTT: "an OpenDocument text template",
    ODS: "an OpenDocument spreadsheet",
    OTS: "an OpenDocument spreadsheet template",
    ODP: "an OpenDocument presentation",
    OTP: "an OpenDocument presentation template",
    ODG: "an OpenDocument drawing",
    LOCKED: "an office document with a password",
}

INPUT_FORMATS = tuple(LABELS)

# Other names under which the same formats are sent.
_ALIASES = {
    "application/x-pdf": PDF,
    "image/jpg": JPEG,
    "image/pjpeg": JPEG,
    "image/x-png": PNG,
    "image/x-ms-bmp": BMP,
    "image/x-bmp": BMP,
    "image/x-windows-bmp": BMP,
    "image/tif": TIFF,
    "image/x-tiff": TIFF,
    "image/heif": HEIC,
    "image/heic-sequence": HEIC,
    "application/xhtml+xml": HTML,
    "text/x-markdown": MARKDOWN,
    "application/csv": CSV,
    "text/comma-separated-values": CSV,
    "text/rtf": RTF,
    "application/x-rtf": RTF,
    "application/xps": XPS,
    "image/svg": SVG,
    "application/pcl": PCL,
    "application/x-pcl": PCL,
    "application/vnd.cups-pcl": PCL,
    "application/ps": POSTSCRIPT,
    "application/x-postscript": POSTSCRIPT,
}
# Claims that say nothing, or nothing that the content could contradict.
_VAGUE = frozenset({"", "application/octet-stream", "application/zip", "application/x-zip-compressed", "text/xml"})
_TEXTUAL = frozenset({TEXT, MARKDOWN, CSV})


def normal(declared: str) -> str:
    """The media type of a client's claim without parameters and under its usual name; empty when it says nothing."""
    plain = declared.partition(";")[0].strip()
    found = next((known for known in INPUT_FORMATS if known.lower() == plain.lower()), plain.lower())
    found = _ALIASES.get(found, found)
    return "" if found in _VAGUE else found


def contradicts(declared: str, found: str) -> bool:
    """Whether a claim is about another format than what was found."""
    claim = normal(declared)
    if not claim or found in {claim, LOCKED}:
        return False
    if {claim, found} <= _TEXTUAL or {claim, found} <= {XPS, OXPS}:
        return False
    # A program that sends "application/vnd.cups-raw" or the like means: look for yourself.
    return claim in LABELS or claim.split("/")[0] in {"image", "text", "audio", "video"}
