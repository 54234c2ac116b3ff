"""Jobs: see, submit, release, change and end them. Which ones the caller reaches is the services' to say."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel, Field

from gateway.domain.conversion import ConversionChoice
from gateway.domain.job import Job, JobState
from gateway.domain.rights import Permission
from gateway.domain.share import Payer, Share
from gateway.errors import Forbidden
from gateway.services.ports import JobQuery
from mobile_api.jobs import DocumentOut, Happened, JobOut, happened, job_out
from mobile_api.models import Body, Text, moment
from mobile_api.paging import Cursor, Limit, Page, page_of, read_number
from mobile_api.policy import own
from mobile_api.problems import Problem, problem_of
from mobile_api.router import Asking, Given, Topic
from mobile_api.submission import REQUEST_BODY, submit
from mobile_api.tickets import Asked, Color, Copies, NumberUp, Options, Pages, Sides, told
from mobile_api.versions import IfMatch, check_version, located, tag

router = Topic("jobs")

JobId = Annotated[int, Path(ge=1, le=2**63 - 1)]
ShareId = Annotated[int, Path(ge=1, le=2**63 - 1)]
State = Literal["pending", "pending-held", "processing", "processing-stopped", "canceled", "aborted", "completed"]
Device = Annotated[str, Field(max_length=63, description="Where it comes out; needed where several can print it.")]
_STATES = {state.keyword: state for state in JobState}
_JOBS = own(Permission.JOBS)


class JobDetail(JobOut):
    """With what was asked of the paper, its documents, and its life so far."""

    options: Asked
    documents: list[DocumentOut]
    notes: list[str]
    history: list[Happened]


class ReleaseBody(Body):
    """`options` change the job for this printing; `pin` opens a job that was printed with one."""

    device: Device | None = None
    options: Options = Options()
    pin: Annotated[Text, Field(max_length=100)] | None = None


class JobChange(Body):
    name: Annotated[Text, Field(min_length=1, max_length=255)] | None = None
    options: Options = Options()


class Several(Body):
    """At most 200 at once."""

    ids: Annotated[list[Annotated[int, Field(ge=1, le=2**63 - 1)]], Field(min_length=1, max_length=200)]
    device: Device | None = None
    options: Options = Options()


class Released(BaseModel):
    """What became of one: the job as it stands now, or why not."""

    id: int
    job: JobOut | None = None
    problem: Problem | None = None


class Hold(Body):
    """`until`: a moment; without one it is held until it is let go."""

    until: datetime | None = None


@router.get("/jobs")
@_JOBS
async def list_jobs(  # noqa: PLR0917 - one parameter a filter
    services: Given,
    caller: Asking,
    printer: Annotated[str | None, Query(max_length=63)] = None,
    owner: Annotated[str | None, Query(max_length=100, description="Somebody who lets you see theirs.")] = None,
    everybody: Annotated[bool, Query(description="Everybody's: needs the permission jobs.")] = False,
    state: Annotated[list[State] | None, Query()] = None,
    name: Annotated[str | None, Query(max_length=100, description="A part of the job's name.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[JobOut]:
    """The caller's own jobs, newest first; or those of others, as far as one may see them."""
    if everybody and not caller.actor.may_somewhere(Permission.JOBS):
        raise Forbidden("You may see your own jobs, not everybody's.")
    query = JobQuery(
        printer=printer,
        owner=owner if everybody or owner else caller.actor.user,
        states=tuple(_STATES[keyword] for keyword in state or ()),
        name_contains=name or None,
        before_id=read_number(cursor),
        newest_first=True,
        limit=limit + 1,
    )
    return page_of(await services.release.find(query, caller.actor), limit, job_out, lambda job: str(job.id))


@router.post("/jobs", status_code=201, openapi_extra={"requestBody": REQUEST_BODY})
@own(streams=True)
async def submit_job(  # noqa: PLR0917 - one parameter an option
    request: Request,
    services: Given,
    caller: Asking,
    response: Response,
    printer: Annotated[str, Query(max_length=63, description="Empty: the default Printer.")] = "",
    name: Annotated[str, Query(max_length=255)] = "",
    copies: Annotated[Copies | None, Query()] = None,
    sides: Annotated[Sides | None, Query()] = None,
    print_color_mode: Annotated[Color | None, Query()] = None,
    page_ranges: Annotated[Pages | None, Query()] = None,
    number_up: Annotated[NumberUp | None, Query()] = None,
) -> JobOut:
    """Print a document. The answer comes when it is on the disk: from then on it is never lost."""
    options = {
        "copies": copies,
        "sides": sides,
        "print_color_mode": print_color_mode,
        "page_ranges": page_ranges,
        "number_up": number_up,
    }
    fields = {key: value for key, value in options.items() if value is not None} | {"printer": printer, "name": name}
    job = await submit(request, caller, services, {key: value for key, value in fields.items() if value != ""})
    located(response, "jobs", job.id)
    return job_out(job)


