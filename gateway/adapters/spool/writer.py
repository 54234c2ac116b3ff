"""One object on its way into the local spool.

A document of up to BUFFER_SIZE octets is held in memory and sealed, written, synced and renamed by one call in one
thread: the way there and back costs more than the work. A larger one goes out in pieces of that size, each while the
next one arrives.

Who is alone has its last octets hashed by the event loop meanwhile, which would only wait: 0.05 ms for 100 KB. With others
about, the loop has better things to do, and the thread does that, too.
"""

import asyncio
import hashlib
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from gateway.adapters.spool.health import DiskHealth
from gateway.adapters.spool.layout import Layout
from gateway.adapters.spool.sealing import SALT_SIZE, Sealer
from gateway.adapters.spool.threads import Threads
from gateway.services.ports import Stored

BUFFER_SIZE = 512 * 1024
BUFFER_LEAST = 64 * 1024
BUFFER_BUDGET = 16 * 1024 * 1024  # of all writers together, which may have as much again in work
WRITE_BACK_SIZE = 8 * 1024 * 1024  # so often the kernel is asked to write: the last fsync must not find a gigabyte


class Budget:
    """How much each of the writers that are open now may hold back."""

    def __init__(self) -> None:
        self.writers = 0

    @property
    def share(self) -> int:
        return max(BUFFER_LEAST, min(BUFFER_SIZE, BUFFER_BUDGET // max(1, self.writers)))


class LocalWriter:
    """See SpoolWriter. One task at a time may use it."""

    def __init__(self, key: bytes, layout: Layout, health: DiskHealth, threads: Threads, budget: Budget) -> None:
        salt = os.urandom(SALT_SIZE)  # no secret, so that the name may be made of it too
        self._id = layout.new_id(salt)
        self._layout = layout
        self._health = health
        self._threads = threads
        self._parts: list[bytes] = []
        self._buffered = 0
        incoming, self._path = layout.places(self._id)
        self._file = _SealedFile(incoming, Sealer(key, self._id, salt))
        self._work: asyncio.Future[None] | None = None
        self._given_up = self._kept = False
        self._budget = budget
        self._budget.writers += 1
        self._counted = True

    async def write(self, data: bytes) -> None:
        self._health.check_failed()
        self._parts.append(data)
        self._buffered += len(data)
        if self._buffered > self._budget.share:
            await self._worked()
            self._start(self._write_out, more=True)

    async def commit(self, then: Callable[[Stored], None] | None = None) -> Stored:
        self._health.check_failed()
        await self._worked()
        self._start(partial(self._store, then))
        await self._worked()
        self._kept = True
        self._leave()
        return self._stored

    async def abort(self) -> None:
        self._leave()
        self._given_up = True
        if self._work is not None and not self._work.done():
            # A cancelled `await` leaves the thread at its work: what it makes can be removed only after it.
            await asyncio.wait([self._work])
        if self._kept:
            return
        self._parts.clear()
        if self._file.touched:
            await self._threads.submit(self._discard)

    @property
    def _stored(self) -> Stored:
        return Stored(self._id, self._file.plain_size, self._file.sha256)

    def _leave(self) -> None:
        if self._counted:
            self._counted = False
            self._budget.writers -= 1

    async def _worked(self) -> None:
        """Waits for the work that was started last and raises what it raised."""
        if self._work is not None:
            await asyncio.shield(self._work)

    def _start(self, work: Callable[[list[bytes], bool], None], *, more: bool = False) -> None:
        """In a thread: `work(parts, hashed)` with all that is held back; `hashed` when that is being done here."""
        parts, self._parts, self._buffered = self._parts, [], 0
        if more or self._budget.writers > 1:
            self._work = self._threads.submit(partial(work, parts, False))
        else:
            with self._file.hashing:
                self._work = self._threads.submit(partial(work, parts, True))
                for part in parts:
                    self._file.hash(part)
        self._work.add_done_callback(_look)

    def _write_out(self, parts: list[bytes], hashed: bool) -> None:
        try:
            self._health.check_room()
            self._file.append(_joined(parts), hashed=hashed)
        except OSError as error:
            raise self._health.refusal(error) from error

    def _store(self, then: Callable[[Stored], None] | None, parts: list[bytes], hashed: bool) -> None:
        """The barrier's first half: the file has its name, then both are on the disk, and only then may a row name it.

        The name before the file's own fsync, since a journal then takes both in one commit; the directory's finds little
        to do. A crash in between leaves a file that no row knows, like any other that breaks off.
        """
        try:
            self._file.append(_joined(parts), hashed=hashed)
            self._file.end()
            os.rename(self._file.path, self._path)  # noqa: PTH104 - a Path costs as much as the call
            self._file.sync()
            self._layout.sync(self._id)
        except OSError as error:
            raise self._health.refusal(error) from error
        # Another commit may have found out meanwhile that what this disk calls written is not.
        self._health.check_failed()
        if then is not None and not self._given_up:
            self._kept = True  # from now on a row may name it
            then(self._stored)

    def _discard(self) -> None:
        self._file.close()
        for path in (self._file.path, self._path):
            with suppress(OSError):
                Path(path).unlink()


class _SealedFile:
    """The file itself, from a thread: sealed on the way out, hashed as it was."""

    def __init__(self, path: str, sealer: Sealer) -> None:
        self.path = path
        self.plain_size = 0
        self.touched = False
        self._sealer = sealer
        self.hashing = threading.Lock()  # held by whoever hashes octets that are written meanwhile
        self._hash = hashlib.sha256()
        self._descriptor: int | None = None
        self._written = 0
        self._handed_over = 0

    @property
    def sha256(self) -> str:
        with self.hashing:
            return self._hash.hexdigest()

    def hash(self, data: bytes) -> None:
        self._hash.update(data)

    def append(self, data: bytes, *, hashed: bool) -> None:
        if not hashed:
            self.hash(data)
        self.plain_size += len(data)
        for sealed in self._sealer.seal(data):
            self._put(sealed)
        if self._written - self._handed_over >= WRITE_BACK_SIZE and self._descriptor is not None:
            # Starts writing and forgets what is written: memory and the last fsync stay small.
            os.posix_fadvise(self._descriptor, self._handed_over, 0, os.POSIX_FADV_DONTNEED)
            self._handed_over = self._written

    def end(self) -> None:
        """The last chunk."""
        self._put(self._sealer.finish())

    def sync(self) -> None:
        """All of it on the disk, after `end`."""
        assert self._descriptor is not None, "something was written"
        os.fsync(self._descriptor)
        self.close()

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _put(self, sealed: bytes) -> None:
        if self._descriptor is None:
            self.touched = True
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            write_all(self._descriptor, self._sealer.header + sealed)
        else:
            write_all(self._descriptor, sealed)
        self._written += len(sealed)


def _joined(parts: list[bytes]) -> bytes:
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _look(work: "asyncio.Future[None]") -> None:
    """Whoever started it may be gone: an error that nobody asks for must not be reported as forgotten."""
    if not work.cancelled():
        work.exception()


def write_all(descriptor: int, data: bytes) -> None:
    """A full disk may take a part of the octets first and refuse at the next call."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
