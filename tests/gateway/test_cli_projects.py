"""`papertap project` and what it comes to, on one data directory."""

from pathlib import Path

import pytest

from gateway.errors import BadRequest, Conflict, NotFound, NotPossible
from tests.gateway.test_cli import Shell


@pytest.fixture
def papertap(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


def test_projects_are_added_changed_listed_and_ended(papertap: Shell, tmp_path: Path) -> None:
    made = papertap.json("project", "add", "T-7", "--title", "Merger", "--group", "team", "--until", "2027-12-31")
    assert made == {
        "code": "T-7",
        "title": "Merger",
        "active": True,
        "everyone": False,
        "groups": ["team"],
        "users": [],
        "until": "2027-12-31",
    }
    assert isinstance(papertap.run("project", "add", "t-7").exception, Conflict)
    assert isinstance(papertap.run("project", "add", "P-1", "--until", "soon").exception, BadRequest)
    changed = papertap.json("project", "change", "t-7", "--user", "ann", "--until", "")
    assert (changed["groups"], changed["users"], changed["until"]) == (["team"], ["ann"], "")
    file = tmp_path / "projects.csv"
    file.write_text("code;title\nP-2041;Harbour Bridge\n")
    assert "1 added" in papertap.run("project", "import", str(file), "--dry-run").output
    assert papertap.json("project", "list", "--search", "harb") == []
    papertap.run("project", "import", str(file))
    assert [one["code"] for one in papertap.json("project", "list", "--search", "harb")] == ["P-2041"]
    assert isinstance(papertap.run("project", "import", str(tmp_path / "none.csv")).exception, NotPossible)
    assert papertap.run("project", "end", "T-7").exit_code == 0
    assert [one["active"] for one in papertap.json("project", "list")] == [True, False]
    assert papertap.json("report", "projects", "--since", "2026-01-01") == []
    actions = {row["action"] for row in papertap.json("audit", "list", "--limit", "9")}
    assert actions == {"project.added", "project.changed", "projects.imported"}


def test_a_printer_asks_for_projects(papertap: Shell) -> None:
    papertap.run("printer", "add", "find-me")
    assert papertap.json("printer", "set", "find-me", "--projects", "required")["projects"] == "required"
    assert papertap.run("printer", "set", "find-me", "--projects", "maybe").exit_code == 2
    assert isinstance(papertap.run("job", "charge", "7", "P-1").exception, NotFound)
