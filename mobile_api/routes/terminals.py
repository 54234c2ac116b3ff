"""Terminals and readers at the printers: who may join, where they stand, how their numbers are read."""

from datetime import datetime
from typing import Annotated

from fastapi import Path, Response
from pydantic import BaseModel, Field

from gateway.domain.rights import Permission
from gateway.domain.terminal import CodeFor, OnTap, Terminal
from gateway.i18n import said
from gateway.services.terminals import CODE_SECONDS
from mobile_api.models import Body, Change, Text, moment
from mobile_api.policy import needs
from mobile_api.router import Asking, Given, Topic
from mobile_api.security import Caller
from mobile_api.services import Services
from mobile_api.versions import located

router = Topic("terminals")

TerminalName = Annotated[str, Path(min_length=1, max_length=40)]
Station = Annotated[Text, Field(min_length=1, max_length=63, examples=["copy-room"])]
Transform = Annotated[Text, Field(max_length=300, examples=["strip|dec:8|reverse-bytes"])]
_STAFF = needs(Permission.DEVICES)


class TerminalOut(BaseModel):
    """`station`: the device or Printer where it stands. `enrolled`: a program has its key; `screen`: a browser does.

    `connected`: it is there now. `locked` since something at it looked like guessing, and `alert` says what.
    """

    name: str
    info: str
    station: str
    on_tap: OnTap
    transform: str
    enrolled: bool
    screen: bool
    connected: bool
    locked: datetime | None
    alert: str
    seen: datetime | None
    address: str


class TerminalChange(Change):
    """What is not named stays as it is. `transform`: how its reader's numbers are read; "" as they come."""

    station: Station | None = None
    on_tap: OnTap | None = None
    transform: Transform | None = None


class NewTerminal(Body):
    name: Annotated[Text, Field(min_length=1, max_length=40, pattern=r"^[a-z0-9-]+$", examples=["copy-room-reader"])]
    station: Station
    info: Annotated[Text, Field(max_length=200)] = ""
    on_tap: OnTap = OnTap.SIGN_IN


class CodeBody(Body):
    """Who is let in: a program that gets a key, or the browser that shows the station's page."""

    code_for: CodeFor = CodeFor.KEY


class CodeOut(BaseModel):
    """To be typed in there within `seconds`, once."""

    code: str
    seconds: int


@router.get("/terminals")
@_STAFF
async def list_terminals(services: Given) -> list[TerminalOut]:
    """All of them; never with their keys."""
    return [_shown(one, services) for one in await services.terminals.all()]


@router.post("/terminals", status_code=201)
@_STAFF
async def add_terminal(body: NewTerminal, services: Given, caller: Asking, response: Response) -> TerminalOut:
    """A new one, which is let in by a code."""
    made = await services.terminals.add(body.name, body.station, info=body.info, on_tap=body.on_tap)
    await _note(services, caller, "terminal.added", made.name)
    located(response, "terminals", made.name)
    return _shown(made, services)


@router.get("/terminals/{name}")
@_STAFF
async def show_terminal(name: TerminalName, services: Given) -> TerminalOut:
    """One of them."""
    return _shown(await services.terminals.get(name), services)


@router.patch("/terminals/{name}")
@_STAFF
async def change_terminal(name: TerminalName, body: TerminalChange, services: Given, caller: Asking) -> TerminalOut:
    """Where it stands, what a tap does, how its numbers are read."""
    changed = await services.terminals.change(name, station=body.station, on_tap=body.on_tap, transform=body.transform)
    await _note(services, caller, "terminal.changed", name)
    return _shown(changed, services)


@router.post("/terminals/{name}/code")
@needs(Permission.DEVICES, recent=True, secret=True)
async def make_code(name: TerminalName, body: CodeBody, services: Given, caller: Asking) -> CodeOut:
    """A code that lets it in, shown this once; one made before is void."""
    code = await services.terminals.new_code(name, body.code_for)
    await _note(services, caller, "terminal.code-made", name)
    return CodeOut(code=code, seconds=int(CODE_SECONDS))


@router.post("/terminals/{name}/unlock")
@_STAFF
async def unlock_terminal(name: TerminalName, services: Given, caller: Asking) -> TerminalOut:
    """Take unknown cards again."""
    unlocked = await services.terminals.unlock(name)
    await _note(services, caller, "terminal.unlocked", name)
    return _shown(unlocked, services)


@router.post("/terminals/{name}/revoke")
@_STAFF
async def revoke_terminal(name: TerminalName, services: Given, caller: Asking) -> TerminalOut:
    """Its key and screen are void from its next message on; its settings stay."""
    revoked = await services.terminals.revoke(name)
    await _note(services, caller, "terminal.revoked", name)
    return _shown(revoked, services)


@router.delete("/terminals/{name}", status_code=204)
@_STAFF
async def remove_terminal(name: TerminalName, services: Given, caller: Asking) -> None:
    """Revoke and forget it."""
    await services.terminals.remove(name)
    await _note(services, caller, "terminal.removed", name)


async def _note(services: Services, caller: Caller, action: str, name: str) -> None:
    await services.house.audit.note(caller.actor, action, f"terminal {name}")


def _shown(terminal: Terminal, services: Services) -> TerminalOut:
    return TerminalOut(
        name=terminal.name,
        info=terminal.info,
        station=terminal.station,
        on_tap=terminal.on_tap,
        transform=terminal.transform,
        enrolled=terminal.key_hash is not None,
        screen=terminal.screen_hash is not None,
        connected=services.connected(terminal.uuid),
        locked=moment(terminal.locked_at),
        alert=said(terminal.alert),
        seen=moment(terminal.seen_at),
        address=terminal.seen_address,
    )
