"""`papertap group`: teams, departments and cost centres, and who is in them."""

from typing import Annotated, Any

import typer

from gateway.app import Gateway
from gateway.cli.common import SHELL, AsJson, Config, Data, show, using
from gateway.cli.printers import given_of
from gateway.domain.group import Group, GroupKind
from gateway.domain.user import User

groups = typer.Typer(no_args_is_help=True, help="Teams, departments and cost centres, and who is in them.")
Parent = Annotated[str | None, typer.Option(help="The group above; empty: the top.")]


def _group(group: Group) -> dict[str, Any]:
    return {
        "name": group.name,
        "kind": group.kind.value,
        "label": group.label,
        "parent": group.parent,
        "cost_centre": group.cost_centre,
        "source": group.source,
    }


@groups.command("add")
def group_add(
    name: str,
    kind: Annotated[GroupKind, typer.Option()] = GroupKind.GROUP,
    label: Annotated[str, typer.Option(help="What people read.")] = "",
    parent: Annotated[str, typer.Option(help="The group above.")] = "",
    cost_centre: Annotated[str, typer.Option()] = "",
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add a group."""

    async def work(gateway: Gateway) -> Group:
        return await gateway.house.groups.add(
            SHELL, name, kind=kind, label=label, parent=parent, cost_centre=cost_centre
        )

    show([_group(using(config, data, work))], as_json, one=True)


@groups.command("set")
def group_set(
    name: str,
    kind: Annotated[GroupKind | None, typer.Option()] = None,
    label: Annotated[str | None, typer.Option()] = None,
    parent: Parent = None,
    cost_centre: Annotated[str | None, typer.Option()] = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Change a group; what is not named stays."""
    changes = given_of({"kind": kind, "label": label, "parent": parent, "cost_centre": cost_centre})

    async def work(gateway: Gateway) -> Group:
        return await gateway.house.groups.change(SHELL, name, **changes)

    show([_group(using(config, data, work))], as_json, one=True)


@groups.command("list")
def group_list(
    contains: Annotated[str, typer.Option()] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List groups in the order of their names."""

    async def work(gateway: Gateway) -> list[Group]:
        return await gateway.house.groups.search(contains, SHELL, limit=limit)

    show([_group(group) for group in using(config, data, work)], as_json)


@groups.command("members")
def group_members(
    name: str,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List who is in a group directly."""

    async def work(gateway: Gateway) -> list[User]:
        group = await gateway.house.groups.get(name)
        return await gateway.house.groups.members(group.name, SHELL, limit=limit)

    show([{"name": user.name, "full_name": user.full_name} for user in using(config, data, work)], as_json)


@groups.command("join")
def group_join(name: str, user: str, config: Config = None, data: Data = None) -> None:
    """Put a user into a group."""
    using(config, data, lambda gateway: gateway.house.groups.add_member(SHELL, name, user))
    print(f"{user} is in {name}.")


@groups.command("leave")
def group_leave(name: str, user: str, config: Config = None, data: Data = None) -> None:
    """Take a user out of a group."""
    using(config, data, lambda gateway: gateway.house.groups.remove_member(SHELL, name, user))
    print(f"{user} is not in {name}.")


@groups.command("remove")
def group_remove(name: str, config: Config = None, data: Data = None) -> None:
    """Remove a group; its groups move up, its members are in it no more."""
    using(config, data, lambda gateway: gateway.house.groups.delete(SHELL, name))
    print(f"Removed {name}.")
