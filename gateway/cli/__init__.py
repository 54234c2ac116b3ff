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
from gateway.cli.audit import audit
from gateway.cli.certificate import certificate
from gateway.cli.common import AsJson, Config, Data, given, settings_of, using
from gateway.cli.credit import credit
from gateway.cli.devices import devices
from gateway.cli.directories import directories
from gateway.cli.dns import dns
from gateway.cli.doctor import doctor_command
from gateway.cli.groups import groups
from gateway.cli.incoming_mail import mail
from gateway.cli.jobs import jobs
from gateway.cli.printers import printers
from gateway.cli.projects import projects
from gateway.cli.remote import remote
from gateway.cli.reports import reports
from gateway.cli.roles import roles as role_verbs
from gateway.cli.setup import setup
from gateway.cli.sites import sites
from gateway.cli.terminals import terminals
from gateway.cli.tokens import tokens
from gateway.cli.users import users
from gateway.cli.webhooks import webhooks
from gateway.cli.why import why_command
from gateway.errors import PapertapError
from mobile_api.reader.cli import reader

app = typer.Typer(name="papertap", help="An open print gateway.", no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(users, name="user")
app.add_typer(directories, name="directory")
app.add_typer(groups, name="group")
app.add_typer(projects, name="project")
app.add_typer(reports, name="report")
app.add_typer(printers, name="printer")
app.add_typer(devices, name="device")
app.add_typer(jobs, name="job")
app.add_typer(credit, name="credit")
app.add_typer(terminals, name="terminal")
app.add_typer(reader, name="reader")
app.add_typer(mail, name="mail")
app.add_typer(tokens, name="token")
app.add_typer(webhooks, name="webhook")
app.add_typer(sites, name="site")
app.add_typer(audit, name="audit")
app.add_typer(role_verbs, name="role")
app.add_typer(dns, name="dns")
app.add_typer(certificate, name="certificate")
app.command("remote")(remote)

app.command("why")(why_command)
app.add_typer(setup, name="setup")


@app.callback()
def _global(config: Config = None, data: Data = None) -> None:
    given.config, given.data = config, data


@app.command("serve")
def serve_command(
    config: Config = None,
    data: Data = None,
    roles: Annotated[str, typer.Option(help="front, prepare, deliver: any of them, with commas; or relay alone.")] = (
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
    """Say what is missing on this machine, what works and what does not; status 1 for what is needed to print."""
    findings = asyncio.run(check(settings_of(config, data)))
    if as_json:
        rows = [{"name": f.name, "ok": f.ok, "text": f.text, "needed": f.needed, "mend": f.mend} for f in findings]
        print(json.dumps(rows, indent=2))
    else:
        for finding in findings:
            mark = "ok     " if finding.ok else "MISSING" if finding.needed else "note   "
            print(f"{mark}  {finding.name}: {finding.text} {finding.mend}".rstrip())
    raise typer.Exit(0 if all(f.ok or not f.needed for f in findings) else 1)


app.command("doctor")(doctor_command)


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
