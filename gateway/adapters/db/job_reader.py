"""Lists of jobs without reading again what did not change.

Making a Job of its row costs more than finding the row: a phone that asks for a thousand jobs each few seconds would
keep a processor busy with the same thousand. Every change of a row raises its version and ids are never given twice,
so id and version together name one content for ever; only what was committed is ever kept here.
"""

from collections.abc import Sequence
from threading import Lock

from sqlalchemy import Connection, bindparam, select

from gateway.adapters.db.job_queries import found
from gateway.adapters.db.job_rows import job_of
from gateway.adapters.db.tables import jobs
from gateway.domain.job import Job
from gateway.services.ports import JobQuery

KEPT = 3000  # jobs, some 3 KB each
AT_ONCE = 500  # rows asked for by their ids in one statement

_BY_IDS = select(jobs).where(jobs.c.id.in_(bindparam("ids", expanding=True)))

Key = tuple[int, int]


class JobReader:
    """One for a store; its methods may run in several threads at once."""

    def __init__(self, *, kept: int = KEPT) -> None:
        self._most = kept
        self._known: dict[Key, Job] = {}
        self._lock = Lock()

    def find(self, connection: Connection, query: JobQuery) -> list[Job]:
        """`connection` must see committed rows only."""
        statement, parameters = found(query)
        keys: list[Key] = [(row.id, row.version) for row in connection.execute(statement, parameters)]
        present = {key: job for key in keys if (job := self._known.get(key)) is not None}
        if len(present) == len(keys):
            return list(present.values())
        fresh = self._read(connection, [job_id for job_id, version in keys if (job_id, version) not in present])
        # On PostgreSQL a row may have changed or gone since it was found: its newest form, or none.
        every = {job.id: job for job in present.values()} | fresh
        return [every[job_id] for job_id, _ in keys if job_id in every]

    def _read(self, connection: Connection, ids: Sequence[int]) -> dict[int, Job]:
        fresh: dict[int, Job] = {}
        for start in range(0, len(ids), AT_ONCE):
            rows = connection.execute(_BY_IDS, {"ids": ids[start : start + AT_ONCE]}).mappings()
            fresh.update({row["id"]: job_of(row) for row in rows})
        self._keep(fresh)
        return fresh

    def _keep(self, fresh: dict[int, Job]) -> None:
        """The oldest make room; a list longer than the room is not kept, for it would only push itself out."""
        if len(fresh) > self._most:
            return
        with self._lock:
            self._known.update({(job.id, job.version): job for job in fresh.values()})
            while len(self._known) > self._most:
                del self._known[next(iter(self._known))]
