"""`papertap project`: what jobs are charged to."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.app import Gateway
from gateway.cli.common import SHELL, AsJson, Config, Data, show, using
from gateway.cli.directories import show_report
from gateway.cli.printers import given_of
from gateway.cli.users import chunks_of
from gateway.domain.project import Project
from gateway.services.directory_report import Report

projects = typer.Typer(no_args_is_help=True, help="What jobs are charged to.")
Groups = Annotated[list[str] | None, typer.Option("--group", help="Who may use it; several times. Replaces all.")]
Users = Annotated[list[str] | None, typer.Option("--user", help="Who may use it; several times. Replaces all.")]
Until = Annotated[str | None, typer.Option(help="The last day, such as 2027-12-31; empty: none.")]


def _project(gateway: Gateway, project: Project) -> dict[str, Any]:
    return {
        "code": project.code,
        "title": project.title,
        "active": project.active,
        "everyone": project.everyone,
        "groups": list(project.groups),
        "users": list(project.users),
        "until": gateway.house.projects.last_day(project),
    }


@projects.command("add")
def project_add(
    code: str,
    title: Annotated[str, typer.Option(help="What people read.")] = "",
    group: Groups = None,
    user: Users = None,
    until: Until = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add a project; for everybody unless groups or users are named."""

    async def work(gateway: Gateway) -> dict[str, Any]:
        service = gateway.house.projects
        last = service.day_end(until or "")
        made = await service.add(SHELL, code, title=title, groups=group or (), users=user or (), until=last)
        return _project(gateway, made)

    show([using(config, data, work)], as_json, one=True)


@projects.command("list")
def project_list(
    search: Annotated[str, typer.Option(help="Beginnings of words of code and title.")] = "",
    after: Annotated[str, typer.Option(help="The last code of the page before.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List projects in the order of their codes, also what was ended."""

    async def work(gateway: Gateway) -> list[dict[str, Any]]:
        found = await gateway.house.projects.search(SHELL, search, after=after, limit=limit)
        return [_project(gateway, project) for project in found]

    show(using(config, data, work), as_json)


@projects.command("change")
def project_change(
    code: str,
    title: Annotated[str | None, typer.Option()] = None,
    group: Groups = None,
    user: Users = None,
    everyone: Annotated[bool | None, typer.Option(help="Whether everybody may use it.")] = None,
    until: Until = None,
    active: Annotated[bool | None, typer.Option("--open/--ended", help="Whether it may be charged.")] = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Change a project; what is not named stays."""
    changes = given_of({"title": title, "groups": group, "users": user, "everyone": everyone, "active": active})

    async def work(gateway: Gateway) -> dict[str, Any]:
        service = gateway.house.projects
        if until is not None:
            changes["until"] = service.day_end(until)
        return _project(gateway, await service.change(SHELL, code, **changes))

    show([using(config, data, work)], as_json, one=True)


@projects.command("end")
def project_end(code: str, config: Config = None, data: Data = None) -> None:
    """Charge nothing more to it; what it came to stays."""
    using(config, data, lambda gateway: gateway.house.projects.end(SHELL, code))
    print(f"{code} is ended.")


@projects.command("import")
def project_import(
    file: Annotated[Path, typer.Argument(help="CSV with headings: code, title, groups, users, until.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add and change projects by a CSV file; those that it does not name stay."""

    async def work(gateway: Gateway) -> Report:
        return await gateway.house.project_imports.run_stream(SHELL, chunks_of(file), dry=dry_run)

    show_report(using(config, data, work), as_json)
