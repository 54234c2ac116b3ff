"""One fsync of a directory serves all that asked before it began, and no one that asked later."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.adapters.spool.layout import OBJECTS_IN_A_ROW, DirectorySync, Layout


class SlowDisk:
    """os.fsync that waits for the test; counts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        self.error: OSError | None = None
        self.started = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)
        monkeypatch.setattr(os, "fsync", self)

    def __call__(self, descriptor: int) -> None:
        self.calls += 1
        self.started.release()
        assert self.go_on.acquire(timeout=60)
        if self.error is not None:
            raise self.error


def asked(sync: DirectorySync, count: int) -> None:
    """Until `count` callers have asked in all."""
    for _ in range(100_000):
        if sync._asked >= count:
            return
        threading.Event().wait(0.0001)
    raise AssertionError("they did not ask")


def test_who_comes_while_one_runs_shares_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk, sync = SlowDisk(monkeypatch), DirectorySync(tmp_path)
    with ThreadPoolExecutor(6) as threads:
        first = threads.submit(sync.sync)
        assert disk.started.acquire(timeout=60)
        others = [threads.submit(sync.sync) for _ in range(5)]
        asked(sync, 6)
        disk.go_on.release()
        first.result(timeout=60)
        assert disk.started.acquire(timeout=60)
        assert not any(other.done() for other in others), "the fsync that ran before they asked does not count"
        disk.go_on.release()
        for other in others:
            other.result(timeout=60)
    assert disk.calls == 2


def test_a_failed_one_fails_all_that_wait_and_all_that_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk, sync = SlowDisk(monkeypatch), DirectorySync(tmp_path)
    disk.error = OSError(5, "Input/output error")
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(sync.sync)
        assert disk.started.acquire(timeout=60)
        others = [threads.submit(sync.sync) for _ in range(3)]
        asked(sync, 4)
        disk.go_on.release()
        for one in (first, *others):
            with pytest.raises(OSError, match="Input/output"):
                one.result(timeout=60)
    with pytest.raises(OSError, match="Input/output"):
        sync.sync()
    assert disk.calls == 1, "a second try could only lie: the kernel forgets what it could not write"


def test_new_objects_share_a_directory_for_a_while(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    ids = [layout.new_id(os.urandom(32)) for _ in range(OBJECTS_IN_A_ROW * 40)]
    assert len(set(ids)) == len(ids)
    assert len({object_id[:2] for object_id in ids[: OBJECTS_IN_A_ROW - 1]}) == 1
    assert len({object_id[:2] for object_id in ids}) > 10
