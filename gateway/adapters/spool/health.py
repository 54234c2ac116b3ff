"""Whether the disk can still be trusted and has room: what an error of it means, and the two watermarks.

New work is refused at the low mark. Jobs that were accepted before may still use the room down to half of it, so
that preparation and release go on while nothing new comes in.
"""

import errno
import logging
import os
from collections.abc import Callable
from pathlib import Path

from gateway.errors import Refusal, StorageFailed, StorageFull, Unavailable
from gateway.services.ports import Space

CACHE_SECONDS = 1.0
FULL = {errno.ENOSPC, errno.EDQUOT}
OVERLOAD = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}

log = logging.getLogger(__name__)


class DiskHealth:
    """Of the file system that `path` is on. `failed` never turns back: only a restart looks at the disk anew."""

    def __init__(self, path: Path, *, low_percent: float, low_bytes: int, monotonic: Callable[[], float]) -> None:
        self.failed = False
        self._path = path
        self._low_percent = low_percent
        self._low_bytes = low_bytes
        self._monotonic = monotonic
        self._space = Space(free=0, total=0, low=True)
        self._measured_at: float | None = None

    @property
    def cached(self) -> Space | None:
        """The last measurement when it is no older than CACHE_SECONDS."""
        if self._measured_at is None or self._monotonic() - self._measured_at > CACHE_SECONDS:
            return None
        return self._space

    def measure(self) -> Space:
        """Asks the file system unless it was asked just now; may block. Refusal when it does not answer."""
        if (known := self.cached) is not None:
            return known
        try:
            found = os.statvfs(self._path)
        except OSError as error:
            raise self.refusal(error) from error
        free, total = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
        self._space = Space(free=free, total=total, low=free < self._mark(total))
        self._measured_at = self._monotonic()
        return self._space

    def check_room(self) -> None:
        """StorageFull below half of the low mark."""
        space = self.measure()
        if space.free < self._mark(space.total) / 2:
            raise full()

    def check_failed(self) -> None:
        if self.failed:
            raise StorageFailed(
                "A document could not be written safely to the disk. Nothing is accepted until the administrator "
                "has looked at the disk and started Papertap again."
            )

    def refusal(self, error: OSError) -> Refusal:
        """What to tell the sender; remembers a disk that said no."""
        if error.errno in FULL:
            self._measured_at = None
            return full()
        if error.errno in OVERLOAD:
            return Unavailable("The gateway is overloaded. Try again in a minute.")
        if not self.failed:
            log.critical("storage failed, no more work is accepted: %s", error)
        self.failed = True
        return StorageFailed("The document could not be written to the disk. The administrator must look at it.")

    def _mark(self, total: int) -> float:
        return max(self._low_bytes, total * self._low_percent / 100.0)


def full() -> StorageFull:
    return StorageFull("The gateway's disk is nearly full. Try again later, or tell the administrator.")
