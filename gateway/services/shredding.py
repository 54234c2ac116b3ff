"""When a document was destroyed: its job's key was, and nobody can read it since (row 171)."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.domain.events import JobRecord
from gateway.domain.job import Job
from gateway.services.ports import JobChange

DESTROYED = "document destroyed"  # the record's word, which pages show


def destroyed(job: Job, now: float, *, by: str = "system") -> JobChange:
    """The job without its key: from that commit on nobody can read its files, whether or not they are gone."""
    record = JobRecord(job_id=job.id, at=now, what=DESTROYED, by=by)
    return JobChange(job=replace(job, key=None, password_hash=None, favourite=False), records=(record,))


def destroyed_at(records: Sequence[JobRecord]) -> float | None:
    """The receipt of it, out of a job's records; None while the document exists."""
    return next((record.at for record in reversed(records) if record.what == DESTROYED), None)
