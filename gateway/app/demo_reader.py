"""The demo's card reader: a terminal that is enrolled already, so that a card can be tapped at once (row 173)."""

from dataclasses import replace
from pathlib import Path

from gateway.app.build import Gateway
from gateway.app.front import Front
from gateway.app.terminals import terminals_of
from gateway.domain.terminal import CodeFor, OnTap
from gateway.errors import NotFound, PapertapError
from mobile_api.reader.keyfile import Account, NotEnrolled, read, write

NAME = "demo-reader"
FILE = "demo-reader.json"


async def demo_reader(gateway: Gateway, station: str) -> Account:
    """Its key of an earlier start, as long as it is good; else a new one."""
    terminals, file = terminals_of(gateway), gateway.settings.data / FILE
    try:
        kept: Account | None = read(file)
        assert kept is not None
        await terminals.by_key(kept.key, address="127.0.0.1")
    except (NotEnrolled, PapertapError):
        kept = None
    if kept is not None:
        return kept
    try:
        await terminals.get(NAME)
    except NotFound:
        await terminals.add(NAME, station, info="Demo reader", on_tap=OnTap.RELEASE)
    key, _ = await terminals.enrol(await terminals.new_code(NAME), CodeFor.KEY, address="127.0.0.1")
    return Account(url="", key=key, terminal=NAME, station=station)


def keep_reader(front: Front, account: Account) -> Path:
    """Writes the key's file with today's address and authority; where it is."""
    ports, ca = front.ports(), front.certificates.ca_pem
    url = f"https://localhost:{ports.https}" if ports.https else f"http://localhost:{ports.http}"
    file = front.data / FILE
    write(file, replace(account, url=url, ca="" if ca is None else ca.decode("ascii")))
    return file.resolve()
