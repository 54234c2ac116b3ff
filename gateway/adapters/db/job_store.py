"""The job rows on SQLite and PostgreSQL: each method is one transaction."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from gateway.adapters.db.credit_rows import check_reserved, post
from gateway.adapters.db.job_claims import CANDIDATES, CAUSE, EXTEND, ONE_CLAIMER
from gateway.adapters.db.job_queries import Plain, counted
from gateway.adapters.db.job_reader import JobReader
from gateway.adapters.db.job_rows import (
    fold,
    job_of,
    job_row,
    receipt_of,
    receipt_row,
    record_of,
    record_row,
)
from gateway.adapters.db.json_values import load_document, load_documents
from gateway.adapters.db.sqlite_rows import insert_numbered
from gateway.adapters.db.tables import ENDED_WITHOUT_KEY, OPEN, WITH_KEY, job_records, jobs, receipts
from gateway.adapters.db.transactions import Transactions
from gateway.domain.account import Receipt
from gateway.domain.credit import Rules, charge_for
from gateway.domain.events import JobRecord
from gateway.domain.job import Job, advance
from gateway.errors import Busy, Conflict, NotFound
from gateway.services.ports import JobChange, JobQuery, Stage

LARGEST_ID = 2**63 - 1
ADD_TRIES = 3

# Built once: SQLAlchemy keeps the compiled form of a statement that it has seen.
_INSERT = insert(jobs).returning(jobs.c.id, sort_by_parameter_order=True)
_DELETE = delete(jobs).where(jobs.c.id == bindparam("job_id"))
_BY_ID = select(jobs).where(jobs.c.id == bindparam("job_id"))
_LOCKED_BY_ID = _BY_ID.with_for_update()
_BY_KEY = select(jobs).where(jobs.c.idempotency_key == bindparam("key"))
_BY_KEYS = select(jobs).where(jobs.c.idempotency_key.in_(bindparam("keys", expanding=True)))
_RECORDS = select(job_records).where(job_records.c.job_id == bindparam("job_id")).order_by(job_records.c.id)
_OBJECTS = select(jobs.c.documents, jobs.c.printable, jobs.c.unlocking, jobs.c.thumbnails).where(WITH_KEY)
_RECEIPTS = select(receipts).order_by(receipts.c.id.desc()).limit(bindparam("row_limit"))
_RECEIPTS_OF = _RECEIPTS.where(receipts.c.owner_folded == bindparam("owner"))
# In the order of owners SQLite would walk all rows there ever were; of those that are open there is an index.
_OPEN_VERSIONS = (
    select(jobs.c.owner_folded, func.count(), func.sum(jobs.c.version)).where(OPEN).group_by(Plain(jobs.c.owner_folded))
)
_PURGE = delete(jobs).where(
    jobs.c.id.in_(
        select(jobs.c.id)
        .where(ENDED_WITHOUT_KEY, jobs.c.ended_at <= bindparam("before"))
        .order_by(jobs.c.ended_at, jobs.c.id)
        .limit(bindparam("row_limit"))
    )
)


class SqlJobStore:
    """gateway.services.ports.JobStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions, rules: Rules) -> None:
        self._transactions = transactions
        self._rules = rules
        self._reader = JobReader()

    async def add(self, jobs: Sequence[Job]) -> list[Job]:
        if not jobs:
            return []
        for _ in range(ADD_TRIES):
            try:
                return await self._transactions.write(lambda connection: _add(connection, jobs, self._rules))
            except Conflict:
                # On PostgreSQL another one may commit the same idempotency key after we looked: look again.
                continue
        raise _contended()

    def add_here(self, jobs: Sequence[Job]) -> list[Job]:
        for _ in range(ADD_TRIES):
            try:
                return self._transactions.write_here(lambda connection: _add(connection, jobs, self._rules))
            except Conflict:
                continue  # as in `add`
        raise _contended()

    async def rehearse(self, job: Job) -> None:
        def work(connection: Connection) -> None:
            (row,) = _insert(connection, [job])
            connection.execute(_DELETE, {"job_id": row.id})

        await self._transactions.write(work)

    async def get(self, job_id: int) -> Job | None:
        if not 0 < job_id <= LARGEST_ID:
            return None
        return await self._transactions.read(lambda connection: _one(connection, _BY_ID, job_id=job_id))

    async def find_by_idempotency_key(self, key: str) -> Job | None:
        return await self._transactions.read(lambda connection: _one(connection, _BY_KEY, key=key))

    async def find(self, query: JobQuery) -> list[Job]:
        return await self._transactions.read(lambda connection: self._reader.find(connection, query))

    async def mark(self) -> Hashable | None:
        return await self._transactions.read(_mark)

    async def open_versions(self) -> dict[str, tuple[int, int]]:
        def work(connection: Connection) -> dict[str, tuple[int, int]]:
            return {owner or "": (many, int(versions)) for owner, many, versions in connection.execute(_OPEN_VERSIONS)}

        return await self._transactions.read(work)

    async def count(self, query: JobQuery) -> int:
        statement, parameters = counted(query)
        return await self._transactions.read(lambda connection: _number(connection, statement, parameters))

    async def update(self, job_id: int, change: Callable[[Job], JobChange | None]) -> Job:
        if not 0 < job_id <= LARGEST_ID:
            raise NotFound(f"There is no job {job_id}.")
        return await self._transactions.write(lambda connection: _change(connection, job_id, change, self._rules))

    async def claim(self, stage: Stage, worker: str, *, now: float, lease: float, limit: int = 1) -> list[Job]:
        def work(connection: Connection) -> list[Job]:
            return _claim(connection, stage, worker, now=now, until=now + lease, limit=limit)

        return await self._transactions.write(work)

    async def extend_claim(self, job_id: int, worker: str, until: float) -> bool:
        values = {"claimed_id": job_id, "worker": worker, "until": until}
        return await self._transactions.write(lambda connection: connection.execute(EXTEND, values).rowcount == 1)

    async def records(self, job_id: int) -> list[JobRecord]:
        def work(connection: Connection) -> list[JobRecord]:
            return [record_of(row) for row in connection.execute(_RECORDS, {"job_id": job_id}).mappings()]

        return await self._transactions.read(work)

    async def spool_objects(self) -> frozenset[str]:
        return await self._transactions.read(_objects)

    async def receipts(self, *, owner: str | None = None, limit: int = 100) -> list[Receipt]:
        statement = _RECEIPTS if owner is None else _RECEIPTS_OF
        values = {"row_limit": limit} | ({} if owner is None else {"owner": fold(owner)})

        def work(connection: Connection) -> list[Receipt]:
            return [receipt_of(row) for row in connection.execute(statement, values).mappings()]

        return await self._transactions.read(work)

    async def purge_ended(self, *, before: float, limit: int = 500) -> int:
        values = {"before": before, "row_limit": limit}
        return await self._transactions.write(lambda connection: connection.execute(_PURGE, values).rowcount)


