"""Job and Document attributes (RFC 8011 section 5.3, PWG 5100.5), one function a name, so that only what is asked is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.domain import description as said
from gateway.domain.document import Document
from gateway.domain.job import Job, JobState
from gateway.domain.printer import Printer
from gateway.domain.ticket import JobTicket
from ipp.server.media_attributes import media_col_of_ticket
from ipp.server.printer_attributes import date_time, up_time
from ipp.server.where import Where
from ipp.wire import Attribute, IntRange, Resolution, build

NAME_MAX = 255
MESSAGE_MAX = 1023


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """A job as a client is shown it: `state`, `reasons` and `completed_at` may be a projection of the job's own.

    `label` are the two words by which a job without owner is claimed.
    """

    job: Job
    printer: Printer
    where: Where
    web_pages: str
    state: JobState
    reasons: tuple[str, ...]
    completed_at: float | None
    label: str = ""


Maker = Callable[[View], Attribute | None]


def _moment(name: str, at: Callable[[View], float | None]) -> dict[str, Maker]:
    """time-at-xxx and date-time-at-xxx; no-value until it has happened."""

    def ticks(view: View) -> Attribute:
        point = at(view)
        return build.no_value(f"time-at-{name}") if point is None else _ticks(f"time-at-{name}", view, point)

    def date(view: View) -> Attribute:
        point = at(view)
        attribute = f"date-time-at-{name}"
        return build.no_value(attribute) if point is None else build.date_time(attribute, date_time(point))

    return {f"time-at-{name}": ticks, f"date-time-at-{name}": date}


def _ticks(name: str, view: View, at: float) -> Attribute:
    return build.integer(name, up_time(view.printer, at))


def _count(name: str, number: int | None) -> Attribute:
    return build.no_value(name) if number is None else build.integer(name, number)


def _message(view: View) -> Attribute:
    label = f"Label: {view.label}. " if view.label else ""
    return build.text("job-state-message", said.cut(f"{label}{view.job.message}".strip(), MESSAGE_MAX))


def _detailed(view: View) -> Attribute | None:
    notes = [said.cut(text, MESSAGE_MAX) for text in (view.job.message, *view.job.notes) if text]
    return build.text("job-detailed-status-messages", *notes) if notes else None


def _supplied_format(view: View) -> Attribute | None:
    formats = [d.declared_format or d.format for d in view.job.documents]
    return build.mime("document-format-supplied", formats[0]) if formats else None


def _supplied_name(view: View) -> Attribute | None:
    names = [said.cut(d.name, NAME_MAX) for d in view.job.documents if d.name]
    return build.name("document-name-supplied", names[0]) if names else None


def _compression(view: View) -> Attribute | None:
    kinds = [d.compression for d in view.job.documents]
    return build.keyword("compression-supplied", kinds[0]) if kinds else None


def _device(view: View) -> Attribute | None:
    device = view.job.output_device
    return build.name("output-device-assigned", device) if device else None


DESCRIPTION: dict[str, Maker] = {
    "job-id": lambda v: build.integer("job-id", v.job.id),
    "job-uri": lambda v: build.uri("job-uri", v.where.job_uri(v.printer, v.job)),
    "job-uuid": lambda v: build.uri("job-uuid", f"urn:uuid:{v.job.uuid}"),
    "job-printer-uri": lambda v: build.uri("job-printer-uri", v.where.printer_uri(v.printer)),
    "job-more-info": lambda v: build.uri("job-more-info", f"{v.web_pages.rstrip('/')}/?job={v.job.id}"),
    "job-name": lambda v: build.name("job-name", said.cut(v.job.name, NAME_MAX)),
    "job-originating-user-name": lambda v: build.name(
        "job-originating-user-name", said.cut(v.job.owner or v.job.requested_name, NAME_MAX)
    ),
    "job-state": lambda v: build.enum("job-state", v.state),
    "job-state-reasons": lambda v: build.keyword("job-state-reasons", *(v.reasons or ("none",))),
    "job-state-message": _message,
    "job-detailed-status-messages": _detailed,
    **_moment("creation", lambda v: v.job.created_at),
    **_moment("processing", lambda v: v.job.processing_at),
    **_moment("completed", lambda v: v.completed_at),
    "job-impressions": lambda v: _count("job-impressions", v.job.impressions),
    "job-impressions-completed": lambda v: build.integer("job-impressions-completed", v.job.impressions_completed),
    "job-media-sheets": lambda v: _count("job-media-sheets", v.job.media_sheets),
    "job-media-sheets-completed": lambda v: build.integer("job-media-sheets-completed", v.job.sheets_completed),
    "job-pages": lambda v: _count("job-pages", v.job.pages),
    "job-k-octets": lambda v: build.integer("job-k-octets", -(-v.job.size // 1024)),
    "job-k-octets-processed": lambda v: build.integer(
        "job-k-octets-processed", -(-v.job.size // 1024) if v.job.state.ended else 0
    ),
    "number-of-documents": lambda v: build.integer("number-of-documents", len(v.job.documents)),
    "document-name-supplied": _supplied_name,
    "document-format-supplied": _supplied_format,
    "compression-supplied": _compression,
    "output-device-assigned": _device,
    "attributes-charset": lambda _: build.charset("attributes-charset", "utf-8"),
    "attributes-natural-language": lambda _: build.language("attributes-natural-language", "en"),
}


def _word(name: str, value: Callable[[JobTicket], str | None]) -> Maker:
    def make(view: View) -> Attribute | None:
        text = value(view.job.ticket)
        return build.keyword(name, text) if text else None

    return make


def _integer(name: str, value: Callable[[JobTicket], int | None]) -> Maker:
    def make(view: View) -> Attribute | None:
        found = value(view.job.ticket)
        return None if found is None else build.integer(name, found)

    return make


def _enum(name: str, value: Callable[[JobTicket], tuple[int, ...]]) -> Maker:
    def make(view: View) -> Attribute | None:
        found = value(view.job.ticket)
        return build.enum(name, *found) if found else None

    return make


def _some(value: int | None) -> tuple[int, ...]:
    return () if value is None else (value,)


def _text(name: str, value: Callable[[JobTicket], str | None]) -> Maker:
    def make(view: View) -> Attribute | None:
        found = value(view.job.ticket)
        return build.name(name, found) if found else None

    return make


def _media_col(view: View) -> Attribute | None:
    media = view.job.ticket.media_col
    return build.collection("media-col", media_col_of_ticket(media)) if media else None


def _page_ranges(view: View) -> Attribute | None:
    ranges = view.job.ticket.page_ranges
    return build.int_range("page-ranges", *(IntRange(low, high) for low, high in ranges)) if ranges else None


def _resolution(view: View) -> Attribute | None:
    value = view.job.ticket.printer_resolution
    return build.resolution("printer-resolution", Resolution(*value)) if value else None


def _hold_time(view: View) -> Attribute | None:
    at = view.job.ticket.job_hold_until_time
    return None if at is None else build.date_time("job-hold-until-time", date_time(at))


TEMPLATE: dict[str, Maker] = {
    "copies": _integer("copies", lambda t: t.copies),
    "finishings": _enum("finishings", lambda t: t.finishings),
    "imposition-template": _word("imposition-template", lambda t: t.imposition_template or "none"),
    "job-account-id": _text("job-account-id", lambda t: t.job_account_id),
    "job-accounting-user-id": _text("job-accounting-user-id", lambda t: t.job_accounting_user_id),
    "job-hold-until": _word("job-hold-until", lambda t: t.job_hold_until or "no-hold"),
    "job-hold-until-time": _hold_time,
    "job-priority": _integer("job-priority", lambda t: t.job_priority or 50),
    "job-sheets": _word("job-sheets", lambda t: t.job_sheets or "none"),
    "media": _word("media", lambda t: t.media),
    "media-col": _media_col,
    "multiple-document-handling": _word("multiple-document-handling", lambda t: t.multiple_document_handling),
    "number-up": _integer("number-up", lambda t: t.number_up),
    "orientation-requested": _enum("orientation-requested", lambda t: _some(t.orientation_requested)),
    "output-bin": _word("output-bin", lambda t: t.output_bin),
    "page-ranges": _page_ranges,
    "presentation-direction-number-up": _word(
        "presentation-direction-number-up", lambda t: t.presentation_direction_number_up
    ),
    "print-color-mode": _word("print-color-mode", lambda t: t.print_color_mode),
    "print-content-optimize": _word("print-content-optimize", lambda t: t.print_content_optimize),
    "print-quality": _enum("print-quality", lambda t: _some(t.print_quality)),
    "print-rendering-intent": _word("print-rendering-intent", lambda t: t.print_rendering_intent),
    "print-scaling": _word("print-scaling", lambda t: t.print_scaling),
    "printer-resolution": _resolution,
    "sides": _word("sides", lambda t: t.sides),
}

JOB_ATTRIBUTES: Mapping[str, Maker] = {**DESCRIPTION, **TEMPLATE}
JOB_GROUPS: Mapping[str, tuple[str, ...]] = {
    "all": tuple(JOB_ATTRIBUTES),
    "job-description": tuple(DESCRIPTION),
    "job-template": tuple(TEMPLATE),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentView:
    """One Document of a job that is shown as `view`."""

    view: View
    document: Document
    last: bool


# PWG 5100.5 section 9.6: a document has no held and no stopped state of its own.
_DOCUMENT_STATES = {JobState.PENDING_HELD: JobState.PENDING, JobState.PROCESSING_STOPPED: JobState.PROCESSING}


def _document_state(shown: DocumentView) -> Attribute:
    return build.enum("document-state", _DOCUMENT_STATES.get(shown.view.state, shown.view.state))


def _whole(attribute: str, of_job: Callable[[Job], int | None]) -> Callable[[DocumentView], Attribute]:
    """A count that is known for the job as a whole, and so for a document only where it is the one."""

    def make(shown: DocumentView) -> Attribute:
        job = shown.view.job
        return _count(attribute, of_job(job) if len(job.documents) == 1 else None)

    return make


DOCUMENT_ATTRIBUTES: Mapping[str, Callable[[DocumentView], Attribute | None]] = {
    "document-number": lambda d: build.integer("document-number", d.document.number),
    "document-job-id": lambda d: build.integer("document-job-id", d.view.job.id),
    "document-job-uri": lambda d: build.uri("document-job-uri", d.view.where.job_uri(d.view.printer, d.view.job)),
    "document-printer-uri": lambda d: build.uri("document-printer-uri", d.view.where.printer_uri(d.view.printer)),
    "document-state": _document_state,
    "document-state-reasons": lambda d: build.keyword("document-state-reasons", *(d.view.reasons or ("none",))),
    "document-state-message": lambda d: build.text("document-state-message", said.cut(d.view.job.message, MESSAGE_MAX)),
    "document-name": lambda d: build.name("document-name", said.cut(d.document.name, NAME_MAX)),
    "document-format": lambda d: build.mime("document-format", d.document.format),
    "document-format-supplied": lambda d: build.mime(
        "document-format-supplied", d.document.declared_format or d.document.format
    ),
    "compression": lambda d: build.keyword("compression", d.document.compression),
    "k-octets": lambda d: build.integer("k-octets", -(-d.document.size // 1024)),
    "impressions": _whole("impressions", lambda job: job.impressions),
    "impressions-completed": _whole("impressions-completed", lambda job: job.impressions_completed),
    "media-sheets": _whole("media-sheets", lambda job: job.media_sheets),
    "media-sheets-completed": _whole("media-sheets-completed", lambda job: job.sheets_completed),
    "pages": _whole("pages", lambda job: job.pages),
    "last-document": lambda d: build.boolean("last-document", d.last),
    "time-at-creation": lambda d: _ticks("time-at-creation", d.view, d.view.job.created_at),
    "date-time-at-creation": lambda d: build.date_time("date-time-at-creation", date_time(d.view.job.created_at)),
    "attributes-charset": lambda _: build.charset("attributes-charset", "utf-8"),
    "attributes-natural-language": lambda d: build.language("attributes-natural-language", d.document.language or "en"),
}
DOCUMENT_GROUPS: Mapping[str, tuple[str, ...]] = {
    "all": tuple(DOCUMENT_ATTRIBUTES),
    "document-description": tuple(DOCUMENT_ATTRIBUTES),
    "document-template": (),
}
