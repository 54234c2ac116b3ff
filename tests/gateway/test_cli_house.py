"""`papertap role` and `papertap audit`: on one data directory, and against somebody who edits the database."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.errors import Forbidden, NotFound
from tests.gateway.test_cli import Shell


@pytest.fixture
def papertap(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


def test_roles_are_given_listed_and_taken(papertap: Shell) -> None:
    papertap.run("user", "add", "alice")
    given = papertap.json("role", "give", "ALICE", "operator", "--site", "north")
    assert (given["holder"], given["role"], given["site"], given["group"]) == ("alice", "operator", "north", False)
    assert papertap.json("role", "list") == [given]
    assert papertap.run("role", "take", str(given["id"])).exit_code == 0
    assert papertap.json("role", "list") == []
    assert isinstance(papertap.run("role", "give", "nobody", "desk").exception, NotFound)
    assert not isinstance(papertap.run("role", "give", "alice", "desk").exception, Forbidden)
    assert papertap.run("role", "give", "alice", "emperor").exit_code == 2
    actions = [(row["action"], row["via"]) for row in papertap.json("audit", "list", "--limit", "2")]
    assert actions == [("role.given", "command line"), ("role.taken", "command line")]


def test_whoever_edits_the_database_is_found_out(papertap: Shell) -> None:
    papertap.run("user", "add", "alice")
    for role in ("desk", "cashier", "operator"):
        papertap.run("role", "give", "alice", role)
    assert papertap.run("audit", "verify").exit_code == 0
    assert "user alice" in papertap.run("audit", "list").output
    with closing(sqlite3.connect(papertap.data / "papertap.db")) as database, database:
        database.execute("UPDATE audit_log SET actor = 'somebody [/] else' WHERE id = 2")
    broken = papertap.run("audit", "verify")
    assert broken.exit_code == 1
    assert "Row 2 was changed." in broken.output
    assert "somebody [/] else" in papertap.run("audit", "list").output, "what a row says steers no terminal"
    with closing(sqlite3.connect(papertap.data / "papertap.db")) as database, database:
        database.execute("DELETE FROM audit_log WHERE id >= 2")
    shown = papertap.run("audit", "verify", "--json")
    assert shown.exit_code == 1
    assert '"broken": 2' in shown.output


def test_a_second_step_is_reset(papertap: Shell) -> None:
    papertap.run("user", "add", "alice")
    assert "no app" in papertap.run("user", "second", "alice").output
    assert isinstance(papertap.run("user", "second", "nobody").exception, NotFound)
