"""The command line works on the data directory while the server runs: neither may lose what the other wrote."""

import subprocess
import sys
from pathlib import Path

from gateway.adapters.db import database_url, migrate, open_database
from gateway.settings import load
from tests.fakes import a_job

ADD = """
import asyncio, sys
from pathlib import Path
from gateway.adapters.db import open_database
from gateway.settings import load
from tests.fakes import a_job

async def main():
    database = await open_database(load(data=Path(sys.argv[1])))
    print((await database.jobs.add([a_job()]))[0].id)
    await database.close()

asyncio.run(main())
"""


async def test_what_another_process_wrote_is_seen_and_its_end_takes_nothing_away(tmp_path: Path) -> None:
    settings = load(data=tmp_path)
    await migrate(database_url(settings))
    database = await open_database(settings)
    try:
        (mine,) = await database.jobs.add([a_job()])
        for _ in range(2):
            theirs = subprocess.run([sys.executable, "-c", ADD, str(tmp_path)], check=True, capture_output=True)
            found = await database.jobs.get(int(theirs.stdout))
            assert found is not None
            assert found.id > mine.id
        assert (tmp_path / "papertap.db-wal").exists()
    finally:
        await database.close()
