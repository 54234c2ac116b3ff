"""Jobs put straight into the rows, where what is measured is not how they came there."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from gateway.adapters.db import open_database
from gateway.adapters.db.engines import FILE_NAME
from gateway.domain.job import JobState
from gateway.settings import load
from tests.builders import NOW, a_held_job, a_job

GROUP = 2000  # rows of a transaction
OWNERS = 500


def add(data: Path, *, mine: int, held: int, ended: int, owners: int = OWNERS) -> None:
    """`mine` held jobs of "bench", those of others up to `held`; one in `owners` of the `ended` jobs is of "bench"."""
    asyncio.run(_add(data, mine=mine, held=held, ended=ended, owners=owners))


async def _add(data: Path, *, mine: int, held: int, ended: int, owners: int) -> None:
    printer = owner = "bench"
    whose = [owner, *(f"user-{number}" for number in range(1, OWNERS))]
    done: dict[str, Any] = {"state": JobState.COMPLETED, "key": None, "ended_at": NOW, "processing_at": NOW}
    database = await open_database(load(data=data))
    try:
        for start in range(0, ended, GROUP):
            group = range(start, min(ended, start + GROUP))
            await database.jobs.add([a_job(printer=printer, owner=whose[n % owners], **done) for n in group])
        others = [whose[1 + n % (OWNERS - 1)] for n in range(held - mine)]
        for start in range(0, len(others), GROUP):
            await database.jobs.add([a_held_job(printer=printer, owner=o) for o in others[start : start + GROUP]])
        await database.jobs.add([a_held_job(printer=printer, owner=owner) for _ in range(mine)])
    finally:
        await database.close()


def mark_held(data: Path) -> int:
    """Pending jobs as their preparation would leave them, all at once; the server is stopped. Returns how many."""
    with closing(sqlite3.connect(data / FILE_NAME)) as connection, connection:
        return connection.execute(
            "UPDATE jobs SET state = ?, reasons = ?, printable = json_extract(documents, '$[0]'), pages = 1,"
            " impressions = 1, media_sheets = 1, color = 0, processing_at = created_at, version = version + 1"
            " WHERE state = ? AND printable IS NULL",
            (int(JobState.PENDING_HELD), '["job-queued-for-marker","job-release-wait"]', int(JobState.PENDING)),
        ).rowcount


def held_of(data: Path, owner: str) -> list[int]:
    """The ids of the owner's held jobs, newest first."""
    asked = "SELECT id FROM jobs WHERE state = ? AND owner = ? ORDER BY id DESC"
    with closing(sqlite3.connect(data / FILE_NAME)) as connection:
        return [row[0] for row in connection.execute(asked, (int(JobState.PENDING_HELD), owner))]


def state_of(data: Path, job_id: int) -> JobState:
    with closing(sqlite3.connect(data / FILE_NAME)) as connection:
        return JobState(connection.execute("SELECT state FROM jobs WHERE id = ?", (job_id,)).fetchone()[0])
