"""What each kind of client looks for and asks: the table that AirPrint Doctor goes by."""

from dataclasses import dataclass
from typing import Final

PDF, URF, PWG, JPEG = "application/pdf", "image/urf", "image/pwg-raster", "image/jpeg"


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientKind:
    """`browses` are service types, any of which is enough; `formats` what it can send, best first.

    `asks` are attributes without which it shows no printer, or a printer without paper, colour or copies.
    """

    name: str
    browses: tuple[str, ...]
    formats: tuple[str, ...]
    asks: tuple[str, ...]
    sends: str
    needs_tls_for_password: bool = True


_COMMON = (
    "printer-name",
    "printer-uri-supported",
    "uri-security-supported",
    "uri-authentication-supported",
    "ipp-versions-supported",
    "operations-supported",
    "document-format-supported",
    "printer-state",
    "printer-state-reasons",
    "printer-is-accepting-jobs",
    "media-supported",
    "media-default",
    "sides-supported",
    "copies-supported",
    "print-color-mode-supported",
    "printer-make-and-model",
    "printer-uuid",
)

CLIENTS: Final[tuple[ClientKind, ...]] = (
    ClientKind(
        name="iPhone, iPad, Mac",
        browses=("_universal._sub._ipp._tcp", "_universal._sub._ipps._tcp"),
        formats=(URF, PDF, JPEG),
        asks=(*_COMMON, "urf-supported", "media-col-ready", "media-ready", "document-format-preferred"),
        sends=URF,
    ),
    ClientKind(
        name="Android",
        browses=("_ipp._tcp", "_ipps._tcp"),
        formats=(PDF, PWG),
        asks=(*_COMMON, "media-col-default", "media-col-ready", "printer-resolution-supported"),
        sends=PDF,
    ),
    ClientKind(
        name="Windows",
        browses=("_ipp._tcp", "_ipps._tcp", "_print._sub._ipp._tcp"),
        formats=(PDF, PWG),
        asks=(
            *_COMMON,
            "document-format-default",
            "document-format-preferred",
            "mopria-certified",
            "printer-dns-sd-name",
            "printer-device-id",
            "media-type-supported",
        ),
        sends=PWG,
    ),
    ClientKind(
        name="ChromeOS",
        browses=("_ipp._tcp", "_ipps._tcp"),
        formats=(PDF, PWG),
        asks=(*_COMMON, "ipp-features-supported", "media-col-database", "pwg-raster-document-resolution-supported"),
        sends=PDF,
    ),
    ClientKind(
        name="Linux",
        browses=("_print._sub._ipp._tcp", "_print._sub._ipps._tcp", "_ipp._tcp"),
        formats=(PDF, URF, PWG, JPEG),
        asks=(
            *_COMMON,
            "ipp-features-supported",
            "media-col-database",
            "media-col-ready",
            "printer-resolution-supported",
            "pwg-raster-document-type-supported",
        ),
        sends=PDF,
    ),
)
