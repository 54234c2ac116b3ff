"""What jobs are charged to: all of it for who manages projects, and to everybody what they may choose."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from fastapi import Path, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from gateway.domain.project import LONGEST_CODE, LONGEST_TITLE, Project
from gateway.domain.rights import Permission
from gateway.services.projects import LONGEST_NAME, MOST_NAMES
from mobile_api.models import Body, Change, Text, moment
from mobile_api.paging import Cursor, Limit, Page, page_of, read_cursor
from mobile_api.policy import needs, own
from mobile_api.router import Asking, Given, Topic
from mobile_api.versions import IfMatch, as_seen, located, tag, wanted_version

router = Topic("projects")

Code = Annotated[str, Path(min_length=1, max_length=LONGEST_CODE)]
Title = Annotated[Text, Field(max_length=LONGEST_TITLE)]
Names = Annotated[list[Annotated[Text, Field(min_length=1, max_length=LONGEST_NAME)]], Field(max_length=MOST_NAMES)]
Search = Annotated[str, Query(max_length=100, description="Beginnings of words of code and title.")]


class ProjectOut(BaseModel):
    """Without `everyone` it is for the people of `groups`, also below them, and for `users`. Not from `until` on."""

    code: str
    uuid: str
    title: str
    active: bool
    everyone: bool
    groups: list[str]
    users: list[str]
    until: datetime | None
    created: datetime | None
    version: int


class ProjectChange(Change):
    """What is not named stays as it is; who names groups or users names all of them. `until` null: without an end."""

    none: ClassVar[frozenset[str]] = frozenset({"until"})

    title: Title | None = None
    active: bool | None = None
    everyone: bool | None = None
    groups: Names | None = None
    users: Names | None = None
    until: AwareDatetime | None = None


class NewProject(Body):
    """For everybody unless `groups` or `users` are named."""

    code: Annotated[Text, Field(min_length=1, max_length=LONGEST_CODE)]
    title: Title = ""
    everyone: bool | None = None
    groups: Names = Field(default_factory=list)
    users: Names = Field(default_factory=list)
    until: AwareDatetime | None = None


class Choice(BaseModel):
    """A project that the caller may charge."""

    code: str
    title: str


class Choices(BaseModel):
    """What the caller chooses from at one tap; `preset` is what jobs are charged to unless something else is chosen."""

    favourites: list[Choice]
    recent: list[Choice]
    preset: str


class HabitBody(Body):
    """What is not named stays. `preset` true makes it the one default, false leaves no default."""

    favourite: bool | None = None
    preset: bool | None = None


@router.get("/me/projects")
@own()
async def my_projects(
    services: Given, caller: Asking, q: Search = "", limit: Limit = 50, cursor: Cursor = None
) -> Page[Choice]:
    """What the caller may charge jobs to now, in the order of codes."""
    after = read_cursor(cursor) or ""
    rows = await services.house.charging.search(caller.actor, q, after=after, limit=limit + 1)
    return page_of(rows, limit, _choice, lambda project: project.code)


@router.get("/me/project-choices")
@own()
async def my_choices(services: Given, caller: Asking) -> Choices:
    """Favourites first, then what was charged lately, and the default."""
    picker = await services.house.charging.picker(caller.actor)
    return Choices(
        favourites=[_choice(project) for project in picker.favourites],
        recent=[_choice(project) for project in picker.recent],
        preset=picker.preset,
    )


@router.put("/me/projects/{code}", status_code=204)
@own()
async def keep_project(code: Code, body: HabitBody, services: Given, caller: Asking) -> None:
    """Make it a favourite or the default, or no longer."""
    charging = services.house.charging
    project = await charging.choose(caller.actor, code)
    if body.favourite is not None:
        await charging.mark_favourite(caller.actor, project.code, favourite=body.favourite)
    if body.preset is not None:
        await charging.set_default(caller.actor, project.code if body.preset else "")


@router.get("/projects")
@needs(Permission.PRINTERS)
async def list_projects(
    services: Given, caller: Asking, q: Search = "", limit: Limit = 50, cursor: Cursor = None
) -> Page[ProjectOut]:
    """All, also what was ended, in the order of codes."""
    after = read_cursor(cursor) or ""
    rows = await services.house.projects.search(caller.actor, q, after=after, limit=limit + 1)
    return page_of(rows, limit, _shown, lambda project: project.code)


@router.post("/projects", status_code=201)
@needs(Permission.PRINTERS)
async def add_project(body: NewProject, services: Given, caller: Asking, response: Response) -> ProjectOut:
    """A new project; 409 when there is one with that code."""
    project = await services.house.projects.add(
        caller.actor,
        body.code,
        title=body.title,
        everyone=body.everyone,
        groups=body.groups,
        users=body.users,
        until=None if body.until is None else body.until.timestamp(),
    )
    located(response, "projects", project.code)
    tag(response, project.version)
    return _shown(project)


@router.get("/projects/{code}")
@needs(Permission.PRINTERS)
async def show_project(code: Code, services: Given, caller: Asking, response: Response) -> ProjectOut:
    """One project; its ETag is for changing it."""
    project = await services.house.projects.get(caller.actor, code)
    tag(response, project.version)
    return _shown(project)


@router.patch("/projects/{code}")
@needs(Permission.PRINTERS)
async def change_project(  # noqa: PLR0917 - FastAPI reads them from the signature
    code: Code, body: ProjectChange, services: Given, caller: Asking, response: Response, if_match: IfMatch = None
) -> ProjectOut:
    """Change what is named; `active` false ends it."""
    seen = wanted_version(if_match)
    changes: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}
    if changes.get("until") is not None:
        changes["until"] = changes["until"].timestamp()
    with as_seen(seen):
        project = await services.house.projects.change(caller.actor, code, version=seen, **changes)
    tag(response, project.version)
    return _shown(project)


def _choice(project: Project) -> Choice:
    return Choice(code=project.code, title=project.title)


def _shown(project: Project) -> ProjectOut:
    return ProjectOut(
        code=project.code,
        uuid=str(project.uuid),
        title=project.title,
        active=project.active,
        everyone=project.everyone,
        groups=list(project.groups),
        users=list(project.users),
        until=moment(project.until),
        created=moment(project.created_at),
        version=project.version,
    )
