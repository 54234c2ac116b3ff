"""People and groups stay fast with 100,000 and 50,000 of them on SQLite: each question looks at its own rows only."""

from typing import Any

import pytest
from sqlalchemy import Select, create_engine, event

from gateway.adapters.db import Database, audit_store, group_store, role_store, user_store
from gateway.adapters.db.tables import metadata

PLANS: list[tuple[str, Select[Any]]] = [
    ("sqlite_autoindex_users_2", user_store._PAGE),
    ("users_searched", user_store._CONTAINING),
    ("users_staff", role_store._STAFF),
    ("users_staff", role_store._BY_ROW),
    ("sqlite_autoindex_role_grants_1", role_store._OF_HOLDER),
    ("sqlite_autoindex_role_grants_1", role_store._OF_GROUPS),
    ("sqlite_autoindex_user_groups_2", role_store.ABOVE),
    ("sqlite_autoindex_user_groups_2", group_store._ALL),
    ("user_groups_below", group_store._BELOW),
    ("sqlite_autoindex_memberships_1", group_store._MEMBERS),
    ("sqlite_autoindex_memberships_1", group_store._COUNTS),
    ("INTEGER PRIMARY KEY", audit_store._FROM),
]


def plan_of(statement: Select[Any]) -> list[str]:
    """Of the statement as the driver gets it, with lists of parameters spelt out."""
    assert Database, "its import brings all tables into the metadata"
    engine, seen = create_engine("sqlite://"), list[tuple[str, Any]]()
    metadata.create_all(engine)
    with engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", lambda _c, _u, sql, values, *_: seen.append((sql, values)))
        compiled = statement.compile(engine)
        lists = {name for name, bound in compiled.binds.items() if bound.expanding}
        connection.execute(statement, {name: ["a"] if name in lists else 1 for name in compiled.params})
        sql, values = seen[0]
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
    engine.dispose()
    return plan


@pytest.mark.parametrize(("index", "statement"), PLANS, ids=range(len(PLANS)))
def test_a_question_looks_at_its_own_rows_only(index: str, statement: Select[Any]) -> None:
    plan = plan_of(statement)
    assert any(index in step for step in plan), plan
    tables = ("users", "user_groups", "memberships", "role_grants", "audit_log")
    assert not [step for step in plan if step in {f"SCAN {table}" for table in tables}], plan
