"""`papertap job`: what waits, prints and has printed."""

from typing import Annotated, Any

import typer

from gateway.app import Gateway
from gateway.cli.common import SHELL, AsJson, Config, Data, cell, show, using, when
from gateway.cli.printers import given_of
from gateway.domain.conversion import ConversionChoice, parse_sheets
from gateway.domain.job import Job, JobState
from gateway.domain.user import SYSTEM
from gateway.services.ports import JobQuery

Project = Annotated[str | None, typer.Option(help="The code of the project that it is charged to.")]
Comment = Annotated[str | None, typer.Option(help="For the project's bill.")]

jobs = typer.Typer(no_args_is_help=True, help="What waits, prints and has printed.")


def _job(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "state": job.state.keyword,
        "reasons": [reason.value for reason in job.reasons] or ["none"],
        "name": job.name,
        "owner": job.owner,
        "printer": job.printer,
        "impressions": job.impressions,
    }


def _whole_job(job: Job) -> dict[str, Any]:
    return _job(job) | {
        "message": job.message,
        "uuid": str(job.uuid),
        "requested_name": job.requested_name,
        "source": job.source,
        "address": job.address,
        "octets": job.size,
        "pages": job.pages,
        "media_sheets": job.media_sheets,
        "color": job.color,
        "copies": job.ticket.copies,
        "project": job.project,
        "comment": job.ticket.account_comment,
        "impressions_completed": job.impressions_completed,
        "device": job.output_device,
        "created": when(job.created_at),
        "ended": when(job.ended_at),
        "expires": when(job.expires_at),
        "notes": list(job.notes),
    }


@jobs.command("list")
def job_list(
    printer: Annotated[str | None, typer.Option()] = None,
    owner: Annotated[str | None, typer.Option()] = None,
    state: Annotated[list[str] | None, typer.Option(help="RFC 8011 keyword, may be given several times.")] = None,
    limit: Annotated[int, typer.Option()] = 100,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List jobs, newest first."""
    by_keyword = {s.keyword: s for s in JobState}
    unknown = [s for s in state or () if s not in by_keyword]
    if unknown:
        raise typer.BadParameter(f"Unknown state {', '.join(unknown)}: one of {', '.join(by_keyword)}.")
    query = JobQuery(
        printer=printer,
        owner=owner,
        states=tuple(by_keyword[s] for s in state or ()),
        newest_first=True,
        limit=limit,
    )
    show([_job(job) for job in using(config, data, lambda g: g.release.find(query, SYSTEM))], as_json)


@jobs.command("show")
def job_show(job_id: int, config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Show one job and what happened to it."""

    async def work(gateway: Gateway) -> dict[str, Any]:
        job = await gateway.release.visible(job_id, SYSTEM)
        records = await gateway.release.records(job_id, SYSTEM)
        return _whole_job(job) | {
            "history": [{"at": when(r.at), "what": r.what, "by": r.by, "text": r.text} for r in records]
        }

    shown = using(config, data, work)
    if as_json:
        show([shown], as_json, one=True)
        return
    history = shown.pop("history")
    for field, value in shown.items():
        print(f"{field:22}{cell(value)}")
    for record in history:
        print(f"{record['at']}  {record['what']}  {record['by']}  {record['text']}")


@jobs.command("release")
def job_release(
    job_ids: list[int],
    device: Annotated[str | None, typer.Option()] = None,
    copies: Annotated[int | None, typer.Option(min=1, max=999)] = None,
    project: Project = None,
    comment: Comment = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Release held jobs at a device."""
    changes = given_of({"copies": copies, "job_account_id": project, "account_comment": comment})
    outcomes = using(config, data, lambda g: g.release.release(job_ids, SYSTEM, device=device, changes=changes))
    rows = [
        _job(o.job) | {"released": True, "message": ""}
        if o.job
        else {"id": o.job_id, "released": False, "message": o.refusal.message if o.refusal else ""}
        for o in outcomes
    ]
    if as_json:
        show(rows, as_json)
    else:
        for row in rows:
            print(f"{row['id']}: {'released' if row['released'] else row['message']}")
    raise typer.Exit(0 if all(row["released"] for row in rows) else 1)


@jobs.command("charge")
def job_charge(
    job_id: int,
    project: Annotated[str, typer.Argument(help="The code of a project; empty: none.")],
    comment: Comment = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Charge a waiting job to a project; one that waited only for that goes on."""
    changes = given_of({"job_account_id": project, "account_comment": comment})
    show([_whole_job(using(config, data, lambda g: g.release.change(job_id, SHELL, changes)))], as_json, one=True)


@jobs.command("extend")
def job_extend(job_id: int, config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Let a job wait once more as long."""
    show([_job(using(config, data, lambda g: g.release.extend(job_id, SHELL)))], as_json, one=True)


@jobs.command("take")
def job_take(job_id: int, config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Prepare what came of a job whose sender broke off."""
    show([_job(using(config, data, lambda g: g.release.unhold(job_id, SHELL)))], as_json, one=True)


@jobs.command("unlock")
def job_unlock(
    job_id: int,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True)],
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Give the password of a protected document; it is used once and not kept."""
    job = using(config, data, lambda g: g.release.unlock(job_id, SYSTEM, password))
    show([_job(job)], as_json, one=True)


@jobs.command("convert")
def job_convert(
    job_id: int,
    sheets: Annotated[str, typer.Option(help="Of a spreadsheet: 1,3-5, hidden ones counted.")] = "",
    print_area: Annotated[str, typer.Option(help="Of each sheet: A1:D20, or all.")] = "",
    fit_width: Annotated[bool, typer.Option(help="Make each sheet one page wide.")] = False,
    comments: Annotated[bool, typer.Option(help="Print the comments, too.")] = False,
    changes: Annotated[bool, typer.Option(help="Show tracked changes as changes.")] = False,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Choose what of a held office document is printed; without options it is as its author left it."""
    choice = ConversionChoice(
        sheets=parse_sheets(sheets), print_area=print_area, fit_width=fit_width, comments=comments, changes=changes
    )
    job = using(config, data, lambda g: g.release.convert_again(job_id, SYSTEM, choice))
    show([_job(job)], as_json, one=True)


@jobs.command("cancel")
def job_cancel(job_id: int, config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Cancel a job."""
    job = using(config, data, lambda g: g.release.cancel(job_id, SYSTEM))
    show([_job(job)], as_json, one=True)
