"""A limit on the memory of one jail as a whole, by the best means this machine has.

A resource limit counts one process and misses the memory file system. A memory control group counts all of it in the
kernel; where there is none (or none that we may write) the proportional set size is polled and the jail killed.
"""

import contextlib
import os
from pathlib import Path
from typing import Protocol

from sandbox.settings import Limits

_ROOT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


class Guard(Protocol):
    """Watches the memory of one jail."""

    def exceeded(self) -> bool:
        """Whether the jail has passed, or was killed for passing, its limit. Cheap enough for ten times a second."""

    def close(self) -> None:
        """Forget the jail; it has ended."""


class Memory(Protocol):
    """One means of limiting memory; `name` is shown by `papertap check`."""

    name: str

    def guard(self, slot: int, pid: int, limits: Limits) -> Guard:
        """Put the process `pid` (and what it starts from now on) under the limit."""


class CgroupGuard:
    def __init__(self, folder: Path, events: str) -> None:
        self._folder = folder
        self._events = folder / events

    def exceeded(self) -> bool:
        try:
            lines = self._events.read_text(encoding="ascii").splitlines()
        except OSError:
            return False
        return any(line.startswith("oom_kill ") and line.split()[1] != "0" for line in lines)

    def close(self) -> None:
        # Refused while a process is still dying in it; the next use of the slot takes the same folder again.
        with contextlib.suppress(OSError):
            self._folder.rmdir()


class CgroupMemory:
    """The memory controller of cgroup v1 or v2, below a group of our own."""

    def __init__(self, root: Path, *, version: int) -> None:
        self.name = f"cgroup v{version}"
        self._root = root
        self._limit, self._events = (
            ("memory.limit_in_bytes", "memory.oom_control") if version == 1 else ("memory.max", "memory.events")
        )
        self._swap = "memory.memsw.limit_in_bytes" if version == 1 else "memory.swap.max"

    def guard(self, slot: int, pid: int, limits: Limits) -> Guard:
        folder = self._root / f"papertap-{os.getpid()}-{slot}"
        with contextlib.suppress(OSError):
            folder.rmdir()  # a fresh one counts its events from zero
        folder.mkdir(exist_ok=True)
        total = limits.memory_bytes + limits.tmp_bytes
        (folder / self._limit).write_text(str(total), encoding="ascii")
        with contextlib.suppress(OSError):
            (folder / self._swap).write_text(str(total) if "memsw" in self._swap else "0", encoding="ascii")
        (folder / "cgroup.procs").write_text(str(pid), encoding="ascii")
        return CgroupGuard(folder, self._events)


class PollingGuard:
    def __init__(self, pid: int, limit: int) -> None:
        self._pid = pid
        self._limit = limit
        self._passed = False

    def exceeded(self) -> bool:
        self._passed = self._passed or sum(_pss(pid) for pid in _tree(self._pid)) > self._limit
        return self._passed

    def close(self) -> None:
        """Nothing is held."""


class PolledMemory:
    """No control group: the proportional set size of the jail's processes is read while a document is worked on."""

    name = "polling"

    def guard(self, slot: int, pid: int, limits: Limits) -> Guard:  # noqa: ARG002 - the promise names the slot
        return PollingGuard(pid, limits.memory_bytes)


def detect(root: Path = _ROOT, own: Path = _OWN) -> Memory:
    """The best means this machine gives us; `own` names the groups below `root` that we are in."""
    for version, group in _candidates(root, own):
        if _usable(group, version):
            _tidy(group)
            return CgroupMemory(group, version=version)
    return PolledMemory()


def _candidates(root: Path, own: Path) -> list[tuple[int, Path]]:
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found: list[tuple[int, Path]] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            found.append((2, root / path.lstrip("/")))
        elif "memory" in controllers.split(","):
            found.append((1, root / "memory" / path.lstrip("/")))
    return sorted(found, reverse=True)


def _usable(root: Path, version: int) -> bool:
    probe = root / f"papertap-{os.getpid()}-probe"
    try:
        if version == 2:
            if "memory" not in (root / "cgroup.controllers").read_text(encoding="ascii").split():
                return False
            (root / "cgroup.subtree_control").write_text("+memory", encoding="ascii")
        probe.mkdir(exist_ok=True)
        usable = (probe / ("memory.max" if version == 2 else "memory.limit_in_bytes")).exists()
    except OSError:
        return False
    with contextlib.suppress(OSError):
        probe.rmdir()
    return usable


def _tidy(root: Path) -> None:
    """Remove the groups of gateways that were killed."""
    for folder in root.glob("papertap-*-*"):
        owner = folder.name.split("-")[1]
        if not Path("/proc", owner).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()


def _tree(pid: int) -> list[int]:
    found: list[int] = []
    waiting = [pid]
    while waiting and len(found) < 256:
        current = waiting.pop()
        found.append(current)
        with contextlib.suppress(OSError, ValueError):
            for task in Path(f"/proc/{current}/task").iterdir():
                waiting += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        return _resident(pid)
    return 0


def _resident(pid: int) -> int:
    """The resident set instead, which anybody may read; it counts shared pages in full."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0