def _contended() -> Busy:
    return Busy("The same job is being added again and again. Try again in a moment.")


def _mark(connection: Connection) -> Hashable | None:
    """SQLite's data_version is a connection's own count of commits by all others, in this process and elsewhere."""
    if connection.dialect.name != "sqlite":
        return None
    version = connection.exec_driver_sql("PRAGMA data_version").scalar_one()
    return id(connection.connection.driver_connection), version


def _one(connection: Connection, statement: Any, **values: Any) -> Job | None:
    row = connection.execute(statement, values).mappings().one_or_none()
    return None if row is None else job_of(row)


def _many(connection: Connection, statement: Any, values: dict[str, Any]) -> list[Job]:
    return [job_of(row) for row in connection.execute(statement, values).mappings()]


def _number(connection: Connection, statement: Any, values: dict[str, Any]) -> int:
    return int(connection.execute(statement, values).scalar_one())


def _add(connection: Connection, wanted: Sequence[Job], rules: Rules) -> list[Job]:
    keys = {job.idempotency_key for job in wanted} - {None}
    known: dict[str | None, Job] = {}
    if keys:
        known = {job.idempotency_key: job for job in _many(connection, _BY_KEYS, {"keys": sorted(filter(None, keys))})}
    fresh = _without_repeats(job for job in wanted if job.idempotency_key not in known)
    inserted = _insert(connection, fresh)
    for job in inserted:
        check_reserved(connection, job, rules)
    added = iter(inserted)
    stored: list[Job] = []
    for job in wanted:
        if job.idempotency_key is None or job.idempotency_key not in known:
            stored.append(next(added))
            if job.idempotency_key is not None:
                known[job.idempotency_key] = stored[-1]
        else:
            stored.append(known[job.idempotency_key])
    return stored


