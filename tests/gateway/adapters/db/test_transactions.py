"""What callers hear when the database is locked, full, away or killed; and that a commit is there for everybody."""

import asyncio
import sqlite3
import sys
import threading
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from gateway.adapters.db import Database, open_database
from gateway.domain.job import Job
from gateway.errors import BadRequest, Busy, StorageFailed, StorageFull, Unavailable
from gateway.services.ports import JobChange, JobQuery
from gateway.settings import Database as DatabaseSettings
from gateway.settings import Settings
from tests.databases import migrated
from tests.fakes import a_job
from tests.postgresql import cluster

PATIENCE = 0.2  # seconds that these tests let a caller wait for a lock
ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
async def impatient(database_settings: Settings) -> AsyncIterator[Database]:
    limited = DatabaseSettings(url=database_settings.database.url, wait_seconds=PATIENCE)
    opened = await open_database(database_settings.model_copy(update={"database": limited}))
    yield opened
    await opened.close()


def raw(settings: Settings) -> sqlite3.Connection:
    return sqlite3.connect(settings.data / "papertap.db", isolation_level=None)


def touched(job: Job) -> JobChange:
    return JobChange(job=replace(job, attempts=job.attempts + 1))


async def test_a_commit_is_seen_by_another_connection_at_once(database: Database, database_settings: Settings) -> None:
    added = await database.jobs.add([a_job() for _ in range(3)])
    other = await open_database(database_settings)
    assert await other.jobs.find(JobQuery()) == added
    await other.close()


async def test_a_killed_process_has_kept_what_it_acknowledged(database: Database, database_settings: Settings) -> None:
    """The child adds without end, says each id after `add` has returned, and is killed in the midst of it."""
    url = database_settings.database.url
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.gateway.adapters.db.adder",
        str(database_settings.data),
        url,
        cwd=ROOT,
        stdout=PIPE,
    )
    assert program.stdout is not None
    acknowledged = [int(await program.stdout.readline()) for _ in range(25)]
    program.kill()
    acknowledged += [
        int(line) for line in (await program.stdout.read()).splitlines(keepends=True) if line[-1:] == b"\n"
    ]
    await program.wait()
    kept = {job.id for job in await database.jobs.find(JobQuery(limit=None))}
    assert len(acknowledged) >= 25
    assert set(acknowledged) <= kept


async def test_a_lock_that_stays_is_busy_and_reading_goes_on(impatient: Database, database_settings: Settings) -> None:
    (job,) = await impatient.jobs.add([a_job()])
    release = lock(database_settings, job.id)
    try:
        outcomes = await asyncio.gather(
            *(impatient.jobs.update(job.id, touched) for _ in range(5)), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes] == [Busy] * 5
        assert await impatient.jobs.get(job.id) == job
    finally:
        release()
    stored = await impatient.jobs.update(job.id, touched)
    assert stored.attempts == 1


def lock(settings: Settings, job_id: int):  # noqa: ANN201 - a function that lets go again
    """Another process's transaction on that row."""
    if not settings.database.url:
        other = raw(settings)
        other.execute("BEGIN IMMEDIATE")
        return lambda: (other.rollback(), other.close())
    engine = create_engine(settings.database.url)
    connection = engine.connect()
    connection.execute(text("SELECT id FROM jobs WHERE id = :id FOR UPDATE"), {"id": job_id})
    return lambda: (connection.close(), engine.dispose())


