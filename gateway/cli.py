"""The command line: each verb parses, calls one service and prints. Exit status: 0 fine, 1 failed, 2 usage.

Every verb works on the data directory, also while the server runs on it: the rows are the truth.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from gateway.app import Gateway, backup, build, check, demo, restore, serve
from gateway.domain.device import Device
from gateway.domain.job import Job, JobState
from gateway.domain.printer import Authentication, HeldView, Printer, ReleasePolicy
from gateway.domain.user import SYSTEM, Role, User
from gateway.errors import PapertapError
from gateway.services.ports import JobQuery
from gateway.settings import Settings, load

T = TypeVar("T")
app = typer.Typer(name="papertap", help="An open print gateway.", no_args_is_help=True, pretty_exceptions_enable=False)
users = typer.Typer(no_args_is_help=True, help="People and their PINs, cards and passwords.")
printers = typer.Typer(no_args_is_help=True, help="What clients see and print to.")
devices = typer.Typer(no_args_is_help=True, help="The machines that make paper.")
jobs = typer.Typer(no_args_is_help=True, help="What waits, prints and has printed.")
app.add_typer(users, name="user")
app.add_typer(printers, name="printer")
app.add_typer(devices, name="device")
app.add_typer(jobs, name="job")

Config = Annotated[Path | None, typer.Option("--config", help="Settings file (TOML).")]
Data = Annotated[Path | None, typer.Option("--data", help="Data directory; default papertap-data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(slots=True)
class _Options:
    """Given before the verb: `papertap --data DIR job list`; each verb takes them too."""

    config: Path | None = None
    data: Path | None = None


_options = _Options()


@app.callback()
def _global(config: Config = None, data: Data = None) -> None:
    _options.config, _options.data = config, data


def _settings(config: Path | None, data: Path | None) -> Settings:
    config, data = config or _options.config, data or _options.data
    return load(config, **({"data": data} if data is not None else {}))


def _with(config: Path | None, data: Path | None, work: Callable[[Gateway], Awaitable[T]]) -> T:
    """Opens the stores, runs one use case, closes them."""

    async def run() -> T:
        async with build(_settings(config, data)) as gateway:
            return await work(gateway)

    return asyncio.run(run())


def _print(rows: list[dict[str, Any]], as_json: bool, *, one: bool = False) -> None:
    if as_json:
        print(json.dumps(rows[0] if one else rows, indent=2, ensure_ascii=False))
        return
    if not rows:
        print("Nothing.")
        return
    table = Table(box=None, pad_edge=False)
    for column in rows[0]:
        table.add_column(column)
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _time(at: float | None) -> str | None:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds") if at else None


# --- serving


@app.command("serve")
def serve_command(
    config: Config = None,
    data: Data = None,
    roles: Annotated[str, typer.Option(help="front, prepare, deliver: any of them, with commas.")] = (
        "front,prepare,deliver"
    ),
) -> None:
    """Take in, prepare and deliver jobs until stopped."""
    raise typer.Exit(serve(_settings(config, data), roles=frozenset(filter(None, roles.split(",")))))


@app.command("demo")
def demo_command(config: Config = None, data: Data = None) -> None:
    """The whole system in a box: two printers, a virtual device that writes PNG pages, a demo user."""
    raise typer.Exit(demo(_settings(config, data)))


@app.command("check")
def check_command(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Say what is missing on this machine and what will not work without it."""
    findings = asyncio.run(check(_settings(config, data)))
    if as_json:
        print(json.dumps([{"name": f.name, "ok": f.ok, "text": f.text} for f in findings], indent=2))
    else:
        for finding in findings:
            print(f"{'ok     ' if finding.ok else 'MISSING'}  {finding.name}: {finding.text}")
    raise typer.Exit(0 if all(f.ok or not f.needed for f in findings) else 1)


@app.command("migrate")
def migrate_command(config: Config = None, data: Data = None) -> None:
    """Bring the database to this version's schema; serving does so by itself."""

    async def work(_: Gateway) -> None:
        """Opening has migrated."""

    _with(config, data, work)
    print("The database is up to date.")


@app.command("backup")
def backup_command(file: Path, config: Config = None, data: Data = None) -> None:
    """Write rows, waiting documents, keys and certificates into one file; the server may run."""
    count = backup(_settings(config, data), file)
    print(f"Wrote {file}: {count} files. It holds the keys: keep it as safe as the data directory.")


@app.command("restore")
def restore_command(file: Path, config: Config = None, data: Data = None) -> None:
    """Put a backup into an empty data directory."""
    settings = _settings(config, data)
    count = restore(settings, file)
    print(f"Restored {count} files into {settings.data}.")


# --- users


def _user(user: User) -> dict[str, Any]:
    return {
        "name": user.name,
        "full_name": user.full_name,
        "email": user.email,
        "role": user.role.value,
        "disabled": user.disabled,
        "cards": len(user.cards),
    }


