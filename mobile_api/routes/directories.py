"""Directories, where users come from: how they stand, tried, looked at before, and brought up to date."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import Path, Response
from pydantic import BaseModel

from gateway.domain.directory import Directory, GraphSettings, Kind, RunEnd, RunRecord
from gateway.domain.rights import Permission
from gateway.errors import Conflict
from gateway.i18n import said
from gateway.services.directory_report import Line, Report
from mobile_api.models import Body, moment
from mobile_api.policy import needs
from mobile_api.router import Asking, Given, Topic
from mobile_api.services import Services

router = Topic("directories")

DirectoryName = Annotated[str, Path(min_length=1, max_length=31)]
_STAFF = needs(Permission.DIRECTORIES)


class RunOut(BaseModel):
    """`end`: done, held (more users would be disabled than is allowed unasked) or failed; `counts` by outcome."""

    id: int
    started: datetime | None
    ended: datetime | None
    by: str
    full: bool
    end: RunEnd
    counts: dict[str, int]
    message: str


class DirectoryOut(BaseModel):
    """`running`: entries that the run which goes on in this process has read so far, null when none does."""

    name: str
    kind: Kind
    info: str
    where: list[str]
    enabled: bool
    sign_in: bool
    running: int | None
    failing_since: datetime | None
    last_run: RunOut | None


class StepOut(BaseModel):
    """One part of a test: what was tried, whether it went well, and what came or what to do."""

    what: str
    ok: bool
    text: str


class LineOut(BaseModel):
    outcome: str
    name: str
    what: str


class PreviewOut(BaseModel):
    """What a run would do. `held_back` users would be disabled, which needs `force`."""

    counts: dict[str, int]
    groups: dict[str, int]
    held_back: int
    problems: list[LineOut]
    changes: list[LineOut]


class RunBody(Body):
    """`force` disables users, and lets groups go, however many they are."""

    force: bool = False


@router.get("/directories")
@_STAFF
async def list_directories(services: Given) -> list[DirectoryOut]:
    """By name; never with their secrets."""
    return [await _shown(one, services) for one in await services.directories.all()]


@router.get("/directories/{name}")
@_STAFF
async def show_directory(name: DirectoryName, services: Given) -> DirectoryOut:
    """How it stands, and how its last run ended."""
    return await _shown(await services.directories.get(name), services)


@router.get("/directories/{name}/runs")
@_STAFF
async def list_runs(name: DirectoryName, services: Given) -> list[RunOut]:
    """The last twenty, newest first."""
    directory = await services.directories.get(name)
    return [_run(run) for run in await services.directories.runs(directory)]


@router.post("/directories/{name}/test")
@_STAFF
async def test_directory(name: DirectoryName, services: Given) -> list[StepOut]:
    """Reach it, sign in and search, up to the first step that fails."""
    steps = await services.directories.test(name)
    return [StepOut(what=step.what, ok=step.ok, text=said(step.text)) for step in steps]


@router.post("/directories/{name}/preview")
@_STAFF
async def preview_directory(name: DirectoryName, services: Given) -> PreviewOut:
    """A dry run over all of it: nothing is written. It takes as long as reading the directory does."""
    return report_out(await services.directories.preview(name))


@router.post("/directories/{name}/runs", status_code=202)
@_STAFF
async def run_directory(
    name: DirectoryName, body: RunBody, services: Given, caller: Asking, response: Response
) -> DirectoryOut:
    """Starts a full run and answers at once; ask for the directory to see how far it is."""
    directory = await services.directories.get(name)
    if services.directories.running(name):
        raise Conflict("A run of this directory goes on at this moment. Wait for its end.")
    services.directories.start(name, by=caller.actor.user or "", force=body.force)
    await services.house.audit.note(caller.actor, "directory.run", f"directory {name}", force=body.force)
    response.headers["Location"] = f"/api/v1/directories/{name}"
    return await _shown(directory, services)


async def _shown(directory: Directory, services: Services) -> DirectoryOut:
    settings, book = directory.settings, services.directories
    state, runs = await book.state(directory), await book.runs(directory, limit=1)
    running = book.running(directory.name)
    return DirectoryOut(
        name=directory.name,
        kind=directory.kind,
        info=directory.info,
        where=[settings.tenant] if isinstance(settings, GraphSettings) else list(settings.urls),
        enabled=directory.enabled,
        sign_in=directory.sign_in,
        running=running - 1 if running else None,
        failing_since=moment(state.failing_since),
        last_run=_run(runs[0]) if runs else None,
    )


def _run(run: RunRecord) -> RunOut:
    return RunOut(
        id=run.id,
        started=moment(run.started_at),
        ended=moment(run.ended_at),
        by=run.by,
        full=run.full,
        end=run.end,
        counts=dict(run.counts),
        message=said(run.message),
    )


def report_out(report: Report) -> PreviewOut:
    return PreviewOut(
        counts={outcome.value: count for outcome, count in report.counts.items()},
        groups={outcome.value: count for outcome, count in report.groups.items()},
        held_back=report.held_back,
        problems=_lines(report.problems),
        changes=_lines(report.lines),
    )


def _lines(lines: Sequence[Line]) -> list[LineOut]:
    return [LineOut(outcome=line.outcome.value, name=line.name, what=said(line.what)) for line in lines]
