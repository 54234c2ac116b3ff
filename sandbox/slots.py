"""Slots: who may run a worker where. A slot is a locked file, and as root also a user id that nobody else uses.

The lock tells whose workers are whose, even after kill -9 of a gateway and with several gateways on one machine: what
still runs under a slot that could be locked belongs to nobody, and is killed before the slot is used again.
"""

import contextlib
import fcntl
import os
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from sandbox.errors import Unavailable

_SWEEP_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.01


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    index: int
    lock: int
    marker: str
    uid: int | None


def claim(runtime: Path, *, wanted: int, total: int, uid_base: int | None) -> list[Slot]:
    """Lock `wanted` free slots and kill what dead gateways left in any slot. Unavailable when too few are free.

    One gateway after the other: while one looks for leftovers it holds every free slot for a moment, and another that
    started just then would find none.
    """
    with _turn(runtime):
        return _claim(runtime, wanted=wanted, total=total, uid_base=uid_base)


@contextlib.contextmanager
def _turn(runtime: Path) -> Iterator[None]:
    lock = os.open(runtime / "claim", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _claim(runtime: Path, *, wanted: int, total: int, uid_base: int | None) -> list[Slot]:
    slots: list[Slot] = []
    others: list[Slot] = []
    for index in range(total):
        path = runtime / f"slot-{index}"
        enough = len(slots) == wanted
        if enough and not path.exists():
            continue
        lock = _locked(path)
        if lock is not None:
            uid = None if uid_base is None else uid_base + index
            slot = Slot(index=index, lock=lock, marker=f"papertap-slot={path}", uid=uid)
            (others if enough else slots).append(slot)
    sweep([*slots, *others])
    release(others)
    if len(slots) < wanted:
        release(slots)
        raise Unavailable(f"only {len(slots)} of {total} worker slots under {runtime} are free; {wanted} are needed")
    return slots


def _locked(path: Path) -> int | None:
    """The descriptor that holds the lock; None when another gateway holds it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


def release(slots: Iterable[Slot]) -> None:
    for slot in slots:
        os.close(slot.lock)


def sweep(slots: Iterable[Slot]) -> int:
    """Kill every process that runs in these slots; returns how many there were. Blocks until they are gone.

    It looks again until it finds none: a bubblewrap that is killed in the middle of its set-up may just have started a
    child, which then waits for it for ever.
    """
    held = list(slots)
    killed: set[int] = set()
    deadline = monotonic() + _SWEEP_SECONDS
    while (found := occupants(held)) and monotonic() < deadline:
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        killed.update(found)
        sleep(_LOOK_AGAIN_SECONDS)
    return len(killed)


def occupants(slots: Iterable[Slot]) -> list[int]:
    """The processes that run in these slots, told by the marker on their command line or by the slot's user id."""
    held = list(slots)
    markers = {slot.marker.encode() for slot in held}
    uids = {slot.uid for slot in held if slot.uid is not None}
    return [pid for pid in _pids() if _runs_as(pid) in uids or markers & set(_arguments(pid))]


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]  # noqa: PTH208 - names are wanted


def _runs_as(pid: int) -> int:
    """The user id of a living process; -1 for one that has ended, a zombie too."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return -1
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    if fields.get("State", "Z").startswith(("Z", "X")):
        return -1
    return int(fields.get("Uid", "-1").split()[0])


def _arguments(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
