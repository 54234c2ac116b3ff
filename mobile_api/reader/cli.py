"""`papertap reader`: enrol, run beside a reader, and simulators of both for tests and the demo."""

import asyncio
import socket
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from gateway.domain.card_numbers import FORMATS, parse, transformed
from gateway.errors import BadRequest
from mobile_api.reader import keyfile
from mobile_api.reader.agent import Agent, cache_of
from mobile_api.reader.link import Revoked
from mobile_api.reader.sources import source_of

KeyFile = Annotated[Path, typer.Option("--key", help="Where this reader keeps its key.")]
_DEFAULT = Path("papertap-reader.json")

reader = typer.Typer(name="reader", no_args_is_help=True, help="The program beside a card reader, and simulators.")


@reader.command("enrol")
def enrol(
    url: Annotated[str, typer.Argument(help="https://NAME:8443")],
    code: Annotated[str, typer.Argument(help="What `papertap terminal add` showed.")],
    ca: Annotated[Path | None, typer.Option(help="PEM file of the gateway's authority.")] = None,
    ca_sha256: Annotated[str, typer.Option(help="Its fingerprint, instead of the file.")] = "",
    key: KeyFile = _DEFAULT,
) -> None:
    """Hand in an administrator's code for this reader's key."""
    try:
        account = keyfile.enrol(url, code, ca_file=ca, ca_sha256=ca_sha256)
    except keyfile.NotEnrolled as error:
        _fail(error)
    keyfile.write(key, account)
    typer.echo(f"This is {account.terminal} at {account.station} now. Its key is in {key}.")


@reader.command("run")
def run(
    sources: Annotated[
        list[str], typer.Argument(help="stdin, evdev:FILE, serial:FILE?baud=9600, tcp:HOST:PORT, listen:HOST:PORT")
    ],
    key: KeyFile = _DEFAULT,
    hook: Annotated[str | None, typer.Option(help="A program that gets code, tone and text: sound and light.")] = None,
    polling: Annotated[bool, typer.Option("--polling", help="Never a WebSocket.")] = False,
) -> None:
    """Bring taps to the gateway until stopped."""

    def say(code: str, tone: str, text: str) -> None:
        typer.echo(f"{tone}\t{code}\t{text}")
        if hook is not None:
            subprocess.Popen([hook, code, tone, text], stdin=subprocess.DEVNULL)  # noqa: S603 - whoever starts us names it

    async def work(account: keyfile.Account) -> None:
        agent = Agent(
            account=account,
            sources=[source_of(text) for text in sources],
            say=say,
            cache=cache_of(key, account),
            polling=polling,
        )
        await agent.run()

    try:
        asyncio.run(work(keyfile.read(key)))
    except (keyfile.NotEnrolled, ValueError) as error:
        _fail(error)
    except Revoked as error:
        _fail(RuntimeError(f"The gateway does not know this reader any more. {error}".strip()))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


@reader.command("show")
def show(
    raw: Annotated[str, typer.Argument(help="What the reader sends.")],
    transform: Annotated[str, typer.Option(help="Steps or a format's name; without it: all formats.")] = "",
) -> None:
    """Say what a tap would be read as."""
    wanted = [transform] if transform else list(FORMATS)
    for name in wanted:
        try:
            typer.echo(f"{name:20} {transformed(raw, parse(name))}")
        except BadRequest as refusal:
            typer.echo(f"{name:20} - {refusal}")


@reader.command("tap")
def tap(
    card: Annotated[list[str], typer.Argument(help="Card numbers, held to the reader one after the other.")],
    to: Annotated[str, typer.Option(help="HOST:PORT where an agent listens (listen:...).")] = "127.0.0.1:5560",
    seconds: Annotated[float, typer.Option(help="How long to wait for each answer.")] = 5.0,
) -> None:
    """Simulate a TCP reader: send cards, print the feedback."""
    host, _, port = to.rpartition(":")
    try:
        with (
            socket.create_connection((host, int(port)), timeout=seconds) as wire,
            wire.makefile("rw", newline="\r\n") as text,
        ):
            for number in card:
                text.write(f"{number}\n")
                text.flush()
                typer.echo(text.readline().strip())
    except (OSError, ValueError) as error:
        _fail(RuntimeError(f"No reader agent answers at {to}: {error}"))


def _fail(error: Exception) -> None:
    typer.echo(f"papertap reader: {error}", err=True)
    raise typer.Exit(1)
