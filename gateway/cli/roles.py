"""`papertap role`: who has which role, and where."""

from typing import Annotated, Any

import typer

from gateway.app import Gateway
from gateway.cli.common import SHELL, AsJson, Config, Data, show, using, when
from gateway.domain.rights import GivenRole, Role

roles = typer.Typer(no_args_is_help=True, help="Who has which role, and where.")

AsGroup = Annotated[bool, typer.Option("--group", help="The name is that of a group.")]
Everywhere = Annotated[str, typer.Option(help="A site; without it the role holds everywhere.")]


@roles.command("give")
def role_give(
    holder: str,
    role: Role,
    site: Everywhere = "",
    group: AsGroup = False,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Give a role to a user or to all members of a group."""
    given = using(config, data, lambda gateway: gateway.house.roles.give(SHELL, holder, role, site=site, group=group))
    show([_row(given)], as_json, one=True)


@roles.command("take")
def role_take(number: int, config: Config = None, data: Data = None) -> None:
    """Take away the role with that number."""
    using(config, data, lambda gateway: gateway.house.roles.take(SHELL, number))
    print("Taken away.")


@roles.command("list")
def role_list(
    after: Annotated[int, typer.Option(help="Rows behind this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 1000,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List what was given; what a user's own row says is in `papertap user list`."""

    async def work(gateway: Gateway) -> list[GivenRole]:
        return await gateway.house.roles.given(SHELL, after=after, limit=limit)

    show([_row(given) for given in using(config, data, work)], as_json)


def _row(given: GivenRole) -> dict[str, Any]:
    return {
        "id": given.id,
        "holder": given.holder,
        "group": given.group,
        "role": given.role.value,
        "site": given.site or "everywhere",
        "given_by": given.given_by,
        "given_at": when(given.given_at),
    }
