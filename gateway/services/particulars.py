"""What a job's sheets may say of it, where its documents begin, and whose documents may share a worker."""

from datetime import UTC, datetime

from gateway.domain.house import Bates
from gateway.domain.job import Job
from gateway.services.counting import separate
from gateway.services.ports import Particulars


def particulars(job: Job, *, at: float, bates: Bates | None = None) -> Particulars:
    """`at`: the time, in seconds since 1970, that stands on the sheets; in the server's own time zone."""
    when = datetime.fromtimestamp(at, tz=UTC).astimezone()
    return Particulars(
        variables=(
            ("user", job.owner or job.requested_name),
            ("date", when.strftime("%Y-%m-%d")),
            ("time", when.strftime("%H:%M")),
            ("job", str(job.id)),
            ("name", job.name),
        ),
        documents=separate(job.documents, job.ticket),
        batch=batch_of(job),
        bates=bates,
    )


def batch_of(job: Job) -> str:
    """The key under which one submitter's documents to one Printer may go through the same worker, one after another.

    Of a submitter who has not signed in, the address is a part: a name alone is only a claim.
    """
    who = ("owner", job.owner) if job.owner is not None else ("claimed", job.requested_name, job.address)
    return repr((*who, job.printer))
