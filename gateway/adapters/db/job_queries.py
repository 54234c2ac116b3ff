"""JobQuery as SQL: one statement a shape of query, built once, with the conditions that the partial indices ask for.

SQLite knows little about how many rows an index leaves and likes to walk the whole table in the order of its ids. It
is told better: `Plain` hides a column from its choice of an index (https://www.sqlite.org/optoverview.html section 2).
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, TextClause, bindparam, func, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from gateway.adapters.db.job_rows import fold
from gateway.adapters.db.tables import BUSY_STATES, ENDED, OPEN, PRIVATE, SHORT, UNCLAIMED, WITH_KEY, jobs
from gateway.domain.job import JobState
from gateway.services.ports import JobQuery

Condition = ColumnElement[bool] | TextClause

c = jobs.c


class Plain(GenericFunction[int]):
    """The column's value; on SQLite no index is chosen for its sake."""

    inherit_cache = True
    name = "plain"


@compiles(Plain)
def _as_it_is(element: Plain, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(Plain, "sqlite")
def _without_index(element: Plain, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


# Conditions that leave few rows, whose index is not in the order of the ids.
_TIMES = {
    "expires_before",
    "warn_before",
    "incoming_before",
    "ended_before",
    "claim_lapsed_at",
    "due_before",
    "with_key",
    "private",
    "short_of_credit",
}
_UNCLAIMED = {"unclaimed_as", "unclaimed_from", "unclaimed_near"}

# One parameter each, of the field's name; `times` are "at or before".
_COMPARISONS: dict[str, Callable[[], tuple[Condition, ...]]] = {
    "printer": lambda: (c.printer == bindparam("printer"),),
    "owner": lambda: (c.owner_folded == bindparam("owner"),),
    "unclaimed_as": lambda: (c.owner.is_(None), c.requested_folded == bindparam("unclaimed_as")),
    "unclaimed_from": lambda: (c.owner.is_(None), c.address == bindparam("unclaimed_from")),
    "unclaimed_near": lambda: (c.owner.is_(None), c.address.like(bindparam("unclaimed_near"))),
    "output_device": lambda: (c.output_device == bindparam("output_device"),),
    "expires_before": lambda: (c.expires_at <= bindparam("expires_before"),),
    "warn_before": lambda: (c.expires_at <= bindparam("warn_before"), c.expiry_warned.is_(False)),
    "incoming_before": lambda: (c.incoming_until <= bindparam("incoming_before"),),
    "ended_before": lambda: (ENDED, c.ended_at <= bindparam("ended_before")),
    "claim_lapsed_at": lambda: (BUSY_STATES, c.claimed_until <= bindparam("claim_lapsed_at")),
    "due_before": lambda: (c.not_before <= bindparam("due_before"),),
    "name_contains": lambda: (c.name_folded.like(bindparam("name_contains"), escape="\\"),),
}
_PAGES: dict[str, Callable[[ColumnElement[int]], Condition]] = {
    "after_id": lambda by: by > bindparam("after_id"),
    "before_id": lambda by: by < bindparam("before_id"),
}
_SWITCHES: dict[tuple[str, bool], Condition] = {
    ("released", True): c.output_device.is_not(None),
    ("released", False): c.output_device.is_(None),
    ("favourite", True): c.favourite.is_(True),
    ("favourite", False): c.favourite.is_(False),
    ("private", True): PRIVATE,
    ("private", False): c.private.is_(False),
    ("short_of_credit", True): SHORT,
    ("with_key", True): WITH_KEY,
    ("with_key", False): c.key.is_(None),
}


def found(query: JobQuery) -> tuple[Select[Any], dict[str, Any]]:
    """Ids and versions of the rows that `query` asks for, in its order, and the parameters."""
    statement = _found(_shape(query), query.states, newest_first=query.newest_first, limited=query.limit is not None)
    limit = {} if query.limit is None else {"row_limit": query.limit}
    return statement, _parameters(query) | limit


def counted(query: JobQuery) -> tuple[Select[Any], dict[str, Any]]:
    return _counted(_shape(query), query.states), _parameters(query)


@lru_cache(maxsize=512)
def _found(
    shape: tuple[tuple[str, bool | None], ...], states: tuple[JobState, ...], *, newest_first: bool, limited: bool
) -> Select[Any]:
    statement = select(c.id, c.version).where(*_conditions(shape, states))
    by = _by(shape)
    statement = statement.order_by(by.desc() if newest_first else by)
    return statement.limit(bindparam("row_limit")) if limited else statement


@lru_cache(maxsize=512)
def _counted(shape: tuple[tuple[str, bool | None], ...], states: tuple[JobState, ...]) -> Select[Any]:
    return select(func.count()).select_from(jobs).where(*_conditions(shape, states))


def _shape(query: JobQuery) -> tuple[tuple[str, bool | None], ...]:
    """Which conditions are given; switches with their value, for it is part of the statement."""
    given = [(name, None) for name in (*_COMPARISONS, *_PAGES) if getattr(query, name) is not None]
    switched = [(name, value) for name, value in _SWITCHES if getattr(query, name) is value]
    return (*given, *switched)


def _by(shape: Iterable[tuple[str, bool | None]]) -> ColumnElement[int]:
    """The id as an order, and as the way to the rows only where nothing leaves fewer of them."""
    return Plain(c.id) if any(name in _TIMES for name, _ in shape) else c.id


def _conditions(shape: Iterable[tuple[str, bool | None]], states: tuple[JobState, ...]) -> list[Condition]:
    conditions: list[Condition] = []
    for name, value in shape:
        if name in _PAGES:
            conditions.append(_PAGES[name](_by(shape)))
        else:
            conditions += _COMPARISONS[name]() if value is None else (_SWITCHES[name, value],)
    if states and not any(state.ended for state in states) and any(name in _UNCLAIMED for name, _ in shape):
        conditions.append(UNCLAIMED)
    return conditions + _in_states(states)


def _in_states(states: tuple[JobState, ...]) -> list[Condition]:
    """Literal numbers and the index's own words: a parameter would hide from SQLite which index serves."""
    if not states:
        return []
    numbers = sorted({int(state) for state in states})
    listed = Plain(c.state).in_([literal_column(str(number)) for number in numbers])
    if numbers == [3, 4, 5, 6]:
        return [OPEN]
    if numbers == [7, 8, 9]:
        return [ENDED]
    if numbers[-1] <= 6:
        return [OPEN, listed]
    return [ENDED, listed] if numbers[0] >= 7 else [listed]


def _parameters(query: JobQuery) -> dict[str, Any]:
    values = {name: getattr(query, name) for name in (*_COMPARISONS, *_PAGES) if getattr(query, name) is not None}
    for name in values.keys() & {"owner", "unclaimed_as"}:
        values[name] = fold(values[name])
    if query.unclaimed_near is not None:
        values["unclaimed_near"] = f"{query.unclaimed_near}%"
    if query.name_contains is not None:
        values["name_contains"] = like_pattern(query.name_contains)
    return values


def like_pattern(part: str) -> str:
    """For LIKE with a backslash as ESCAPE, on a folded column: what people type stands for itself."""
    escaped = part.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
