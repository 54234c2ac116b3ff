"""Server-Sent Events: what happens, told to programs at once, and again from where they left off.

The last happenings stay in memory, numbered since the start of the process. Whoever comes back with a Last-Event-ID of
this process gets what it missed, as far as it is still there; whoever does not is told to read its lists anew (`reset`).
As everywhere an event only wakes: it names the thing, and the thing's row is the truth.
"""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime

from gateway.domain.events import Event, Happening
from gateway.domain.rights import Permission
from gateway.domain.user import Actor
from gateway.errors import Refusal, Throttled
from gateway.services.delegates import Delegates
from gateway.services.ports import Clock, EventBus
from gateway.services.printers import Printers
from gateway.services.sites import Sites

KEPT = 2000  # happenings that can be asked for again
HEARTBEAT = 15.0  # seconds: proxies close what is silent for longer; the caller is looked at as often
PER_CALLER = 5
IN_ALL = 500
RETRY = 3000  # milliseconds until a program connects again

Again = Callable[[], Awaitable[Actor]]
"""Gives the caller as it is now, or refuses: its session ended, its token was revoked."""


class EventWindow:
    """`run` it for as long as the process serves; without it streams have heartbeats alone."""

    def __init__(
        self, *, events: EventBus, printers: Printers, sites: Sites, delegates: Delegates, clock: Clock
    ) -> None:
        self._events = events
        self._printers = printers
        self._sites = sites
        self._delegates = delegates
        self._clock = clock
        self._epoch = secrets.token_hex(4)
        self._kept: deque[tuple[int, Happening]] = deque(maxlen=KEPT)
        self._last = 0
        self._news = asyncio.Event()
        self._open: dict[str, int] = {}

    @property
    def streams(self) -> int:
        return sum(self._open.values())

    async def run(self) -> None:
        async with self._events.subscribe() as happenings:
            async for happening in happenings:
                self._last += 1
                self._kept.append((self._last, happening))
                self._news.set()
                self._news = asyncio.Event()

    def check(self, caller: str) -> None:
        """Throttled when this caller, or the server, has too many streams."""
        if self._open.get(caller, 0) >= PER_CALLER or self.streams >= IN_ALL:
            raise Throttled("Too many streams are open. Close one first.", retry_after=HEARTBEAT)

    async def stream(
        self, caller: str, actor: Actor, again: Again, *, since: str | None, kinds: frozenset[str]
    ) -> AsyncIterator[bytes]:
        """The events that this caller may know of, until it is refused; `since` is a Last-Event-ID."""
        self._open[caller] = self._open.get(caller, 0) + 1
        try:
            seen = self._place(since)
            yield b"retry: %d\n" % RETRY + (self._reset() if seen is None else b":\n\n")
            seen = self._last if seen is None else seen
            acting = await self._delegates.acting(actor)
            while True:
                news = self._news
                messages = [self._message(n, h) for n, h in self._after(seen) if self._concerns(h, acting, kinds)]
                seen = self._last
                if messages:
                    yield b"".join(messages)
                if not await self._woken(news):
                    yield b":\n\n"
                    acting = await self._delegates.acting(await again())
        except Refusal:
            return
        finally:
            self._close(caller)

    async def _woken(self, news: asyncio.Event) -> bool:
        """False when nothing happened for a heartbeat."""
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARTBEAT):
                await news.wait()
        return news.is_set()

    def _close(self, caller: str) -> None:
        self._open[caller] -= 1
        if not self._open[caller]:
            del self._open[caller]

    def _place(self, since: str | None) -> int | None:
        """What was seen already; None when that cannot be told any more."""
        if since is None:
            return self._last
        epoch, _, number = since.partition("-")
        if epoch != self._epoch or not (number.isascii() and number.isdigit() and len(number) < 19):
            return None
        oldest = self._kept[0][0] if self._kept else self._last + 1
        return int(number) if oldest - 1 <= int(number) <= self._last else None

    def _after(self, seen: int) -> list[tuple[int, Happening]]:
        return [(number, happening) for number, happening in self._kept if number > seen]

    def _reset(self) -> bytes:
        return f"id: {self._epoch}-{self._last}\nevent: reset\ndata: {{}}\n\n".encode()

    def _message(self, number: int, happening: Happening) -> bytes:
        at = datetime.fromtimestamp(happening.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        told = {
            "type": happening.event.value,
            "at": at,
            "job": happening.job_id,
            "printer": happening.printer,
            "device": happening.device,
        }
        data = json.dumps({name: value for name, value in told.items() if value is not None}, ensure_ascii=False)
        return f"id: {self._epoch}-{number}\nevent: {happening.event.value}\ndata: {data}\n\n".encode()

    def _concerns(self, happening: Happening, actor: Actor, kinds: frozenset[str]) -> bool:
        if kinds and happening.event.value not in kinds:
            return False
        if happening.job_id is not None:
            return self._may_know_job(happening, actor)
        if happening.device is not None:
            device = next((d for d in self._printers.devices() if d.name == happening.device), None)
            return actor.may(Permission.DEVICES, "" if device is None else device.site)
        if happening.event is Event.SITES_CHANGED:
            return actor.may_somewhere(Permission.PRINTERS)
        return self._may_know_printer(happening.printer or "", actor)

    def _may_know_job(self, happening: Happening, actor: Actor) -> bool:
        owner = (happening.owner or "").casefold()
        own = {(actor.user or "").casefold(), *(grant.owner.casefold() for grant in actor.acts_for)}
        return (owner != "" and owner in own) or actor.may(
            Permission.JOBS, self._printers.site_of(happening.printer or "")
        )

    def _may_know_printer(self, name: str, actor: Actor) -> bool:
        if actor.may(Permission.PRINTERS, self._printers.site_of(name)):
            return True
        return any(printer.name == name for printer in self._sites.printers_at(actor.address, actor))
