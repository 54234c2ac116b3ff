"""What a Printer says of itself, said once.

A phone reads the DNS-SD TXT record first and Get-Printer-Attributes afterwards; where the two differ it shows the
printer and prints nothing. Both front-ends take their values from here. Texts are cut to the octets that IPP
(RFC 8011 section 5.1) and DNS-SD (RFC 6763 section 6) allow.
"""

from collections.abc import Iterable
from urllib.parse import quote

from gateway.domain.capabilities import Media
from gateway.domain.formats import AUTO_SENSE, DIALOG, FILES, LANGUAGES, PDF, PWG_RASTER, URF
from gateway.domain.printer import Authentication, Printer

TEXT_MAX = 127  # printer-make-and-model, printer-info and printer-location: text(127)
LABEL_MAX = 63  # one DNS label
URF_VERSION = "V1.4"
URF_COPIES_MAX = 255
MOPRIA_CERTIFIED = "1.3"  # the level of the Mopria print profile that CUPS states, too

# The numbers of AirPrint's IS, OB and MT keys are places in PWG 5101.1's and RFC 3805's lists.
_SOURCES = {"auto": 0, "main": 1, "alternate": 2, "large-capacity": 3, "manual": 4, "envelope": 5, "by-pass-tray": 19}
_BINS = {"auto": 0, "top": 1, "middle": 2, "bottom": 3, "side": 4, "left": 5, "right": 6, "center": 7, "rear": 8}
_BINS |= {"face-up": 9, "face-down": 10, "large-capacity": 11, "stacker": 12, "my-mailbox": 13}
_TYPES = {"auto": 0, "stationery": 1, "transparency": 2, "envelope": 3, "cardstock": 4, "labels": 5}
_TYPES |= {"stationery-letterhead": 6, "photographic-matte": 8, "photographic-glossy": 11}

# Short edge, in hundredths of a millimetre, up to which a size class of Bonjour Printing's PaperMax reaches.
_PAPER_MAX = ((21600, "legal-A4"), (29800, "tabloid-A3"), (45800, "isoC-A2"))


