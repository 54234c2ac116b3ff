"""Where objects lie on the disk, and directories that are synced for several commits at once.

    objects/<xx>/.<id>     on its way in, not yet anybody's
    objects/<xx>/<id>      committed; xx is the first two digits of the id
    quarantine/<id>        did not open; kept for people to look at

New objects go to one of the 256 directories for a while and then to another one: commits at the same time then
share one fsync of it, and still no directory grows without end.

The directories lie apart on the disk. ext4 makes a file near its directory and passes over inodes that were freed in
the last minutes one by one: with all documents in one place, making the next file cost 1.0 ms after some thousand had
been destroyed, and 0.015 ms elsewhere.
"""

import fcntl
import os
import re
import secrets
import struct
import threading
from contextlib import suppress
from itertools import count
from pathlib import Path

from gateway.errors import StartupError

OBJECTS_IN_A_ROW = 1024  # that many new objects share a directory before the next one is chosen
_ID = re.compile(r"[0-9a-f]{32}")

# Linux's ioctls on the attributes of a file (linux/fs.h), as chattr +T uses them.
_GET_FLAGS, _SET_FLAGS = 0x80086601, 0x40086602
_TOP_OF_HIERARCHIES = 0x00020000


class Layout:
    """The directories below `root`; they are made here, once. StartupError when that is not possible."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.objects = root / "objects"
        self._objects = str(self.objects)
        self.quarantine = root / "quarantine"
        self._numbers = count()
        self._shard = f"{secrets.randbelow(256):02x}"
        try:
            self._make()
        except OSError as error:
            raise StartupError(f"The spool {root} cannot be used: {error.strerror}. Check its owner.") from error
        self.syncs = {shard: DirectorySync(self.objects / shard) for shard in _shards()}

    def new_id(self, random: bytes) -> str:
        """A name out of at least 15 random octets."""
        if next(self._numbers) % OBJECTS_IN_A_ROW == OBJECTS_IN_A_ROW - 1:
            self._shard = f"{secrets.randbelow(256):02x}"
        return self._shard + random[:15].hex()

    def path(self, object_id: str) -> Path:
        """Where the committed object is. ValueError for a text that is no id of ours."""
        return self.objects / checked(object_id)[:2] / object_id

    def places(self, object_id: str) -> tuple[str, str]:
        """(where a new object is written, where it is then): one directory, whose fsync makes the name durable."""
        folder = f"{self._objects}/{object_id[:2]}"
        return f"{folder}/.{object_id}", f"{folder}/{object_id}"

    def sync(self, object_id: str) -> None:
        """Makes the object's name durable. OSError when the disk says no."""
        self.syncs[object_id[:2]].sync()

    def _make(self) -> None:
        for directory in (self.root, self.objects, self.quarantine):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        spread(self.objects)
        for shard in _shards():
            (self.objects / shard).mkdir(mode=0o700, exist_ok=True)
        for directory in (self.objects, self.root, self.root.parent):
            sync_directory(directory)


class DirectorySync:
    """One directory's fsync, shared: who comes while one runs is served, with all others, by the next."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._condition = threading.Condition()
        self._asked = 0
        self._served = 0
        self._running = False
        self._error: OSError | None = None

    def sync(self) -> None:
        """Returns once an fsync that began after this call has succeeded. OSError for good after a failed one."""
        with self._condition:
            self._asked += 1
            mine = self._asked
            while self._served < mine:
                if self._error is not None:
                    raise self._error
                if self._running:
                    self._condition.wait()
                else:
                    self._lead()

    def _lead(self) -> None:
        """Called under the lock, which is given away while the disk works."""
        upto, self._running = self._asked, True
        self._condition.release()
        failure: OSError | None = None
        try:
            sync_directory(self._path)
        except OSError as error:
            failure = error
        finally:
            self._condition.acquire()
            self._running = False
            if failure is None:
                self._served = upto
            else:
                self._error = failure
            self._condition.notify_all()


def checked(object_id: str) -> str:
    if not _ID.fullmatch(object_id):
        raise ValueError(f"{object_id[:40]!r} is not the name of an object")
    return object_id


def spread(path: Path) -> None:
    """Has the directories that are made in this one lie apart; file systems without such a choice ignore it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):
            (flags,) = struct.unpack("l", fcntl.ioctl(descriptor, _GET_FLAGS, struct.pack("l", 0)))
            fcntl.ioctl(descriptor, _SET_FLAGS, struct.pack("l", flags | _TOP_OF_HIERARCHIES))
    finally:
        os.close(descriptor)


def sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _shards() -> list[str]:
    return [f"{number:02x}" for number in range(256)]
