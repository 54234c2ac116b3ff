"""The Job and the one table that says how it may move (RFC 8011 section 5.3.7, DESIGN.md)."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum, auto
from uuid import UUID

from gateway.domain.document import Document
from gateway.domain.facts import JobFacts, read
from gateway.domain.formats import is_language
from gateway.domain.ticket import JobTicket
from gateway.errors import NotPossible


class JobState(IntEnum):
    """RFC 8011 section 5.3.7; the numbers are the wire's enum values."""

    PENDING = 3
    PENDING_HELD = 4
    PROCESSING = 5
    PROCESSING_STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9

    @property
    def keyword(self) -> str:
        return self.name.lower().replace("_", "-")

    @property
    def ended(self) -> bool:
        return self >= JobState.CANCELED


class Reason(StrEnum):
    """job-state-reasons: RFC 8011 section 5.3.8, PWG 5100.11 and 5100.13."""

    NONE = "none"
    JOB_INCOMING = "job-incoming"
    JOB_DATA_INSUFFICIENT = "job-data-insufficient"
    JOB_TRANSFORMING = "job-transforming"
    JOB_QUEUED_FOR_MARKER = "job-queued-for-marker"
    JOB_RELEASE_WAIT = "job-release-wait"
    JOB_PASSWORD_WAIT = "job-password-wait"  # noqa: S105 - a keyword of PWG 5100.11
    JOB_HOLD_UNTIL_SPECIFIED = "job-hold-until-specified"
    JOB_OUTGOING = "job-outgoing"
    JOB_PRINTING = "job-printing"
    JOB_SUSPENDED = "job-suspended"
    QUEUED_IN_DEVICE = "queued-in-device"
    PRINTER_STOPPED = "printer-stopped"
    PRINTER_STOPPED_PARTLY = "printer-stopped-partly"
    RESOURCES_ARE_NOT_READY = "resources-are-not-ready"
    DESTINATION_URI_FAILED = "destination-uri-failed"
    OUTCOME_UNKNOWN = "job-outcome-unknown"  # ours: it may have printed, and only a person can tell
    PROCESSING_TO_STOP_POINT = "processing-to-stop-point"
    JOB_COMPLETED_SUCCESSFULLY = "job-completed-successfully"
    JOB_COMPLETED_WITH_WARNINGS = "job-completed-with-warnings"
    JOB_COMPLETED_WITH_ERRORS = "job-completed-with-errors"
    JOB_CANCELED_BY_USER = "job-canceled-by-user"
    JOB_CANCELED_BY_OPERATOR = "job-canceled-by-operator"
    JOB_CANCELED_AFTER_TIMEOUT = "job-canceled-after-timeout"
    ABORTED_BY_SYSTEM = "aborted-by-system"
    UNSUPPORTED_DOCUMENT_FORMAT = "unsupported-document-format"
    DOCUMENT_FORMAT_ERROR = "document-format-error"
    DOCUMENT_ACCESS_ERROR = "document-access-error"
    DOCUMENT_PASSWORD_ERROR = "document-password-error"  # noqa: S105 - a keyword of PWG 5100.13
    DOCUMENT_PERMISSION_ERROR = "document-permission-error"
    DOCUMENT_UNPRINTABLE_ERROR = "document-unprintable-error"
    CONFLICTING_ATTRIBUTES = "conflicting-attributes"
    ACCOUNT_LIMIT_REACHED = "account-limit-reached"
    ACCOUNT_INFO_NEEDED = "account-info-needed"  # PWG 5100.16: it waits for a project


SHORT_OF_CREDIT = (Reason.ACCOUNT_LIMIT_REACHED,)
"""Of a job held for nothing else: it goes on by itself as soon as its payer's credit is enough."""


class Cause(Enum):
    """Why a job moves. Each is one row, or a few, of TRANSITIONS."""

    DATA_COMPLETE = auto()
    PREPARATION_CLAIMED = auto()
    HELD_FOR_RELEASE = auto()
    PREPARED_TO_PRINT = auto()
    CLAIM_LAPSED = auto()
    HELD_BY_REQUEST = auto()
    RELEASED = auto()
    RETURNED_TO_HOLD = auto()
    DELIVERY_CLAIMED = auto()
    DELIVERY_POSTPONED = auto()
    DEVICE_PRINTING = auto()
    STOPPED = auto()
    RESUMED = auto()
    COMPLETED = auto()
    CANCELED_BY_USER = auto()
    CANCELED_BY_OPERATOR = auto()
    CANCELED_AFTER_TIMEOUT = auto()
    ABORTED = auto()


