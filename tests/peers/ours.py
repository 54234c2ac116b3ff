"""A Papertap of its own in a child process, on a data directory on a real disk."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from gateway.adapters.db import open_database
from gateway.cli import app
from gateway.domain.job import Job, JobState
from gateway.services.ports import JobQuery
from gateway.settings import Settings, load
from tests.peers.processes import free_port, stopped, wait_for
from tests.peers.scratch import scratch


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """`port` is the IPP port; `environment` reaches the same data directory by the command line."""

    port: int
    http_port: int
    https_port: int
    data: Path
    process: subprocess.Popen[bytes]
    environment: dict[str, str]

    def papertap(self, *words: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "gateway", *words],
            check=True,
            capture_output=True,
            text=True,
            env=self.environment,
        ).stdout

    def here(self, *words: str) -> str:
        """The same command in this process, which has loaded all it needs: a start costs a second or more."""
        return _here(self.environment, words)

    def job(self, job_id: int) -> Job:
        return next(job for job in self.jobs() if job.id == job_id)

    def jobs(self) -> list[Job]:
        """Newest first, as the rows have them: the same store, from another process."""
        return asyncio.run(jobs_of(load(data=self.data)))

    def until(self, job_id: int, state: JobState, *, seconds: float = 60.0) -> Job:
        """The job once it is in that state; AssertionError with all that is known of it when it never gets there."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if (job := self.job(job_id)).state is state:
                return job
            time.sleep(0.1)
        raise AssertionError(f"job {job_id} is not {state.keyword}: {self.papertap('job', 'show', str(job_id))}")

    def queued(self) -> int:
        rows = json.loads(self.here("printer", "list", "--json"))
        return sum(row["queued"] for row in rows)

    def forget_peak(self) -> None:
        """`memory` counts from here: what somebody's sign-in took for a moment is another matter."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def memory(self) -> int:
        """Peak resident octets of the front process."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("the process is gone")


LOG_TAIL = 4000  # characters


@contextmanager
def papertap(
    *setup: tuple[str, ...],
    roles: str = "front",
    inside: tuple[str, ...] = (),
    host: str = "127.0.0.1",
    **settings: str,
) -> Iterator[Instance]:
    """Serves `roles` after the command line's verbs in `setup`; `settings` as in `HTTP__PORT="8080"`.

    `inside` begins the server's command line, as `ip netns exec NAME` does; `host` is where it then answers.
    """
    data = Path(tempfile.mkdtemp(prefix="papertap-", dir=scratch()))
    port, http_port, https_port = free_port(), free_port(), free_port()
    environment = {
        **os.environ,
        "PAPERTAP_DATA": str(data),
        "PAPERTAP_LISTEN__HOST": "127.0.0.1",
        "PAPERTAP_IPP__PORT": str(port),
        "PAPERTAP_HTTP__PORT": str(http_port),
        "PAPERTAP_HTTPS__PORT": str(https_port),
        "PAPERTAP_MDNS__ENABLED": "false",
        "PAPERTAP_SMTP__ENABLED": "false",
        "PAPERTAP_LPD__ENABLED": "false",
        "PAPERTAP_SANDBOX__OFFICE_AT_START": "false",  # few tests need one, and a start takes seconds
        **{f"PAPERTAP_{name}": value for name, value in settings.items()},
    }
    command = [sys.executable, "-m", "gateway"]
    try:
        for words in setup:
            _here(environment, words)
        with data.with_suffix(".log").open("wb") as log:
            process = subprocess.Popen(
                [*inside, *command, "serve", "--roles", roles], env=environment, stdout=log, stderr=log
            )
        with stopped(process):
            wait_for(port, process, host=host)
            yield Instance(
                port=port,
                http_port=http_port,
                https_port=https_port,
                data=data,
                process=process,
                environment=environment,
            )
    except Exception as error:
        if (log := data.with_suffix(".log")).exists():
            error.add_note(f"The server's log ends with:\n{log.read_text(errors='replace')[-LOG_TAIL:]}")
        raise
    finally:
        shutil.rmtree(data, ignore_errors=True)
        data.with_suffix(".log").unlink(missing_ok=True)


def _here(environment: dict[str, str], words: Sequence[str]) -> str:
    """In a thread, since a verb runs a loop of its own and the caller may be in one."""
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(CliRunner().invoke, app, list(words), env=environment).result()
    if done.exit_code:
        raise AssertionError(done.output) from done.exception
    return done.stdout


async def jobs_of(settings: Settings) -> list[Job]:
    database = await open_database(settings)
    try:
        return await database.jobs.find(JobQuery(newest_first=True, limit=None))
    finally:
        await database.close()


def healthy(instance: Instance) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{instance.http_port}/healthz", timeout=60) as answer:
        return bool(answer.status == 200)
