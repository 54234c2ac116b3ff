"""The bell is asked for with each page, and the outbox every few seconds: both go through small indices on SQLite."""

import pytest
from sqlalchemy import create_engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ClauseElement

from gateway.adapters.db import Database, notice_store, outbox_store
from gateway.adapters.db.tables import metadata

PLANS: list[tuple[str, ClauseElement]] = [
    ("notices_unread", notice_store._COUNT),
    ("notices_of_user", notice_store._NEWEST),
    ("notices_once", notice_store._TOLD),
    ("access_log_of_owner", notice_store._LOOKS),
    ("outbox_waiting", outbox_store._DUE),
    ("outbox_waiting", outbox_store._CLAIMED),
    ("outbox_ended", outbox_store._SENT_SINCE),
    ("outbox_ended", outbox_store._PURGE),
]


@pytest.mark.parametrize(("index", "statement"), PLANS)
def test_a_hot_query_looks_at_its_own_rows_only(index: str, statement: ClauseElement) -> None:
    assert Database, "its import brings all tables into the metadata"
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="named"))  # type: ignore[no-untyped-call]
    values = dict.fromkeys(compiled.params, 5)
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        plan = [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {compiled}", values)]
    engine.dispose()
    assert any(f"INDEX {index}" in step for step in plan), plan
    assert not [step for step in plan if step.startswith("SCAN") and "INDEX" not in step]
