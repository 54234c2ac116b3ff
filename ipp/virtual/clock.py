"""Time as the virtual printer sees it, so that tests can own it."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds: `now` since the epoch, `monotonic` since some start."""

    def now(self) -> float: ...

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
