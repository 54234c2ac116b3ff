"""Sums of what one owner printed and did not print, on SQLite and PostgreSQL.

Each sum walks only the owner's own rows of an index (receipts_sums, jobs_of_owner), so that half a million jobs of
others cost nothing.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Executable,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    text,
)

from gateway.adapters.db.job_queries import Plain
from gateway.adapters.db.job_rows import fold
from gateway.adapters.db.tables import job_records, jobs, receipts
from gateway.adapters.db.transactions import Transactions
from gateway.domain.job import JobState
from gateway.domain.statistics import Usage

DESTROYED = "document destroyed"
"""What the retention writes into a job's records."""

PLACES = 6  # of a sum of prices

r = receipts.c


class SqlHistoryStore:
    """gateway.services.ports.HistoryStore; its promises are written and tested there."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def usage(self, owner: str, bounds: Sequence[float]) -> list[Usage]:
        printed, unprinted = _printed(len(bounds)), _unprinted(len(bounds))
        values = {"owner": fold(owner)} | {f"bound_{number}": bound for number, bound in enumerate(bounds)}

        def work(connection: Connection) -> list[Usage]:
            found = [Usage() for _ in bounds[1:]]
            for row in connection.execute(printed, values).mappings():
                found[row["span"]] = _usage_of(dict(row))
            for row in connection.execute(unprinted, values).mappings():
                found[row["span"]] = replace(found[row["span"]], saved=int(row["saved"] or 0))
            return found

        return await self._transactions.read(work)

    async def destroyed_at(self, job_ids: Sequence[int]) -> dict[int, float]:
        if not job_ids:
            return {}
        of_these = job_records.c.job_id.in_(list(job_ids))
        statement = (
            select(job_records.c.job_id, func.max(job_records.c.at))
            .where(of_these, job_records.c.what == DESTROYED)
            .group_by(job_records.c.job_id)
        )

        def work(connection: Connection) -> dict[int, float]:
            return {int(job_id): float(at) for job_id, at in connection.execute(statement)}

        return await self._transactions.read(work)


def _bound(number: int) -> ColumnElement[float]:
    return bindparam(f"bound_{number}", type_=Double)


def _span(at: ColumnElement[Any], bounds: int) -> ColumnElement[int]:
    """The number of the span that a time falls into."""
    whens: list[tuple[ColumnElement[bool], ColumnElement[int]]] = [
        (at < _bound(number + 1), literal_column(str(number))) for number in range(bounds - 2)
    ]
    last: ColumnElement[int] = literal_column(str(bounds - 2))
    return case(*whens, else_=last) if whens else last


@lru_cache
def _printed(bounds: int) -> Executable:
    span = _span(r.at, bounds).label("span")
    two_sided = case((r.impressions > r.media_sheets, r.impressions - r.media_sheets), else_=0)
    sums: dict[str, ColumnElement[Any]] = {
        "jobs": func.count(),
        "impressions": func.sum(r.impressions),
        "media_sheets": func.sum(r.media_sheets),
        "color_impressions": func.sum(case((r.color, r.impressions), else_=0)),
        # Amounts are kept as exact texts; a sum of some thousand of them is exact enough in a double.
        "cost": func.sum(cast(r.amount, Double)),
        "two_sided_sheets": func.sum(case((two_sided > r.media_sheets, r.media_sheets), else_=two_sided)),
    }
    return (
        select(span, *(value.label(name) for name, value in sums.items()))
        .where(r.owner_folded == bindparam("owner"), r.at >= _bound(0), r.at < _bound(bounds - 1))
        .group_by(text("span"))
    )


@lru_cache
def _unprinted(bounds: int) -> Executable:
    c = jobs.c
    span = _span(c.ended_at, bounds).label("span")
    return (
        select(span, func.sum(c.impressions).label("saved"))
        .where(c.owner_folded == bindparam("owner"), Plain(c.state) == literal_column(str(int(JobState.CANCELED))))
        .where(c.impressions_completed == 0, Plain(c.ended_at) >= _bound(0), Plain(c.ended_at) < _bound(bounds - 1))
        .group_by(text("span"))
    )


def _usage_of(row: dict[str, Any]) -> Usage:
    numbers = {name: int(value or 0) for name, value in row.items() if name not in {"span", "cost"}}
    return Usage(**numbers, cost=Decimal(str(round(row["cost"] or 0.0, PLACES))))
