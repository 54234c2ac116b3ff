"""How a job waits, and what it carries while it is on its way to a device (pure)."""

from dataclasses import replace
from uuid import uuid4

from gateway.domain.credit import Due
from gateway.domain.job import Job, Reason
from gateway.domain.project import NEEDED
from gateway.domain.ticket import JobTicket
from gateway.errors import BadRequest


def waiting_reasons(job: Job) -> tuple[Reason, ...]:
    """Why a prepared job waits: for a release, and for its PIN if it has one."""
    wait = Reason.JOB_RELEASE_WAIT if job.password_hash is None else Reason.JOB_PASSWORD_WAIT
    return (Reason.JOB_QUEUED_FOR_MARKER, wait)


def asking_for_project(job: Job, why: str = NEEDED) -> Job:
    """A held job that waits until somebody chose its project. With `why` its owner is told of it, who may not expect it."""
    return replace(job, reasons=(Reason.ACCOUNT_INFO_NEEDED, *waiting_reasons(job)), message=why)


def with_project(job: Job) -> Job:
    """The job; a held one that waited for its project, and has it now, waits for its release alone."""
    if not (job.project and job.has(Reason.ACCOUNT_INFO_NEEDED)):
        return job
    return replace(job, reasons=waiting_reasons(job), message="")


def unassigned(job: Job) -> Job:
    """The job with every trace of its last release taken off."""
    return replace(
        job,
        output_device=None,
        release_id=None,
        released_by=None,
        released_at=None,
        charged_to=None,
        reserved=None,
        reserved_in="",
        bytes_sent=0,
        device_job=None,
        not_before=None,
        attempts=0,
        impressions_completed=0,
        sheets_completed=0,
    )


def assigned(job: Job, device: str, *, by: str, now: float, due: Due | None) -> Job:
    """The job on its way to `device`, under a release id of its own; `due` is reserved of its payer's credit."""
    return replace(
        unassigned(job),
        output_device=device,
        release_id=uuid4(),
        released_by=by,
        released_at=now,
        reserved=None if due is None else due.amount,
        reserved_in="" if due is None else due.currency,
    )


def check_ticket(job: Job, ticket: JobTicket, most_copies: int) -> None:
    """BadRequest when none of the chosen pages is in the document, or the number of copies makes no sense; or what is asked of a print file."""
    pages = job.pages
    if pages is not None and not ticket.chosen(pages):
        raise BadRequest(f"This document has {pages} page{'s' * (pages != 1)}: choose some of them.")
    if job.raw_format is not None and ticket.laid_out_here:
        raise BadRequest("This print file is printed as it is: choose no pages, layout or other looks.")
    if not 1 <= ticket.copies <= most_copies:
        raise BadRequest(f"Choose 1 to {most_copies} copies.")
