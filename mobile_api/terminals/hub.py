"""All lines: which terminal is connected, by which connection, and who is told when something changes."""

import asyncio
import logging
from collections.abc import AsyncIterator
from uuid import UUID

from gateway.domain.device import Device
from gateway.domain.events import Event, Happening
from gateway.domain.terminal import Terminal
from gateway.errors import Refusal
from gateway.services.limits import Limits
from gateway.services.ports import Clock, EventBus
from gateway.services.terminal_desk import TerminalDesk
from mobile_api.terminals.line import Line
from mobile_api.terminals.messages import written

KEPT_SECONDS = 120.0  # a line without a connection
LOOK_SECONDS = 1.0
SETTLE_SECONDS = 30.0  # between looks at copier sessions that nobody ended
_OF_DEVICES = frozenset({Event.DEVICE_STATE_CHANGED, Event.PRINTER_CONFIG_CHANGED, Event.PRINTER_STATE_CHANGED})

log = logging.getLogger(__name__)


class TerminalHub:
    """`run` tells what changes; everything else happens when a terminal asks."""

    def __init__(self, *, desk: TerminalDesk, limits: Limits, events: EventBus, clock: Clock) -> None:
        self.desk = desk
        self.limits = limits
        self._events = events
        self._clock = clock
        self._lines: dict[UUID, Line] = {}
        self._stirred: set[str] = set()
        self._owners: set[str] = set()

    @property
    def connected(self) -> int:
        return sum(line.connection is not None for line in self._lines.values())

    def is_connected(self, terminal: UUID) -> bool:
        line = self._lines.get(terminal)
        return line is not None and line.connection is not None

    def open(self, terminal: Terminal, connection: object, *, address: str) -> Line:
        """The terminal's line, which this connection has from now on; whoever had it before is woken, and leaves."""
        line = self._lines.get(terminal.uuid)
        if line is None or line.address != address or line.terminal.key_hash != terminal.key_hash:
            if line is not None:
                line.connection = None
                line.end()
            line = Line(terminal=terminal, address=address, desk=self.desk, limits=self.limits, clock=self._clock)
            self._lines[terminal.uuid] = line
        line.terminal, line.connection, line.left_at = terminal, connection, None
        line.wake()
        self.desk.present.add(terminal.uuid)
        return line

    def leave(self, line: Line, connection: object) -> None:
        """The connection ends; its line is kept for a while."""
        if line.connection is connection:
            line.connection = None
            line.left_at = self._clock.monotonic()
            self.desk.present.discard(line.terminal.uuid)

    async def run(self) -> None:
        """Once a second, so that a storm of events is one message."""
        async with self._events.subscribe() as happenings:
            listening = asyncio.create_task(self._listen(happenings))
            settling = asyncio.create_task(self._settle())
            try:
                while True:
                    await self._clock.sleep(LOOK_SECONDS)
                    await self.look()
            finally:
                listening.cancel()
                settling.cancel()

    async def _settle(self) -> None:
        while True:
            await self._clock.sleep(SETTLE_SECONDS)
            try:
                await self.desk.settle_copiers()
            except Refusal as refusal:  # the database is away; the next turn finds them still open
                log.warning("copier sessions wait to be settled: %s", refusal)

    async def look(self) -> None:
        """Tells those whom it concerns what has changed, and forgets who is gone."""
        stirred, owners = self._stirred, self._owners
        self._stirred, self._owners = set(), set()
        self.desk.screens.stir(stirred)
        now = self._clock.monotonic()
        for uuid, line in list(self._lines.items()):
            if line.left_at is not None and now - line.left_at > KEPT_SECONDS:
                line.end()
                del self._lines[uuid]
                continue
            try:
                await self._tell(line, stirred, owners)
            except Refusal as refusal:  # its station is gone, or the database is away
                log.debug("terminal %s is told nothing: %s", line.terminal.name, refusal)

    async def _tell(self, line: Line, stirred: set[str], owners: set[str]) -> None:
        if line.connection is None:
            return
        await line.look()
        if stirred and any(device.name in stirred for device in self._devices(line)):
            line.push(await line.state())
        if line.signed_in and line.signed_in in owners:
            answers = await self.desk.jobs_of(line.terminal, address=line.address)
            line.push(*(written(answer) for answer in answers))

    def _devices(self, line: Line) -> tuple[Device, ...]:
        return self.desk.kiosk.station(line.terminal.station).devices

    async def _listen(self, happenings: AsyncIterator[Happening]) -> None:
        async for happening in happenings:
            self._note(happening)

    def _note(self, happening: Happening) -> None:
        if happening.event in _OF_DEVICES and happening.device is not None:
            self._stirred.add(happening.device)
        if happening.job_id is not None and happening.owner is not None:
            self._owners.add(happening.owner)
