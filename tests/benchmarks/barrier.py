"""The disk's own limit: what write + fsync + rename + fsync + commit costs one after the other, with nothing of ours."""

import os
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from tests.peers.scratch import scratch


def serial(octets: int, count: int) -> float:
    """Documents a second."""
    body = b"x" * octets
    with (
        tempfile.TemporaryDirectory(dir=scratch()) as folder,
        closing(sqlite3.connect(Path(folder, "rows"), isolation_level=None)) as rows,
    ):
        rows.execute("PRAGMA journal_mode=WAL")
        rows.execute("PRAGMA synchronous=FULL")
        rows.execute("CREATE TABLE job (id INTEGER PRIMARY KEY, name TEXT)")
        directory = os.open(folder, os.O_DIRECTORY)
        began = time.monotonic()
        for number in range(count):
            temporary, final = Path(folder, f"{number}.tmp"), Path(folder, str(number))
            descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            os.write(descriptor, body)
            os.fsync(descriptor)
            os.close(descriptor)
            temporary.rename(final)
            os.fsync(directory)
            rows.execute("BEGIN IMMEDIATE")
            rows.execute("INSERT INTO job (name) VALUES ('x')")
            rows.execute("COMMIT")
        elapsed = time.monotonic() - began
        os.close(directory)
    return count / elapsed
