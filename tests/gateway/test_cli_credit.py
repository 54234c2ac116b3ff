"""`papertap credit`: their words, their JSON, and that switched off it says so."""

from pathlib import Path

import pytest

from gateway.errors import BadRequest, NotFound
from tests.gateway.test_cli import Shell


@pytest.fixture
def papertap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("PAPERTAP_CREDIT__ENABLED", "true")
    monkeypatch.setenv("PAPERTAP_CREDIT__OVERDRAFT", "1")
    shell = Shell(tmp_path / "data")
    shell.run("user", "add", "alice")
    return shell


def test_credit_is_added_shown_and_listed(papertap: Shell) -> None:
    added = papertap.json("credit", "add", "ALICE", "5,50", "--reason", "cash", "--key", "till-1")
    assert papertap.json("credit", "add", "alice", "5.50", "--key", "till-1") == added
    assert (added["user"], added["kind"], added["amount"], added["balance"]) == ("alice", "top-up", "5.50", "5.50")
    taken = papertap.json("credit", "add", "alice", "-0.50", "--reason", "typed wrong")
    assert (taken["kind"], taken["amount"], taken["by"]) == ("adjustment", "-0.50", "system")
    shown = papertap.json("credit", "show", "alice")
    assert shown == {
        "user": "alice",
        "balance": "5.00",
        "reserved": "0.00",
        "available": "6.00",
        "overdraft": "1",
        "own_overdraft": None,
        "currency": "EUR",
    }
    assert papertap.json("credit", "set-overdraft", "alice", "3")["available"] == "8.00"
    assert papertap.json("credit", "set-overdraft", "alice", "site")["own_overdraft"] is None
    history = papertap.json("credit", "history", "alice")
    assert [entry["id"] for entry in history] == [taken["id"], added["id"]]
    assert papertap.json("credit", "history", "alice", "--before", str(taken["id"])) == [added]
    actions = [row["action"] for row in papertap.json("audit", "list")]
    assert {"credit.top-up", "credit.adjustment", "credit.overdraft"} <= set(actions)


def test_what_cannot_be_done_says_so(papertap: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(papertap.run("credit", "show", "nobody").exception, NotFound)
    assert isinstance(papertap.run("credit", "add", "alice", "five").exception, BadRequest)
    assert isinstance(papertap.run("credit", "add", "alice", "-1").exception, BadRequest)
    assert isinstance(papertap.run("credit", "refund", "7", "--reason", "a jam").exception, NotFound)
    assert isinstance(papertap.run("credit", "history", "alice", "--before", "0").exception, BadRequest)
    monkeypatch.delenv("PAPERTAP_CREDIT__ENABLED")
    assert isinstance(papertap.run("credit", "add", "alice", "5").exception, NotFound)