def _without_repeats(wanted: Iterable[Job]) -> list[Job]:
    """The first of those that share an idempotency key."""
    seen: set[str] = set()
    fresh: list[Job] = []
    for job in wanted:
        if job.idempotency_key is None or job.idempotency_key not in seen:
            fresh.append(job)
            seen.update(filter(None, [job.idempotency_key]))
    return fresh


def _insert(connection: Connection, fresh: Sequence[Job]) -> list[Job]:
    if not fresh:
        return []
    rows = [job_row(job) for job in fresh]
    if connection.dialect.name == "sqlite":
        ids = insert_numbered(connection, jobs, rows)
    else:
        ids = list(connection.execute(_INSERT, rows).scalars())
    return [replace(job, id=job_id) for job, job_id in zip(fresh, ids, strict=True)]


def _change(connection: Connection, job_id: int, change: Callable[[Job], JobChange | None], rules: Rules) -> Job:
    job = _one(connection, _LOCKED_BY_ID, job_id=job_id)
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    wanted = change(job)
    if wanted is None:
        return job
    stored = _store(connection, job, wanted.job)
    if stored.release_id != job.release_id or stored.reserves > job.reserves:
        check_reserved(connection, stored, rules)
    if wanted.records:
        connection.execute(insert(job_records), [record_row(record, job_id) for record in wanted.records])
    if wanted.receipt is not None:
        _keep(connection, wanted.receipt)
        # As it was released: what credit did not pay for then is not charged when it is switched on meanwhile.
        charge = charge_for(wanted.receipt) if job.reserved is not None else None
        if charge is not None:
            post(connection, charge, rules)
    return stored


def _store(connection: Connection, before: Job, after: Job) -> Job:
    """Writes the columns that differ; an index none of whose columns changed is left alone."""
    stored = replace(after, id=before.id, version=before.version + 1)
    old = job_row(before)
    changed = {name: value for name, value in job_row(stored).items() if value != old[name]}
    written = connection.execute(
        update(jobs).where(jobs.c.id == before.id, jobs.c.version == before.version).values(changed)
    )
    if written.rowcount != 1:
        raise Conflict(f"Job {before.id} was changed by somebody else. Repeat the request.")
    return stored


def _keep(connection: Connection, receipt: Receipt) -> None:
    try:
        connection.execute(insert(receipts), receipt_row(receipt))
    except IntegrityError as error:
        raise Conflict(f"Release {receipt.release_id} is already in the ledger.") from error


def _claim(connection: Connection, stage: Stage, worker: str, *, now: float, until: float, limit: int) -> list[Job]:
    if stage is Stage.DELIVER and connection.dialect.name == "postgresql":
        connection.execute(ONE_CLAIMER)
    values = {"row_limit": limit} | ({"now": now} if stage is Stage.DELIVER else {})
    candidates = _many(connection, CANDIDATES[stage], values)
    return [
        _store(connection, job, replace(advance(job, CAUSE[stage], now=now), claimed_by=worker, claimed_until=until))
        for job in candidates
    ]


def _objects(connection: Connection) -> frozenset[str]:
    ids: set[str] = set()
    for row in connection.execute(_OBJECTS):
        ids.update(document.id for document in (*load_documents(row.documents), *load_documents(row.thumbnails)))
        single = (load_document(row.printable), load_document(row.unlocking))
        ids.update(document.id for document in single if document is not None)
    return frozenset(ids)