@router.post("/jobs/release")
@_JOBS
async def release_jobs(body: Several, services: Given, caller: Asking) -> list[Released]:
    """Several at once, each on its own: one refusal does not stop the others."""
    outcomes = await services.release.release(
        body.ids, caller.actor, device=body.device, changes=body.options.changes()
    )
    return [
        Released(
            id=outcome.job_id,
            job=job_out(outcome.job) if outcome.job else None,
            problem=problem_of(outcome.refusal) if outcome.refusal else None,
        )
        for outcome in outcomes
    ]


@router.get("/jobs/{id}")
@_JOBS
async def show_job(id: JobId, services: Given, caller: Asking, response: Response) -> JobDetail:  # noqa: A002 - the path's word
    """One job with its history; looking at somebody else's is told to its owner."""
    job = await services.release.visible(id, caller.actor)
    await services.access.note(job, caller.actor, "details")
    records = await services.release.records(id, caller.actor)
    tag(response, job.version)
    return JobDetail(
        **job_out(job).model_dump(),
        options=told(job.ticket),
        documents=[DocumentOut(name=d.name, format=d.format, octets=d.size, pages=d.pages) for d in job.documents],
        notes=list(job.notes),
        history=[happened(record) for record in records],
    )


@router.patch("/jobs/{id}")
@_JOBS
async def change_job(  # noqa: PLR0917 - FastAPI reads them from the signature
    id: JobId,  # noqa: A002 - the path's word
    body: JobChange,
    services: Given,
    caller: Asking,
    response: Response,
    if_match: IfMatch = None,
) -> JobOut:
    """Change the name or the options of a job that has not begun to print."""
    check_version(if_match, (await services.release.visible(id, caller.actor)).version)
    job = await services.release.change(id, caller.actor, body.options.changes(), name=body.name)
    return _answer(job, response)


@router.delete("/jobs/{id}")
@_JOBS
async def cancel_job(id: JobId, services: Given, caller: Asking) -> JobOut:  # noqa: A002 - the path's word
    """End a job; its document is destroyed."""
    return job_out(await services.release.cancel(id, caller.actor))


@router.post("/jobs/{id}/release")
@_JOBS
async def release_job(
    id: JobId,  # noqa: A002 - the path's word
    body: ReleaseBody,
    services: Given,
    caller: Asking,
) -> JobOut:
    """Let a waiting job come out at a device."""
    pin = None if body.pin is None else body.pin.encode()
    (outcome,) = await services.release.release(
        [id], caller.actor, device=body.device, changes=body.options.changes(), job_password=pin
    )
    if outcome.job is None:
        assert outcome.refusal is not None
        raise outcome.refusal
    return job_out(outcome.job)


@router.post("/jobs/{id}/extend")
@_JOBS
async def extend_job(id: JobId, services: Given, caller: Asking) -> JobOut:  # noqa: A002 - the path's word
    """Let it wait once more as long, a limited number of times."""
    return job_out(await services.release.extend(id, caller.actor))


@router.post("/jobs/{id}/hold")
@_JOBS
async def hold_job(id: JobId, body: Hold, services: Given, caller: Asking) -> JobOut:  # noqa: A002 - the path's word
    """Hold a job that waits, until a moment or until it is let go."""
    until = None if body.until is None else body.until.timestamp()
    return job_out(await services.release.hold(id, caller.actor, until_time=until))


@router.delete("/jobs/{id}/hold")
@_JOBS
async def unhold_job(id: JobId, services: Given, caller: Asking) -> JobOut:  # noqa: A002 - the path's word
    """Take such a hold away; it is no release at a printer."""
    return job_out(await services.release.unhold(id, caller.actor))


@router.put("/jobs/{id}/favourite")
@own()
async def keep_job(id: JobId, services: Given, caller: Asking) -> JobOut:  # noqa: A002 - the path's word
    """Keep it for printing again."""
    return job_out(await services.release.favourite(id, caller.actor, True))


