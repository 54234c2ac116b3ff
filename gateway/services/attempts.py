"""Every try to submit is written down, also a refused one, without making an accepted one wait for the disk.

The proof of an accepted job is its row. The list of tries is for people who ask what became of their print: it is
written in the background, and a crash may cost the last second of it.
"""

import asyncio
import logging
from contextlib import suppress

from gateway.domain.events import IntakeAttempt
from gateway.services.ports import AttemptStore, Clock

WRITE_SECONDS = 1.0  # how long tries are collected before they are written
MAX_KEPT = 10_000  # while the database is away; then the oldest are dropped, and the log says how many

log = logging.getLogger(__name__)


class AttemptLog:
    """Collects tries in memory and writes them together."""

    def __init__(self, *, store: AttemptStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._kept: list[IntakeAttempt] = []
        self._task: asyncio.Task[None] | None = None

    def note(self, attempt: IntakeAttempt) -> None:
        """Never waits and never fails."""
        self._kept.append(attempt)
        if len(self._kept) > MAX_KEPT:
            self._drop()
        if self._task is None:
            self._task = asyncio.create_task(self._write_later(), name="intake-attempts")

    async def stop(self) -> None:
        """Writes what is left."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._write()

    async def _write_later(self) -> None:
        try:
            while self._kept:
                await self._clock.sleep(WRITE_SECONDS)
                await self._write()
        finally:
            self._task = None

    async def _write(self) -> None:
        batch, self._kept = self._kept, []
        if not batch:
            return
        try:
            await self._store.record_attempts(batch)
        except asyncio.CancelledError:
            self._kept = batch + self._kept
            raise
        except Exception:
            log.exception("%d intake attempts could not be written; they are kept for the next time", len(batch))
            self._kept = batch + self._kept

    def _drop(self) -> None:
        gone = len(self._kept) - MAX_KEPT // 2
        del self._kept[:gone]
        log.error("dropped %d intake attempts: the database does not take them", gone)
