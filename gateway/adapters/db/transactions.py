"""Whole transactions in threads: `work` is a plain function of a connection, the caller awaits its outcome.

Why not the asynchronous engines: a coroutine that drives a driver statement by statement crosses between threads or
tasks at each of them. Measured on one machine, adding one job durably took 1.13 ms through aiosqlite and 0.45 ms
here, a job in a group of 32 took 0.22 ms and 0.05 ms; see tests/benchmarks/bench_store.py. On PostgreSQL, through
asynchronous psycopg, adding took 0.65 ms and reading one job 0.48 ms, here 0.50 ms and 0.22 ms. A transaction here is
one crossing, and its code is the same for both databases.

SQLite has one writer at a time anyway, so one thread writes, and whatever waits for it shares one commit: each work
has its own savepoint, and nobody is answered before the common commit is on disk.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from gateway.adapters.db.refusals import refusal
from gateway.errors import Busy, StorageFailed, StorageFull, Unavailable

Outcome = TypeVar("Outcome")
Work = Callable[[Connection], Outcome]

GROUP = 64  # works that share a commit at most: bounds how long the first one waits for the last


class Transactions(Protocol):
    """Busy and Unavailable (gateway.errors) say that nothing was kept, unless the connection broke at the commit."""

    async def write(self, work: Work[Outcome]) -> Outcome:
        """Commits durably, then returns what `work` returned; whatever it raises rolls back and is raised."""

    def write_here(self, work: Work[Outcome]) -> Outcome:
        """The same in the thread that calls it, which it blocks: nobody's way into another thread and back."""

    async def read(self, work: Work[Outcome]) -> Outcome:
        """`work` sees one moment of the database (SQLite) or each statement's own (PostgreSQL)."""

    async def close(self) -> None:
        """Ends after the works that were already given."""


@dataclass(kw_only=True, slots=True)
class _Task:
    work: Work[Any]
    deadline: float
    future: Future[Any] = field(default_factory=Future)


async def _outcome(future: Future[Outcome]) -> Outcome:
    with _refusing():
        return await asyncio.wrap_future(future)


@contextmanager
def _refusing() -> Iterator[None]:
    """What a driver raises comes as what a caller can be told."""
    try:
        yield
    except Exception as error:
        refused = refusal(error)
        if refused is None:
            raise
        raise refused from error


class SqliteTransactions:
    """One writes at a time, a few read; the write-ahead log keeps them out of each other's way.

    The writer has a thread of its own, but a thread that has nothing else to do may write by itself.

    A disk that once failed to keep a write may seem to keep the next one: after the first failure every write is
    refused with StorageFailed until the process was started anew.
    """

    def __init__(self, *, writer: Engine, reader: Engine, wait_seconds: float, readers: int) -> None:
        self._writer = writer
        self._reader = reader
        self._wait = wait_seconds
        self._closed = False
        self._failed = False
        self._connection: Connection | None = None
        self._writing = Lock()
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._readers = ThreadPoolExecutor(readers, thread_name_prefix="database-reader")
        self._thread = Thread(target=self._run, name="database-writer", daemon=True)
        self._thread.start()

    async def write(self, work: Work[Outcome]) -> Outcome:
        if self._closed:
            raise Unavailable("The database is closed.")
        task = _Task(work=work, deadline=time.monotonic() + self._wait)
        self._tasks.put(task)
        outcome: Outcome = await _outcome(task.future)
        return outcome

    def write_here(self, work: Work[Outcome]) -> Outcome:
        if self._closed:
            raise Unavailable("The database is closed.")
        task = _Task(work=work, deadline=time.monotonic() + self._wait)
        if not self._writing.acquire(timeout=self._wait):
            raise Busy("The database is busy. Try again in a moment.")
        try:
            self._commit([task])
        finally:
            self._writing.release()
        with _refusing():
            outcome: Outcome = task.future.result()
            return outcome

    async def read(self, work: Work[Outcome]) -> Outcome:
        if self._closed:
            raise Unavailable("The database is closed.")
        return await _outcome(self._readers.submit(_transact, self._reader, work))

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._tasks.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._readers.shutdown)
        with self._writing:
            self._let_go()
        self._writer.dispose()
        self._reader.dispose()

    def _run(self) -> None:
        going_on = True
        while going_on:
            group, going_on = self._next_group()
            running = [task for task in group if task.future.set_running_or_notify_cancel()]
            if running:
                with self._writing:
                    self._commit(running)

    def _next_group(self) -> tuple[list[_Task], bool]:
        """All tasks that wait now, at least one; False with the last group of all."""
        group: list[_Task] = []
        task = self._tasks.get()
        while task is not None:
            group.append(task)
            if len(group) == GROUP:
                return group, True
            try:
                task = self._tasks.get_nowait()
            except Empty:
                return group, True
        return group, False

    def _commit(self, group: list[_Task]) -> None:
        """Nobody hears of success before the commit; when it fails it failed for all of them."""
        try:
            self._check_disk()
            connection = self._connection = self._connection or self._writer.connect()
            self._limit_wait(connection, group)
            with connection.begin():
                answers = [_attempt(connection, task, alone=len(group) == 1) for task in group]
        except Exception as error:  # noqa: BLE001 - each waiting caller gets it
            self._let_go()
            self._failed = self._failed or isinstance(refusal(error), StorageFailed)
            for task in group:
                task.future.set_exception(error)
            return
        for answer in answers:
            answer()

    def _let_go(self) -> None:
        """The next one begins with a connection that nothing has happened to."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with suppress(Exception):  # it has failed already, and its caller knows
                connection.close()

    def _check_disk(self) -> None:
        if self._failed:
            raise StorageFailed("A write did not reach the database's disk. Check the disk, then restart.")

    def _limit_wait(self, connection: Connection, group: list[_Task]) -> None:
        """The wait for another process's lock ends with the patience of whoever has waited longest."""
        left = min(task.deadline for task in group) - time.monotonic()
        milliseconds = max(1, min(round(left * 1000), round(self._wait * 1000)))
        if connection.info.get("busy_timeout") != milliseconds // 100:
            # The driver's own connection, not a statement of ours: no transaction may begin here.
            connection.connection.driver_connection.execute(f"PRAGMA busy_timeout={milliseconds}")  # type: ignore[union-attr]  # reason: it is open
            connection.info["busy_timeout"] = milliseconds // 100


