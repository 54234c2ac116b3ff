"""Groups as a tree, and who has which role where."""

from datetime import datetime
from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import BaseModel, Field

from gateway.domain.group import Group, GroupKind
from gateway.domain.rights import GivenRole, Permission, Role
from mobile_api.models import Body, Change, Text, moment
from mobile_api.paging import Cursor, Limit, Page, page_of, read_cursor, read_number
from mobile_api.policy import needs
from mobile_api.router import Asking, Given, Topic
from mobile_api.versions import IfMatch, as_seen, located, tag, wanted_version

router = Topic("groups")

GroupName = Annotated[str, Path(min_length=1, max_length=100)]
Words = Annotated[Text, Field(max_length=100)]


class GroupOut(BaseModel):
    """`parent` is the name of the group above, "" at the top; `source` the directory that it comes from, "" for none."""

    name: str
    uuid: str
    kind: GroupKind
    label: str
    parent: str
    cost_centre: str
    source: str
    created: datetime | None
    version: int


class GroupChange(Change):
    """What is not named stays as it is."""

    kind: GroupKind | None = None
    label: Words | None = None
    parent: Words | None = None
    cost_centre: Words | None = None


class NewGroup(Body):
    name: Annotated[Text, Field(min_length=1, max_length=100)]
    kind: GroupKind = GroupKind.GROUP
    label: Words = ""
    parent: Words = ""
    cost_centre: Words = ""


class MemberBody(Body):
    user: Annotated[Text, Field(min_length=1, max_length=100)]


class Member(BaseModel):
    name: str
    full_name: str


class RoleOut(BaseModel):
    """`holder` is a user, or a group; `site` "" is everywhere."""

    id: int
    holder: str
    group: bool
    role: Role
    site: str
    given_by: str
    given: datetime | None


class NewRole(Body):
    holder: Annotated[Text, Field(min_length=1, max_length=100)]
    group: bool = False
    role: Role
    site: Annotated[Text, Field(max_length=63)] = ""


@router.get("/groups")
@needs(Permission.USERS, somewhere=True)
async def list_groups(  # noqa: PLR0917 - FastAPI reads them from the signature
    services: Given,
    caller: Asking,
    q: Annotated[str, Query(max_length=100, description="A part of name, label or cost centre.")] = "",
    parent: Annotated[str | None, Query(max_length=100, description="Right below it; empty: at the top.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[GroupOut]:
    """In the order of their names."""
    groups, after = services.house.groups, read_cursor(cursor) or ""
    if parent is None:
        rows = await groups.search(q, caller.actor, after=after, limit=limit + 1)
    else:
        rows = await groups.below(parent, caller.actor, after=after, limit=limit + 1)
    return page_of(rows, limit, _shown, lambda group: group.name)


@router.post("/groups", status_code=201)
@needs(Permission.USERS)
async def add_group(body: NewGroup, services: Given, caller: Asking, response: Response) -> GroupOut:
    """A new group, at the top or below another."""
    group = await services.house.groups.add(
        caller.actor,
        body.name,
        label=body.label,
        kind=body.kind,
        parent=body.parent,
        cost_centre=body.cost_centre,
    )
    located(response, "groups", group.name)
    tag(response, group.version)
    return _shown(group)


@router.get("/groups/{name}")
@needs(Permission.USERS, somewhere=True)
async def show_group(name: GroupName, services: Given, response: Response) -> GroupOut:
    """One group; its ETag is for changing it."""
    group = await services.house.groups.get(name)
    tag(response, group.version)
    return _shown(group)


@router.patch("/groups/{name}")
@needs(Permission.USERS)
async def change_group(  # noqa: PLR0917 - FastAPI reads them from the signature
    name: GroupName, body: GroupChange, services: Given, caller: Asking, response: Response, if_match: IfMatch = None
) -> GroupOut:
    """Change what is named."""
    seen = wanted_version(if_match)
    changes = {field: getattr(body, field) for field in body.model_fields_set}
    with as_seen(seen):
        group = await services.house.groups.change(caller.actor, name, version=seen, **changes)
    tag(response, group.version)
    return _shown(group)


@router.delete("/groups/{name}", status_code=204)
@needs(Permission.USERS)
async def remove_group(name: GroupName, services: Given, caller: Asking) -> None:
    """Its groups move up; its members are in it no more."""
    await services.house.groups.delete(caller.actor, name)


@router.get("/groups/{name}/members")
@needs(Permission.USERS, somewhere=True)
async def list_members(
    name: GroupName, services: Given, caller: Asking, limit: Limit = 50, cursor: Cursor = None
) -> Page[Member]:
    """Who is in it directly, in the order of their names."""
    group = await services.house.groups.get(name)
    after = read_cursor(cursor) or ""
    rows = await services.house.groups.members(group.name, caller.actor, after=after, limit=limit + 1)
    return page_of(rows, limit, lambda u: Member(name=u.name, full_name=u.full_name), lambda u: u.name)


@router.post("/groups/{name}/members", status_code=204)
@needs(Permission.USERS)
async def add_member(name: GroupName, body: MemberBody, services: Given, caller: Asking) -> None:
    """Put a user into it; a second time is harmless."""
    await services.house.groups.add_member(caller.actor, name, body.user)


@router.delete("/groups/{name}/members/{user}", status_code=204)
@needs(Permission.USERS)
async def remove_member(name: GroupName, user: GroupName, services: Given, caller: Asking) -> None:
    """Take a user out of it."""
    group = await services.house.groups.get(name)
    await services.house.groups.remove_member(caller.actor, group.name, user)


@router.get("/roles")
@needs(Permission.USERS, somewhere=True)
async def list_roles(services: Given, caller: Asking, limit: Limit = 50, cursor: Cursor = None) -> Page[RoleOut]:
    """Roles that were given, besides those that stand with users themselves."""
    after = read_number(cursor) or 0
    rows = await services.house.roles.given(caller.actor, after=after, limit=limit + 1)
    return page_of(rows, limit, _role, lambda given: str(given.id))


@router.post("/roles", status_code=201)
@needs(Permission.USERS, somewhere=True)
async def give_role(body: NewRole, services: Given, caller: Asking) -> RoleOut:
    """Give a role to a user or a group, at a site or everywhere; nobody gives more than they have."""
    if body.site:
        services.sites.get(body.site)
    given = await services.house.roles.give(caller.actor, body.holder, body.role, site=body.site, group=body.group)
    return _role(given)


@router.delete("/roles/{id}", status_code=204)
@needs(Permission.USERS, somewhere=True)
async def take_role(
    id: Annotated[int, Path(ge=1, le=2**63 - 1)],  # noqa: A002 - the path's word
    services: Given,
    caller: Asking,
) -> None:
    """Take it away again; the last administrator stays one."""
    await services.house.roles.take(caller.actor, id)


def _shown(group: Group) -> GroupOut:
    return GroupOut(
        name=group.name,
        uuid=str(group.uuid),
        kind=group.kind,
        label=group.label,
        parent=group.parent,
        cost_centre=group.cost_centre,
        source=group.source,
        created=moment(group.created_at),
        version=group.version,
    )


def _role(given: GivenRole) -> RoleOut:
    return RoleOut(
        id=given.id,
        holder=given.holder,
        group=given.group,
        role=given.role,
        site=given.site,
        given_by=given.given_by,
        given=moment(given.given_at),
    )
