"""The verbs that scripts rely on: their words, their JSON, their exit status."""

import asyncio
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.adapters.db import open_database
from gateway.cli import app
from gateway.domain.copier import CopierSession, CopierState, CountedBy, Counter
from gateway.errors import PapertapError
from gateway.settings import load

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
    drivers = ("--raw-port", "9101", "--name-network", "10.1.2.3/16", "--name-network", "fd00::/8")
    changed = papertap.json("printer", "set", "files", *drivers)
    assert (changed["raw_port"], changed["name_networks"]) == (9101, ["10.1.0.0/16", "fd00::/8"])
    changed = papertap.json("printer", "set", "files", "--raw-port", "0", "--name-network", "")
    assert (changed["raw_port"], changed["name_networks"]) == (None, [])
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


def test_places_say_what_is_shown_where(papertap: Shell) -> None:
    for name in ("find-me", "direct"):
        papertap.json("printer", "add", name)
    assert papertap.json("site", "add", "north", "--info", "North")["zones"] == []
    zone = papertap.json("site", "zone", "set", "north", "reading", "--network", "10.1.2.0/24", "--printer", "direct")
    assert zone == {
        "site": "north",
        "name": "reading",
        "networks": ["10.1.2.0/24"],
        "printers": ["direct"],
        "groups": [],
    }
    papertap.json("site", "zone", "set", "north", "all", "--network", "10.0.0.0/8")
    changed = papertap.json("site", "zone", "set", "north", "reading", "--group", "staff")
    assert (changed["printers"], changed["groups"]) == (["direct"], ["staff"])
    assert "lies within" in papertap.run("site", "list").output
    assert papertap.json("site", "where", "10.1.2.3")["printers"] == ["direct"]
    assert papertap.json("site", "where", "10.9.9.9")["zone"] == "all"
    assert papertap.json("printer", "set", "find-me", "--site", "north", "--host-name", "f.example")["site"] == "north"
    assert papertap.json("site", "change", "north", "--location", "Hill")["location"] == "Hill"
    assert isinstance(papertap.run("printer", "set", "find-me", "--site", "nowhere").exception, PapertapError)
    assert isinstance(papertap.run("site", "delete", "north").exception, PapertapError)
    papertap.json("printer", "set", "find-me", "--site", "")
    assert papertap.run("site", "zone", "delete", "north", "all").exit_code == 0
    assert len(papertap.json("site", "zone", "list", "north")) == 1
    assert papertap.run("site", "delete", "north").exit_code == 0
    assert papertap.json("site", "list") == []


def test_an_archive_for_device_managements(papertap: Shell, tmp_path: Path) -> None:
    papertap.json("printer", "add", "find-me")
    file = tmp_path / "printers.zip"
    done = papertap.run("setup", "bundle", str(file), "--host", "localhost")
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(file) as archive:
        assert "ios-macos/papertap.mobileconfig" in archive.namelist()
        assert ":8631/ipp/print/find-me" in archive.read("windows/papertap-printers.ps1").decode()
    assert isinstance(papertap.run("setup", "bundle", str(file), "--for", "north/x").exception, PapertapError)


def test_what_the_shell_does_to_people_is_written_down_like_what_pages_do(papertap: Shell) -> None:
    papertap.json("user", "add", "ada", "--role", "administrator", "--password", "correct horse battery")
    papertap.json("user", "add", "bob", "--card", "04A2197F")
    papertap.json("user", "set", "bob", "--full-name", "Bob", "--email", "bob@example.org")
    for words in (
        ("user", "pin", "bob", "271828"),
        ("user", "card", "bob", "04FFFFFF"),
        ("user", "password", "bob", "--password", "another horse battery"),
        ("user", "remove", "bob"),
    ):
        assert papertap.run(*words).exit_code == 0, words
    rows = papertap.json("audit", "list")
    noted = [(row["action"], row["actor"], row["via"]) for row in rows if row["action"].startswith("user.")]
    assert [action for action, _, _ in reversed(noted)] == [
        *("user.added", "user.added", "user.changed", "user.pin-made"),
        *("user.card-added", "user.password-made", "user.deleted"),
    ]
    assert {via for _, _, via in noted} == {"command line"}
    assert "271828" not in str(rows)
    last = papertap.run("user", "remove", "ada")
    assert isinstance(last.exception, PapertapError)
    assert "last administrator" in str(last.exception)


def test_why_tells_what_somebody_copied(papertap: Shell) -> None:
    papertap.json("user", "add", "ada", "--card", "04A2197F")
    assert papertap.run("why", "ada").exit_code == 1, "nothing is known of her yet"
    asyncio.run(_copied(papertap.data))
    (row,) = papertap.json("why", "ADA")
    assert (row["job"], row["name"], row["state"]) == ("copier", "lobby", "counted copies 3, scans 0")


async def _copied(data: Path) -> None:
    database = await open_database(load(data=data))
    try:
        begun = await database.copiers.begin(
            CopierSession(
                key="a",
                terminal="box",
                device="lobby",
                owner="ada",
                started_at=1.0,
                counted_by=CountedBy.TERMINAL,
                began={Counter.COPIES: 1},
            )
        )
        counts = {Counter.COPIES: 3, Counter.SCANS: 0}
        await database.copiers.settle(replace(begun, state=CopierState.COUNTED, counts=counts, ended_at=2.0))
    finally:
        await database.close()


def test_a_card_is_lent(papertap: Shell) -> None:
    papertap.json("user", "add", "ada")
    assert papertap.run("user", "card", "ada", "04A2197F", "--days", "2").exit_code == 1
    assert "for 7 days" in papertap.run("user", "card", "ada", "04A2197F", "--days", "7").output
