"""A pipe in the event loop's hands is closed once, whatever loop it is, while other threads open files."""

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from sandbox.handed import Handed

PIPES = 2000


async def _churn() -> None:
    """Connect pipes and let them end, one after the other."""
    loop = asyncio.get_running_loop()
    for _ in range(PIPES):
        read, write = os.pipe()
        reader = asyncio.StreamReader()
        handed = Handed(os.fdopen(read, "rb", 0), loop)
        transport, _ = await loop.connect_read_pipe(lambda reader=reader: asyncio.StreamReaderProtocol(reader), handed)
        os.close(write)
        assert await reader.read() == b""
        transport.close()
        await asyncio.sleep(0)


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_nobody_elses_descriptor_is_closed(run: Callable[..., None], tmp_path: Path) -> None:
    """uvloop with plain file objects fails here at once: EBADF on a file that another thread has just opened."""
    ended = threading.Event()
    failures: list[OSError] = []

    def write_files(number: int) -> None:
        while not ended.is_set():
            descriptor = os.open(tmp_path / str(number), os.O_WRONLY | os.O_CREAT)
            try:
                os.write(descriptor, b"x")
                os.close(descriptor)
            except OSError as error:
                failures.append(error)

    threads = [threading.Thread(target=write_files, args=(number,)) for number in range(3)]
    before = _open_descriptors()
    for thread in threads:
        thread.start()
    try:
        run(_churn())
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert not failures
    assert _open_descriptors() < before + PIPES // 10, "each pipe is closed; a loop may keep a few of its own"


def _open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
