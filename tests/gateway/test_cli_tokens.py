"""`papertap token` and `papertap webhook`: made for a user, listed, revoked; never for more than the user may."""

from pathlib import Path

import pytest

from gateway.errors import BadRequest, Forbidden, NotFound
from tests.gateway.test_cli import Shell


@pytest.fixture
def papertap(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


def test_a_token_is_made_listed_and_revoked(papertap: Shell) -> None:
    papertap.json("user", "add", "Ann", "--role", "operator")
    made = papertap.json(
        "token", "add", "Nightly", "--user", "ann", "--scope", "reports", "--network", "10.0.0.0/8", "--days", "1"
    )
    assert made["token"].startswith("papertap_")
    assert (made["maker"], made["scopes"], made["networks"]) == ("Ann", ["reports"], ["10.0.0.0/8"])
    (listed,) = papertap.json("token", "list", "--user", "ANN")
    assert (listed["id"], "token" in listed) == (made["id"], False)
    assert papertap.run("token", "revoke", made["id"]).exit_code == 0
    assert papertap.json("token", "list") == []


def test_a_token_can_do_no_more_than_its_user(papertap: Shell) -> None:
    papertap.json("user", "add", "bob")
    assert isinstance(papertap.run("token", "add", "x", "--user", "bob", "--scope", "users").exception, Forbidden)
    assert isinstance(papertap.run("token", "add", "x", "--user", "bob", "--scope", "all").exception, BadRequest)
    assert isinstance(papertap.run("token", "revoke", "papertap_secret").exception, BadRequest)
    assert papertap.json("token", "add", "x", "--user", "bob")["scopes"] == ["jobs:own"]


def test_webhooks_have_the_same_verbs(papertap: Shell) -> None:
    made = papertap.json("webhook", "add", "Counter", "http://198.51.100.7/hook", "--kind", "job-completed")
    assert made["secret"].startswith("whsec_")
    assert papertap.json("webhook", "set", "Counter", "--stopped")["active"] is False
    assert papertap.json("webhook", "rotate", "Counter")["secret"] != made["secret"]
    ping = papertap.json("webhook", "ping", made["id"])
    assert papertap.json("webhook", "replay", "Counter", str(ping["id"]))["event"] == ping["event"]
    assert len(papertap.json("webhook", "deliveries", "Counter")) == 2
    assert [hook["name"] for hook in papertap.json("webhook", "list")] == ["Counter"]
    assert isinstance(papertap.run("webhook", "add", "x", "http://127.0.0.1/").exception, BadRequest)
    assert isinstance(papertap.run("webhook", "ping", "Nobody").exception, NotFound)
    assert papertap.run("webhook", "remove", "Counter").exit_code == 0
    assert papertap.json("webhook", "list") == []


def test_people_groups_and_sums_have_verbs(papertap: Shell) -> None:
    papertap.json("user", "add", "ann")
    assert papertap.json("user", "set", "ann", "--full-name", "Ann", "--disabled")["disabled"] is True
    assert papertap.json("user", "show", "ann")["full_name"] == "Ann"
    papertap.json("group", "add", "Staff")
    assert papertap.json("group", "add", "IT", "--parent", "Staff")["parent"] == "Staff"
    assert papertap.json("group", "set", "IT", "--label", "Computers")["label"] == "Computers"
    assert papertap.run("group", "join", "IT", "ann").exit_code == 0
    assert [user["name"] for user in papertap.json("group", "members", "IT")] == ["ann"]
    assert papertap.run("group", "leave", "IT", "ann").exit_code == 0
    assert papertap.run("group", "remove", "Staff").exit_code == 0
    assert [group["name"] for group in papertap.json("group", "list")] == ["IT"]
    assert len(papertap.json("report", "months", "ann", "--count", "3")) == 3
    assert isinstance(papertap.run("job", "extend", "7").exception, NotFound)
