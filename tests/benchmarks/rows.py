"""Jobs put straight into the rows, where what is measured is not how they came there."""

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine, insert, select

from gateway.adapters.clock import SystemClock
from gateway.adapters.db import open_database
from gateway.adapters.db.engines import FILE_NAME
from gateway.adapters.db.house_tables import memberships, user_groups
from gateway.adapters.db.tables import users
from gateway.adapters.db.user_rows import user_row
from gateway.adapters.hasher import Argon2Hasher
from gateway.domain.job import JobState
from gateway.services.identity import Identity
from gateway.settings import load
from tests.builders import NOW, a_held_job, a_job, a_user

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


def add_people(data: Path, count: int) -> None:
    """Users "user-<n>" without any proof, put in at once: nobody signs in as one of them."""
    numbers = range(count)
    engine = create_engine(f"sqlite:///{data / FILE_NAME}")
    try:
        for start in range(0, len(numbers), GROUP):
            several = [a_user(f"user-{n}", created_at=NOW, version=1) for n in numbers[start : start + GROUP]]
            with engine.begin() as connection:
                connection.execute(insert(users), [user_row(user) for user in several])
    finally:
        engine.dispose()


def add_groups(data: Path, count: int) -> None:
    """Groups "group-<n>", ten below each, and every tenth user in one of them."""
    engine = create_engine(f"sqlite:///{data / FILE_NAME}")
    plain = {"kind": "group", "label": "", "cost_centre": "", "created_at": NOW, "version": 1}
    try:
        for start in range(0, count, GROUP):
            several = range(start, min(count, start + GROUP))
            rows = [_a_group(n) | plain for n in several]
            with engine.begin() as connection:
                connection.execute(insert(user_groups), rows)
        with engine.begin() as connection:
            everybody = connection.execute(select(users.c.name_folded, users.c.uuid)).all()[::10]
            members = [
                {"group_folded": f"group-{n % count}", "name_folded": name, "user_uuid": uuid}
                for n, (name, uuid) in enumerate(everybody)
            ]
            connection.execute(insert(memberships), members)
    finally:
        engine.dispose()


def _a_group(number: int) -> dict[str, str]:
    name, parent = f"group-{number}", f"group-{number // 10}" if number else ""
    return {
        "uuid": str(uuid4()),
        "name": name,
        "name_folded": name,
        "searched": f"{name}\n\n",
        "parent": parent,
        "parent_folded": parent,
    }


def add_sessions(data: Path, names: Sequence[str]) -> dict[str, str]:
    """A signed-in session for each of these users: cookies by name."""
    return asyncio.run(_add_sessions(data, names))


async def _add_sessions(data: Path, names: Sequence[str]) -> dict[str, str]:
    settings = load(data=data)
    database = await open_database(settings)
    hasher = Argon2Hasher(data / "keys", create_if_new=False)
    identity = Identity(users=database.users, hasher=hasher, clock=SystemClock(), settings=settings.identity)
    cookies = {}
    try:
        for name in names:
            user = await identity.get(name)
            cookies[name], _session = await identity.open_session(user, method="password", address="127.0.0.1")
    finally:
        await database.close()
    return cookies


def add_receipts(data: Path) -> None:
    """One for each completed job, over the last ten months."""
    made = (
        "INSERT INTO receipts (release_id, job_id, owner, owner_folded, printer, device, impressions, media_sheets,"
        " color, confirmed, at) SELECT lower(hex(randomblob(16))), id, owner, owner_folded, printer, 'tray', 3, 2,"
        " id % 4 = 0, 1, ? - (id % 300) * 86400.0 FROM jobs WHERE state = ?"
    )
    with closing(sqlite3.connect(data / FILE_NAME)) as connection, connection:
        connection.execute(made, (time.time(), int(JobState.COMPLETED)))


def add_held(data: Path, owners: Sequence[str]) -> None:
    """One held job for each of them, prepared and with a key, as far as pages look at it."""
    asyncio.run(_add_held(data, owners))


async def _add_held(data: Path, owners: Sequence[str]) -> None:
    database = await open_database(load(data=data))
    try:
        await database.jobs.add(
            [
                a_held_job(printer="bench", owner=owner, expires_at=time.time() + 86400, created_at=time.time())
                for owner in owners
            ]
        )
    finally:
        await database.close()
