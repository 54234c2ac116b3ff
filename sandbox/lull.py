"""Lets new workers start when no document is in work: a start takes a processor's whole attention for a second.

On two processors a document took half as long again while the pool filled up beside it. A worker that somebody waits for
is started at once, and no start is put off for long.
"""

import asyncio
import contextlib
from collections.abc import Iterator


class Lull:
    """Counts the documents in work and those that wait for a worker. Belongs to the event loop that uses it."""

    def __init__(self) -> None:
        self._working = 0
        self._waiting = 0
        self._come = asyncio.Event()
        self._come.set()

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Around the work on one document."""
        self._working += 1
        self._look()
        try:
            yield
        finally:
            self._working -= 1
            self._look()

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Around the wait for a worker that has still to be started."""
        self._waiting += 1
        self._look()
        try:
            yield
        finally:
            self._waiting -= 1
            self._look()

    async def wait(self, seconds: float) -> None:
        """Until no document is in work, or one waits for a worker, or so much time has passed."""
        with contextlib.suppress(TimeoutError):
            # Not wait_for, which in Python 3.11 may swallow a cancellation.
            async with asyncio.timeout(seconds):
                await self._come.wait()

    def _look(self) -> None:
        if self._waiting or not self._working:
            self._come.set()
        else:
            self._come.clear()
