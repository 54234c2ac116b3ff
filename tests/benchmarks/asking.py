"""How long "why?" takes over half a million jobs, on a scratch disk."""

import asyncio
import tempfile
import time
from pathlib import Path

from gateway.adapters.db import database_url, migrate, open_database
from gateway.domain.job import Job
from gateway.services.ports import Trace
from gateway.settings import Settings
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report, spread
from tests.fakes import a_job
from tests.peers.scratch import scratch

START = 1_700_000_000.0
BATCH = 2000
MILLISECONDS = 200.0
TIMES = 10
QUESTIONS = {
    "a person": Trace(text="user-77"),
    "a part of a name": Trace(text="budget 4217"),
    "nothing": Trace(text="no such thing"),
    "an address": Trace(address="10.1.2.3"),
    "a person at an address": Trace(text="user-77", address="10.1.2.3"),
    "a day": Trace(since=START + 86400, until=START + 2 * 86400),
}


def why(plan: Plan, report: Report) -> None:
    asyncio.run(_why(plan.ended, report))


async def _why(jobs: int, report: Report) -> None:
    with tempfile.TemporaryDirectory(dir=scratch()) as folder:
        settings = Settings(data=Path(folder))
        await migrate(database_url(settings))
        database = await open_database(settings)
        for start in range(0, jobs, BATCH):
            await database.jobs.add([_job(number) for number in range(start, min(start + BATCH, jobs))])
        report.title(f"Why? asked of {jobs:,} jobs")
        for question, trace in QUESTIONS.items():
            taken = []
            for _ in range(TIMES):
                began = time.perf_counter()
                found = await database.why.traced(trace)
                taken.append(1000 * (time.perf_counter() - began))
            median, worst = spread(taken)
            report.line(question, median, "ms", note=f"{len(found)} jobs, worst {worst:.1f} ms")
            report.at_most(f"Why: {question}, time", median, MILLISECONDS, "ms")
        await database.close()


def _job(number: int) -> Job:
    return a_job(
        name=f"Budget {number} of the year.pdf",
        owner=f"user-{number % 5000}",
        address=f"10.1.{number % 250}.{number % 240}",
        created_at=START + number,
    )
