"""`papertap` with a seeded bug: `python -m tests.faults.defective BUG serve ...`. A test must notice each of them."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gateway.adapters.db.job_store import SqlJobStore
from gateway.cli import main
from gateway.domain import job as job_rules
from gateway.domain.account import Receipt
from gateway.domain.job import Cause, Job, JobState
from gateway.services import release
from gateway.services.delivery import Delivery
from gateway.services.ports import JobChange

CHARGE_APART = "charge-apart"
SEND_AGAIN = "send-again"
RELEASE_TWICE = "release-twice"


def install(defect: str) -> None:
    """Breaks this process for good."""
    {CHARGE_APART: _charge_apart, SEND_AGAIN: _send_again, RELEASE_TWICE: _release_twice}[defect]()


def _charge_apart() -> None:
    """The receipt in a transaction of its own, a moment after that of the final state."""
    real = SqlJobStore.update

    async def update(self: SqlJobStore, job_id: int, change: Callable[[Job], JobChange | None]) -> Job:
        receipts: list[Receipt] = []

        def without(job: Job) -> JobChange | None:
            made = change(job)
            if made is None or made.receipt is None:
                return made
            receipts.append(made.receipt)
            return replace(made, receipt=None)

        row = await real(self, job_id, without)
        for receipt in receipts:
            await asyncio.sleep(3)
            row = await real(self, job_id, lambda job, one=receipt: JobChange(job=job, receipt=one))  # type: ignore[misc]  # reason: a lambda with a default
        return row

    SqlJobStore.update = update  # type: ignore[method-assign]  # reason: that is the defect


def _send_again() -> None:
    """Whatever had gone out before the crash, the job is in line again."""

    def taken_over(self: Delivery, _found: Job, row: Job) -> JobChange:
        return self._tools.turn(row.output_device or "").interrupted(replace(row, bytes_sent=0, device_job=None))

    setattr(Delivery, "_taken_over", taken_over)  # noqa: B010 - in the eyes of a type checker it is no method


def _release_twice() -> None:
    """A release that does not look whether somebody was faster."""
    real = job_rules.advance

    def advance(job: Job, cause: Cause, **more: Any) -> Job:
        back = cause is Cause.RELEASED and not job.state.ended
        return real(replace(job, state=JobState.PENDING_HELD) if back else job, cause, **more)

    setattr(release, "advance", advance)  # noqa: B010 - the name that it was imported under


if __name__ == "__main__":
    install(sys.argv.pop(1))
    main()
