"""`papertap audit`: what staff did, and whether it still stands as it was written."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from gateway.cli.common import SHELL, AsJson, Config, Data, show, using, when
from gateway.domain.audit import AuditEntry, AuditQuery

audit = typer.Typer(no_args_is_help=True, help="What staff did, as a chain that nobody changes unseen.")


@audit.command("list")
def audit_list(
    contains: Annotated[str, typer.Option(help="A part of who, what or to whom.")] = "",
    action: Annotated[str, typer.Option(help="For example role.given.")] = "",
    actor: Annotated[str, typer.Option()] = "",
    before: Annotated[int | None, typer.Option(help="Rows older than this number.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List what was done, newest first."""
    query = AuditQuery(contains=contains, action=action, actor=actor, before_id=before, limit=limit)
    found = using(config, data, lambda gateway: gateway.house.audit.find(query, SHELL))
    show([asdict(entry) if as_json else _row(entry) for entry in found], as_json)


@audit.command("verify")
def audit_verify(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Read the whole log and name the first row that is not what was written; status 1 when there is one."""
    verdict = using(config, data, lambda gateway: gateway.house.audit.verify(SHELL))
    if as_json:
        show([asdict(verdict)], as_json, one=True)
    else:
        print(verdict.text)
    raise typer.Exit(0 if verdict.whole else 1)


def _row(entry: AuditEntry) -> dict[str, Any]:
    said = ", ".join(filter(None, [entry.text, *(f"{name}: {value}" for name, value in entry.values.items())]))
    return {
        "id": entry.id,
        "at": when(entry.at),
        "actor": entry.actor,
        "via": entry.via,
        "action": entry.action,
        "subject": entry.subject,
        "text": said,
    }