def cut(text: str, octets: int) -> str:
    """`text` without control characters, in at most that many octets of UTF-8, never ending inside a character."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    return clean.encode()[:octets].decode(errors="ignore")


def dns_sd_name(printer: Printer) -> str:
    """printer-dns-sd-name as wished: what people read, as one DNS label (63 octets); a conflict may rename it.

    Dots are replaced: DNS-SD allows them within a label, but many clients and libraries split names at them.
    """
    return cut((printer.info or printer.name).replace(".", "-"), LABEL_MAX).strip() or printer.name


def make_and_model(printer: Printer) -> str:
    """printer-make-and-model; ty and product of the TXT record."""
    return cut(printer.capabilities.make_and_model, TEXT_MAX)


def location(printer: Printer) -> str:
    """printer-location; note of the TXT record."""
    return cut(printer.location, TEXT_MAX)


def document_formats(printer: Printer) -> tuple[str, ...]:  # noqa: ARG001 - a Printer may narrow them one day
    """What print dialogs make, preferred first: pdl of the TXT record. They do not hang on what the devices take."""
    return DIALOG


def document_formats_supported(printer: Printer) -> tuple[str, ...]:
    """document-format-supported: the same, what people have as files besides, and leave to find out."""
    return (AUTO_SENSE, *document_formats(printer), *FILES, *(LANGUAGES if printer.pass_through else ()))


def urf_supported(printer: Printer) -> tuple[str, ...]:
    """urf-supported, and URF of the TXT record joined by commas.

    iOS drops duplex jobs without a DM token and hides printers without any token at all.
    """
    able = printer.capabilities
    tokens = [URF_VERSION, f"CP{min(max(able.copies, 1), URF_COPIES_MAX)}", "W8"]
    tokens += ["SRGB24"] if able.color else []
    tokens += ["DM1"] if able.duplex else []
    tokens += _numbered("FN", (3, *able.finishings))  # 3 is none
    tokens += _numbered("IS", (_place(media.source, _SOURCES, 19) for media in able.media))
    tokens += _numbered("MT", (_TYPES.get(name) for name in able.media_types))
    tokens += _numbered("OB", (_place(name, _BINS, 34) for name in able.output_bins or ("face-down",)))
    return (*tokens, "PQ3-4-5", *_numbered("RS", able.resolutions or (300,)))


def sides_supported(printer: Printer) -> tuple[str, ...]:
    """sides-supported; Duplex=T of the TXT record where there is more than one."""
    return (
        ("one-sided", "two-sided-long-edge", "two-sided-short-edge") if printer.capabilities.duplex else ("one-sided",)
    )


def finishing_words(printer: Printer) -> frozenset[str]:
    """Which of staple, punch, bind and fold finishings-supported (PWG 5100.1 table 1) has."""
    words = ((4, "staple"), (5, "punch"), (7, "bind"), (10, "fold"))
    ranges = ((20, 35, "staple"), (50, 53, "bind"), (70, 89, "punch"), (90, 101, "fold"))
    able = printer.capabilities.finishings
    single = {word for value, word in words if value in able}
    return frozenset(single | {word for low, high, word in ranges if any(low <= value <= high for value in able)})


def paper_max(printer: Printer) -> str:
    """PaperMax (Bonjour Printing Specification 9.2.9): the class of the largest sheet by its short edge."""
    edge = max((min(media.x, media.y) for media in printer.capabilities.media), default=0)
    return next((name for limit, name in _PAPER_MAX if edge <= limit), ">isoC-A2")


def kinds(printer: Printer) -> tuple[str, ...]:
    """printer-kind (PWG 5100.13 section 6.3.3); kind of the TXT record."""
    media = printer.capabilities.media
    found = {
        "envelope": any(_mentions(m, "envelope") for m in media),
        "label": any(_mentions(m, "label") for m in media),
        "photo": any(_mentions(m, "photographic") for m in media),
        "postcard": any("postcard" in m.name or "hagaki" in m.name for m in media),
    }
    return ("document", *(kind for kind, there in found.items() if there))


def uuid_urn(printer: Printer) -> str:
    """printer-uuid; UUID of the TXT record is the part behind urn:uuid:."""
    return f"urn:uuid:{printer.uuid}"


def authentication_needed(printer: Printer) -> bool:
    """Whether submission asks for a name and a password; air of the TXT record."""
    return printer.authentication is Authentication.BASIC


def resource_path(printer: Printer) -> str:
    """The path of printer-uri-supported without its first slash; rp of the TXT record.

    Each Printer keeps its own path although the default one also answers on ipp/print: clients store what they
    were told, and must not end at another Printer when the default changes.
    """
    return f"ipp/print/{quote(printer.name, safe='')}"


def more_info(printer: Printer, base_url: str) -> str:
    """printer-more-info; adminurl of the TXT record. `base_url` is the web page's, with or without a last slash."""
    return f"{base_url.rstrip('/')}/?printer={quote(printer.name, safe='')}"


def device_id(printer: Printer) -> str:
    """printer-device-id (IEEE 1284): what Windows looks a driver up by."""
    commands = {PDF: "PDF", URF: "URF", PWG_RASTER: "PWGRaster", "image/jpeg": "JPEG", "image/png": "PNG"}
    known = ",".join(commands[f] for f in document_formats(printer) if f in commands)
    make, model = manufacturer_and_model(printer)
    return f"MFG:{make};MDL:{model};CMD:{known};CLS:PRINTER;"


def manufacturer_and_model(printer: Printer) -> tuple[str, str]:
    """usb_MFG and usb_MDL: the make is the first word of make and model."""
    make, _, model = _without_separators(make_and_model(printer)).partition(" ")
    return make or "Papertap", model.strip() or make or "Printer"


def _mentions(media: Media, word: str) -> bool:
    return any(word in text for text in (media.name, media.type, media.source))


def _without_separators(text: str) -> str:
    return "".join(c for c in text if c not in ";:,")


def _place(name: str, table: dict[str, int], trays: int) -> int | None:
    tray = name.removeprefix("tray-")
    if tray != name and tray.isascii() and tray.isdigit():
        return trays + int(tray)
    return table.get(name)


def _numbered(key: str, values: Iterable[int | None]) -> list[str]:
    known = sorted({value for value in values if value is not None})
    return [key + "-".join(map(str, known))] if known else []
