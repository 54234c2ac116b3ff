"""Printer description attributes (RFC 8011 section 5.4, PWG 5100.13, 5100.14, RFC 3995): what a Printer is, and how it is.

Values that the DNS-SD TXT record has too come from gateway.domain.description, so that both always agree.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.domain import description as said
from gateway.domain.formats import AUTO_SENSE
from gateway.domain.printer import Printer
from gateway.services.printers import PrinterStatus
from gateway.services.sealing import PASSWORD_MAX as DOCUMENT_PASSWORD_MAX
from gateway.services.subscriptions import EVENTS, LEASE_DEFAULT, LEASE_MAX, MAX_EVENTS
from gateway.settings import Settings
from ipp.server.job_settables import JOB_CREATION, JOB_SETTABLE, PRINTER_SETTABLE, offered_by
from ipp.server.where import Where
from ipp.wire import Attribute, IntRange, PrinterState, Resolution, build

VERSIONS = ("1.0", "1.1", "2.0", "2.1", "2.2")
FEATURES = ("ipp-everywhere", "ipp-everywhere-server", "document-object", "subscription-object")
COMPRESSIONS = ("none", "deflate", "gzip")
WHICH_JOBS = (
    "completed", "not-completed", "aborted", "all", "canceled", "pending", "pending-held", "processing",
    "processing-stopped", "proof-print",
)  # fmt: skip
# Preparation reads a raster at any of these and of these types; PDF stays the better way.
RASTER_RESOLUTIONS = (150, 180, 300, 360, 600, 720)
RASTER_TYPES = ("black_1", "sgray_8", "srgb_8", "srgb_16", "cmyk_8")
ICON_SIZES = (48, 128, 512)
PASSWORD_MAX = 255
INT_MAX = 2**31 - 1
_STATES = {"idle": PrinterState.IDLE, "processing": PrinterState.PROCESSING, "stopped": PrinterState.STOPPED}
# PWG 5100.9 table 2: the alert code and severity of a printer-state-reason; others are told as `other`.
_ALERTS = {
    "media-empty": ("inputMediaSupplyEmpty", "critical"),
    "media-needed": ("inputMediaSupplyEmpty", "critical"),
    "media-jam": ("jam", "critical"),
    "media-low": ("inputMediaSupplyLow", "warning"),
    "cover-open": ("coverOpen", "critical"),
    "door-open": ("doorOpen", "critical"),
    "toner-empty": ("markerTonerEmpty", "critical"),
    "toner-low": ("markerTonerAlmostEmpty", "warning"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Face:
    """All that the attributes of one Printer are made from, for a client that came from `where`.

    `troubles` are reasons why intake refuses work now; `dns_sd_name` is the announced name, which a conflict on the
    network may have changed; `operations` the operation-ids that the server answers.
    """

    printer: Printer
    status: PrinterStatus
    where: Where
    settings: Settings
    troubles: tuple[str, ...]
    dns_sd_name: str
    operations: tuple[int, ...]
    software: str


def up_time(printer: Printer, at: float) -> int:
    """printer-up-time at a point in time: seconds since the Printer was made, so that it goes on over restarts."""
    return min(max(int(at - printer.created_at) + 1, 1), INT_MAX)


def date_time(at: float) -> datetime:
    return datetime.fromtimestamp(max(at, 0.0), UTC)


def passing_attributes(printer: Printer, now: float) -> list[Attribute]:
    """What differs with every second, and is put behind the kept rest."""
    return [
        build.integer("printer-up-time", up_time(printer, now)),
        build.date_time("printer-current-time", date_time(now)),
    ]


PASSING = ("printer-up-time", "printer-current-time")


def description_attributes(face: Face) -> list[Attribute]:
    """The group `printer-description`, but for what passes with time."""
    return [*_identity(face), *_state(face), *_abilities(face), *_documents(face), *_passwords(), *_supplies(face)]


def subscription_attributes() -> list[Attribute]:
    """The group `subscription-template` and its companions (RFC 3995 section 5.3, RFC 3996 section 8)."""
    return [
        build.integer("ippget-event-life", 300),
        build.keyword("notify-events-default", "job-completed"),
        build.keyword("notify-events-supported", *EVENTS),
        build.integer("notify-lease-duration-default", LEASE_DEFAULT),
        build.int_range("notify-lease-duration-supported", IntRange(0, LEASE_MAX)),
        build.integer("notify-max-events-supported", MAX_EVENTS),
        build.keyword("notify-pull-method-supported", "ippget"),
        build.keyword("notify-attributes-supported", "printer-state-change-time", "job-id", "job-state"),
    ]


def _identity(face: Face) -> list[Attribute]:
    printer, where = face.printer, face.where
    uris = where.printer_uris(printer, face.settings)
    security = "basic" if where.asks_password(printer) else "none" if where.root else "requesting-user-name"
    pages = where.web_pages(face.settings)
    return [
        build.uri("printer-uri-supported", *(uri for uri, _ in uris)),
        build.keyword("uri-security-supported", *("tls" if secure else "none" for _, secure in uris)),
        build.keyword("uri-authentication-supported", *(security for _ in uris)),
        build.name("printer-name", said.cut(printer.name, said.TEXT_MAX)),
        build.name("printer-dns-sd-name", face.dns_sd_name),
        build.text("printer-info", said.cut(printer.info, said.TEXT_MAX)),
        build.text("printer-location", said.location(printer)),
        build.text("printer-make-and-model", said.make_and_model(printer)),
        build.text("printer-organization", said.cut(printer.organization, said.TEXT_MAX)),
        build.text("printer-organizational-unit", said.cut(printer.organizational_unit, said.TEXT_MAX)),
        _geo_location(printer),
        build.uri("printer-uuid", said.uuid_urn(printer)),
        build.text("printer-device-id", said.device_id(printer)),
        build.keyword("printer-kind", *said.kinds(printer)),
        build.uri("printer-more-info", said.more_info(printer, pages)),
        build.uri("printer-supply-info-uri", said.more_info(printer, pages)),
        build.uri("printer-icons", *(f"{where.web}/ipp/icons/{size}.png" for size in ICON_SIZES)),
        build.name("printer-firmware-name", "Papertap"),
        build.text("printer-firmware-string-version", face.software),
        build.octets("printer-firmware-version", face.software.encode()),
        build.text("mopria-certified", said.MOPRIA_CERTIFIED),
    ]


def _geo_location(printer: Printer) -> Attribute:
    if printer.geo_location is None:
        return build.unknown("printer-geo-location")
    place = printer.geo_location
    return build.uri("printer-geo-location", place if place.startswith("geo:") else f"geo:{place}")


def _state(face: Face) -> list[Attribute]:
    printer, status = face.printer, face.status
    reasons = tuple(dict.fromkeys((*status.reasons, *(reason for reason in face.troubles)))) or ("none",)
    message = said.cut(status.message, 1023)
    return [
        build.enum("printer-state", _STATES.get(status.state, PrinterState.STOPPED)),
        build.keyword("printer-state-reasons", *reasons),
        build.text("printer-state-message", message),
        build.text("printer-detailed-status-messages", message),
        build.integer("printer-state-change-time", up_time(printer, status.changed_at)),
        build.date_time("printer-state-change-date-time", date_time(status.changed_at)),
        build.integer("printer-config-change-time", up_time(printer, printer.config_changed_at)),
        build.date_time("printer-config-change-date-time", date_time(printer.config_changed_at)),
        build.boolean("printer-is-accepting-jobs", printer.is_accepting_jobs and not face.troubles),
        build.integer("queued-job-count", status.queued_jobs),
        build.text("printer-message-from-operator", said.cut(printer.operator_message, said.TEXT_MAX)),
        *_alerts(reasons, message),
    ]


def _alerts(reasons: tuple[str, ...], message: str) -> list[Attribute]:
    """printer-alert and its description, one for one (PWG 5100.9); always at least one of each."""
    alerts = [_alert(reason) for reason in reasons if reason != "none"] or [b"code=unknown;severity=other"]
    texts = [message or reason for reason in reasons if reason != "none"] or ["No alert"]
    return [build.octets("printer-alert", *alerts), build.text("printer-alert-description", *texts)]


def _alert(reason: str) -> bytes:
    stem, _, severity = reason.rpartition("-")
    known = severity in {"error", "warning", "report"}
    code, level = _ALERTS.get(stem if known else reason, ("other", "other"))
    return f"code={code};severity={level if not known or severity == 'error' else 'warning'}".encode()


def _abilities(face: Face) -> list[Attribute]:
    able = face.printer.capabilities
    color = [build.integer("pages-per-minute-color", able.pages_per_minute_color)] if able.color else []
    return [
        build.charset("charset-configured", "utf-8"),
        build.charset("charset-supported", "utf-8", "us-ascii"),
        build.language("natural-language-configured", "en"),
        build.language("generated-natural-language-supported", "en"),
        build.keyword("ipp-versions-supported", *VERSIONS),
        build.keyword("ipp-features-supported", *FEATURES),
        build.enum("operations-supported", *face.operations),
        build.boolean("color-supported", able.color),
        build.integer("pages-per-minute", able.pages_per_minute),
        *color,
        build.keyword("identify-actions-default", "display"),
        build.keyword("identify-actions-supported", "display"),
        build.boolean("job-ids-supported", True),
        build.keyword("job-creation-attributes-supported", *offered_by(face.printer, JOB_CREATION)),
        build.keyword("job-settable-attributes-supported", *offered_by(face.printer, JOB_SETTABLE)),
        build.keyword("printer-settable-attributes-supported", *PRINTER_SETTABLE),
        build.keyword("printer-get-attributes-supported", "document-format"),
        build.boolean("preferred-attributes-supported", False),
        build.boolean("multiple-document-jobs-supported", True),
        build.integer("multiple-operation-time-out", max(int(face.settings.ipp.multiple_operation_seconds), 1)),
        build.keyword("multiple-operation-time-out-action", "abort-job"),
        build.keyword("which-jobs-supported", *WHICH_JOBS),
        build.int_range("job-impressions-supported", IntRange(0, INT_MAX)),
        build.int_range("job-media-sheets-supported", IntRange(0, INT_MAX)),
    ]


def _documents(face: Face) -> list[Attribute]:
    formats = said.document_formats(face.printer)
    kilo = face.settings.ipp.max_document // 1024
    return [
        build.keyword("compression-supported", *COMPRESSIONS),
        build.keyword("compression-default", "none"),
        build.mime("document-format-default", AUTO_SENSE),
        build.mime("document-format-preferred", formats[0]),
        build.mime("document-format-supported", *said.document_formats_supported(face.printer)),
        build.int_range("job-k-octets-supported", IntRange(0, min(kilo, INT_MAX))),
        build.keyword("pdl-override-supported", "attempted"),
        build.keyword("pdf-versions-supported", "adobe-1.3", "adobe-1.4", "adobe-1.5", "adobe-1.6", "iso-32000-1_2008"),
        build.int_range("pdf-k-octets-supported", IntRange(0, min(kilo, INT_MAX))),
        build.keyword("jpeg-features-supported", "none"),
        build.int_range("jpeg-k-octets-supported", IntRange(0, min(kilo, INT_MAX))),
        build.int_range("jpeg-x-dimension-supported", IntRange(0, 65535)),
        build.int_range("jpeg-y-dimension-supported", IntRange(1, 65535)),
        *_raster(face),
    ]


def _raster(face: Face) -> list[Attribute]:
    resolutions = [Resolution(dpi, dpi) for dpi in RASTER_RESOLUTIONS]
    return [
        build.resolution("pwg-raster-document-resolution-supported", *resolutions),
        build.keyword("pwg-raster-document-sheet-back", "normal"),
        build.keyword("pwg-raster-document-type-supported", *RASTER_TYPES),
        build.keyword("urf-supported", *said.urf_supported(face.printer)),
    ]


def _passwords() -> list[Attribute]:
    """A PIN typed at the print dialog (PWG 5100.11), and the password of the document itself (PWG 5100.13)."""
    return [
        build.integer("document-password-supported", DOCUMENT_PASSWORD_MAX),
        build.integer("job-password-supported", PASSWORD_MAX),
        build.keyword("job-password-encryption-supported", "none"),
        build.int_range("job-password-length-supported", IntRange(4, PASSWORD_MAX)),
        build.keyword("job-password-repertoire-configured", "iana_utf-8_any"),
        build.keyword("job-password-repertoire-supported", "iana_us-ascii_digits", "iana_utf-8_any"),
    ]


def _supplies(face: Face) -> list[Attribute]:
    """printer-supply (PWG 5100.13): what is left is not known here; level -2 says so (RFC 3805 prtMarkerSuppliesLevel)."""
    colors = ("black", "cyan", "magenta", "yellow") if face.printer.capabilities.color else ("black",)
    supply = "index={};class=supplyThatIsConsumed;type=toner;unit=percent;maxcapacity=100;level=-2;colorantname={};"
    return [
        build.octets("printer-supply", *(supply.format(i, c).encode() for i, c in enumerate(colors, 1))),
        build.text("printer-supply-description", *(f"{color.title()} toner" for color in colors)),
    ]
