"""What happened, told after it was committed. An event only wakes somebody, who then reads the row."""

from dataclasses import dataclass, field
from enum import StrEnum


class Event(StrEnum):
    """notify-events keywords of RFC 3995 section 5.3.3.4.2, and our own for what it has no word for."""

    JOB_CREATED = "job-created"
    JOB_STATE_CHANGED = "job-state-changed"
    JOB_COMPLETED = "job-completed"
    JOB_PROGRESS = "job-progress"
    JOB_CONFIG_CHANGED = "job-config-changed"
    JOB_STOPPED = "job-stopped"
    JOB_EXPIRING = "job-expiring"
    PRINTER_STATE_CHANGED = "printer-state-changed"
    PRINTER_CONFIG_CHANGED = "printer-config-changed"
    PRINTER_CREATED = "printer-created"
    PRINTER_DELETED = "printer-deleted"
    DEVICE_STATE_CHANGED = "device-state-changed"
    SITES_CHANGED = "sites-changed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """`printer`, `job_id` and `device` name what it happened to, as far as they apply."""

    event: Event
    at: float
    printer: str | None = None
    job_id: int | None = None
    device: str | None = None
    owner: str | None = None
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRecord:
    """One line of a job's life, kept with the job: what happened, why, and by whom."""

    job_id: int
    at: float
    what: str
    by: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class IntakeAttempt:
    """One try to submit, also when refused: so that nothing is dropped in silence."""

    at: float
    channel: str
    printer: str
    address: str
    requested_name: str
    owner: str | None
    document_name: str
    outcome: str
    text: str = ""
    job_id: int | None = None
    extra: dict[str, str] = field(default_factory=dict)
