"""Why did it not come out? A search over jobs and refused tries, and one job's whole life."""

from datetime import datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel

from gateway.domain.job import Job
from gateway.domain.rights import Permission
from gateway.i18n import gettext, said
from gateway.services.ports import Trace
from mobile_api.jobs import JobOut, job_out
from mobile_api.models import moment
from mobile_api.policy import needs
from mobile_api.router import Asking, Given, Topic

router = Topic("why")

Part = Annotated[str, Query(max_length=100)]
_STAFF = needs(Permission.JOBS, otherwise=Permission.AUDIT, somewhere=True)


class TryOut(BaseModel):
    """A try to print that became no job, and why. `outcome` is a keyword, `text` for people."""

    at: datetime | None
    channel: str
    printer: str
    address: str
    requested_name: str
    owner: str | None
    document_name: str
    outcome: str
    text: str


class FoundOut(BaseModel):
    """Newest first."""

    jobs: list[JobOut]
    refused: list[TryOut]


class MomentOut(BaseModel):
    """`kind` is "try", "record" or "receipt"."""

    at: datetime | None
    kind: str
    what: str
    by: str
    text: str


class LifeOut(BaseModel):
    """`rule` put the job where it is; `next_step` is what to do."""

    job: JobOut
    rule: str
    next_step: str
    notes: list[str]
    moments: list[MomentOut]


@router.get("/why")
@_STAFF
async def find_why(  # noqa: PLR0917 - one parameter a filter
    services: Given,
    caller: Asking,
    q: Annotated[
        str, Query(max_length=100, description="A whole name of a person, part of a job's, or its number.")
    ] = "",
    address: Part = "",
    since: datetime | None = None,
    until: datetime | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> FoundOut:
    """What became of somebody's documents, also of those that were refused. All that is named must fit."""
    trace = Trace(
        text=q.strip(),
        address=address.strip(),
        since=since.timestamp() if since else 0.0,
        until=until.timestamp() if until else float("inf"),
        limit=limit,
    )
    found = await services.administration.why.find(trace, caller.actor)
    return FoundOut(
        jobs=[_named(job) for job in found.jobs],
        refused=[
            TryOut(
                at=moment(one.at),
                channel=one.channel,
                printer=one.printer,
                address=one.address,
                requested_name=one.requested_name,
                owner=one.owner,
                document_name=one.document_name,
                outcome=one.outcome,
                text=said(one.text),
            )
            for one in found.refused
        ],
    )


@router.get("/why/{id}")
@_STAFF
async def show_life(
    id: Annotated[int, Path(ge=1, le=2**63 - 1)],  # noqa: A002 - the path's word
    services: Given,
    caller: Asking,
) -> LifeOut:
    """Everything that is known of one job, in the order it happened. That somebody looked is noted."""
    life = await services.administration.why.life(id, caller.actor)
    return LifeOut(
        job=_named(life.job),
        rule=said(life.rule),
        next_step=said(life.next_step),
        notes=[said(note) for note in life.job.notes],
        moments=[
            MomentOut(at=moment(one.at), kind=one.kind, what=said(one.what), by=one.by, text=said(one.text))
            for one in life.moments
        ],
    )


def _named(job: Job) -> JobOut:
    """The name of a private job is its owner's."""
    shown = job_out(job)
    return shown.model_copy(update={"name": gettext("Private document")}) if job.private else shown
