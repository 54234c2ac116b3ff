"""Runs the roles of a process in one task group: signals, guarded background work, a graceful stop."""

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable
from typing import Protocol

from gateway.errors import PapertapError

GRACE_SECONDS = 20.0
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0

log = logging.getLogger(__name__)


class Part(Protocol):
    """Something with a life: opened in order, closed in the opposite order."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class StorageWatch(Protocol):
    """Tells whether a write has failed to reach the disk."""

    @property
    def failed(self) -> bool: ...


async def guarded(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Runs `work` for ever; what it raises is logged, and it starts again after a growing pause.

    One broken worker must not stop printing; a bug must not become a busy loop.
    """
    pause = FIRST_PAUSE
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        try:
            await work()
        except PapertapError as error:
            log.warning("%s stopped: %s", name, error)
        except Exception:  # whatever it was, it is logged in full and the work goes on
            log.exception("%s failed", name)
        else:
            return
        pause = FIRST_PAUSE if loop.time() - began > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
        await asyncio.sleep(pause)


async def run(
    parts: list[Part],
    background: dict[str, Callable[[], Awaitable[None]]],
    *,
    storage: StorageWatch,
    ready: Callable[[], None] = lambda: None,
    drain: Callable[[], Awaitable[None]] | None = None,
) -> int:
    """Starts `parts`, runs `background` until SIGTERM or SIGINT, stops in the opposite order.

    `drain` may take its time before the background work is cancelled: a document that is going out goes out.
    Returns the exit status: 0 after a signal, 1 when storage failed and only a restart can tell what is safe.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    started: list[Part] = []
    tasks: list[asyncio.Task[None]] = []
    try:
        for part in parts:
            await part.start()
            started.append(part)
        tasks = [asyncio.create_task(guarded(name, work), name=name) for name, work in background.items()]
        tasks.append(asyncio.create_task(_watch(storage, stop)))
        # What is there now stays: no later collection walks through it, which held everybody up for 50 ms and more.
        gc.freeze()
        ready()
        await stop.wait()
        if drain is not None:
            await drain()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for part in reversed(started):
            await _stop(part)
    return 1 if storage.failed else 0


async def _watch(storage: StorageWatch, stop: asyncio.Event) -> None:
    """A failed fsync is final for this process: everything since is in doubt until recovery has looked."""
    while not storage.failed:  # noqa: ASYNC110 - a property of an adapter; nobody sets an event for it
        await asyncio.sleep(1)
    log.critical("storage failed: stopping; the service manager starts the process again into recovery")
    stop.set()


async def _stop(part: Part) -> None:
    try:
        async with asyncio.timeout(GRACE_SECONDS):
            await part.stop()
    except TimeoutError:
        log.warning("%s did not stop within %s s", type(part).__name__, GRACE_SECONDS)
    except PapertapError as error:
        log.warning("%s did not stop cleanly: %s", type(part).__name__, error)