def _attempt(connection: Connection, task: _Task, *, alone: bool) -> Callable[[], None]:
    """Does one work of a group; what its caller is to hear after the commit."""
    if alone:
        result = task.work(connection)
        return lambda: task.future.set_result(result)
    savepoint = connection.begin_nested()
    try:
        result = task.work(connection)
    except Exception as error:
        if isinstance(refusal(error), StorageFailed | StorageFull):
            raise  # SQLite has already taken back all of the group, savepoints and all
        failure = error
        savepoint.rollback()
        return lambda: task.future.set_exception(failure)
    savepoint.commit()
    return lambda: task.future.set_result(result)


def _transact(engine: Engine, work: Work[Outcome]) -> Outcome:
    with engine.connect() as connection, connection.begin():
        return work(connection)


class PostgresqlTransactions:
    """As many threads as connections: PostgreSQL itself lets writers run side by side."""

    def __init__(self, *, engine: Engine, wait_seconds: float, connections: int) -> None:
        self._engine = engine
        self._wait = wait_seconds
        self._closed = False
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="database")

    async def write(self, work: Work[Outcome]) -> Outcome:
        return await self._submit(work)

    def write_here(self, work: Work[Outcome]) -> Outcome:
        if self._closed:
            raise Unavailable("The database is closed.")
        with _refusing():
            return self._run(work, time.monotonic() + self._wait)

    async def read(self, work: Work[Outcome]) -> Outcome:
        return await self._submit(work)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()

    async def _submit(self, work: Work[Outcome]) -> Outcome:
        if self._closed:
            raise Unavailable("The database is closed.")
        return await _outcome(self._threads.submit(self._run, work, time.monotonic() + self._wait))

    def _run(self, work: Work[Outcome], deadline: float) -> Outcome:
        if time.monotonic() > deadline:
            raise Busy("The database is busy. Try again in a moment.")
        for last in (False, True):
            try:
                return self._once(work)
            except _Stale as error:
                # The pool kept a connection that the server has closed, as after its restart; all are new now.
                if last:
                    raise Unavailable("The database cannot be reached. Try again in a moment.") from error
        raise AssertionError("unreachable")

    def _once(self, work: Work[Outcome]) -> Outcome:
        """_Stale when the connection was lost before the commit: nothing was kept then, so that trying again is safe."""
        with self._engine.connect() as connection:
            transaction = connection.begin()
            try:
                result = work(connection)
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise _Stale from error
                raise
            transaction.commit()
            return result


class _Stale(Exception):
    """Never leaves this module."""
