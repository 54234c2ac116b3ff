"""The command line: each verb parses, calls one service and prints. Exit status: 0 fine, 1 failed, 2 usage.

Every verb works on the data directory, also while the server runs on it: the rows are the truth.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.app import Gateway, backup, check, demo, restore, serve
from gateway.cli.common import AsJson, Config, Data, given, settings_of, using
from gateway.cli.devices import devices
from gateway.cli.jobs import jobs
from gateway.cli.mail import mail
from gateway.cli.printers import printers
from gateway.cli.users import users
from gateway.errors import PapertapError

app = typer.Typer(name="papertap", help="An open print gateway.", no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(users, name="user")
app.add_typer(printers, name="printer")
app.add_typer(devices, name="device")
app.add_typer(jobs, name="job")
app.add_typer(mail, name="mail")


@app.callback()
def _global(config: Config = None, data: Data = None) -> None:
    given.config, given.data = config, data


@app.command("serve")
def serve_command(
    config: Config = None,
    data: Data = None,
    roles: Annotated[str, typer.Option(help="front, prepare, deliver: any of them, with commas.")] = (
        "front,prepare,deliver"
    ),
) -> None:
    """Take in, prepare and deliver jobs until stopped."""
    raise typer.Exit(serve(settings_of(config, data), roles=frozenset(filter(None, roles.split(",")))))


@app.command("demo")
def demo_command(config: Config = None, data: Data = None) -> None:
    """The whole system in a box: two printers, a virtual device that writes PNG pages, a demo user."""
    raise typer.Exit(demo(settings_of(config, data)))


@app.command("check")
def check_command(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Say what is missing on this machine and what will not work without it."""
    findings = asyncio.run(check(settings_of(config, data)))
    if as_json:
        print(json.dumps([{"name": f.name, "ok": f.ok, "text": f.text} for f in findings], indent=2))
    else:
        for finding in findings:
            print(
                f"{'ok     ' if finding.ok else 'MISSING' if finding.needed else 'note   '}  {finding.name}: {finding.text}"
            )
    raise typer.Exit(0 if all(f.ok or not f.needed for f in findings) else 1)


@app.command("migrate")
def migrate_command(config: Config = None, data: Data = None) -> None:
    """Bring the database to this version's schema; serving does so by itself."""

    async def work(_: Gateway) -> None:
        """Opening has migrated."""

    using(config, data, work)
    print("The database is up to date.")


@app.command("backup")
def backup_command(file: Path, config: Config = None, data: Data = None) -> None:
    """Write rows, waiting documents, keys and certificates into one file; the server may run."""
    count = backup(settings_of(config, data), file)
    print(f"Wrote {file}: {count} files. It holds the keys: keep it as safe as the data directory.")


@app.command("restore")
def restore_command(file: Path, config: Config = None, data: Data = None) -> None:
    """Put a backup into an empty data directory."""
    settings = settings_of(config, data)
    count = restore(settings, file)
    print(f"Restored {count} files into {settings.data}.")


def main() -> None:
    """Entry point: a refusal is a sentence on standard error and status 1."""
    try:
        app()
    except PapertapError as error:
        print(f"papertap: {error}", file=sys.stderr)
        sys.exit(1)
