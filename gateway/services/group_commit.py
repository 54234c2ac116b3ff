"""New job rows of many clients in one transaction: each row is as durable as alone, for a share of the price.

No timer delays anybody. One row is committed at once; those that come while the disk works go together next.
"""

import asyncio
from collections.abc import Callable, Sequence

from gateway.domain.job import Job
from gateway.errors import Unavailable
from gateway.services.ports import JobStore

MAX_GROUP = 256  # rows of a transaction, so that one commit stays short

Waiting = tuple[Job, "asyncio.Future[Job]"]


class GroupCommitter:
    """`committed` is called with each row that this process inserted, after its transaction."""

    def __init__(self, *, jobs: JobStore, committed: Callable[[Job], None]) -> None:
        self._jobs = jobs
        self._committed = committed
        self._waiting: list[Waiting] = []
        self._task: asyncio.Task[None] | None = None

    def add(self, job: Job) -> "asyncio.Future[Job]":
        """Done once the row is durable, or with the error. Cancelling it does not stop the commit."""
        future: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_retrieve)
        self._waiting.append((job, future))
        if self._task is None:
            self._task = asyncio.create_task(self._drain(), name="group-commit")
        return future

    async def idle(self) -> None:
        """Waits until nothing is left to commit."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _drain(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:MAX_GROUP], self._waiting[MAX_GROUP:]
                await self._commit(group)
        finally:
            self._task = None

    async def _commit(self, group: Sequence[Waiting]) -> None:
        try:
            stored = await self._jobs.add([job for job, _ in group])
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to those who wait
            await self._fail(group, error)
            return
        for (job, future), row in zip(group, stored, strict=True):
            if row.uuid == job.uuid:
                self._committed(row)
            if not future.done():
                future.set_result(row)

    async def _fail(self, group: Sequence[Waiting], error: Exception) -> None:
        """An unavailable store is so for all. Anything else may be one row's fault, which must not become the others'."""
        if len(group) > 1 and not isinstance(error, Unavailable):
            for one in group:
                await self._commit([one])
            return
        for _, future in group:
            if not future.done():
                future.set_exception(error)


def _retrieve(future: "asyncio.Future[Job]") -> None:
    """Whoever waited may have been cancelled: an error that nobody asks for must not be reported as forgotten."""
    if not future.cancelled():
        future.exception()
