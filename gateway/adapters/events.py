"""Wake-ups inside one process: a short queue a listener, which forgets the oldest when its reader is slow."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from gateway.domain.events import Event, Happening

LONGEST = 1000  # happenings; whoever is further behind reads the rows anyway


class _Listener:
    """Belongs to the event loop that subscribed; other threads only ever schedule `put` there."""

    def __init__(self, wanted: frozenset[Event], longest: int) -> None:
        self.wanted = wanted
        self.loop = asyncio.get_running_loop()
        self._waiting: deque[Happening] = deque(maxlen=longest)
        self._filled = asyncio.Event()

    def put(self, happening: Happening) -> None:
        self._waiting.append(happening)
        self._filled.set()

    async def happenings(self) -> AsyncIterator[Happening]:
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            self._filled.clear()
            await self._filled.wait()


class LocalEventBus:
    """gateway.services.ports.EventBus. `publish` may be called from any thread; in the loop itself it costs no turn."""

    def __init__(self, *, longest: int = LONGEST) -> None:
        self._longest = longest
        self._listeners: tuple[_Listener, ...] = ()

    def publish(self, happening: Happening) -> None:
        here = _current_loop()
        for listener in self._listeners:
            if listener.wanted and happening.event not in listener.wanted:
                continue  # a task that is woken for nothing costs as much as one that works
            if listener.loop is here:
                listener.put(happening)
            else:
                # A loop that has ended meanwhile has nobody left to wake.
                with suppress(RuntimeError):
                    listener.loop.call_soon_threadsafe(listener.put, happening)

    @asynccontextmanager
    async def subscribe(self, *wanted: Event) -> AsyncIterator[AsyncIterator[Happening]]:
        listener = _Listener(frozenset(wanted), self._longest)
        self._listeners = (*self._listeners, listener)
        try:
            yield listener.happenings()
        finally:
            self._listeners = tuple(other for other in self._listeners if other is not listener)


def _current_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