@users.command("add")
def user_add(
    name: str,
    full_name: Annotated[str, typer.Option()] = "",
    email: Annotated[str | None, typer.Option()] = None,
    pin: Annotated[str | None, typer.Option(help="Digits, or 'random'.")] = None,
    card: Annotated[str | None, typer.Option()] = None,
    password: Annotated[str | None, typer.Option()] = None,
    role: Annotated[Role, typer.Option()] = Role.USER,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add a user. A random PIN is shown once, here."""

    async def work(gateway: Gateway) -> dict[str, Any]:
        chosen = await gateway.identity.new_pin() if pin == "random" else pin
        user = await gateway.identity.add_user(
            name, full_name=full_name, email=email, pin=chosen, card=card, password=password, role=role
        )
        return _user(user) | ({"pin": chosen} if pin == "random" else {})

    _print([_with(config, data, work)], as_json, one=True)


@users.command("list")
def user_list(
    contains: Annotated[str, typer.Option()] = "",
    limit: Annotated[int, typer.Option()] = 100,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List users whose name, full name or address contains a text."""

    async def work(gateway: Gateway) -> list[User]:
        return await gateway.identity.users(contains, limit=limit)

    _print([_user(user) for user in _with(config, data, work)], as_json)


@users.command("remove")
def user_remove(name: str, config: Config = None, data: Data = None) -> None:
    """Remove a user; jobs and ledger rows keep the name."""
    _with(config, data, lambda gateway: gateway.identity.delete_user(name))
    print(f"Removed {name}.")


@users.command("password")
def user_password(
    name: str,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
    config: Config = None,
    data: Data = None,
) -> None:
    """Set a password."""
    _with(config, data, lambda gateway: gateway.identity.set_password(name, password))
    print(f"{name} has a new password.")


@users.command("pin")
def user_pin(
    name: str, pin: Annotated[str, typer.Argument()] = "random", config: Config = None, data: Data = None
) -> None:
    """Set a PIN; without one a random PIN is made and shown once."""

    async def work(gateway: Gateway) -> str:
        chosen = await gateway.identity.new_pin() if pin == "random" else pin
        await gateway.identity.set_pin(name, chosen)
        return chosen

    print(f"{name} has the PIN {_with(config, data, work)}.")


@users.command("card")
def user_card(name: str, card: str, config: Config = None, data: Data = None) -> None:
    """Add a card."""
    _with(config, data, lambda gateway: gateway.identity.add_card(name, card))
    print(f"{name} has one more card.")


# --- printers and devices


def _printer(printer: Printer) -> dict[str, Any]:
    return {
        "name": printer.name,
        "info": printer.info,
        "policy": printer.policy.value,
        "devices": list(printer.devices),
        "accepting": printer.is_accepting_jobs,
        "paused": printer.paused,
        "authentication": printer.authentication.value,
        "uuid": str(printer.uuid),
    }


@printers.command("add")
def printer_add(
    name: str,
    policy: Annotated[ReleasePolicy, typer.Option()] = ReleasePolicy.PULL,
    device: Annotated[list[str] | None, typer.Option(help="May be given several times.")] = None,
    info: Annotated[str | None, typer.Option(help="What people read.")] = None,
    location: Annotated[str, typer.Option()] = "",
    authentication: Annotated[Authentication, typer.Option()] = Authentication.NONE,
    hold_hours: Annotated[float, typer.Option()] = 24.0,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add a printer that clients can see."""

    async def work(gateway: Gateway) -> Printer:
        return await gateway.printers.add_printer(
            name,
            policy=policy,
            devices=tuple(device or ()),
            info=info or name,
            location=location,
            authentication=authentication,
            hold_seconds=hold_hours * 3600,
        )

    _print([_printer(_with(config, data, work))], as_json, one=True)


@printers.command("set")
def printer_set(
    name: str,
    policy: Annotated[ReleasePolicy | None, typer.Option()] = None,
    device: Annotated[list[str] | None, typer.Option(help="Replaces all devices.")] = None,
    info: Annotated[str | None, typer.Option()] = None,
    location: Annotated[str | None, typer.Option()] = None,
    authentication: Annotated[Authentication | None, typer.Option()] = None,
    held_view: Annotated[HeldView | None, typer.Option(help="What a phone is shown of a held job.")] = None,
    accepting: Annotated[bool | None, typer.Option()] = None,
    paused: Annotated[bool | None, typer.Option()] = None,
    default: Annotated[bool | None, typer.Option(help="Whether /ipp/print is this printer.")] = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Change a printer; what is not named stays."""
    given = {
        "policy": policy,
        "devices": tuple(device) if device else None,
        "info": info,
        "location": location,
        "authentication": authentication,
        "held_view": held_view,
        "is_accepting_jobs": accepting,
        "paused": paused,
        "is_default": default,
    }
    changes = {field: value for field, value in given.items() if value is not None}
    _print(
        [_printer(_with(config, data, lambda gateway: gateway.printers.change_printer(name, **changes)))],
        as_json,
        one=True,
    )


@printers.command("list")
def printer_list(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """List printers."""

    async def work(gateway: Gateway) -> list[dict[str, Any]]:
        return [
            _printer(p)
            | {"state": gateway.printers.status(p.name).state, "queued": gateway.printers.status(p.name).queued_jobs}
            for p in gateway.printers.all()
        ]

    _print(_with(config, data, work), as_json)


@printers.command("remove")
def printer_remove(name: str, config: Config = None, data: Data = None) -> None:
    """Remove a printer on which no job waits."""
    _with(config, data, lambda gateway: gateway.printers.delete_printer(name))
    print(f"Removed {name}.")


def _device(device: Device) -> dict[str, Any]:
    return {
        "name": device.name,
        "uri": device.uri,
        "info": device.info,
        "location": device.location,
        "state": device.status.state.value,
        "reasons": list(device.status.reasons),
        "model": device.capabilities.make_and_model,
        "failover": device.failover,
    }


@devices.command("add")
def device_add(
    name: str,
    uri: str,
    info: Annotated[str | None, typer.Option()] = None,
    location: Annotated[str, typer.Option()] = "",
    failover: Annotated[str | None, typer.Option(help="The device that takes over.")] = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add an output device and ask it what it can do."""

    async def work(gateway: Gateway) -> Device:
        device = await gateway.printers.add_device(name, uri, info=info or name, location=location, failover=failover)
        return await gateway.learn(device.name)

    _print([_device(_with(config, data, work))], as_json, one=True)


@devices.command("learn")
def device_learn(name: str, config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Ask a device again what it can do and how it is."""
    _print([_device(_with(config, data, lambda gateway: gateway.learn(name)))], as_json, one=True)


@devices.command("list")
def device_list(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """List output devices."""

    async def work(gateway: Gateway) -> list[dict[str, Any]]:
        return [_device(device) for device in gateway.printers.devices()]

    _print(_with(config, data, work), as_json)


@devices.command("remove")
def device_remove(name: str, config: Config = None, data: Data = None) -> None:
    """Remove a device that no printer uses."""
    _with(config, data, lambda gateway: gateway.printers.delete_device(name))
    print(f"Removed {name}.")


# --- jobs


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
        "impressions_completed": job.impressions_completed,
        "device": job.output_device,
        "created": _time(job.created_at),
        "ended": _time(job.ended_at),
        "expires": _time(job.expires_at),
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
    _print([_job(job) for job in _with(config, data, lambda g: g.release.find(query, SYSTEM))], as_json)


@jobs.command("show")
def job_show(job_id: int, config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Show one job and what happened to it."""

    async def work(gateway: Gateway) -> dict[str, Any]:
        job = await gateway.release.visible(job_id, SYSTEM)
        records = await gateway.release.records(job_id, SYSTEM)
        return _whole_job(job) | {
            "history": [{"at": _time(r.at), "what": r.what, "by": r.by, "text": r.text} for r in records]
        }

    shown = _with(config, data, work)
    if as_json:
        _print([shown], as_json, one=True)
        return
    history = shown.pop("history")
    for field, value in shown.items():
        print(f"{field:22}{_cell(value)}")
    for record in history:
        print(f"{record['at']}  {record['what']}  {record['by']}  {record['text']}")


@jobs.command("release")
def job_release(
    job_ids: list[int],
    device: Annotated[str | None, typer.Option()] = None,
    copies: Annotated[int | None, typer.Option(min=1, max=999)] = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Release held jobs at a device."""
    changes = {"copies": copies} if copies else {}
    outcomes = _with(config, data, lambda g: g.release.release(job_ids, SYSTEM, device=device, changes=changes))
    rows = [
        _job(o.job) | {"released": True, "message": ""}
        if o.job
        else {"id": o.job_id, "released": False, "message": o.refusal.message if o.refusal else ""}
        for o in outcomes
    ]
    if as_json:
        _print(rows, as_json)
    else:
        for row in rows:
            print(f"{row['id']}: {'released' if row['released'] else row['message']}")
    raise typer.Exit(0 if all(row["released"] for row in rows) else 1)


@jobs.command("cancel")
def job_cancel(job_id: int, config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Cancel a job."""
    job = _with(config, data, lambda g: g.release.cancel(job_id, SYSTEM))
    _print([_job(job)], as_json, one=True)


def main() -> None:
    """Entry point: a refusal is a sentence on standard error and status 1."""
    try:
        app()
    except PapertapError as error:
        print(f"papertap: {error}", file=sys.stderr)
        sys.exit(1)
