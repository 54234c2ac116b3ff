"""What the rows cost: `python -m tests.benchmarks.bench_store [--postgresql] [--ended N]`. Nothing fails on a timing.

Every figure is the median and the 95th percentile in milliseconds, durable commit included, of an otherwise idle
store; lists and claims once with few rows and once with a long history.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from statistics import median

from gateway.adapters.db import Database, database_url, migrate, open_database
from gateway.domain.job import Cause, JobState, advance
from gateway.services.ports import JobChange, JobQuery, Stage
from gateway.settings import Database as DatabaseSettings
from gateway.settings import Settings
from tests.builders import NOW
from tests.fakes import a_held_job, a_job, a_released_job
from tests.peers.scratch import scratch
from tests.postgresql import cluster

OPEN = tuple(state for state in JobState if not state.ended)
ENDED = tuple(state for state in JobState if state.ended)
CHUNK = 2000

Call = Callable[[], Awaitable[object]]


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    with tempfile.TemporaryDirectory(dir=scratch(), prefix="papertap-bench-") as folder:
        settings = Settings(data=Path(folder), database=DatabaseSettings(url=url))
        await migrate(database_url(settings))
        database = await open_database(settings)
        try:
            yield database
        finally:
            await database.close()


async def timed(what: str, call: Call, *, times: int = 200, per: int = 1) -> None:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        await call()
        taken.append((time.perf_counter() - began) * 1000 / per)
    taken.sort()
    print(f"  {what:52} median {median(taken):8.3f} ms   p95 {taken[int(times * 0.95)]:8.3f} ms", flush=True)


async def adding(database: Database) -> None:
    for size, times in ((1, 300), (8, 100), (32, 60)):
        group = [a_job() for _ in range(size)]
        await timed(
            f"add, a job in groups of {size}", lambda group=group: database.jobs.add(group), times=times, per=size
        )
    await timed(
        "add, 32 callers at once, one job each",
        lambda: asyncio.gather(*(database.jobs.add([a_job()]) for _ in range(32))),
        times=40,
        per=32,
    )


async def changing(database: Database) -> None:
    (job,) = await database.jobs.add([a_held_job(owner="bench")])
    one = lambda: database.jobs.update(job.id, lambda j: JobChange(job=replace(j, attempts=j.attempts + 1)))  # noqa: E731 - reads best here
    await timed("update", one)
    await timed("update, 32 callers at once", lambda: asyncio.gather(*(one() for _ in range(32))), times=40, per=32)


async def claiming(database: Database) -> None:
    await database.jobs.add([a_job() for _ in range(120)])
    await timed("claim to prepare", lambda: database.jobs.claim(Stage.PREPARE, "w", now=NOW, lease=30), times=100)

    async def deliver() -> None:
        (job,) = await database.jobs.claim(Stage.DELIVER, "w", now=NOW, lease=30)
        claimed.append(job.id)

    claimed: list[int] = []
    await database.jobs.add([a_released_job(f"device-{n % 50}", released_at=NOW + n) for n in range(2000)])
    await timed("claim to deliver, 2,000 wait for 50 devices", deliver, times=50)
    await timed(
        "claim to deliver, all devices busy", lambda: database.jobs.claim(Stage.DELIVER, "w", now=NOW, lease=30)
    )
    for job_id in claimed:
        await database.jobs.update(job_id, lambda j: JobChange(job=advance(j, Cause.COMPLETED, now=NOW)))


async def listing(database: Database) -> None:
    jobs = database.jobs
    queries = {
        "list 100 of a printer, open": JobQuery(printer="find-me", states=OPEN),
        "list 100 of a printer, ended, newest first": JobQuery(printer="find-me", states=ENDED, newest_first=True),
        "list 1,000 of a printer, open": JobQuery(printer="find-me", states=OPEN, limit=1000),
        "list of an owner, open": JobQuery(owner="user-7", states=OPEN),
        "list 100 of an owner, ended, newest first": JobQuery(owner="user-7", states=ENDED, newest_first=True),
        "list 100 held, newest first": JobQuery(states=(JobState.PENDING_HELD,), newest_first=True),
        "expired jobs (none)": JobQuery(states=OPEN, expires_before=NOW),
        "lapsed claims (none)": JobQuery(claim_lapsed_at=NOW),
    }
    for what, query in queries.items():
        await timed(f"{what} ({len(await jobs.find(query))})", lambda query=query: jobs.find(query), times=60)
    count = JobQuery(printer="find-me", states=OPEN)
    await timed(f"count of a printer, open ({await jobs.count(count)})", lambda: jobs.count(count), times=60)
    (last,) = await jobs.find(JobQuery(newest_first=True, limit=1))
    await timed("get", lambda: jobs.get(last.id))


async def fill(database: Database, *, held: int, ended: int) -> None:
    done = {"state": JobState.COMPLETED, "key": None, "ended_at": NOW, "processing_at": NOW}
    for start in range(0, ended, CHUNK):
        await database.jobs.add(
            [a_job(owner=f"user-{n % 500}", **done) for n in range(start, min(ended, start + CHUNK))]
        )
    for start in range(0, held, CHUNK):
        await database.jobs.add([a_held_job(owner=f"user-{n % 500}") for n in range(start, min(held, start + CHUNK))])


async def measure(url: str, ended: int) -> None:
    async with opened(url) as database:
        print("100 ended, 100 held jobs")
        await fill(database, held=100, ended=100)
        await listing(database)
        await adding(database)
        await changing(database)
        await claiming(database)
        began = time.perf_counter()
        await fill(database, held=10_000, ended=ended)
        print(f"and {ended:,} ended, 10,000 held jobs (added in {time.perf_counter() - began:.0f} s)")
        await listing(database)
        await adding(database)
        await changing(database)
        await claiming(database)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgresql", action="store_true", help="a private cluster instead of SQLite")
    parser.add_argument("--ended", type=int, default=500_000, help="rows of history")
    given = parser.parse_args()
    with cluster() if given.postgresql else nullcontext("") as url:
        asyncio.run(measure(url, given.ended))


if __name__ == "__main__":
    main()
