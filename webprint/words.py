"""The words for what a machine says in keywords: states, reasons, sources, devices, times and amounts."""

from datetime import UTC, datetime

from gateway.domain.copier import CopierSession, CopierState, Counter
from gateway.domain.device import Device, DeviceState
from gateway.domain.job import SHORT_OF_CREDIT, Job, JobState, Reason
from gateway.domain.ticket import LAST_PAGE
from gateway.i18n import Words, ngettext, number, said
from gateway.i18n import gettext as _

SOURCES = Words(
    {
        "ipp": "AirPrint / IPP",
        "web": "Web upload",
        "mail": "E-mail",
        "lpd": "LPR",
        "raw": "Raw port",
        "api": "API",
        "cli": "Command line",
        "test": "Test page",
    }
)

# The first reason of a job that stands here names its state; where none does, STATES does.
REASONS = Words(
    {
        Reason.JOB_INCOMING: "Arriving",
        Reason.JOB_DATA_INSUFFICIENT: "Incomplete: the sender stopped early",
        Reason.JOB_TRANSFORMING: "Being prepared",
        Reason.OUTCOME_UNKNOWN: "Did it come out?",
        Reason.JOB_PASSWORD_WAIT: "Waiting for its PIN",
        Reason.JOB_HOLD_UNTIL_SPECIFIED: "Held until later, as asked",
        Reason.ACCOUNT_INFO_NEEDED: "Waiting for its project",
        Reason.JOB_RELEASE_WAIT: "Waiting for you: release at any printer",
        Reason.RESOURCES_ARE_NOT_READY: "The printer needs something",
        Reason.DESTINATION_URI_FAILED: "The printer does not answer; trying again",
        Reason.JOB_PRINTING: "Printing",
        Reason.JOB_OUTGOING: "On its way to the printer",
        Reason.QUEUED_IN_DEVICE: "Next in the printer's own list",
        Reason.JOB_COMPLETED_WITH_ERRORS: "Printed with errors",
        Reason.JOB_COMPLETED_WITH_WARNINGS: "Printed with warnings",
        Reason.JOB_CANCELED_AFTER_TIMEOUT: "Expired and deleted",
        Reason.JOB_CANCELED_BY_OPERATOR: "Deleted by an operator",
        Reason.DOCUMENT_PASSWORD_ERROR: "Not printed: the document asks for a password",
        Reason.DOCUMENT_PERMISSION_ERROR: "Not printed: the document forbids printing",
        Reason.DOCUMENT_FORMAT_ERROR: "Not printed: the document is damaged",
        Reason.UNSUPPORTED_DOCUMENT_FORMAT: "Not printed: this kind of document is not supported",
        Reason.ACCOUNT_LIMIT_REACHED: "Not printed: a limit is reached",
    }
)
STATES = Words(
    {
        JobState.PENDING: "In line",
        JobState.PENDING_HELD: "Waiting",
        JobState.PROCESSING: "Working on it",
        JobState.PROCESSING_STOPPED: "The printer has stopped",
        JobState.CANCELED: "Deleted",
        JobState.ABORTED: "Not printed",
        JobState.COMPLETED: "Printed",
    }
)
# What to try with a document that ended the job, by reason.
ADVICE = Words(
    {
        Reason.DOCUMENT_FORMAT_ERROR: "What to try: open the document, save it as PDF, and send that.",
        Reason.UNSUPPORTED_DOCUMENT_FORMAT: "What to try: save it as PDF in the program that made it, and send that.",
        Reason.DOCUMENT_PASSWORD_ERROR: "What to try: send it to a printer that holds jobs, which asks for the password.",
        Reason.DOCUMENT_PERMISSION_ERROR: "What to try: ask its author for a copy that may be printed.",
    }
)
SIDES = Words(
    {
        "one-sided": "One-sided",
        "two-sided-long-edge": "Two-sided, turn on the long edge",
        "two-sided-short-edge": "Two-sided, turn on the short edge",
    }
)
COLORS = Words({"monochrome": "Black and white", "color": "Colour"})
LAYOUTS = Words(
    {
        "1": "One page on a side",
        "2": "2 pages on a side",
        "4": "4 pages on a side",
        "6": "6 pages on a side",
        "9": "9 pages on a side",
        "16": "16 pages on a side",
        "booklet": "Booklet, to fold in the middle",
    }
)
SCALINGS = Words({"fit": "Fit to the paper", "fill": "Fill the paper, cut the edges", "none": "Actual size"})
BORDERS = Words({"yes": "A line around each page", "no": "No lines"})
TONER = Words({"full": "Full", "light": "Save: paler", "outline": "Save: outlines of dark areas"})
IMAGE = Words({"no": "As letters and lines", "yes": "As image, when letters come out wrong"})
DEVICE_STATES = Words(
    {
        DeviceState.IDLE: "Ready",
        DeviceState.PROCESSING: "Printing",
        DeviceState.STOPPED: "Stopped",
        DeviceState.UNREACHABLE: "Does not answer",
        DeviceState.UNKNOWN: "Ready",
    }
)
# printer-state-reasons without their severity suffix (RFC 8011 section 5.4.12).
DEVICE_REASONS = Words(
    {
        "media-empty": "out of paper",
        "media-needed": "needs paper",
        "media-jam": "paper jam",
        "cover-open": "a cover is open",
        "door-open": "a door is open",
        "marker-supply-empty": "out of toner",
        "toner-empty": "out of toner",
        "output-area-full": "its tray is full",
        "paused": "paused",
        "connecting-to-device": "no connection",
        "offline": "offline",
    }
)


