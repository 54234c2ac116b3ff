"""The virtual printer's attributes: of the Printer (RFC 8011 section 5.4, PWG 5100.14) and of its jobs."""

from datetime import UTC, datetime

from ipp.virtual.features import Features, Sheet
from ipp.virtual.machine import Machine, PaperJob
from ipp.wire import Attribute, Collection, IntRange, JobState, Operation, Resolution, build

OPERATIONS = (
    Operation.PRINT_JOB,
    Operation.VALIDATE_JOB,
    Operation.CREATE_JOB,
    Operation.SEND_DOCUMENT,
    Operation.CANCEL_JOB,
    Operation.GET_JOB_ATTRIBUTES,
    Operation.GET_JOBS,
    Operation.GET_PRINTER_ATTRIBUTES,
    Operation.CANCEL_MY_JOBS,
    Operation.CLOSE_JOB,
    Operation.IDENTIFY_PRINTER,
)

TEMPLATE = (
    "copies",
    "finishings",
    "media",
    "media-col",
    "multiple-document-handling",
    "orientation-requested",
    "output-bin",
    "print-color-mode",
    "print-quality",
    "print-scaling",
    "printer-resolution",
    "sides",
)


def printer_attributes(features: Features, machine: Machine, uri: str, up_time: int) -> list[Attribute]:
    """All Printer attributes of the moment."""
    queued = sum(1 for job in machine.jobs.values() if not job.ended)
    return [
        build.enum("printer-state", machine.state),
        build.keyword("printer-state-reasons", *machine.reasons),
        build.text("printer-state-message", "" if machine.reasons == ("none",) else ", ".join(machine.reasons)),
        build.boolean("printer-is-accepting-jobs", True),
        build.integer("queued-job-count", queued),
        build.integer("printer-up-time", max(1, up_time)),
        *_identity(features, uri),
        *_job_defaults(features),
        *_media(features),
    ]


def _identity(features: Features, uri: str) -> list[Attribute]:
    return [
        build.uri("printer-uri-supported", uri),
        build.keyword("uri-security-supported", "tls" if uri.startswith("ipps:") else "none"),
        build.keyword("uri-authentication-supported", "none"),
        build.name("printer-name", "virtual"),
        build.text("printer-info", features.name),
        build.text("printer-location", features.location),
        build.text("printer-make-and-model", features.name),
        build.uri("printer-uuid", features.uuid.urn),
        build.keyword("ipp-versions-supported", "1.1", "2.0"),
        build.keyword("ipp-features-supported", "ipp-everywhere"),
        build.enum("operations-supported", *OPERATIONS),
        build.charset("charset-configured", "utf-8"),
        build.charset("charset-supported", "utf-8"),
        build.language("natural-language-configured", "en"),
        build.language("generated-natural-language-supported", "en"),
        build.keyword("compression-supported", "none"),
        build.keyword("pdl-override-supported", "attempted"),
        build.boolean("multiple-document-jobs-supported", True),
        build.integer("multiple-operation-time-out", 120),
    ]


def _job_defaults(features: Features) -> list[Attribute]:
    modes = ("auto", "color", "monochrome") if features.color else ("monochrome",)
    sides = ("one-sided", "two-sided-long-edge", "two-sided-short-edge") if features.duplex else ("one-sided",)
    resolutions = [Resolution(dpi, dpi) for dpi in features.resolutions]
    per_minute = round(features.speed * 60) or 600
    return [
        build.mime("document-format-default", features.formats[0]),
        build.mime("document-format-supported", *features.formats),
        build.keyword("job-creation-attributes-supported", *TEMPLATE),
        build.boolean("color-supported", features.color),
        build.integer("copies-default", 1),
        build.int_range("copies-supported", IntRange(1, features.copies)),
        build.enum("finishings-default", 3),
        build.enum("finishings-supported", *features.finishings),
        build.enum("orientation-requested-supported", 3, 4, 5, 6),
        build.keyword("output-bin-supported", *features.output_bins),
        build.keyword("print-color-mode-default", modes[0]),
        build.keyword("print-color-mode-supported", *modes),
        build.enum("print-quality-supported", 3, 4, 5),
        build.keyword("print-scaling-supported", "auto", "fit", "fill", "none"),
        build.keyword("sides-default", "one-sided"),
        build.keyword("sides-supported", *sides),
        build.keyword(
            "multiple-document-handling-supported",
            "separate-documents-collated-copies",
            "separate-documents-uncollated-copies",
        ),
        build.resolution("printer-resolution-default", resolutions[0]),
        build.resolution("printer-resolution-supported", *resolutions),
        build.resolution("pwg-raster-document-resolution-supported", *resolutions),
        build.keyword("pwg-raster-document-type-supported", "sgray_8", *(("srgb_8",) if features.color else ())),
        build.integer("pages-per-minute", per_minute),
        *([build.integer("pages-per-minute-color", per_minute)] if features.color else []),
    ]


def _media(features: Features) -> list[Attribute]:
    columns = [_media_col(sheet) for sheet in features.media]
    return [
        build.keyword("media-default", features.media[0].name),
        build.keyword("media-supported", *(sheet.name for sheet in features.media)),
        build.keyword("media-ready", *(sheet.name for sheet in features.media)),
        build.keyword("media-source-supported", *dict.fromkeys(sheet.source for sheet in features.media)),
        build.keyword("media-type-supported", "stationery"),
        build.collection("media-col-default", columns[0]),
        build.collection("media-col-ready", *columns),
        build.collection("media-col-database", *columns),
    ]


def _media_col(sheet: Sheet) -> Collection:
    size = build.members(build.integer("x-dimension", sheet.x), build.integer("y-dimension", sheet.y))
    return build.members(
        build.collection("media-size", size),
        build.integer("media-bottom-margin", 423),
        build.integer("media-left-margin", 423),
        build.integer("media-right-margin", 423),
        build.integer("media-top-margin", 423),
        build.keyword("media-source", sheet.source),
        build.keyword("media-type", "stationery"),
    )


def job_attributes(job: PaperJob, uri: str, up_time: int, started_at: float) -> list[Attribute]:
    """All Job attributes of the moment; times count from the start of the printer, as printer-up-time does."""
    return [
        build.uri("job-uri", f"{uri}/{job.id}"),
        build.integer("job-id", job.id),
        build.uri("job-uuid", job.uuid.urn),
        build.uri("job-printer-uri", uri),
        build.name("job-name", job.name),
        build.name("job-originating-user-name", job.user),
        build.enum("job-state", job.state),
        build.keyword("job-state-reasons", *job.reasons),
        build.text("job-state-message", "" if job.state is not JobState.ABORTED else "The printer gave up."),
        build.integer("number-of-documents", len(job.documents)),
        build.no_value("job-impressions")
        if job.impressions is None
        else build.integer("job-impressions", job.impressions),
        build.integer("job-impressions-completed", job.impressions_completed),
        build.integer("job-media-sheets-completed", job.sheets_completed),
        build.integer("job-printer-up-time", max(1, up_time)),
        _time("time-at-creation", job.created_at, started_at),
        _time("time-at-processing", job.processing_at, started_at),
        _time("time-at-completed", job.ended_at, started_at),
        _date("date-time-at-creation", job.created_at),
        _date("date-time-at-completed", job.ended_at),
    ]


def _time(name: str, at: float | None, started_at: float) -> Attribute:
    return build.no_value(name) if at is None else build.integer(name, max(1, int(at - started_at)))


def _date(name: str, at: float | None) -> Attribute:
    return build.no_value(name) if at is None else build.date_time(name, datetime.fromtimestamp(at, UTC))
