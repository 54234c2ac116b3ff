"""What both ways of drivers ask of the house: may it come to this Printer, and whose is it."""

from collections.abc import Sequence
from contextlib import suppress

from gateway.domain.printer import Printer
from gateway.domain.user import Actor
from gateway.errors import BadRequest, Refusal
from gateway.services.driver_names import DriverNames
from gateway.services.gathering import Gathering
from gateway.services.intake import Intake, Submission
from gateway.services.printers import Printers


class BrokeOff(BadRequest):
    """In the midst of a job: nothing of it stays."""

    def __init__(self) -> None:
        super().__init__("The sender broke off before the job was complete. It has to send it again.")


class Desk:
    """`source` is the channel, as in a job's row."""

    def __init__(self, *, intake: Intake, printers: Printers, names: DriverNames, source: str) -> None:
        self.source = source
        self._intake = intake
        self._printers = printers
        self._names = names

    def printer(self, queue: str) -> Printer:
        """NotFound. Old systems write queues in capitals."""
        return self._printers.get(queue.lower())

    async def check(self, printer: Printer, address: str) -> None:
        """What can be refused before the first octet: of somebody who may still be named, all but who it is."""
        if self._names.trusts(printer, address):
            await self._intake.check_open(printer.name)
        else:
            await self._intake.validate(self._submission(printer.name, "", Actor(address=address, via=self.source)))

    def gather(self) -> Gathering:
        return self._intake.gather()

    async def submission(self, printer: Printer, name: str, users: Sequence[str], address: str) -> Submission:
        actor = await self._names.actor(printer, users, address=address, via=self.source)
        return self._submission(printer.name, name, actor)

    async def actor(self, printer: Printer, user: str, address: str) -> Actor:
        return await self._names.actor(printer, (user,), address=address, via=self.source)

    def note_refused(self, queue: str, name: str, claimed: str, address: str, refusal: Refusal) -> None:
        """A try that never came to the services is written down like any other."""
        actor = Actor(address=address, claimed=claimed or "anonymous", via=self.source)
        with suppress(Refusal):
            self._intake.note_refused(self._submission(queue, name, actor), "", refusal)

    def _submission(self, printer: str, name: str, actor: Actor) -> Submission:
        return Submission(printer=printer, name=name, actor=actor, source=self.source)
