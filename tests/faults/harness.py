"""Runs the accepting process, remembers what it told its clients, and compares that with what is left of it.

The memory of what was told is this process's own: no fault that is made here can reach it.
"""

import asyncio
import hashlib
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from gateway.adapters.db import Database, open_database
from gateway.adapters.keyring import FileKeyring
from gateway.adapters.spool import LocalSpool, open_spool
from gateway.domain.job import Job
from gateway.errors import Refusal
from gateway.services.ports import JobQuery
from tests.faults.acceptor import settings_of

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds for one line: a process that says nothing for so long will not say anything


@dataclass
class History:
    """What clients were told: SHA-256 by the job's UUID, and refusals by kind in their order."""

    accepted: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    quiet: bool = False

    def note(self, line: str) -> None:
        word, *rest = line.split()
        if word == "ack":
            self.accepted[rest[0]] = rest[1]
        elif word == "refused":
            self.refused.append(rest[0])
        else:
            self.quiet = word == "quiet"


class Acceptor:
    """The process; `prefix` is a program that runs it (strace)."""

    def __init__(self, process: asyncio.subprocess.Process, history: History) -> None:
        self._process = process
        self._history = history

    @classmethod
    async def started(
        cls, history: History, data: Path, spool: Path, *options: str, prefix: Sequence[str] = ()
    ) -> Self:
        command = [*prefix, sys.executable, "-m", "tests.faults.acceptor", str(data), str(spool), *options]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, start_new_session=True
        )
        return cls(process, history)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """No process outlives its test, however that ends."""
        if self._process.returncode is None:
            await self.kill()

    async def tells(self, lines: int) -> None:
        """Until it has told that many clients something."""
        assert self._process.stdout is not None
        for _ in range(lines):
            async with asyncio.timeout(PATIENCE):
                line = await self._process.stdout.readline()
            assert line, "the accepting process ended by itself"
            self._history.note(line.decode())

    async def quiet(self) -> None:
        """Until all is sent."""
        while not self._history.quiet:
            await self.tells(1)

    async def kill(self) -> None:
        """kill -9; what it had told until then still counts."""
        assert self._process.stdout is not None
        os.killpg(self._process.pid, signal.SIGKILL)  # a program that runs it would leave it behind
        for line in (await self._process.stdout.read()).decode().splitlines(keepends=True):
            if line.endswith("\n"):
                self._history.note(line)
        await self._process.wait()


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`lost`: told as accepted, and no row. `damaged`: a row whose document is not, or not what was sent.

    `orphans`: objects that no row knows, which the sweep removed.
    """

    rows: int
    lost: tuple[str, ...]
    damaged: tuple[str, ...]
    orphans: int

    @property
    def kept(self) -> bool:
        return not self.lost and not self.damaged


async def verdict(history: History, data: Path, spool: Path) -> Verdict:
    """Opens what is left as a restart does."""
    settings = settings_of(str(data), str(spool))
    database, objects = await open_database(settings), open_spool(settings)
    try:
        return await _compare(history, database, objects, FileKeyring(data / "keys"))
    finally:
        await database.close()
        objects.close()


async def _compare(history: History, database: Database, spool: LocalSpool, keyring: FileKeyring) -> Verdict:
    jobs = await database.jobs.find(JobQuery(limit=None))
    found = {str(job.uuid): await _content(job, spool, keyring) for job in jobs}
    orphans = await spool.sweep(await database.jobs.spool_objects(), older_than=0.0)
    return Verdict(
        rows=len(jobs),
        lost=tuple(uuid for uuid in history.accepted if uuid not in found),
        damaged=tuple(uuid for uuid, sha256 in found.items() if sha256 != history.accepted.get(uuid, sha256 or "-")),
        orphans=orphans,
    )


async def _content(job: Job, spool: LocalSpool, keyring: FileKeyring) -> str | None:
    """SHA-256 of the document as it can be read now, None when it cannot or is not what the row says."""
    assert job.key is not None
    [document] = job.documents
    digest = hashlib.sha256()
    try:
        async for chunk in spool.read(document.id, keyring.unwrap(job.key)):
            digest.update(chunk)
    except Refusal:
        return None
    return digest.hexdigest() if digest.hexdigest() == document.sha256 else None