async def test_a_full_disk_is_told_to_all_of_the_group_and_keeps_nothing(sqlite_settings: Settings) -> None:
    opened = await open_database(sqlite_settings)
    (job,) = await opened.jobs.add([a_job()])
    pages = await opened._transactions.write(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar_one())
    await opened._transactions.write(lambda c: c.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}").all())
    large = a_job(message="x" * 200_000)
    outcomes = await asyncio.gather(*(opened.jobs.add([large]) for _ in range(4)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} <= {StorageFull, Unavailable}
    assert StorageFull in {type(outcome) for outcome in outcomes}
    await opened._transactions.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count=1000000").all())
    assert await opened.jobs.find(JobQuery()) == [job]
    assert len(await opened.jobs.add([large])) == 1
    await opened.close()


async def test_a_write_that_did_not_reach_the_disk_is_the_last_one(sqlite_settings: Settings) -> None:
    """Said by SQLite as SQLITE_IOERR_FSYNC; a later fsync would succeed although the page was dropped."""
    opened = await open_database(sqlite_settings)
    (job,) = await opened.jobs.add([a_job()])

    def fail(_: Connection) -> None:
        broken = sqlite3.OperationalError("disk I/O error")
        broken.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        raise OperationalError("COMMIT", {}, broken)

    calls = (opened._transactions.write(fail), opened.jobs.add([a_job()]), opened.jobs.update(job.id, touched))
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StorageFailed] * 3
    with pytest.raises(StorageFailed):
        await opened.jobs.add([a_job()])
    with pytest.raises(StorageFailed):
        await opened.check()
    assert await opened.jobs.find(JobQuery()) == [job]
    await opened.close()


async def test_a_text_that_cannot_be_stored_is_a_bad_request(database: Database) -> None:
    with pytest.raises(BadRequest):
        await database.jobs.add([a_job(name="half a pair: \ud800")])
    assert await database.jobs.find(JobQuery()) == []


async def test_a_fault_of_the_program_is_not_dressed_up(database: Database) -> None:
    (job,) = await database.jobs.add([a_job()])

    def broken(_: Job) -> JobChange:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.jobs.update(job.id, broken)
    outcomes = await asyncio.gather(
        database.jobs.update(job.id, broken), database.jobs.update(job.id, touched), return_exceptions=True
    )
    assert isinstance(outcomes[0], ZeroDivisionError)
    assert isinstance(outcomes[1], Job)


async def test_a_closed_database_says_so_and_can_be_closed_twice(database_settings: Settings) -> None:
    opened = await open_database(database_settings)
    adding = asyncio.create_task(opened.jobs.add([a_job()]))
    await asyncio.sleep(0)
    await opened.close()
    await opened.close()
    assert len(await adding) == 1
    with pytest.raises(Unavailable):
        await opened.jobs.get(1)
    with pytest.raises(Unavailable):
        await opened.jobs.add([a_job()])


async def test_connections_that_the_server_has_closed_are_replaced(postgresql_settings: Settings) -> None:
    opened = await open_database(postgresql_settings)
    await asyncio.gather(*(opened.jobs.add([a_job()]) for _ in range(6)))
    engine = create_engine(postgresql_settings.database.url)
    with engine.connect() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'papertap'"
        connection.execute(text(others))
    engine.dispose()
    added = await asyncio.gather(*(opened.jobs.add([a_job()]) for _ in range(6)))
    assert len(added) == 6
    assert await opened.jobs.count(JobQuery()) == 12
    await opened.close()


async def test_a_server_that_goes_away_is_unavailable(tmp_path: Path) -> None:
    with cluster() as url:
        migrated(url)
        opened = await open_database(Settings(data=tmp_path, database=DatabaseSettings(url=url)))
        await opened.check()
    with pytest.raises(Unavailable):
        await opened.check()
    with pytest.raises(Unavailable):
        await opened.jobs.add([a_job()])
    await opened.close()


async def test_what_waits_together_is_committed_together(sqlite_settings: Settings) -> None:
    """The write-ahead log tells how many commits there were: many writers cost a few."""
    opened = await open_database(sqlite_settings)
    await opened.jobs.add([a_job()])
    started, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def block(_: Connection) -> None:
        loop.call_soon_threadsafe(started.set)
        go_on.wait(10)

    blocking = asyncio.create_task(opened._transactions.write(block))
    await started.wait()
    seen: list[int] = []
    waiting = [asyncio.create_task(opened._transactions.write(lambda c: seen.append(id(c)))) for _ in range(30)]
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(blocking, *waiting)
    assert len(seen) == 30
    assert len(set(seen)) == 1
    await opened.close()
