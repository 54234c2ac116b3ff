"""The spool in a directory of this machine."""

import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from gateway.adapters.spool.health import DiskHealth
from gateway.adapters.spool.layout import Layout, checked, sync_directory
from gateway.adapters.spool.reader import ObjectReader
from gateway.adapters.spool.sealing import DamagedError
from gateway.adapters.spool.sweeper import Sweeper
from gateway.adapters.spool.threads import Threads
from gateway.adapters.spool.writer import Budget, LocalWriter
from gateway.errors import Unavailable
from gateway.services.ports import Space

THREADS = 4  # they mostly wait for the disk; more of them were slower on two cores, at any number of clients
MIB = 1024 * 1024

log = logging.getLogger(__name__)

Result = TypeVar("Result")


class LocalSpool:
    """See Spool. `low_percent` and `low_bytes`: new work is refused when less is free than either of them."""

    def __init__(
        self,
        root: Path,
        *,
        low_percent: float = 5.0,
        low_bytes: int = 2048 * MIB,
        monotonic: Callable[[], float] = time.monotonic,
        threads: int = THREADS,
    ) -> None:
        """Makes the directories. StartupError when `root` cannot be used."""
        self._layout = Layout(root)
        self._health = DiskHealth(root, low_percent=low_percent, low_bytes=low_bytes, monotonic=monotonic)
        self._sweeper = Sweeper(self._layout, monotonic)
        self._budget = Budget()
        self._threads = Threads(threads)

    @property
    def failed(self) -> bool:
        return self._health.failed

    async def create(self, key: bytes) -> LocalWriter:
        self._health.check_failed()
        return LocalWriter(key, self._layout, self._health, self._threads, self._budget)

    async def read(self, object_id: str, key: bytes) -> AsyncIterator[bytes]:
        try:
            reader = ObjectReader(self._layout.path(object_id), key, object_id)
        except ValueError as error:
            raise _gone() from error
        try:
            yield await self._run(reader.next)
            while not reader.ended:
                yield await self._run(reader.next)
        except DamagedError as error:
            await self._run(self._put_aside, object_id, str(error))
            raise Unavailable("The stored document is damaged and was put aside. Print it again.") from error
        except FileNotFoundError as error:
            raise _gone() from error
        except OSError as error:
            log.exception("object %s cannot be read", object_id)
            raise Unavailable("The stored document cannot be read from the disk.") from error
        finally:
            self._close(reader)

    async def destroy(self, object_ids: Sequence[str]) -> None:
        """What lies in quarantine stays there."""
        if object_ids:
            await self._run(self._unlink, object_ids)

    async def sweep(self, known: frozenset[str], *, older_than: float) -> int:
        return await self._run(self._sweeper.sweep, known, older_than)

    async def space(self) -> Space:
        cached = self._health.cached
        return await self._run(self._health.measure) if cached is None else cached

    def close(self) -> None:
        """Waits for what is in work."""
        self._threads.close()

    async def _run(self, work: Callable[..., Result], *args: object) -> Result:
        return await self._threads.submit(partial(work, *args))

    def _close(self, reader: ObjectReader) -> None:
        """In a thread, since one may still be reading when its task is cancelled; at the very end there is none."""
        try:
            self._threads.submit(reader.close)
        except RuntimeError:
            reader.close()

    def _put_aside(self, object_id: str, why: str) -> None:
        target = self._layout.quarantine / object_id
        log.error("object %s is damaged (%s); it is now %s", object_id, why, target)
        with suppress(FileNotFoundError):
            self._layout.path(object_id).rename(target)
            sync_directory(self._layout.quarantine)

    def _unlink(self, object_ids: Sequence[str]) -> None:
        for object_id in object_ids:
            with suppress(FileNotFoundError):
                self._layout.path(checked(object_id)).unlink()


def _gone() -> Unavailable:
    return Unavailable("The stored document is not there any more.")
