"""A process that adds jobs and says each id once it was acknowledged, until it is killed. Arguments: data, URL."""

import asyncio
import sys
from pathlib import Path

from gateway.adapters.db import open_database
from gateway.settings import Database, Settings
from tests.fakes import a_job


async def main(data: str, url: str) -> None:
    database = await open_database(Settings(data=Path(data), database=Database(url=url)))
    while True:
        for job in await database.jobs.add([a_job()]):
            sys.stdout.write(f"{job.id}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
