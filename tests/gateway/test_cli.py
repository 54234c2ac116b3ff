"""The verbs that scripts rely on: their words, their JSON, their exit status."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app
from gateway.errors import PapertapError

ID = "00000000-0000-4000-8000-000000000000"


class Shell:
    """`papertap` on one data directory."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["--data", str(self.data), *words])

    def json(self, *words: str) -> Any:
        done = self.run(*words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.output)


@pytest.fixture
def papertap(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


def test_a_house_is_furnished_by_command_line(papertap: Shell) -> None:
    device = papertap.json("device", "add", "office", "socket://127.0.0.1:9")
    assert device["name"] == "office"
    printer = papertap.json("printer", "add", "find-me", "--policy", "pull", "--device", "office")
    assert (printer["policy"], printer["devices"]) == ("pull", ["office"])
    changed = papertap.json("printer", "set", "find-me", "--info", "Find me", "--no-accepting")
    assert (changed["info"], changed["accepting"]) == ("Find me", False)
    assert [p["name"] for p in papertap.json("printer", "list")] == ["find-me"]
    assert [d["name"] for d in papertap.json("device", "list")] == ["office"]
    assert papertap.run("printer", "remove", "find-me").exit_code == 0
    assert papertap.run("device", "remove", "office").exit_code == 0
    assert papertap.json("printer", "list") == []


def test_house_rules_are_set_and_taken_back(papertap: Shell) -> None:
    papertap.json("printer", "add", "files")
    rules = ("--force-grey", "--force-duplex", "--toner-save", "--footer", "{user} {page}/{pages}", "--bates", "ACME-")
    changed = papertap.json("printer", "set", "files", *rules, "--pass-through")
    assert set(changed["house"]) == {
        "force_grey=True",
        "force_duplex=True",
        "toner_save=light",
        "footer={user} {page}/{pages}",
        "bates=ACME-",
    }
    assert changed["pass_through"] is True
    changed = papertap.json("printer", "set", "files", "--no-force-grey", "--footer", "", "--no-bates")
    assert set(changed["house"]) == {"force_duplex=True", "toner_save=light"}
    assert papertap.json("printer", "set", "files", "--no-toner-save", "--no-force-duplex")["house"] == []


def test_a_device_that_cannot_be_asked_is_told_what_it_takes(papertap: Shell) -> None:
    papertap.json("device", "add", "office", "socket://127.0.0.1:9")
    changed = papertap.json("device", "set", "office", "--format", "pdf", "--format", "pclxl", "--info", "Office")
    assert changed["formats"] == ["application/pdf", "application/vnd.hp-PCLXL"]
    assert papertap.json("device", "set", "office", "--location", "B-204")["formats"] == changed["formats"]


def test_a_user_is_added_with_every_proof(papertap: Shell) -> None:
    user = papertap.json(
        "user",
        "add",
        "ada",
        "--email",
        "ada@example.org",
        "--pin",
        "random",
        "--card",
        "04:A1",
        "--password",
        "correct horse",
    )
    assert (user["name"], user["email"], user["role"], user["cards"]) == ("ada", "ada@example.org", "user", 1)
    assert user["pin"].isdigit()
    assert "correct horse" not in json.dumps(user)
    assert papertap.run("user", "pin", "ada").exit_code == 0
    assert papertap.run("user", "password", "ada", "--password", "another horse").exit_code == 0
    assert [u["name"] for u in papertap.json("user", "list", "--contains", "AD")] == ["ada"]
    assert papertap.run("user", "remove", "ada").exit_code == 0
    assert papertap.json("user", "list") == []


def test_no_job_is_an_empty_list(papertap: Shell) -> None:
    assert papertap.json("job", "list") == []


def test_a_release_that_is_refused_says_why_and_fails(papertap: Shell) -> None:
    done = papertap.run("job", "release", "7")
    assert done.exit_code == 1
    assert "no job 7" in done.output


@pytest.mark.parametrize(
    "words",
    [
        ("device", "add", "office", "http://127.0.0.1/"),
        ("printer", "add", "UPPER CASE"),
        ("printer", "add", "secure", "--policy", "secure"),
        ("printer", "set", "nothing", "--info", "x"),
        ("job", "convert", "7"),
        ("job", "convert", "7", "--sheets", "one"),
        ("job", "convert", "7", "--print-area", "everything"),
        ("user", "add", "ada", "--pin", "1234"),
        ("user", "remove", "nobody"),
        ("job", "show", "7"),
        ("job", "cancel", "7"),
    ],
)
def test_a_refusal_is_one_sentence(papertap: Shell, words: tuple[str, ...]) -> None:
    done = papertap.run(*words)
    assert done.exit_code == 1
    assert isinstance(done.exception, PapertapError)
    assert str(done.exception).endswith(".")


@pytest.mark.parametrize("words", [("job", "list", "--state", "lost"), ("bogus",), ("printer", "add")])
def test_wrong_words_are_usage(papertap: Shell, words: tuple[str, ...]) -> None:
    assert papertap.run(*words).exit_code == 2


def test_backup_and_restore_are_one_command_each(papertap: Shell, tmp_path: Path) -> None:
    papertap.json("printer", "add", "find-me")
    assert papertap.run("backup", str(tmp_path / "b.tar")).exit_code == 0
    again = Shell(tmp_path / "again")
    assert again.run("restore", str(tmp_path / "b.tar")).exit_code == 0
    assert [p["name"] for p in again.json("printer", "list")] == ["find-me"]


def test_check_tells_each_finding(papertap: Shell) -> None:
    done = papertap.run("check", "--json")
    assert {"python", "sandbox: jail", "data"} <= {finding["name"] for finding in json.loads(done.output)}


def test_a_printer_gets_prices_by_command_line(papertap: Shell) -> None:
    papertap.json("printer", "add", "find-me")
    told = papertap.json("printer", "price", "find-me", "--grey", "0.05", "--colour", "0,25", "--sheet", "iso_a4=0.01")
    assert (told["grey"], told["colour"], told["sheets"], told["currency"]) == ("0.05", "0.25", "iso_a4=0.01", "EUR")
    changed = papertap.json("printer", "price", "find-me", "--sheet", "0.02")
    assert (changed["grey"], changed["sheet"], changed["sheets"]) == ("0.05", "0.02", "iso_a4=0.01")
    assert papertap.json("printer", "price", "find-me") == changed
    assert isinstance(papertap.run("printer", "price", "find-me", "--grey", "five").exception, PapertapError)
    assert papertap.json("printer", "price", "find-me", "--free")["grey"] == "0"
