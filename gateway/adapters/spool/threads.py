"""Threads for the disk. concurrent.futures costs as much again as the way into a thread and back; this is only the way."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

Result = TypeVar("Result")
_Call = tuple[Callable[[], Any], asyncio.AbstractEventLoop, "asyncio.Future[Any]"]


class Threads:
    """`count` of them, which start with the first work. Call it from event loops; works run in the order given."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._started: list[Thread] = []
        self._closed = False

    def submit(self, work: Callable[[], Result]) -> "asyncio.Future[Result]":
        """Its outcome. Cancelling that does not stop the work. RuntimeError after `close`."""
        if self._closed:
            raise RuntimeError("The threads of the spool have ended.")
        if not self._started:
            self._start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._calls.put((work, loop, future))
        return future

    def close(self) -> None:
        """Waits for the works that were given."""
        self._closed = True
        for _ in self._started:
            self._calls.put(None)
        for thread in self._started:
            thread.join()

    def _start(self) -> None:
        self._started = [Thread(target=self._run, name=f"spool-{n}", daemon=True) for n in range(self._count)]
        for thread in self._started:
            thread.start()

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            work, loop, future = call
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - whoever waits for the work gets it
                told: tuple[Callable[..., None], Any] = (_fail, error)
            else:
                told = (_succeed, result)
            with suppress(RuntimeError):  # a loop that was closed waits for nothing any more
                loop.call_soon_threadsafe(told[0], future, told[1])
            del call, work, future, told


def _succeed(future: "asyncio.Future[Any]", result: object) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: "asyncio.Future[Any]", error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
