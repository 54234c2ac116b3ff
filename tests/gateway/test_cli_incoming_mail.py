"""`papertap printer mail`, `papertap mail incoming` and `papertap mail mailboxes`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.errors import BadRequest


def run(data: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["--data", str(data), *words])


def test_a_printer_gets_addresses_and_rules(tmp_path: Path) -> None:
    assert run(tmp_path, "printer", "add", "lobby").exit_code == 0
    words = ("--strangers", "guest", "--alias", "Empfang", "--alias", "reception", "--max-mib", "5", "--no-separate")
    done = run(tmp_path, "printer", "mail", "lobby", *words, "--allowed-domain", "@Partner.example", "--json")
    shown = json.loads(done.output)
    assert shown["aliases"] == ["empfang", "reception"]
    assert shown["addresses"] == ["print@…", "lobby@…", "empfang@…", "reception@…"]
    assert (shown["strangers"], shown["max_size"], shown["separate"]) == ("guest", 5 * 1024 * 1024, False)
    assert shown["allowed_domains"] == ["partner.example"]
    again = json.loads(run(tmp_path, "printer", "mail", "lobby", "--off", "--json").output)
    assert (again["enabled"], again["aliases"]) == (False, ["empfang", "reception"])


@pytest.mark.parametrize("words", [("--alias", "a+b"), ("--allowed-domain", "nodots"), ("--max-files", "0")])
def test_what_cannot_be_is_refused(tmp_path: Path, words: tuple[str, str]) -> None:
    run(tmp_path, "printer", "add", "lobby")
    done = run(tmp_path, "printer", "mail", "lobby", *words)
    assert isinstance(done.exception, BadRequest)


def test_mailboxes_are_tried_and_mails_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads(run(tmp_path, "mail", "incoming", "--json").output) == []
    assert run(tmp_path, "mail", "mailboxes").exit_code == 0
    box = [{"name": "scans", "host": "127.0.0.1", "port": 1, "user": "u", "security": "none"}]
    monkeypatch.setenv("PAPERTAP_MAILBOXES", json.dumps(box))
    done = run(tmp_path, "mail", "mailboxes", "--json")
    assert done.exit_code == 1
    assert json.loads(done.output)[0]["ok"] is False
