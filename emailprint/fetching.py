"""Fetches mails out of mailboxes elsewhere. A mail leaves its mailbox once it is behind the barrier here, never before.

One that could not be removed is known by what it is when it comes again, so that it is printed once all the same.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from emailprint.addresses import AddressBook
from emailprint.headers import Heading, Tap, address_of
from emailprint.mailbox_clients import TROUBLE, MailboxClient, client_of, trouble
from gateway.domain.letter import one_line
from gateway.domain.mail import Envelope
from gateway.errors import FormatError, NotFound, PapertapError, TooLarge
from gateway.services.incoming_mail import IncomingMail
from gateway.services.ports import Clock
from gateway.settings import Mailbox as Settings

FIRST_PAUSE = 5.0
LONGEST_PAUSE = 300.0
FAREWELL = 3.0
PIECE = 64 * 1024
MAX_LOOK = 50  # mails of one look: then the connection is looked after again
_TOLD = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")

Result = TypeVar("Result")

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class MailboxStatus:
    """How a mailbox is: `text` in words for who runs the house; `at` when that was."""

    ok: bool | None = None
    text: str = "not looked at yet"
    at: float = 0.0
    taken: int = 0


class Fetcher:
    """One mailbox. `run` fetches for as long as the process serves, `stop` ends its waiting."""

    def __init__(
        self,
        settings: Settings,
        *,
        incoming: IncomingMail,
        book: AddressBook,
        clock: Clock,
        largest: int,
        connect: Callable[[Settings], MailboxClient] = client_of,
    ) -> None:
        self.settings = settings
        self._incoming = incoming
        self._book = book
        self._clock = clock
        self._largest = largest
        self._connect = connect
        self._stop = threading.Event()
        self.status = MailboxStatus()

    def stop(self) -> None:
        self._stop.set()

    async def run(self) -> None:
        self._stop.clear()
        pause = FIRST_PAUSE
        while True:
            try:
                await self._connected()
            except TROUBLE as error:
                self._tell(ok=False, text=trouble(error, self.settings).message)
                log.warning("mailbox %s: %s", self.settings.name, self.status.text)
            except PapertapError as error:  # the disk is full, or the database away: what was not taken stays there
                self._tell(ok=False, text=one_line(str(error), 200))
            else:
                pause = FIRST_PAUSE
            await self._clock.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def place(self) -> str:
        return f"{self.settings.user}, {self.settings.host}"

    async def try_out(self) -> str:
        """Signs in and takes nothing: what it answered. NotPossible says why it does not work."""
        try:
            return await self.test()
        except TROUBLE as error:
            raise trouble(error, self.settings) from error

    async def test(self) -> str:
        """Signs in and counts, takes nothing: a few words. Raises what such a server raises."""
        client = self._connect(self.settings)

        def look() -> str:
            how = client.open()
            try:
                return f"{how}: {len(client.waiting())} waiting"
            finally:
                client.close()

        return await asyncio.to_thread(look)

    async def _connected(self) -> None:
        client = self._connect(self.settings)
        try:
            how = await self._call(client.open)
            while not self._stop.is_set():
                more = await self._look(client)
                self._tell(ok=True, text=how)
                if not more:
                    await self._call(client.wait, self.settings.poll_seconds, self._stop)
        finally:
            await self._call(client.close)

    async def _call(self, work: Callable[..., Result], *given: object) -> Result:
        """In a thread. One connection is nobody else's meanwhile: whoever is cancelled waits for the thread, briefly."""
        running = asyncio.ensure_future(asyncio.to_thread(work, *given))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self._stop.set()
            await asyncio.wait({running}, timeout=FAREWELL)
            raise

    async def _look(self, client: MailboxClient) -> bool:
        """Takes what waits; True when there was more than one look takes."""
        waiting = await self._call(client.waiting)
        for name, size in waiting[:MAX_LOOK]:
            if self._stop.is_set():
                return False
            await self._take(client, name, size)
        return len(waiting) > MAX_LOOK

    async def _take(self, client: MailboxClient, name: str, size: int) -> None:
        """Through the barrier, and only then out of the mailbox. Of one that is too large the heading alone is taken."""
        cut = size > self._largest
        octets = await self._call(partial(client.fetch, name, heading_only=cut))
        tap = Tap()

        async def body() -> AsyncIterator[bytes]:
            for at in range(0, len(octets), PIECE):
                tap.feed(octets[at : at + PIECE])
                yield octets[at : at + PIECE]

        head = Tap()
        head.feed(octets)
        try:
            await self._incoming.accept(self._envelope(head.heading, cut=cut), body(), tap.identity)
        except (TooLarge, FormatError) as refusal:
            log.warning("a mail of mailbox %s is left out: %s", self.settings.name, refusal)
        await self._call(client.done, name)
        self.status = replace(self.status, taken=self.status.taken + 1)

    def _envelope(self, heading: Heading, *, cut: bool) -> Envelope:
        """As far as a mailbox still knows: who it came from, and which of our addresses it was sent to."""
        sender = heading.first("return-path")
        from_address = heading.author or ""
        own = self.settings.user if "@" in self.settings.user else ""
        return Envelope(
            channel=f"{self.settings.protocol}:{self.settings.name}",
            sender="" if sender.strip() == "<>" else address_of(sender) or from_address,
            recipients=self._recipients(heading),
            authorities=self.settings.authorities,
            direct=False,
            known_as=(own.casefold(),) if own else (),
            cut=cut,
        )

    def _recipients(self, heading: Heading) -> tuple[str, ...]:
        told = [address for name in _TOLD for value in heading.all(name)[:5] for address in value.split(",")[:20]]
        addresses = list(dict.fromkeys(filter(None, map(address_of, told))))
        if self.settings.printer:
            tags = next((address.partition("@")[0].partition("+")[2] for address in addresses if "+" in address), "")
            return (self._book.address(self.settings.printer, tags),)
        ours = [address for address in addresses if self._is_known(address)]
        return tuple(ours[:1]) or (self._book.address("print", ""),)

    def _is_known(self, address: str) -> bool:
        try:
            self._book.find(address)
        except NotFound:
            return False
        return True

    def _tell(self, *, ok: bool, text: str) -> None:
        self.status = replace(self.status, ok=ok, text=text, at=self._clock.now())
