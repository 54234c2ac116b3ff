"""Every hot query on SQLite goes through an index that holds only the rows it may need, and no other."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ClauseElement

from gateway.adapters.db import credit_rows, credit_store, history_store, job_claims, job_store, why_store
from gateway.adapters.db.job_queries import counted, found
from gateway.adapters.db.tables import jobs, metadata
from gateway.domain.job import JobState
from gateway.services.ports import JobQuery, Stage

OPEN = tuple(state for state in JobState if not state.ended)
ENDED = tuple(state for state in JobState if state.ended)
HELD = (JobState.PENDING_HELD,)

QUERIES: list[tuple[str, JobQuery]] = [
    ("jobs_of_owner", JobQuery(owner="a", states=OPEN)),
    ("jobs_of_owner", JobQuery(owner="a", states=HELD)),
    ("jobs_of_owner", JobQuery(owner="a", newest_first=True)),
    ("jobs_of_owner", JobQuery(owner="a", states=ENDED, newest_first=True)),
    ("jobs_of_owner", JobQuery(owner="a", name_contains="x", states=HELD)),
    ("jobs_of_owner", JobQuery(owner="a", favourite=True)),
    ("jobs_open_of_printer", JobQuery(printer="a", states=OPEN)),
    ("jobs_open_of_printer", JobQuery(printer="a", states=HELD, after_id=7)),
    ("jobs_open_of_printer", JobQuery(printer="a", states=(JobState.PROCESSING,))),
    ("jobs_ended_of_printer", JobQuery(printer="a", states=ENDED, newest_first=True)),
    ("jobs_open", JobQuery(states=OPEN)),
    ("jobs_open", JobQuery(states=HELD, before_id=7, newest_first=True)),
    ("jobs_open", JobQuery(states=(JobState.PENDING,), released=True)),
    ("jobs_ended", JobQuery(states=ENDED, newest_first=True)),
    ("jobs_unclaimed", JobQuery(unclaimed_as="a", states=OPEN)),
    ("jobs_unclaimed", JobQuery(unclaimed_as="a", states=HELD)),
    ("jobs_unclaimed_from", JobQuery(unclaimed_from="a", states=HELD, newest_first=True)),
    ("jobs_of_device", JobQuery(output_device="d", states=OPEN)),
    ("jobs_of_device", JobQuery(output_device="d", states=(JobState.PROCESSING, JobState.PROCESSING_STOPPED))),
    ("jobs_expiring", JobQuery(expires_before=1.0, states=HELD)),
    ("jobs_expiring", JobQuery(expires_before=1.0, states=OPEN)),
    ("jobs_expiring", JobQuery(warn_before=1.0, states=HELD)),
    ("jobs_incoming", JobQuery(incoming_before=1.0)),
    ("jobs_incoming", JobQuery(incoming_before=1.0, states=HELD)),
    ("jobs_claimed", JobQuery(claim_lapsed_at=1.0)),
    ("jobs_claimed", JobQuery(claim_lapsed_at=1.0, states=(JobState.PROCESSING,))),
    ("jobs_postponed", JobQuery(due_before=1.0, states=HELD)),
    ("jobs_with_key", JobQuery(ended_before=1.0, with_key=True)),
    ("jobs_with_key", JobQuery(states=ENDED, with_key=True)),
    ("jobs_with_key", JobQuery(states=ENDED, with_key=True, after_id=7, limit=200)),
    ("jobs_expiring", JobQuery(expires_before=1.0, states=HELD, after_id=7, limit=200)),
    ("jobs_expiring", JobQuery(warn_before=1.0, states=OPEN, after_id=7, limit=200)),
    ("jobs_incoming", JobQuery(incoming_before=1.0, states=HELD, after_id=7, limit=200)),
    ("jobs_claimed", JobQuery(claim_lapsed_at=1.0, after_id=7, limit=200)),
    ("jobs_open", JobQuery(states=OPEN, after_id=7, limit=200)),
    ("jobs_with_key", JobQuery(ended_before=1.0, with_key=True, states=ENDED)),
    ("jobs_short", JobQuery(short_of_credit=True, limit=None)),
    ("jobs_private", JobQuery(private=True)),
    ("jobs_private", JobQuery(private=True, after_id=7, limit=200)),
]

IN_ORDER = {"jobs_of_owner", "jobs_open_of_printer", "jobs_ended_of_printer", "jobs_open", "jobs_ended"}
IN_ORDER |= {"jobs_unclaimed", "jobs_unclaimed_from", "jobs_of_device"}

STATEMENTS: list[tuple[set[str], ClauseElement]] = [
    ({"jobs_to_prepare"}, job_claims.CANDIDATES[Stage.PREPARE]),
    ({"jobs_to_deliver", "jobs_busy"}, job_claims.CANDIDATES[Stage.DELIVER]),
    ({"jobs_idempotency_key"}, job_store._BY_KEY),
    ({"jobs_idempotency_key"}, select(jobs).where(jobs.c.idempotency_key.in_(["a", "b"]))),
    ({"jobs_with_key"}, job_store._OBJECTS),
    ({"jobs_reserving"}, credit_rows._RESERVED),
    ({"credit_entries_of_owner"}, credit_store._OF_OWNER),
    ({"balances_low"}, credit_store._TO_TELL),
    ({"jobs_purgeable"}, job_store._PURGE),
    ({"ix_job_records_job_id"}, job_store._RECORDS),
    ({"receipts_of_owner"}, job_store._RECEIPTS_OF),
    ({"receipts_sums"}, history_store._printed(13)),
    ({"jobs_of_owner"}, history_store._unprinted(13)),
    ({"jobs_open"}, job_store._OPEN_VERSIONS),
    ({"jobs_of_owner"}, why_store.OWNED),
    ({"jobs_requested"}, why_store.CLAIMED),
    ({"jobs_from"}, why_store.FROM),
    ({"jobs_named"}, why_store.NAMED),
    ({"jobs_created"}, why_store.SPAN),
    ({"intake_refused"}, why_store._REFUSED),
    ({"intake_of_job"}, why_store._ATTEMPTS),
    ({"receipts_of_job"}, why_store._RECEIPTS),
]


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def plan(connection: Connection, statement: ClauseElement) -> list[str]:
    compiled = statement.compile(
        dialect=sqlite.dialect(paramstyle="named"), compile_kwargs={"render_postcompile": True}
    )
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", dict.fromkeys(compiled.params, 1))
    return [row.detail for row in rows]


def indices(steps: list[str]) -> set[str]:
    return {step.split(" INDEX ")[1].split()[0] for step in steps if " INDEX " in step}


def walks_a_table(steps: list[str]) -> list[str]:
    """Steps that read every row: a SCAN of something that is stored, without an index."""
    return [step for step in steps if step.startswith("SCAN ") and "INDEX" not in step and step != "SCAN waiting"]


@pytest.mark.parametrize(("index", "query"), QUERIES, ids=[f"{n}-{index}" for n, (index, _) in enumerate(QUERIES)])
def test_a_job_query_goes_through_its_index(connection: Connection, index: str, query: JobQuery) -> None:
    steps = plan(connection, found(query)[0])
    assert indices(steps) == {index}
    assert walks_a_table(steps) == []
    counting = plan(connection, counted(query)[0])
    assert indices(counting)
    assert walks_a_table(counting) == []


@pytest.mark.parametrize(("wanted", "statement"), STATEMENTS, ids=[str(n) for n in range(len(STATEMENTS))])
def test_a_statement_goes_through_its_index(connection: Connection, wanted: set[str], statement: Any) -> None:
    steps = plan(connection, statement)
    assert indices(steps) == wanted
    assert walks_a_table(steps) == []


def test_a_list_in_the_order_of_ids_is_never_sorted(connection: Connection) -> None:
    for index, query in QUERIES:
        if index in IN_ORDER:
            assert not [step for step in plan(connection, found(query)[0]) if "TEMP B-TREE" in step], query


def test_the_check_sees_a_walk_through_the_table(connection: Connection) -> None:
    assert walks_a_table(plan(connection, found(JobQuery(expires_before=1.0))[0]))
