"""Does part of a document's work in a second process of the same jail, because a page is drawn on one processor only.

The child sees the same document and has the same rights as its parent, so what it answers is believed like the parent's
own findings. A child that fails says nothing: its part is then done again here, where errors are told.
"""

import os
import pickle
import signal
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")


def worthwhile() -> bool:
    """Whether there is a second processor."""
    return len(os.sched_getaffinity(0)) > 1


class Aside(Generic[T]):
    """`work` begins at once in a child; `result` waits for it. The child is gone when the block ends."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._source, target = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            _serve(work, target)
        os.close(target)

    def result(self) -> T | None:
        """What the work returned; None when it failed."""
        with os.fdopen(self._source, "rb", closefd=False) as file:
            said = file.read()
        return pickle.loads(said) if said else None  # noqa: S301 - our own process's

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._source)
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)


def _serve(work: Callable[[], object], target: int) -> None:
    """Run in the child, which never returns into the parent's code."""
    status = 1
    try:
        said = memoryview(pickle.dumps(work()))
        while said:
            said = said[os.write(target, said) :]
        status = 0
    finally:
        # Whatever was raised: the parent finds out by itself, and its buffers are not ours to flush.
        os._exit(status)
