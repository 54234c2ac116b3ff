"""One process a data directory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.adapters.lock import DataLock
from gateway.errors import StartupError

ROOT = Path(__file__).resolve().parents[3]


def test_a_second_one_is_told_the_process_id(tmp_path: Path) -> None:
    with DataLock(tmp_path), pytest.raises(StartupError, match=f"as process {os.getpid()}"):
        DataLock(tmp_path).acquire()


def test_the_lock_can_be_taken_again_after_release(tmp_path: Path) -> None:
    lock = DataLock(tmp_path / "new")
    lock.acquire()
    lock.release()
    lock.release()
    with DataLock(tmp_path / "new"):
        pass


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from gateway.adapters.lock import DataLock; "
        "DataLock(Path(sys.argv[1])).acquire(); print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StartupError, match=f"as process {holder.pid}"):
            DataLock(tmp_path).acquire()
    finally:
        holder.kill()
        holder.communicate()
    with DataLock(tmp_path):
        assert (tmp_path / "papertap.lock").read_text() == f"{os.getpid()}\n"


def test_a_directory_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match="Cannot write in the data directory"):
        DataLock(tmp_path / "file").acquire()
