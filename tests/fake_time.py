"""Time and wake-ups that a test owns."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from gateway.domain.events import Event, Happening
from tests.builders import NOW

SETTLE_TURNS = 25  # turns of the event loop in which woken tasks may do their work and sleep again


class FakeClock:
    """Stands still until `advance`; whoever sleeps wakes in the order of his time."""

    def __init__(self, now: float = NOW) -> None:
        self._now = now
        self._monotonic = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._sequence = count()

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    @property
    def sleepers(self) -> int:
        """How many tasks sleep now."""
        return sum(not future.done() for _, _, future in self._sleepers)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._monotonic + seconds, next(self._sequence), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Lets `seconds` pass: sleepers wake one after the other and get the loop before the next one does."""
        until = self._monotonic + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            due, _, future = heapq.heappop(self._sleepers)
            if future.done():
                continue
            self._pass(max(0.0, due - self._monotonic))
            future.set_result(None)
            await self.settle()
        self._pass(until - self._monotonic)
        await self.settle()

    def tick(self, seconds: float) -> None:
        """Lets `seconds` pass for everybody who asks for the time; those whose sleep is over wake at the next turn."""
        self._pass(seconds)
        while self._sleepers and self._sleepers[0][0] <= self._monotonic:
            future = heapq.heappop(self._sleepers)[2]
            if not future.done():
                future.set_result(None)

    def jump(self, seconds: float) -> None:
        """Somebody sets the wall clock; monotonic time goes on as before."""
        self._now += seconds

    async def until_sleeping(self, tasks: int = 1, *, turns: int = 10_000) -> None:
        """Until that many tasks sleep; AssertionError when they never do."""
        for _ in range(turns):
            if self.sleepers >= tasks:
                return
            await asyncio.sleep(0)
        raise AssertionError(f"{self.sleepers} tasks sleep, not {tasks}")

    async def settle(self) -> None:
        for _ in range(SETTLE_TURNS):
            await asyncio.sleep(0)

    def _pass(self, seconds: float) -> None:
        self._now += seconds
        self._monotonic += seconds


class MemoryEventBus:
    """Remembers all that was published in `happenings` and hands it to whoever listens."""

    def __init__(self) -> None:
        self.happenings: list[Happening] = []
        self._listeners: dict[asyncio.Queue[Happening], frozenset[Event]] = {}

    def publish(self, happening: Happening) -> None:
        self.happenings.append(happening)
        for queue, wanted in self._listeners.items():
            if not wanted or happening.event in wanted:
                queue.put_nowait(happening)

    @asynccontextmanager
    async def subscribe(self, *wanted: Event) -> AsyncIterator[AsyncIterator[Happening]]:
        queue: asyncio.Queue[Happening] = asyncio.Queue()
        self._listeners[queue] = frozenset(wanted)
        try:
            yield _endless(queue)
        finally:
            del self._listeners[queue]


async def _endless(queue: asyncio.Queue[Happening]) -> AsyncIterator[Happening]:
    while True:
        yield await queue.get()