@router.delete("/jobs/{id}/favourite")
@own()
async def let_go_job(id: JobId, services: Given, caller: Asking) -> JobOut:  # noqa: A002 - the path's word
    """Keep it no longer."""
    return job_out(await services.release.favourite(id, caller.actor, False))


@router.post("/jobs/{id}/reprint", status_code=201)
@own()
async def reprint_job(id: JobId, services: Given, caller: Asking, response: Response) -> JobOut:  # noqa: A002 - the path's word
    """A new job with the same pages, while the document is there."""
    job = await services.release.reprint(id, caller.actor)
    located(response, "jobs", job.id)
    return job_out(job)


class CameOut(Body):
    came_out: bool


@router.post("/jobs/{id}/outcome")
@_JOBS
async def resolve_job(id: JobId, body: CameOut, services: Given, caller: Asking) -> JobOut:  # noqa: A002 - the path's word
    """The answer to "did it come out?" of a job that may have printed."""
    return job_out(await services.release.resolve(id, caller.actor, came_out=body.came_out))


class DocumentPassword(Body):
    password: Annotated[Text, Field(min_length=1, max_length=255)]


class Conversion(Body):
    """What of an office document is printed; what is not named is as its author left it.

    `sheets` count from 1; `print_area` is "" for the author's own, "all", or an area such as A1:D20 of each sheet.
    """

    sheets: Annotated[list[Annotated[int, Field(ge=1, le=9999)]], Field(max_length=1000)] = Field(default_factory=list)
    print_area: Annotated[Text, Field(max_length=40)] = ""
    fit_width: bool = False
    comments: bool = False
    changes: bool = False


class NewShare(Body):
    """`seconds` null is as long as the job waits; `payer` "printing" pays itself and has to sign in for that."""

    seconds: Annotated[float, Field(gt=0, le=366 * 24 * 3600)] | None = None
    payer: Payer = Payer.SHARER
    shows_page: bool = False


class ShareOut(BaseModel):
    id: int
    payer: Payer
    shows_page: bool
    created: datetime | None
    expires: datetime | None


class ShareMade(ShareOut):
    """`address` is shown this once: whoever has it prints the job, once."""

    address: str


@router.post("/jobs/{id}/unlock")
@_JOBS
async def unlock_job(id: JobId, body: DocumentPassword, services: Given, caller: Asking) -> JobOut:  # noqa: A002 - the path's word
    """Give the password of a protected document, which is then prepared."""
    return job_out(await services.release.unlock(id, caller.actor, body.password))


@router.post("/jobs/{id}/conversion")
@_JOBS
async def convert_job(id: JobId, body: Conversion, services: Given, caller: Asking) -> JobOut:  # noqa: A002 - the path's word
    """Have a waiting office document prepared again with another choice."""
    given = {name: getattr(body, name) for name in body.model_fields_set - {"sheets"}}
    choice = ConversionChoice(**given, sheets=tuple(sorted(set(body.sheets))))
    return job_out(await services.release.convert_again(id, caller.actor, choice))


@router.get("/jobs/{id}/shares")
@own()
async def list_shares(id: JobId, services: Given, caller: Asking) -> list[ShareOut]:  # noqa: A002 - the path's word
    """The open links of an own job; never the links themselves."""
    return [ShareOut(**_share(share)) for share in await services.shares.open_of(id, caller.actor)]


@router.post("/jobs/{id}/shares", status_code=201)
@own(secret=True)
async def share_job(id: JobId, body: NewShare, services: Given, caller: Asking) -> ShareMade:  # noqa: A002 - the path's word
    """A link with which somebody else prints an own job, once."""
    token, share = await services.shares.make(
        id, caller.actor, seconds=body.seconds, payer=body.payer, shows_page=body.shows_page
    )
    return ShareMade(**_share(share), address=f"{services.base()}/s/{token}")


@router.delete("/jobs/{id}/shares/{share}", status_code=204)
@own()
async def unshare_job(id: JobId, share: ShareId, services: Given, caller: Asking) -> None:  # noqa: A002 - the path's word
    """Take a link back that was not used yet."""
    await services.shares.revoke(id, share, caller.actor)


def _share(share: Share) -> dict[str, Any]:
    return {
        "id": share.id,
        "payer": share.payer,
        "shows_page": share.shows_page,
        "created": moment(share.created_at),
        "expires": moment(share.expires_at),
    }


def _answer(job: Job, response: Response) -> JobOut:
    tag(response, job.version)
    return job_out(job)