_P, _H, _R, _S = JobState.PENDING, JobState.PENDING_HELD, JobState.PROCESSING, JobState.PROCESSING_STOPPED
OPEN = (_P, _H, _R, _S)
"""The states of a job that has not ended."""
RELEASED = frozenset({_P, _R, _S})
"""The states that a job with a release id is on its way in; held again, it waits for another."""

# (cause, from) -> (to, reasons that the move brings when the caller names none).
TRANSITIONS: dict[tuple[Cause, JobState], tuple[JobState, tuple[Reason, ...]]] = {
    (Cause.DATA_COMPLETE, _H): (_P, ()),
    (Cause.PREPARATION_CLAIMED, _P): (_R, (Reason.JOB_TRANSFORMING,)),
    (Cause.HELD_FOR_RELEASE, _R): (_H, (Reason.JOB_QUEUED_FOR_MARKER, Reason.JOB_RELEASE_WAIT)),
    (Cause.PREPARED_TO_PRINT, _R): (_P, (Reason.JOB_QUEUED_FOR_MARKER,)),
    (Cause.CLAIM_LAPSED, _R): (_P, ()),
    (Cause.HELD_BY_REQUEST, _P): (_H, (Reason.JOB_HOLD_UNTIL_SPECIFIED,)),
    (Cause.HELD_BY_REQUEST, _H): (_H, (Reason.JOB_HOLD_UNTIL_SPECIFIED,)),
    (Cause.RELEASED, _H): (_P, (Reason.JOB_QUEUED_FOR_MARKER,)),
    (Cause.RETURNED_TO_HOLD, _P): (_H, (Reason.JOB_QUEUED_FOR_MARKER, Reason.JOB_RELEASE_WAIT)),
    (Cause.RETURNED_TO_HOLD, _R): (_H, (Reason.JOB_QUEUED_FOR_MARKER, Reason.JOB_RELEASE_WAIT)),
    (Cause.RETURNED_TO_HOLD, _S): (_H, (Reason.JOB_QUEUED_FOR_MARKER, Reason.JOB_RELEASE_WAIT)),
    (Cause.DELIVERY_CLAIMED, _P): (_R, (Reason.JOB_OUTGOING,)),
    (Cause.DELIVERY_POSTPONED, _R): (_P, (Reason.JOB_QUEUED_FOR_MARKER,)),
    (Cause.DEVICE_PRINTING, _R): (_R, (Reason.JOB_PRINTING,)),
    (Cause.STOPPED, _R): (_S, (Reason.PRINTER_STOPPED,)),
    (Cause.STOPPED, _S): (_S, (Reason.PRINTER_STOPPED,)),
    (Cause.RESUMED, _S): (_R, (Reason.JOB_PRINTING,)),
    (Cause.COMPLETED, _R): (JobState.COMPLETED, (Reason.JOB_COMPLETED_SUCCESSFULLY,)),
    (Cause.COMPLETED, _S): (JobState.COMPLETED, (Reason.JOB_COMPLETED_SUCCESSFULLY,)),
    **{(Cause.CANCELED_BY_USER, s): (JobState.CANCELED, (Reason.JOB_CANCELED_BY_USER,)) for s in OPEN},
    **{(Cause.CANCELED_BY_OPERATOR, s): (JobState.CANCELED, (Reason.JOB_CANCELED_BY_OPERATOR,)) for s in OPEN},
    **{(Cause.CANCELED_AFTER_TIMEOUT, s): (JobState.CANCELED, (Reason.JOB_CANCELED_AFTER_TIMEOUT,)) for s in OPEN},
    **{(Cause.ABORTED, s): (JobState.ABORTED, (Reason.ABORTED_BY_SYSTEM,)) for s in OPEN},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A Job as its row holds it.

    `owner` is the authenticated or claimed user's name, None while unclaimed; `requested_name` is only what the
    client said of itself. `key` is the job's wrapped data key, None once destroyed. `unlocking` is the sealed password
    of an encrypted document, kept until the next preparation has used it. `facts` is what preparation found, in the text
    of `gateway.domain.facts`. A `private` job's document is destroyed as soon as it was printed, and nobody but its owner
    sees its pages. `charged_to` pays for the release under way; None: the owner. `reserved`, in `reserved_in` (ISO 4217),
    is what that release may cost its payer's credit; None: it is not paid by credit.
    """

    id: int = 0
    uuid: UUID
    printer: str
    state: JobState
    reasons: tuple[Reason, ...] = ()
    message: str = ""
    name: str
    owner: str | None
    requested_name: str = "anonymous"
    source: str
    address: str = ""
    ticket: JobTicket = field(default_factory=JobTicket)
    documents: tuple[Document, ...] = ()
    key: bytes | None
    idempotency_key: str | None = None
    password_hash: str | None = None
    created_at: float
    processing_at: float | None = None
    ended_at: float | None = None
    expires_at: float | None = None
    incoming_until: float | None = None
    extensions: int = 0
    expiry_warned: bool = False
    favourite: bool = False
    pages: int | None = None
    color: bool | None = None
    impressions: int | None = None
    media_sheets: int | None = None
    impressions_completed: int = 0
    sheets_completed: int = 0
    printable: Document | None = None
    thumbnails: tuple[Document, ...] = ()
    unlocking: Document | None = None
    notes: tuple[str, ...] = ()
    facts: str = ""
    private: bool = False
    output_device: str | None = None
    release_id: UUID | None = None
    released_by: str | None = None
    released_at: float | None = None
    charged_to: str | None = None
    reserved: Decimal | None = None
    reserved_in: str = ""
    attempts: int = 0
    bytes_sent: int = 0
    device_job: str | None = None
    not_before: float | None = None
    claimed_by: str | None = None
    claimed_until: float | None = None
    version: int = 0

    @property
    def prepared(self) -> bool:
        return self.printable is not None

    @property
    def project(self) -> str:
        """The code of the project that it is charged to; "" for none."""
        return self.ticket.job_account_id or ""

    @property
    def found(self) -> JobFacts:
        """`facts`, read: some milliseconds for thousands of pages, so not for lists of jobs."""
        return read(self.facts)

    @property
    def payer(self) -> str | None:
        return self.charged_to or self.owner

    @property
    def reserves(self) -> Decimal:
        """What of the payer's credit nobody else may have: only while the job is released and open."""
        released = self.release_id is not None and self.state in RELEASED
        return self.reserved if released and self.reserved is not None else Decimal(0)

    @property
    def raw_format(self) -> str | None:
        """The language of a print file that goes to the device as it is; None for all that is rendered here."""
        return self.printable.format if self.printable is not None and is_language(self.printable.format) else None

    @property
    def objects(self) -> tuple[Document, ...]:
        """Everything of this job that lies in the spool."""
        single = (self.printable, self.unlocking)
        return (*self.documents, *self.thumbnails, *(one for one in single if one is not None))

    @property
    def size(self) -> int:
        """Octets of all Documents as received."""
        return sum(document.size for document in self.documents)

    @property
    def cut_short(self) -> bool:
        """Its sender broke off and nothing more will come: only a person's word brings it on."""
        return self.has(Reason.JOB_DATA_INSUFFICIENT) and not self.has(Reason.JOB_INCOMING)

    def has(self, reason: Reason) -> bool:
        return reason in self.reasons


def advance(
    job: Job, cause: Cause, *, now: float, reasons: tuple[Reason, ...] | None = None, message: str | None = None
) -> Job:
    """The job after `cause`, or NotPossible when TRANSITIONS has no such row.

    `reasons` replaces the row's own. Times at processing and at the end are set here, once.
    """
    row = TRANSITIONS.get((cause, job.state))
    if row is None:
        raise NotPossible(f"Job {job.id} is {job.state.keyword}: {_IMPOSSIBLE.get(cause, 'this cannot be done now')}.")
    to, default_reasons = row
    return replace(
        job,
        state=to,
        reasons=default_reasons if reasons is None else reasons,
        message=job.message if message is None else message,
        processing_at=now if to is JobState.PROCESSING and job.processing_at is None else job.processing_at,
        ended_at=now if to.ended else None,
        claimed_by=job.claimed_by if to in {JobState.PROCESSING, JobState.PROCESSING_STOPPED} else None,
        claimed_until=job.claimed_until if to in {JobState.PROCESSING, JobState.PROCESSING_STOPPED} else None,
    )


_IMPOSSIBLE = {
    Cause.RELEASED: "only a held job can be released",
    Cause.HELD_BY_REQUEST: "only a waiting job can be held",
    Cause.CANCELED_BY_USER: "it has ended and cannot be canceled",
    Cause.CANCELED_BY_OPERATOR: "it has ended and cannot be canceled",
}
