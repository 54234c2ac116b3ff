"""Brings a card from a station's reader to the page on the station's screen: two devices, one place.

The screen is a browser that an administrator paired with the terminal; its page waits at a socket. A tap becomes a
ticket, which the page hands in with its own cookie within a few seconds: a ticket alone opens nothing.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from gateway.errors import NotAuthenticated
from gateway.services.ports import Clock

TICKET_SECONDS = 15.0
MOST_TICKETS = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Tap:
    """`number` is the card's, as the terminal's transform made it."""

    terminal: UUID
    number: str
    at: float


class Screens:
    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._watching: dict[UUID, set[asyncio.Queue[str]]] = {}
        self._stations: dict[UUID, str] = {}
        self._tickets: dict[str, Tap] = {}

    def watched(self, terminal: UUID) -> bool:
        return bool(self._watching.get(terminal))

    @contextmanager
    def watching(self, terminal: UUID, station: str = "") -> "Iterator[AsyncIterator[str]]":
        """Tickets of taps, as they come; a page that does not fetch them misses the oldest."""
        queue: asyncio.Queue[str] = asyncio.Queue(maxsize=4)
        self._watching.setdefault(terminal, set()).add(queue)
        self._stations[terminal] = station
        try:
            yield _endless(queue)
        finally:
            self._watching[terminal].discard(queue)
            if not self._watching[terminal]:
                del self._watching[terminal], self._stations[terminal]

    def tap(self, terminal: UUID, number: str) -> bool:
        """False when no page of this terminal is open."""
        queues = self._watching.get(terminal, set())
        for queue in queues:
            self._offer(queue, self._ticket(terminal, number))
        return bool(queues)

    def stir(self, devices: set[str]) -> None:
        """Something has changed at these devices: pages that stand there look for news. "" is no ticket but that."""
        for terminal, queues in self._watching.items():
            if self._stations.get(terminal, "") in devices:
                for queue in queues:
                    self._offer(queue, "")

    def take(self, ticket: str, terminal: UUID) -> str:
        """The card's number, once; NotAuthenticated for anybody else's ticket or a late one."""
        tap = self._tickets.pop(ticket, None)
        if tap is None or tap.terminal != terminal or self._clock.monotonic() - tap.at > TICKET_SECONDS:
            raise NotAuthenticated("That took too long. Hold your card to the reader again.")
        return tap.number

    def _ticket(self, terminal: UUID, number: str) -> str:
        now = self._clock.monotonic()
        self._tickets = {one: tap for one, tap in self._tickets.items() if now - tap.at <= TICKET_SECONDS}
        while len(self._tickets) >= MOST_TICKETS:
            del self._tickets[next(iter(self._tickets))]
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = Tap(terminal=terminal, number=number, at=now)
        return ticket

    @staticmethod
    def _offer(queue: asyncio.Queue[str], ticket: str) -> None:
        if queue.full():
            with suppress(asyncio.QueueEmpty):
                queue.get_nowait()
        queue.put_nowait(ticket)


async def _endless(queue: asyncio.Queue[str]) -> AsyncIterator[str]:
    while True:
        yield await queue.get()
