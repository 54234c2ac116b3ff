"""What the kernel counted of a process: processor seconds and memory, which a busy machine changes less than times."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
SAMPLE_SECONDS = 0.1


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


class Descendants:
    """The most resident octets that all descendants of a process had together; shared pages count for each of them."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.peak = 0

    def sample(self) -> None:
        parents: dict[int, list[tuple[int, int]]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append((int(stat.parent.name), int(fields[21]) * _PAGE))
        total, waiting = 0, [self._pid]
        while waiting:
            for pid, resident in parents.get(waiting.pop(), []):
                total += resident
                waiting.append(pid)
        self.peak = max(self.peak, total)


@contextmanager
def watched(pid: int) -> Iterator[Descendants]:
    """Samples the descendants from a thread until the block ends."""
    found, ended = Descendants(pid), threading.Event()

    def sampling() -> None:
        while not ended.wait(SAMPLE_SECONDS):
            found.sample()

    thread = threading.Thread(target=sampling, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()