def source(job: Job) -> str:
    return SOURCES.get(job.source, job.source)


def state(job: Job) -> str:
    """One sentence part that a person understands."""
    if job.state is JobState.PENDING_HELD and not job.prepared:
        if not job.reasons:
            return _("Waiting")
        if job.has(Reason.DOCUMENT_PASSWORD_ERROR):
            return _("This document is protected: what is its password?")
    if job.state is JobState.PENDING_HELD and job.reasons == SHORT_OF_CREDIT:
        return _("Waiting for credit")
    for reason in (Reason.OUTCOME_UNKNOWN, *job.reasons):
        if reason in REASONS and job.has(reason):
            return REASONS[reason]
    return STATES[job.state]


def advice(job: Job) -> str:
    """What to try when the document itself was the cause."""
    if job.state is not JobState.ABORTED:
        return ""
    return next((ADVICE[reason] for reason in job.reasons if reason in ADVICE), "")


def device_state(device: Device) -> str:
    """The state, and why when it cannot print."""
    if device.status.can_print:
        return DEVICE_STATES[device.status.state]
    if device.status.message:
        return said(device.status.message)
    stems = (r.removesuffix("-error").removesuffix("-warning").removesuffix("-report") for r in device.status.reasons)
    known = [DEVICE_REASONS[stem] for stem in stems if stem in DEVICE_REASONS]
    return known[0][:1].upper() + known[0][1:] if known else DEVICE_STATES[device.status.state]


def pages(number: int) -> str:
    return ngettext("%(count)s page", "%(count)s pages", number)


def copied(session: CopierSession) -> str:
    """What a device's counters say was made at its own panel."""
    if session.state is CopierState.OPEN:
        return _("Not counted yet: it is read at the next contact with the device.")
    if session.state is CopierState.UNCLEAR:
        return _("Not counted: the device's counters cannot tell.")
    counts = session.counts
    told = [
        (Counter.COPIES, ngettext("%(count)s copy", "%(count)s copies", counts.get(Counter.COPIES, 0))),
        (
            Counter.COLOR_COPIES,
            ngettext("%(count)s copy in colour", "%(count)s copies in colour", counts.get(Counter.COLOR_COPIES, 0)),
        ),
        (Counter.SCANS, ngettext("%(count)s scan", "%(count)s scans", counts.get(Counter.SCANS, 0))),
    ]
    return ", ".join(text for counter, text in told if counts.get(counter)) or _("Nothing was made.")


def sheets(number: int) -> str:
    return ngettext("%(count)s sheet", "%(count)s sheets", number)


def sides(number: int) -> str:
    return ngettext("%(count)s side", "%(count)s sides", number)


def jobs(number: int) -> str:
    return ngettext("%(count)s job", "%(count)s jobs", number)


def size(octets: int) -> str:
    """In the units that file managers show."""
    if octets < 1000:
        return f"{octets} B"
    if octets < 1_000_000:
        return f"{number(round(octets / 1000))} kB"
    return f"{number(round(octets / 1_000_000, 1))} MB"


def duration(seconds: float) -> str:
    """A time to come, in its largest unit and rounded down."""
    if seconds >= 2 * 86400:
        return ngettext("%(count)s day", "%(count)s days", int(seconds // 86400))
    if seconds >= 3600:
        return ngettext("%(count)s hour", "%(count)s hours", int(seconds // 3600))
    if seconds >= 60:
        return ngettext("%(count)s minute", "%(count)s minutes", int(seconds // 60))
    return _("less than a minute")


def ago(seconds: float) -> str:
    return _("just now") if seconds < 60 else _("%(time)s ago", time=duration(seconds))


def ranges(pages: tuple[tuple[int, int], ...], words: tuple[str, ...] = ()) -> str:
    """As they are written in the form."""
    ends = ((str(low), "last" if high == LAST_PAGE else str(high)) for low, high in pages)
    return ", ".join([*(low if low == high else f"{low}-{high}" for low, high in ends), *words])


def moment(at: float) -> str:
    """For <time datetime>: the zone is the reader's business."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
