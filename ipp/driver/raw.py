"""The raw ports: what comes until the sender closes, or falls silent, is a job. The protocol has no acknowledgement.

A job that breaks off is kept, since its sender will not know that it has to send it again, but nothing brings it on
except a person's word.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from gateway.domain.printer import Printer
from gateway.errors import BadRequest, PapertapError, Refusal
from gateway.services.barrier import EmptyDocument
from gateway.services.formats import AUTO_SENSE
from gateway.services.gathering import Gathering
from gateway.services.intake import Incoming
from gateway.services.ports import Clock
from gateway.services.printers import Printers
from gateway.settings import Raw
from ipp.driver.desk import Desk
from ipp.driver.door import Door
from ipp.driver.line import BrokenOff, Line, Silent
from ipp.driver.pjl import Tap, read_head

WATCH_SECONDS = 1.0
AGAIN_SECONDS = 60.0  # a port that another program has is tried again

log = logging.getLogger(__name__)

Listen = Callable[[int], Awaitable[Sequence[socket.socket]]]
"""Opens a port; PapertapError says why it cannot."""


@dataclass(kw_only=True, slots=True)
class _Port:
    printer: str
    servers: list[asyncio.Server]
    fault: str = ""
    tried_at: float = 0.0


class RawServer:
    """A listener for each port that a Printer names, and follows what the Printers say."""

    def __init__(self, *, desk: Desk, printers: Printers, settings: Raw, clock: Clock, listen: Listen) -> None:
        self._desk, self._printers, self._clock, self._listen = desk, printers, clock, listen
        self.door = Door(settings=settings)
        self._end_seconds = settings.end_seconds
        self._ports: dict[int, _Port] = {}

    @property
    def ports(self) -> dict[int, str]:
        """Those that Printers name, and why one is not listened on: "" for those that are."""
        return {number: port.fault for number, port in self._ports.items()}

    async def run(self) -> None:
        while True:
            await self._clock.sleep(WATCH_SECONDS)
            await self.follow()

    async def follow(self) -> None:
        """Listens on what the Printers name now, and on nothing else."""
        wanted = {p.raw_port: p.name for p in self._printers.all() if p.raw_port is not None}
        for number in [number for number, port in self._ports.items() if wanted.get(number) != port.printer]:
            self._close(self._ports.pop(number))
        now = self._clock.monotonic()
        for number, printer in wanted.items():
            port = self._ports.get(number)
            if port is None or (port.fault and now - port.tried_at >= AGAIN_SECONDS):
                self._ports[number] = await self._opened(number, printer)

    async def stop(self, grace: float) -> None:
        for port in self._ports.values():
            self._close(port)
        await self.door.close(grace)

    async def _opened(self, number: int, printer: str) -> _Port:
        try:
            servers = await self.door.listen(await self._listen(number), partial(self._serve, printer))
        except PapertapError as error:
            log.warning("the raw port of %s is closed: %s", printer, error)
            return _Port(printer=printer, servers=[], fault=str(error), tried_at=self._clock.monotonic())
        return _Port(printer=printer, servers=servers)

    def _close(self, port: _Port) -> None:
        for server in port.servers:
            server.close()

    async def _serve(self, queue: str, line: Line) -> None:
        """Some senders never close: behind the end of one job the next one may come."""
        while await self._job(queue, line):
            pass

    async def _job(self, queue: str, line: Line) -> bool:
        """Whether another may follow."""
        tap = Tap()
        try:
            printer = self._desk.printer(queue)
            await self._desk.check(printer, line.address)
            gathering, stream = self._desk.gather(), _Stream(line, tap, self._end_seconds)
            await gathering.add(Incoming(body=stream.octets(), format=AUTO_SENSE))
        except EmptyDocument:
            return False  # somebody looked whether the port is open
        except Refusal as refusal:
            head = read_head(tap.head)
            self._desk.note_refused(queue, head.name, next(iter(head.users), ""), line.address, refusal)
            return False
        try:
            if not tap.only_words:
                await self._finish(printer, line, gathering, stream)
        finally:
            await gathering.drop()
        return stream.open

    async def _finish(self, printer: Printer, line: Line, gathering: Gathering, stream: "_Stream") -> None:
        head = read_head(stream.tap.head)
        submission = await self._desk.submission(printer, head.name, head.users, line.address)
        with suppress(Refusal):  # which the services have written down
            await gathering.finish(submission, whole=stream.whole)


class _Stream:
    """`whole`: it ended as a job ends, by the sender's closing or by the word for it; then the line is still `open`."""

    def __init__(self, line: Line, tap: Tap, end_seconds: float) -> None:
        self._line, self.tap, self._end_seconds = line, tap, end_seconds
        self.whole = False
        self.open = False

    async def octets(self) -> AsyncIterator[bytes]:
        try:
            while data := await self._line.some(seconds=self._end_seconds if self.tap.said_end else None):
                self.tap.feed(data)
                if self.tap.is_web_request:
                    raise BadRequest("A browser or another web client has sent this, and no printer driver.")
                yield data
        except Silent:
            self.whole = self.open = self.tap.said_end
        except BrokenOff:
            self.whole = False
        else:
            self.whole = True
