"""Seeded bugs: each breaks one promise of the barrier inside the accepting process, and a test must notice.

They work from outside, on the calls that the product makes of its system, so that the product holds no switch for
doing it wrong.
"""

import os
import stat
from collections.abc import Sequence
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

from gateway.domain.job import Job
from gateway.services.ports import JobStore

NO_FILE_FSYNC = "no-file-fsync"
NO_DIRECTORY_FSYNC = "no-directory-fsync"
SYNCHRONOUS_NORMAL = "synchronous-normal"
SYNCHRONOUS_OFF = "synchronous-off"
EARLY_REPLY = "early-reply"

# A directory's missing fsync is no loss on ext4, whose journal takes a new name along with the file's octets.
POWER_CUT_DEFECTS = (NO_FILE_FSYNC, SYNCHRONOUS_NORMAL, SYNCHRONOUS_OFF, EARLY_REPLY)
MISSING_SYNCS = (NO_FILE_FSYNC, NO_DIRECTORY_FSYNC, SYNCHRONOUS_NORMAL, SYNCHRONOUS_OFF)


def install(defect: str) -> None:
    """Breaks this process for good."""
    if defect in {NO_FILE_FSYNC, NO_DIRECTORY_FSYNC}:
        _skip_fsync(directories=defect == NO_DIRECTORY_FSYNC)
    elif defect in {SYNCHRONOUS_NORMAL, SYNCHRONOUS_OFF}:
        _lower_synchronous(defect.rpartition("-")[2])


def store(defect: str, jobs: JobStore) -> JobStore:
    return EarlyReply(jobs) if defect == EARLY_REPLY else jobs


def _skip_fsync(*, directories: bool) -> None:
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) != directories:
            real(descriptor)

    os.fsync = fsync  # type: ignore[assignment]  # that is the bug


def _lower_synchronous(level: str) -> None:
    @event.listens_for(Pool, "checkout")
    def _(connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA synchronous={level.upper()}")


class EarlyReply:
    """Answers first and writes each row only when the next one comes."""

    def __init__(self, jobs: JobStore) -> None:
        self._jobs = jobs
        self._owed: Sequence[Job] = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._jobs, name)

    async def add(self, jobs: Sequence[Job]) -> list[Job]:
        if self._owed:
            await self._jobs.add(self._owed)
        self._owed = jobs
        return list(jobs)

    def add_here(self, jobs: Sequence[Job]) -> list[Job]:
        if self._owed:
            self._jobs.add_here(self._owed)
        self._owed = jobs
        return list(jobs)
