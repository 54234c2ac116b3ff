"""What a job's row calls for telling its owner: read from the row alone, so that a restart tells the same."""

import hashlib

from gateway.domain.job import SHORT_OF_CREDIT, Job, JobState, Reason
from gateway.domain.personal import NoticeKind

Occasion = tuple[NoticeKind, str]
OWN_WORD = "Not printed, as you said"  # what its owner answered is no news to its owner

_NOT_BY_OWNER = (Reason.JOB_CANCELED_AFTER_TIMEOUT, Reason.JOB_CANCELED_BY_OPERATOR)


def occasions(job: Job) -> list[Occasion]:
    """(what kind of notice, the job's occasion for it): each occasion is told once."""
    if job.state.ended:
        return _ended(job)
    if job.state is JobState.PROCESSING_STOPPED:
        return [(NoticeKind.NEEDS_WORD, f"printed?/{job.release_id}")] if job.has(Reason.OUTCOME_UNKNOWN) else []
    if job.state is not JobState.PENDING_HELD:
        return []
    return [*_held(job), *_expiring(job)]


def question(job: Job) -> str:
    """What a job that needs a word asks: "printed", "password", or a sentence of what went wrong."""
    if job.has(Reason.OUTCOME_UNKNOWN):
        return "printed"
    return "password" if job.has(Reason.DOCUMENT_PASSWORD_ERROR) else job.message


def _ended(job: Job) -> list[Occasion]:
    if job.state is JobState.COMPLETED:
        return [(NoticeKind.PRINTED, "printed")]
    if job.state is JobState.ABORTED or any(job.has(reason) for reason in _NOT_BY_OWNER):
        return [(NoticeKind.FAILED, "failed")]
    return []


def _held(job: Job) -> list[Occasion]:
    if job.has(Reason.DOCUMENT_PASSWORD_ERROR):
        return [(NoticeKind.NEEDS_WORD, "password")]
    if not job.prepared or not (job.has(Reason.JOB_RELEASE_WAIT) or job.reasons == SHORT_OF_CREDIT):
        return []
    if job.message and not job.message.startswith(OWN_WORD):
        return [(NoticeKind.NEEDS_WORD, f"held/{hashlib.sha256(job.message.encode()).hexdigest()[:12]}")]
    return [(NoticeKind.READY, "ready")]


def _expiring(job: Job) -> list[Occasion]:
    """Once for each deadline: whoever kept a job longer is told of the new one, too."""
    if job.expiry_warned and job.expires_at is not None:
        return [(NoticeKind.EXPIRING, f"expiring/{job.extensions}")]
    return []
