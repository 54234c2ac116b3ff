"""Which jobs a worker may take: two statements whose cost does not grow with the backlog.

Delivery asks for the first job of each device that has none in work. The devices are found by hopping through the
index from one name to the next, so that ten thousand jobs waiting for one device cost one step.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, Update, bindparam, exists, func, or_, select, text, update

from gateway.adapters.db.tables import BUSY, TO_DELIVER, TO_PREPARE, jobs
from gateway.domain.job import Cause
from gateway.services.ports import Stage

CAUSE = {Stage.PREPARE: Cause.PREPARATION_CLAIMED, Stage.DELIVER: Cause.DELIVERY_CLAIMED}

# Two claimers that look at different moments could otherwise both find one device free.
ONE_CLAIMER = text("SELECT pg_advisory_xact_lock(7052310201)")


def _to_prepare() -> Select[Any]:
    return (
        select(jobs)
        .where(TO_PREPARE)
        .order_by(jobs.c.id)
        .limit(bindparam("row_limit"))
        .with_for_update(skip_locked=True)
    )


def _to_deliver() -> Select[Any]:
    first_of_device = _free_device_firsts()
    return (
        select(jobs)
        .where(jobs.c.id.in_(first_of_device), text("jobs.state = 3"))
        .order_by(func.coalesce(jobs.c.released_at, jobs.c.created_at), jobs.c.id)
        .limit(bindparam("row_limit"))
        .with_for_update(skip_locked=True)
    )


def _free_device_firsts() -> Select[Any]:
    """Job ids, one a device that waits and has no job in work; NULL where all its jobs are postponed."""
    waiting = _waiting_devices()
    busy = jobs.alias("busy")
    in_work = exists().where(
        busy.c.output_device == waiting.c.device, _of(BUSY.text, busy.name), busy.c.claimed_by.is_not(None)
    )
    first = jobs.alias("first")
    due: ColumnElement[bool] = or_(first.c.not_before.is_(None), first.c.not_before <= bindparam("now"))
    first_id = (
        select(first.c.id)
        .where(first.c.output_device == waiting.c.device, _of(TO_DELIVER.text, first.name), due)
        .order_by(func.coalesce(first.c.released_at, first.c.created_at), first.c.id)
        .limit(1)
        .scalar_subquery()
    )
    return select(first_id).where(waiting.c.device.is_not(None), ~in_work)


def _waiting_devices() -> Any:
    lowest = select(func.min(jobs.c.output_device).label("device")).where(TO_DELIVER)
    found = lowest.cte("waiting", recursive=True)
    following = jobs.alias("following")
    next_device = (
        select(func.min(following.c.output_device))
        .where(_of(TO_DELIVER.text, following.name), following.c.output_device > found.c.device)
        .scalar_subquery()
    )
    return found.union_all(select(next_device).where(found.c.device.is_not(None)))


def _of(condition: str, alias: str) -> Any:
    """The index's condition, said of another name of the table."""
    words = (f"{alias}.{word}" if word in jobs.c else word for word in condition.split(" "))
    return text(" ".join(words))


CANDIDATES: dict[Stage, Select[Any]] = {Stage.PREPARE: _to_prepare(), Stage.DELIVER: _to_deliver()}

EXTEND: Update = (
    update(jobs)
    .where(
        jobs.c.id == bindparam("claimed_id"),
        jobs.c.claimed_by == bindparam("worker"),
        text("state BETWEEN 5 AND 6"),
    )
    .values(claimed_until=bindparam("until"), version=jobs.c.version + 1)
)
