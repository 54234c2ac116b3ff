"""Works go into threads and their outcomes come back, whatever happens to whoever waits."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from gateway.adapters.spool.threads import Threads


@pytest.fixture
def threads() -> Iterator[Threads]:
    opened = Threads(2)
    yield opened
    opened.close()


async def test_what_a_work_returns_comes_back_from_another_thread(threads: Threads) -> None:
    names = await asyncio.gather(*(threads.submit(lambda: threading.current_thread().name) for _ in range(20)))
    assert set(names) <= {"spool-0", "spool-1"}


async def test_what_a_work_raises_comes_back_and_the_thread_goes_on(threads: Threads) -> None:
    def refuse() -> None:
        raise OSError(28, "No space left on device")

    for _ in range(4):
        with pytest.raises(OSError, match="No space"):
            await threads.submit(refuse)
    assert await threads.submit(lambda: 7) == 7


async def test_a_cancelled_wait_does_not_stop_the_work(threads: Threads) -> None:
    go_on, done = threading.Event(), threading.Event()

    def work() -> None:
        assert go_on.wait(10)
        done.set()

    threads.submit(work).cancel()
    go_on.set()
    await threads.submit(lambda: done.wait(10))
    assert done.is_set()


async def test_closing_waits_for_what_was_given() -> None:
    threads, done = Threads(1), []
    for number in range(5):
        threads.submit(lambda number=number: done.append(number))  # type: ignore[misc]  # reason: a lambda with a default
    threads.close()
    assert done == [0, 1, 2, 3, 4]
    with pytest.raises(RuntimeError, match="have ended"):
        threads.submit(lambda: None)
