"""The jobs of one connection of LPR: files in any order, and an octet 0 for each that is safe (RFC 1179 section 6).

The last octet 0 of a job says that it is accepted, so it comes after the barrier. Files that were taken before are
gone when the sender breaks off, and it knows that it has to send them again.
"""

from collections.abc import AsyncIterator
from dataclasses import replace

from gateway.domain.printer import Printer
from gateway.domain.ticket import JobTicket
from gateway.errors import BadRequest, Refusal, TooLarge
from gateway.services.barrier import EmptyDocument
from gateway.services.formats import AUTO_SENSE
from gateway.services.intake import Incoming
from ipp.driver import control_file
from ipp.driver.control_file import ControlFile
from ipp.driver.desk import BrokeOff, Desk
from ipp.driver.line import CHUNK, BrokenOff, Line
from ipp.driver.messages import LONGEST_LINE, Part, Subcommand, read_subcommand
from ipp.driver.pjl import Tap, read_head

ACK = b"\0"
REFUSED = b"\1"
# From here on a size that cannot be right is what Windows, CUPS and others say where they do not know it yet, such as
# 2^32-1 or 999999999999: the file ends with the connection.
NO_SIZE = 2**31 - 1


def refusal_line(refusal: Refusal) -> bytes:
    """An octet that is not 0, and the reason for clients that show it."""
    return REFUSED + refusal.message.encode("ascii", "replace") + b"\n"


class Receiving:
    """Runs until the sender closes or something was refused. `largest` octets of one document."""

    def __init__(self, line: Line, desk: Desk, printer: Printer, *, largest: int) -> None:
        self._line, self._desk, self._printer, self._largest = line, desk, printer, largest
        self._begin()

    def _begin(self) -> None:
        self._gathering = self._desk.gather()
        self._control: ControlFile | None = None
        self._taken = 0  # data files, also empty ones
        self._number = ""
        self._begun = False
        self._ended = False
        self._handed_over = False
        self._tap = Tap()

    async def run(self) -> None:
        try:
            while not self._ended and (text := await self._line.line(LONGEST_LINE)):
                await self._part(read_subcommand(text))
            if self._begun:
                self._note(BrokeOff())
        except BrokenOff:
            if self._begun:
                self._note(BrokeOff())
            raise
        except Refusal as refusal:
            self._note(refusal)
            await self._line.say(refusal_line(refusal))
            await self._line.hear_out()
        finally:
            await self._gathering.drop()

    async def _part(self, sub: Subcommand) -> None:
        match sub.part:
            case Part.ABORT:
                await self._gathering.drop()
                self._begin()
                return
            case Part.CONTROL_FILE:
                self._begun = True
                await self._control_file(sub)
            case Part.DATA_FILE:
                self._begun = True
                await self._data_file(sub)
        self._number = self._number or sub.number
        if self._is_complete:
            await self._finish()
        elif self._ended:
            raise BrokeOff
        await self._line.say(ACK)

    @property
    def _is_complete(self) -> bool:
        """Names of files are not compared: not all senders write them alike in both places."""
        if self._control is None:
            return self._ended  # of an unknown size, so that no control file could follow
        return self._taken >= len(self._control.files)

    async def _control_file(self, sub: Subcommand) -> None:
        if self._control is not None:
            raise BadRequest("A second control file came before the documents of the first one.")
        if not 0 < sub.count <= control_file.LARGEST:
            raise BadRequest(
                f"A control file has 1 to {control_file.LARGEST} octets. Send the documents in several jobs."
            )
        await self._line.say(ACK)
        octets = await self._line.exactly(sub.count)
        await self._end_of_file()
        self._control = control_file.parse(octets)

    async def _data_file(self, sub: Subcommand) -> None:
        far_off = sub.count in {NO_SIZE, 2**32 - 2, 2**32 - 1} or sub.count > max(self._largest, NO_SIZE)
        unknown = far_off or (sub.count == 0 and self._control is not None)
        if sub.count > self._largest and not unknown:
            raise TooLarge(f"The document is larger than the {self._largest // 2**20} MiB that are taken. Split it.")
        await self._line.say(ACK)
        if sub.count == 0 and not unknown:
            await self._end_of_file()
        else:
            tap = Tap() if self._taken else self._tap
            body = self._to_the_end(tap) if unknown else self._counted(sub.count, tap)
            await self._gathering.add(Incoming(body=body, format=AUTO_SENSE, name=self._name))
        self._taken += 1

    async def _counted(self, count: int, tap: Tap) -> AsyncIterator[bytes]:
        while count:
            data = await self._line.some(min(count, CHUNK))
            if not data:
                raise BrokenOff
            count -= len(data)
            tap.feed(data)
            yield data
        await self._end_of_file()

    async def _to_the_end(self, tap: Tap) -> AsyncIterator[bytes]:
        """A lone octet 0 is the end of an empty file: its sender knows the size, which is none."""
        data = await self._line.some()
        if data == ACK:
            data = b""
        while data:
            tap.feed(data)
            yield data
            data = await self._line.some()
        self._ended = True

    async def _end_of_file(self) -> None:
        """Behind each file stands an octet 0; another one says that the sender has given it up.

        Who only streams, as CUPS may, closes instead, when all that was announced has been sent.
        """
        end = await self._line.some(1)
        if not end and self._control is not None:
            self._ended = True
        elif end != ACK:
            raise BrokeOff

    async def _finish(self) -> None:
        control, head = self._control or ControlFile(), read_head(self._tap.head)
        if not self._gathering.count:
            raise EmptyDocument("The document is empty: not one octet of it arrived. Send it again.")
        users = [name for name in (control.user, *head.users) if name]
        submission = await self._desk.submission(self._printer, self._name or head.name, users, self._line.address)
        copies = min(control.copies, self._printer.capabilities.copies)
        said = (self._printer.name, self._line.address, control.host, self._number, control.name, copies)
        mark = repr(said) if self._number else None
        self._handed_over = True
        await self._gathering.finish(replace(submission, ticket=JobTicket(copies=copies)), mark=mark)
        ended = self._ended
        self._begin()
        self._ended = ended

    @property
    def _name(self) -> str:
        return self._control.name if self._control is not None else ""

    def _note(self, refusal: Refusal) -> None:
        """What the services have refused they have written down themselves."""
        if not self._handed_over:
            claimed = self._control.user if self._control is not None else ""
            self._desk.note_refused(self._printer.name, self._name, claimed, self._line.address, refusal)
