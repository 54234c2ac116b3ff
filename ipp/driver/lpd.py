"""The server of LPR: one command a connection (RFC 1179 section 5)."""

import asyncio
import socket
from collections.abc import Sequence

from gateway.errors import Refusal
from gateway.settings import Lpd
from ipp.driver.desk import Desk
from ipp.driver.door import Door
from ipp.driver.line import Line
from ipp.driver.listing import Listing
from ipp.driver.messages import LONGEST_LINE, Code, Command, read_command
from ipp.driver.receiving import ACK, REFUSED, Receiving, refusal_line

AWAY = REFUSED + b"Too many connections, or none is taken from your network. Try again later.\n"


class LpdServer:
    """`start` takes listening sockets; `largest` octets of one document."""

    def __init__(self, *, desk: Desk, listing: Listing, settings: Lpd, largest: int) -> None:
        self._desk, self._listing, self._largest = desk, listing, largest
        self.door = Door(settings=settings, away=AWAY)
        self._servers: list[asyncio.Server] = []
        self._sockets: Sequence[socket.socket] = ()

    @property
    def port(self) -> int | None:
        return int(self._sockets[0].getsockname()[1]) if self._sockets else None

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        self._sockets = sockets
        self._servers = await self.door.listen(sockets, self._serve)

    async def stop(self, grace: float) -> None:
        for server in self._servers:
            server.close()
        await self.door.close(grace)

    async def _serve(self, line: Line) -> None:
        text = await line.line(LONGEST_LINE)
        if not text:
            return
        command: Command | None = None
        try:
            command = read_command(text)
            await self._do(command, line)
        except Refusal as refusal:
            queue = command.queue if command is not None else ""
            self._desk.note_refused(queue, "", "", line.address, refusal)
            await line.say(refusal_line(refusal))
            await line.hear_out()

    async def _do(self, command: Command, line: Line) -> None:
        printer, address = self._desk.printer(command.queue), line.address
        match command.code:
            case Code.PRINT_WAITING:  # they go on by themselves
                await line.say(ACK)
            case Code.RECEIVE_JOB:
                await self._desk.check(printer, address)
                await line.say(ACK)
                await Receiving(line, self._desk, printer, largest=self._largest).run()
            case Code.SHORT_STATE | Code.LONG_STATE:
                long = command.code is Code.LONG_STATE
                await line.say(await self._listing.state(printer, command.operands, address, long=long))
            case Code.REMOVE_JOBS:
                agent, *asked = command.operands or ("",)
                await line.say(await self._listing.remove(printer, agent, asked, address))
