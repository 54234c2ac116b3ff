"""`papertap directory`: where users come from."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.app import Gateway
from gateway.cli.common import SHELL, AsJson, Config, Data, show, using, when
from gateway.domain.directory import Directory, GraphSettings, RunEnd, RunRecord, Secrets, UserName
from gateway.domain.directory_presets import PRESETS
from gateway.errors import BadRequest, NotPossible
from gateway.services.directory_forms import directory_draft
from gateway.services.directory_report import Report

directories = typer.Typer(
    no_args_is_help=True, help="Directories: LDAP servers and Microsoft Entra, where users come from."
)


@directories.command("add")
def directory_add(
    name: str,
    preset: Annotated[str, typer.Option(help=f"One of: {', '.join(PRESETS)}.")] = "openldap",
    url: Annotated[
        list[str] | None, typer.Option(help="ldaps://HOST or ldap://HOST; may be given several times.")
    ] = None,
    base: Annotated[str, typer.Option(help="Search base.")] = "",
    bind_dn: Annotated[str, typer.Option(help="Of the service account that may read.")] = "",
    password_file: Annotated[
        Path | None, typer.Option(help="Its first line; else $PAPERTAP_DIRECTORY_PASSWORD.")
    ] = None,
    starttls: Annotated[bool, typer.Option("--starttls", help="TLS on the plain port.")] = False,
    ca_file: Annotated[Path | None, typer.Option(help="PEM of the CA that signed the server's certificate.")] = None,
    certificate_file: Annotated[Path | None, typer.Option(help="PEM of a client certificate.")] = None,
    key_file: Annotated[Path | None, typer.Option(help="PEM of its key.")] = None,
    tenant: Annotated[str, typer.Option(help="Microsoft Entra: the tenant.")] = "",
    client_id: Annotated[str, typer.Option(help="Microsoft Entra: the application's ID.")] = "",
    user_name: Annotated[UserName, typer.Option(help="Microsoft Entra: which name is the login.")] = UserName.PRINCIPAL,
    field: Annotated[list[str] | None, typer.Option(help="FIELD=ATTRIBUTE, such as cards=employeeNumber.")] = None,
    setting: Annotated[
        list[str] | None, typer.Option(help="SETTING=VALUE, such as user_filter=(objectClass=person).")
    ] = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add a directory by a preset. Try it with `test`, and look at what it brings with `sync --dry-run`."""
    values: dict[str, str] = {"urls": " ".join(url or ()), "base": base, "bind_dn": bind_dn}
    values |= {"starttls": "yes" if starttls else "", "ca": _text(ca_file), "certificate": _text(certificate_file)}
    values |= {"tenant": tenant, "client_id": client_id, "user_name": user_name.value}
    values |= dict(_pair(one) for one in setting or ())
    values |= {f"field_{key}": value for key, value in map(_pair, field or ())}
    password = _text(password_file).splitlines()[:1] or [os.environ.get("PAPERTAP_DIRECTORY_PASSWORD", "")]
    draft = directory_draft(preset, {key: value for key, value in values.items() if value})
    secrets = Secrets(password=password[0], key=_text(key_file))

    async def work(gateway: Gateway) -> Directory:
        added = await gateway.people.directories.add(
            name, draft.settings, secrets, fields=draft.fields, preset=preset, **draft.more
        )
        await gateway.people.note(SHELL, "directory.added", f"directory {name}")
        return added

    show([_directory(using(config, data, work))], as_json, one=True)


@directories.command("list")
def directory_list(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """List directories and how their last run ended."""

    async def work(gateway: Gateway) -> list[dict[str, Any]]:
        book = gateway.people.directories
        return [_directory(one, await book.runs(one, limit=1)) for one in await book.all()]

    show(using(config, data, work), as_json)


@directories.command("test")
def directory_test(name: str, config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Reach it, sign in and search, and say what is wrong; status 1 if something is."""
    steps = using(config, data, lambda gateway: gateway.people.directories.test(name))
    show([{"step": step.what, "ok": step.ok, "text": step.text} for step in steps], as_json)
    if not all(step.ok for step in steps):
        raise typer.Exit(1)


@directories.command("sync")
def directory_sync(
    name: str,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")] = False,
    changes: Annotated[
        bool, typer.Option("--changes", help="Only what changed since the last run, where it can.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Disable users, and let groups go, however many they are.")
    ] = False,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Bring users up to date from a directory; status 1 if it failed or was held back."""
    if dry_run:
        report = using(config, data, lambda gateway: gateway.people.directories.preview(name))
        show_report(report, as_json)
        return
    run = using(
        config,
        data,
        lambda gateway: gateway.people.directories.run(name, by="command line", full=not changes, force=force),
    )
    show([_run(run)], as_json, one=True)
    if run.end is not RunEnd.DONE:
        raise NotPossible(run.message)


@directories.command("remove")
def directory_remove(name: str, config: Config = None, data: Data = None) -> None:
    """Remove a directory; its users stay."""

    async def work(gateway: Gateway) -> None:
        await gateway.people.directories.remove(name)
        await gateway.people.note(SHELL, "directory.removed", f"directory {name}")

    using(config, data, work)
    print(f"Removed {name}. Its users stay, and sign in by card or PIN.")


def show_report(report: Report, as_json: bool) -> None:
    """What a run would do, or did."""
    rows = [
        {"outcome": line.outcome.value, "name": line.name, "what": line.what}
        for line in [*report.problems, *report.lines]
    ]
    show(rows, as_json)
    if not as_json:
        print(report.summary)
        if report.held_back:
            print(f"{report.held_back} users would be disabled, which is more than allowed at once: --force does it.")


def _directory(directory: Directory, runs: list[RunRecord] | None = None) -> dict[str, Any]:
    settings = directory.settings
    last = runs[0] if runs else None
    return {
        "name": directory.name,
        "kind": directory.kind.value,
        "where": settings.tenant if isinstance(settings, GraphSettings) else ", ".join(settings.urls),
        "enabled": directory.enabled,
        "last_run": when(last.ended_at) if last else None,
        "end": last.end.value if last else None,
        "message": last.message if last else None,
    }


def _run(run: RunRecord) -> dict[str, Any]:
    return {
        "end": run.end.value,
        "full": run.full,
        "seconds": round(run.ended_at - run.started_at, 1),
        "message": run.message,
    }


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise BadRequest(f'"{text[:60]}" is not of the form NAME=VALUE.')
    return key, value


def _text(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"{path} cannot be read as text.") from error
