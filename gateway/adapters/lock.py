"""One process a data directory: two that sweep, claim and deliver side by side would undo each other's work.

The lock is the kernel's (flock), so that it ends with its process, however that ends; the process id in the file is
for people only.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.errors import StartupError

_NAME = "papertap.lock"


class DataLock:
    """`with DataLock(data):` while the process works on that directory; StartupError names the process that does."""

    def __init__(self, data: Path) -> None:
        self._path = data / _NAME
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Never waits."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StartupError(
                f"Cannot write in the data directory {self._path.parent}: {error.strerror}. "
                "Give it to the user that runs papertap, or set another with --data."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise StartupError(
                f"Papertap already runs on {self._path.parent} as process {holder or 'unknown'}. "
                "Stop it first, or give another directory with --data."
            ) from error
        except OSError as error:
            os.close(descriptor)
            raise StartupError(
                f"The file system of {self._path.parent} cannot lock files: {error.strerror}."
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """The file stays: removing it would let a third process lock another file of the same name."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
