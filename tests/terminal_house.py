"""The house of the pages with terminals in it: the real services over stores in memory, and their protocol on a port."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from gateway.app.site import Site
from gateway.domain.terminal import CodeFor, OnTap, Terminal
from gateway.services.copiers import Copiers
from gateway.services.offline_logins import OfflineLogins
from gateway.services.phone_sign_in import PhoneSignIn
from gateway.services.rotating_codes import RotatingCodes
from gateway.services.screens import Screens
from gateway.services.terminal_desk import TerminalDesk
from gateway.services.terminals import Terminals
from gateway.settings import Settings
from mobile_api.terminals import TerminalHub, create_terminals
from tests.fakes import FakeHasher
from tests.fakes_terminals import FakeMeter, MemoryTerminalStore, MemoryUsedCodes
from tests.gateway.adapters.http.serving import serving
from tests.webprint.web_house import House

HERE = "10.0.0.7"
CARD = "04A2197F"
OTHER = "0499AA01"


class TerminalHouse:
    def __init__(self, house: House) -> None:
        self.house = house
        self.clock = house.clock
        self.store = MemoryTerminalStore()
        self.copier_rows, self.meter = house.house_ports.copiers, FakeMeter()
        self.told: list[Terminal] = []
        self.terminals = Terminals(
            store=self.store, limits=house.identity.limits, clock=house.clock, check_station=house.kiosk.station
        )
        self.used = MemoryUsedCodes()
        self.codes = RotatingCodes(hasher=FakeHasher(), used=self.used, clock=house.clock)
        self.phones = PhoneSignIn(codes=self.codes, limits=house.identity.limits, clock=house.clock)
        self.screens = Screens(clock=house.clock)
        self.desk = TerminalDesk(
            terminals=self.terminals,
            kiosk=house.kiosk,
            identity=house.identity,
            cards=house.personal.cards,
            printers=house.printers,
            release=house.release,
            jobs=house.jobs,
            screens=self.screens,
            phones=self.phones,
            offline=OfflineLogins(users=house.users, hasher=FakeHasher(), settings=house.settings.terminals),
            used=self.used,
            charging=house.charging,
            copiers=Copiers(
                store=self.copier_rows, meter=self.meter, device_of=house.printers.device, clock=house.clock
            ),
            clock=house.clock,
            currency="EUR",
            credit=house.personal.credit,
            base=lambda: "https://print.example",
            tell=self._tell,
        )
        house.terminals = self.desk
        self.hub = TerminalHub(desk=self.desk, limits=house.identity.limits, events=house.events, clock=house.clock)

    async def _tell(self, terminal: Terminal) -> None:
        self.told.append(terminal)

    async def enrolled(
        self, name: str = "box", station: str = "copy-room", *, on_tap: OnTap = OnTap.SIGN_IN
    ) -> tuple[str, Terminal]:
        """(its key; the terminal)."""
        await self.terminals.add(name, station, on_tap=on_tap)
        code = await self.terminals.new_code(name)
        return await self.terminals.enrol(code, CodeFor.KEY, address="127.0.0.1")

    @asynccontextmanager
    async def listening(self, **limits: Any) -> AsyncIterator[str]:
        """Behind the gateway's own site and listener, without TLS, which loopback may; its address."""

        async def health() -> tuple[str, ...]:
            return ()

        async def nobody(_scope: Any, _receive: Any, _send: Any) -> None:
            raise AssertionError("nothing else is asked here")

        site = Site(
            ipp=nobody,
            pages=nobody,
            health=health,
            metrics=bytes,
            mounted={"/terminals/": create_terminals(self.hub)},
        )
        async with serving(site, **limits) as listener:
            yield f"http://127.0.0.1:{listener.port}"


async def a_terminal_house(**settings: Any) -> TerminalHouse:
    house = await House(settings=Settings(data="unused", site={"name": "Papertap"}, **settings)).open()
    await house.identity.add_card("alice", CARD)
    return TerminalHouse(house)


class Peer:
    """A terminal of a stranger: websockets' client, and JSON by hand."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._number = 0
        self._prefix = secrets.token_hex(4)  # an id is for ever: a reconnect begins no new count

    async def ask(self, kind: str, *, message: str = "", **fields: Any) -> list[dict[str, Any]]:
        """All messages up to the answer of a ping behind it."""
        self._number += 1
        await self.socket.send(json.dumps({"type": kind, "id": message or f"{self._prefix}-{self._number}", **fields}))
        await self.socket.send(json.dumps({"type": "ping", "id": f"p{self._number}"}))
        found = []
        while True:
            message = json.loads(await asyncio.wait_for(self.socket.recv(), 60))
            if message["type"] == "pong" and message.get("re") == f"p{self._number}":
                return found
            found.append(message)


@asynccontextmanager
async def talking(url: str, key: str) -> AsyncIterator[Peer]:
    async with connect(
        "ws" + url.removeprefix("http") + "/terminals/v1/socket",
        additional_headers={"Authorization": f"Bearer {key}"},
        subprotocols=["papertap.terminal.v1"],  # type: ignore[list-item]  # a plain text is one
    ) as socket:
        yield Peer(socket)
