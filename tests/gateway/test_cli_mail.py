"""`papertap mail` and mailed PINs on a data directory: what is said without a server, and what lies in the outbox."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import app


class Shell:
    """`papertap` on one data directory, with a mail server in the settings if wanted; none answers."""

    def __init__(self, folder: Path, *, mail: bool) -> None:
        config = folder / "papertap.toml"
        config.write_text('[mail]\nhost = "mail.invalid"\nsender = "print@example.org"\n' if mail else "")
        self._given = ["--config", str(config), "--data", str(folder / "data")]

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(app, [*self._given, *words])


def test_a_pin_is_mailed_and_not_shown(tmp_path: Path) -> None:
    papertap = Shell(tmp_path, mail=True)
    papertap.run("user", "add", "ada", "--email", "ada@example.org")
    said = papertap.run("user", "pin", "ada", "--mail")
    assert (said.exit_code, "it goes to ada@example.org" in said.output) == (0, True)
    assert not [word for word in said.output.split() if word.strip(".").isdigit()]
    [letter] = json.loads(papertap.run("mail", "list", "--json").output)
    assert (letter["kind"], letter["to"], letter["state"]) == ("new-pin", "ada@example.org", "waiting")
    assert "pin" not in letter
    assert json.loads(papertap.run("mail", "list", "--state", "sent", "--json").output) == []


@pytest.mark.parametrize(("mail", "email"), [(False, ("--email", "ada@example.org")), (True, ())])
def test_a_pin_that_cannot_be_mailed_stays_as_it_was(tmp_path: Path, mail: bool, email: tuple[str, ...]) -> None:
    papertap = Shell(tmp_path, mail=mail)
    papertap.run("user", "add", "ada", "--pin", "730164", *email)
    refused = papertap.run("user", "pin", "ada", "--mail")
    assert refused.exit_code == 1
    assert "No PIN can be mailed" in str(refused.exception)
    assert json.loads(papertap.run("mail", "list", "--json").output) == []


def test_without_a_server_the_test_says_what_to_set(tmp_path: Path) -> None:
    refused = Shell(tmp_path, mail=False).run("mail", "test", "ada@example.org")
    assert "Set mail.host" in str(refused.exception)
