"""New job rows of many clients in one transaction: each row is as durable as alone, for a share of the price.

No timer delays anybody. One row is committed at once, by the very thread that has put its document on the disk, if it
comes from there; those that come while the disk works go together next.
"""

import asyncio
from collections.abc import Callable, Sequence
from threading import Lock

from gateway.domain.job import Job
from gateway.errors import Unavailable
from gateway.services.ports import JobStore

MAX_GROUP = 256  # rows of a transaction, so that one commit stays short

Waiting = tuple[Job, "asyncio.Future[Job]"]


class GroupCommitter:
    """`committed` is called in the event loop with each row that this process inserted, after its transaction."""

    def __init__(self, *, jobs: JobStore, committed: Callable[[Job], None]) -> None:
        self._jobs = jobs
        self._committed = committed
        self._lock = Lock()
        self._waiting: list[Waiting] = []
        self._busy = False
        self._open: set[asyncio.Future[Job]] = set()
        self._task: asyncio.Task[None] | None = None

    def add(self, job: Job) -> "asyncio.Future[Job]":
        """Done once the row is durable, or with the error. Cancelling it does not stop the commit."""
        future = self.promise()
        if self._leads((job, future)):
            self._go_on()
        return future

    def promise(self) -> "asyncio.Future[Job]":
        """For `add_here`, which may not make one."""
        future: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_retrieve)
        return future

    def add_here(self, job: Job, future: "asyncio.Future[Job]") -> None:
        """From a thread: commits what waits now, unless somebody does already, and leaves the rest to the loop."""
        if not self._leads((job, future)):
            return
        group = self._next()
        try:
            stored: list[Job] | Exception = self._jobs.add_here([job for job, _ in group])
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to those who wait
            stored = error
        future.get_loop().call_soon_threadsafe(self._tell, group, stored)

    async def idle(self) -> None:
        """Waits until nothing is left to commit."""
        while True:
            with self._lock:
                left = list(self._open)
            if not left:
                return
            await asyncio.wait(left)

    def _leads(self, waiting: Waiting) -> bool:
        with self._lock:
            self._waiting.append(waiting)
            self._open.add(waiting[1])
            leads, self._busy = not self._busy, True
            return leads

    def _next(self) -> list[Waiting]:
        """What is committed now; nobody leads any more when it is nothing."""
        with self._lock:
            group, self._waiting = self._waiting[:MAX_GROUP], self._waiting[MAX_GROUP:]
            self._busy = bool(group)
            return group

    def _tell(self, group: Sequence[Waiting], stored: list[Job] | Exception) -> None:
        """After a thread has committed `group`."""
        if not isinstance(stored, Exception):
            self._succeed(group, stored)
            with self._lock:
                more = self._busy = bool(self._waiting)
            if more:
                self._go_on()
        else:
            self._go_on(group, stored)

    def _go_on(self, failed: Sequence[Waiting] = (), error: Exception | None = None) -> None:
        self._task = asyncio.create_task(self._drain(failed, error), name="group-commit")

    async def _drain(self, failed: Sequence[Waiting], error: Exception | None) -> None:
        if error is not None:
            await self._fail(failed, error)
        while group := self._next():
            await self._commit(group)

    async def _commit(self, group: Sequence[Waiting]) -> None:
        try:
            stored = await self._jobs.add([job for job, _ in group])
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to those who wait
            await self._fail(group, error)
        else:
            self._succeed(group, stored)

    def _succeed(self, group: Sequence[Waiting], stored: Sequence[Job]) -> None:
        for (job, future), row in zip(group, stored, strict=True):
            if row.uuid == job.uuid:
                self._committed(row)
            if not future.done():
                future.set_result(row)
        self._close(group)

    async def _fail(self, group: Sequence[Waiting], error: Exception) -> None:
        """An unavailable store is so for all. Anything else may be one row's fault, which must not become the others'."""
        if len(group) > 1 and not isinstance(error, Unavailable):
            for one in group:
                await self._commit([one])
            return
        for _, future in group:
            if not future.done():
                future.set_exception(error)
        self._close(group)

    def _close(self, group: Sequence[Waiting]) -> None:
        with self._lock:
            self._open.difference_update(future for _, future in group)


def _retrieve(future: "asyncio.Future[Job]") -> None:
    """Whoever waited may have been cancelled: an error that nobody asks for must not be reported as forgotten."""
    if not future.cancelled():
        future.exception()
