"""A job as the API shows it."""

from datetime import datetime

from pydantic import BaseModel

from gateway.domain.events import JobRecord
from gateway.domain.job import Job
from gateway.i18n import said
from mobile_api.models import moment


class DocumentOut(BaseModel):
    name: str
    format: str
    octets: int
    pages: int | None


class JobOut(BaseModel):
    """`state` and `reasons` are job-state and job-state-reasons of RFC 8011; `message` is for people.

    `impressions` and `media_sheets` are what it makes, None until it is prepared; `…_completed` what it has made.
    """

    id: int
    uuid: str
    state: str
    reasons: list[str]
    message: str
    name: str
    owner: str | None
    printer: str
    pages: int | None
    color: bool | None
    impressions: int | None
    media_sheets: int | None
    impressions_completed: int
    sheets_completed: int
    octets: int
    copies: int
    favourite: bool
    private: bool
    source: str
    device: str | None
    created: datetime
    released: datetime | None
    ended: datetime | None
    expires: datetime | None
    version: int


class Happened(BaseModel):
    """One line of a job's life."""

    at: datetime
    what: str
    by: str
    text: str


def job_out(job: Job) -> JobOut:
    return JobOut(
        id=job.id,
        uuid=str(job.uuid),
        state=job.state.keyword,
        reasons=[reason.value for reason in job.reasons] or ["none"],
        message=said(job.message),
        name=job.name,
        owner=job.owner,
        printer=job.printer,
        pages=job.pages,
        color=job.color,
        impressions=job.impressions,
        media_sheets=job.media_sheets,
        impressions_completed=job.impressions_completed,
        sheets_completed=job.sheets_completed,
        octets=job.size,
        copies=job.ticket.copies,
        favourite=job.favourite,
        private=job.private,
        source=job.source,
        device=job.output_device,
        created=_at(job.created_at),
        released=moment(job.released_at),
        ended=moment(job.ended_at),
        expires=moment(job.expires_at),
        version=job.version,
    )


def happened(record: JobRecord) -> Happened:
    return Happened(at=_at(record.at), what=record.what, by=record.by, text=said(record.text))


def _at(at: float) -> datetime:
    found = moment(at)
    assert found is not None
    return found
