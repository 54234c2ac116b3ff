"""`papertap terminal`: readers and boxes that sign people in at the printers."""

import hashlib
import ssl
from typing import Annotated, Any

import typer

from gateway.app import Gateway
from gateway.app.terminals import terminals_of
from gateway.cli.common import AsJson, Config, Data, show, using, when
from gateway.domain.card_numbers import FORMATS
from gateway.domain.terminal import CodeFor, OnTap, Terminal

terminals = typer.Typer(no_args_is_help=True, help="Card readers and screens at the printers.")


def _terminal(terminal: Terminal) -> dict[str, Any]:
    return {
        "name": terminal.name,
        "station": terminal.station,
        "info": terminal.info,
        "on_tap": terminal.on_tap.value,
        "transform": terminal.transform,
        "enrolled": terminal.key_hash is not None,
        "screen": terminal.screen_hash is not None,
        "locked": terminal.locked_at is not None,
        "seen": when(terminal.seen_at),
        "address": terminal.seen_address or None,
    }


@terminals.command("add")
def terminal_add(
    name: str,
    station: Annotated[str, typer.Option("--station", help="The device or printer where it stands.")],
    info: Annotated[str, typer.Option()] = "",
    on_tap: Annotated[OnTap, typer.Option(help="sign-in shows a list; release prints all that waits.")] = OnTap.SIGN_IN,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Add a terminal and show the code that enrols it, once, within a quarter of an hour."""

    async def work(gateway: Gateway) -> dict[str, Any]:
        made = await terminals_of(gateway).add(name, station, info=info, on_tap=on_tap)
        code = await terminals_of(gateway).new_code(name)
        return _terminal(made) | {"code": code, "ca_fingerprint": _fingerprint(gateway)}

    _show_code(using(config, data, work), as_json)


@terminals.command("code")
def terminal_code(
    name: str,
    screen: Annotated[bool, typer.Option("--screen", help="For the browser that shows the station's page.")] = False,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show a new code; the old key goes on until the code is used."""

    async def work(gateway: Gateway) -> dict[str, Any]:
        code = await terminals_of(gateway).new_code(name, CodeFor.SCREEN if screen else CodeFor.KEY)
        found = await terminals_of(gateway).get(name)
        return _terminal(found) | {"code": code, "ca_fingerprint": _fingerprint(gateway)}

    _show_code(using(config, data, work), as_json)


@terminals.command("set")
def terminal_set(
    name: str,
    station: Annotated[str | None, typer.Option()] = None,
    on_tap: Annotated[OnTap | None, typer.Option()] = None,
    transform: Annotated[str | None, typer.Option(help=f"Steps, or one of: {', '.join(FORMATS)}.")] = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Change where it stands, what a tap does, or how its reader writes numbers; what is not named stays."""

    async def work(gateway: Gateway) -> Terminal:
        return await terminals_of(gateway).change(name, station=station, on_tap=on_tap, transform=transform)

    show([_terminal(using(config, data, work))], as_json, one=True)


@terminals.command("list")
def terminal_list(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """List terminals."""

    async def work(gateway: Gateway) -> list[dict[str, Any]]:
        return [_terminal(terminal) for terminal in await terminals_of(gateway).all()]

    show(using(config, data, work), as_json)


@terminals.command("unlock")
def terminal_unlock(name: str, config: Config = None, data: Data = None) -> None:
    """Take cards again at a terminal that had locked itself."""
    using(config, data, lambda gateway: terminals_of(gateway).unlock(name))
    print(f"{name} takes cards again.")


@terminals.command("revoke")
def terminal_revoke(name: str, config: Config = None, data: Data = None) -> None:
    """Take its key back: it is out with its next message."""
    using(config, data, lambda gateway: terminals_of(gateway).revoke(name))
    print(f"Took the key of {name} back.")


@terminals.command("remove")
def terminal_remove(name: str, config: Config = None, data: Data = None) -> None:
    """Revoke it and forget it."""
    using(config, data, lambda gateway: terminals_of(gateway).remove(name))
    print(f"Removed {name}.")


def _fingerprint(gateway: Gateway) -> str | None:
    """Of our own authority, by which a reader knows that it talks to us before it has its certificate."""
    try:
        pem = (gateway.settings.data / "tls" / "ca.crt").read_text(encoding="ascii")
    except OSError:  # a customer's certificate, or nothing served yet
        return None
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def _show_code(row: dict[str, Any], as_json: bool) -> None:
    show([row], as_json, one=True)
    if not as_json:
        ca = f" --ca-sha256 {row['ca_fingerprint']}" if row["ca_fingerprint"] else ""
        print(f"\nAt the reader, within 15 minutes:\n  papertap reader enrol https://GATEWAY:8443 {row['code']}{ca}")
