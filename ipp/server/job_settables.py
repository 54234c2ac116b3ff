"""Which attributes a client may give with a job, and change afterwards (RFC 3380): the one list of each."""

from gateway.domain.printer import Printer

JOB_TEMPLATE = (
    "copies", "finishings", "finishings-col", "imposition-template", "job-account-id", "job-accounting-user-id", "job-hold-until",
    "job-hold-until-time", "job-priority", "job-release-action", "job-sheets", "media", "media-col",
    "multiple-document-handling", "number-up", "orientation-requested", "output-bin", "page-ranges",
    "presentation-direction-number-up", "print-color-mode",
    "print-content-optimize", "print-quality", "print-rendering-intent", "print-scaling", "printer-resolution",
    "sheet-collate", "sides",
)  # fmt: skip

JOB_CREATION = (
    "job-name",
    "ipp-attribute-fidelity",
    "job-mandatory-attributes",
    "job-password",
    "document-password",
    *JOB_TEMPLATE,
)


def offered_by(printer: Printer, names: tuple[str, ...]) -> tuple[str, ...]:
    """Without what this Printer does not take."""
    return names if printer.takes_projects else tuple(name for name in names if name != "job-account-id")


_FIXED = frozenset({"job-release-action", "job-hold-until-time"})  # decided when the job comes in
JOB_SETTABLE = ("job-name", *(name for name in JOB_TEMPLATE if name not in _FIXED))

# attribute -> the field of the Printer that keeps it; free texts, up to 127 octets.
PRINTER_TEXTS = {
    "printer-info": "info",
    "printer-location": "location",
    "printer-organization": "organization",
    "printer-organizational-unit": "organizational_unit",
    "printer-message-from-operator": "operator_message",
    "printer-geo-location": "geo_location",
}
# attribute -> the key in Printer.defaults.
PRINTER_DEFAULTS = {
    "media-default": "media",
    "output-bin-default": "output-bin",
    "print-color-mode-default": "print-color-mode",
    "print-scaling-default": "print-scaling",
    "sides-default": "sides",
}
PRINTER_SETTABLE = (*PRINTER_TEXTS, *PRINTER_DEFAULTS)
