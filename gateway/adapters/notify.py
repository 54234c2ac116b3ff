"""Wake-ups between processes on one PostgreSQL: LISTEN and NOTIFY around the bus of each process.

A lost connection loses wake-ups and nothing else: whoever waits reads the rows now and then anyway.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, replace
from typing import Any
from uuid import uuid4

from psycopg import AsyncConnection, OperationalError

from gateway.adapters.db.engines import parse_url
from gateway.adapters.events import LONGEST, LocalEventBus
from gateway.domain.events import Event, Happening
from gateway.services.ports import Clock

log = logging.getLogger(__name__)

CHANNEL = "papertap"
TEXT_LIMIT = 500  # characters of `text` that travel; PostgreSQL takes payloads below 8,000 octets
PAYLOAD_LIMIT = 7999  # octets
RECONNECT_SECONDS = 1.0

_NOTIFY = f"SELECT pg_notify('{CHANNEL}', payload) FROM unnest(%s::text[]) AS payload"  # noqa: S608 - our own constant


class PostgresqlEventBus:
    """gateway.services.ports.EventBus. Own listeners hear at once; others after a commit, while `run` is running."""

    def __init__(self, url: str, *, clock: Clock) -> None:
        self._conninfo = parse_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._clock = clock
        self._local = LocalEventBus()
        self._origin = uuid4().hex
        self._outgoing: deque[Happening] = deque(maxlen=LONGEST)
        self._filled = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.listening = asyncio.Event()

    def publish(self, happening: Happening) -> None:
        self._local.publish(happening)
        self._outgoing.append(happening)
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._filled.set)

    def subscribe(self, *wanted: Event) -> AbstractAsyncContextManager[AsyncIterator[Happening]]:
        return self._local.subscribe(*wanted)

    async def run(self) -> None:
        """Until cancelled; connects again whenever the connection is lost."""
        self._loop = asyncio.get_running_loop()
        self._filled.set()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._connected(self._listen))
            tasks.create_task(self._connected(self._send))

    async def _connected(self, work: Callable[[AsyncConnection[Any]], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                async with await AsyncConnection.connect(
                    self._conninfo, autocommit=True, application_name="papertap-events"
                ) as connection:
                    await work(connection)
            except OperationalError as error:
                log.warning("wake-ups between processes are interrupted: %s", str(error).strip())
            await self._clock.sleep(RECONNECT_SECONDS)

    async def _listen(self, connection: AsyncConnection[Any]) -> None:
        await connection.execute(f"LISTEN {CHANNEL}")
        self.listening.set()
        try:
            async for notification in connection.notifies():
                happening = self._read(notification.payload)
                if happening is not None:
                    self._local.publish(happening)
        finally:
            self.listening.clear()

    async def _send(self, connection: AsyncConnection[Any]) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            waiting = [self._outgoing.popleft() for _ in range(len(self._outgoing))]
            if waiting:
                await connection.execute(_NOTIFY, [[self._written(happening) for happening in waiting]])

    def _written(self, happening: Happening) -> str:
        """Without its text where names are so long that both do not fit; NUL cannot travel."""
        short = replace(happening, text=happening.text[:TEXT_LIMIT])
        for each in (short, replace(short, text=""), Happening(event=short.event, at=short.at, job_id=short.job_id)):
            payload = json.dumps({"origin": self._origin} | asdict(each))
            if len(payload) <= PAYLOAD_LIMIT:
                return payload
        raise AssertionError("an event, a time and a number always fit")

    def _read(self, payload: str) -> Happening | None:
        """None for our own, and for what a process of another version says."""
        try:
            said = json.loads(payload)
            if said.pop("origin") == self._origin:
                return None
            return Happening(**said | {"event": Event(said["event"])})
        except (ValueError, TypeError, KeyError, AttributeError):
            log.warning("a wake-up of another process cannot be understood")
            return None
