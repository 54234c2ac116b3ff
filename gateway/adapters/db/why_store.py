"""The history of jobs as people ask for it, on SQLite and PostgreSQL: each way to ask walks an index of its own.

A part of a job's name is looked for in an index that holds the names alone: that reads a twentieth of the table.
"""

from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from gateway.adapters.db.attempt_store import attempt_of
from gateway.adapters.db.job_queries import Plain, like_pattern
from gateway.adapters.db.job_rows import fold, receipt_of
from gateway.adapters.db.tables import PUBLIC, REFUSED, intake_attempts, jobs, receipts
from gateway.adapters.db.transactions import Transactions
from gateway.domain.account import Receipt
from gateway.domain.events import IntakeAttempt
from gateway.domain.job import JobState
from gateway.services.ports import Trace

c, a = jobs.c, intake_attempts.c
MOST_REFUSED = 20_000  # newest refused tries that are looked through
END = 1e15  # for a span without an end

_ATTEMPTS = select(intake_attempts).where(a.job_id == bindparam("job")).order_by(a.id)
_RECEIPTS = select(receipts).where(receipts.c.job_id == bindparam("job")).order_by(receipts.c.id)


def _newest(*conditions: Any) -> Select[Any]:
    span = (c.created_at >= bindparam("since"), c.created_at <= bindparam("until"))
    return select(c.id).where(*conditions, *span).order_by(c.created_at.desc()).limit(bindparam("row_limit"))


OWNED = (
    select(c.id)
    .where(
        c.owner_folded == bindparam("name"),
        Plain(c.created_at) >= bindparam("since"),
        Plain(c.created_at) <= bindparam("until"),
    )
    .order_by(c.id.desc())
    .limit(bindparam("row_limit"))
)
CLAIMED = _newest(c.requested_folded == bindparam("name"))
FROM = _newest(c.address == bindparam("address"))
NAMED = (
    select(c.id)
    .where(PUBLIC, c.name_folded.like(bindparam("like"), escape="\\"))
    .order_by(Plain(c.id).desc())
    .limit(bindparam("row_limit"))
)
SPAN = _newest()
STATES = select(c.state, func.count()).where(c.created_at >= bindparam("since")).group_by(Plain(c.state))
ABORTED = (
    select(c.id)
    .where(c.created_at >= bindparam("since"), Plain(c.state) == int(JobState.ABORTED))
    .order_by(c.created_at.desc())
    .limit(bindparam("row_limit"))
)
_WHOLE = select(c.id, c.created_at, c.address).where(c.id.in_(bindparam("ids", expanding=True)))
_REFUSED = (
    select(intake_attempts)
    .where(REFUSED, a.at >= bindparam("since"), a.at <= bindparam("until"))
    .order_by(a.at.desc(), a.id.desc())
    .limit(MOST_REFUSED)
)


class SqlWhyStore:
    """gateway.services.ports.WhyStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def traced(self, trace: Trace) -> list[int]:
        return await self._transactions.read(lambda connection: _traced(connection, trace))

    async def refused(self, trace: Trace) -> list[IntakeAttempt]:
        wanted = trace.text.casefold()

        def work(connection: Connection) -> list[IntakeAttempt]:
            found: list[IntakeAttempt] = []
            for row in connection.execute(_REFUSED, _span(trace)).mappings():
                names = (row["requested_name"], row["owner"] or "", row["document_name"])
                fits = not wanted or any(wanted in name.casefold() for name in names)
                if fits and trace.address in {"", row["address"]}:
                    found.append(attempt_of(row))
                    if len(found) == trace.limit:
                        break
            return found

        return await self._transactions.read(work)

    async def states(self, *, since: float) -> dict[int, int]:
        def work(connection: Connection) -> dict[int, int]:
            return {int(state): int(count) for state, count in connection.execute(STATES, {"since": since})}

        return await self._transactions.read(work)

    async def aborted(self, *, since: float, limit: int) -> list[int]:
        values = {"since": since, "row_limit": limit}
        return await self._transactions.read(lambda connection: list(connection.execute(ABORTED, values).scalars()))

    async def attempts_of(self, job_id: int) -> list[IntakeAttempt]:
        def work(connection: Connection) -> list[IntakeAttempt]:
            return [attempt_of(row) for row in connection.execute(_ATTEMPTS, {"job": job_id}).mappings()]

        return await self._transactions.read(work)

    async def receipts_of(self, job_id: int) -> list[Receipt]:
        def work(connection: Connection) -> list[Receipt]:
            return [receipt_of(row) for row in connection.execute(_RECEIPTS, {"job": job_id}).mappings()]

        return await self._transactions.read(work)


def _span(trace: Trace) -> dict[str, float]:
    return {"since": trace.since, "until": min(trace.until, END)}


def _traced(connection: Connection, trace: Trace) -> list[int]:
    # With an address besides, or for names, which know no time, more is taken and then sifted.
    sifted = bool(trace.address) or trace.since > 0 or trace.until < END
    values = _span(trace) | {"row_limit": trace.limit}
    if not trace.text:
        statement = FROM if trace.address else SPAN
        return list(connection.execute(statement, values | {"address": trace.address}).scalars())
    values["row_limit"] = trace.limit * 40 if trace.address else trace.limit
    found = set()
    for statement in (OWNED, CLAIMED):
        found |= set(connection.execute(statement, values | {"name": fold(trace.text)}).scalars())
    named = {"like": like_pattern(trace.text), "row_limit": trace.limit * 40 if sifted else trace.limit}
    found |= set(connection.execute(NAMED, named).scalars())
    if sifted and found:
        rows = connection.execute(_WHOLE, {"ids": sorted(found)})
        found = {
            row.id
            for row in rows
            if trace.since <= row.created_at <= trace.until and trace.address in {"", row.address}
        }
    return sorted(found, reverse=True)[: trace.limit]
