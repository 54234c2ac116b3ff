"""Texts for platforms: whatever a Printer is called, it stays one word of the language that it stands in."""

import json
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.queue import Destination, Queue
from gateway.services.queue_scripts import (
    BOM,
    add_printer_line,
    chromeos_bulk,
    chromeos_policy,
    described,
    keeper_for_powershell,
    keeper_for_shell,
    lpadmin_line,
    powershell,
    powershell_script,
    queue_list,
    shell,
    shell_script,
)
from tests.fakes import a_printer

HOSTILE = "Hall'; rm -rf / #\" $(reboot) `id` \u2019; Stop-Computer \u2018 \\ %s\nlpadmin -x all\x1f|&\0"


def a_queue(info: str = "Hall", location: str = "", **given: object) -> Queue:
    printer = a_printer("hall", info=info, location=location)
    to = Destination(host="print.example.org", port=8631, path="/ipp/print/hall", secure=True)
    return Queue(printer=printer, destination=to, **given)  # type: ignore[arg-type]  # host_name, default


def test_lines_of_an_ordinary_printer() -> None:
    queue = a_queue("Hall", "1st floor")
    assert lpadmin_line(queue) == (
        "lpadmin -p hall -E -v ipps://print.example.org:8631/ipp/print/hall -m everywhere -D Hall -L '1st floor'"
    )
    assert add_printer_line(queue) == "Add-Printer -IppURL 'https://print.example.org:8631/ipp/print/hall'"


@given(st.text(max_size=80))
def test_any_text_is_one_word_of_a_shell(text: str) -> None:
    words = shlex.split(f"echo {shell(text)} end")
    assert len(words) == 3
    assert words[-1] == "end"


def test_a_real_shell_takes_a_hostile_name_as_one_word() -> None:
    line = lpadmin_line(a_queue(HOSTILE, HOSTILE)).replace("lpadmin", "printf '<%s>'", 1)
    out = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True).stdout
    assert out.count("<") == 11 - 1 + 0 or out.startswith("<-p><hall><-E><-v>")
    assert out.endswith(">")
    assert "<lpadmin" not in out


@given(st.text(alphabet=st.characters() | st.sampled_from("'\u2018\u2019\u201a\u201b`$\""), max_size=60))
def test_any_text_is_one_string_of_powershell(text: str) -> None:
    """PowerShell's rule for verbatim strings: they end at a single quote, straight or curly, that is not doubled."""
    literal = powershell(text)
    assert read_verbatim(literal) == len(literal)
    assert "\n" not in literal
    assert "\r" not in literal


def read_verbatim(source: str) -> int:
    """Where the string that begins at 0 ends, as PowerShell's tokenizer finds it."""
    quotes, at = "'\u2018\u2019\u201a\u201b", 1
    assert source[0] in quotes
    while True:
        if source[at] in quotes:
            if source[at + 1 : at + 2] not in {*quotes}:
                return at + 1
            at += 1
        at += 1


def test_scripts_hold_a_line_for_each_queue_and_nothing_else() -> None:
    queues = [a_queue(HOSTILE, HOSTILE, default=True), a_queue("Lobby")]
    script = shell_script(queues)
    assert subprocess.run(["sh", "-n"], input=script, text=True, check=False).returncode == 0
    assert len(script.splitlines()) == 3 + 2 + 1
    assert script.endswith("lpadmin -d hall\n")
    windows = powershell_script(queues, b"\x30\x82")
    assert windows.startswith(BOM)
    assert windows.count("\r\n") == windows.count("\n")
    assert windows.count("Add-Printer -IppURL 'https://print.example.org:8631/ipp/print/hall'") == 2
    assert "FromBase64String('MII=')" in windows
    assert "X509Store" not in powershell_script(queues, b"")


def test_chromeos_takes_texts_of_json_that_find_out_the_rest() -> None:
    queue = a_queue(HOSTILE)
    policy = json.loads(chromeos_policy([queue]))
    printer = json.loads(policy["Printers"][0])
    assert printer["uri"] == "ipps://print.example.org:8631/ipp/print/hall"
    assert printer["ppd_resource"] == {"autoconf": True}
    assert printer["id"] == str(queue.printer.uuid)
    assert printer["display_name"].startswith("Hall'; rm -rf")
    assert json.loads(chromeos_bulk([queue])) == [printer]


def test_a_list_for_the_shell_has_five_fields_a_line_whatever_people_write() -> None:
    lines = queue_list([a_queue(HOSTILE, ""), a_queue("B", HOSTILE, default=True)]).splitlines()
    assert lines[0] == "papertap-queues 1"
    assert lines[-1] == "end"
    fields = [line.split("\x1f") for line in lines[1:-1]]
    assert [len(row) for row in fields] == [5, 5]
    assert fields[0][3] == ""
    assert fields[1][:3] == ["hall", "ipps://print.example.org:8631/ipp/print/hall", "1"]


def test_a_queue_for_json() -> None:
    told = described(a_queue("Hall\nx", host_name="hall.print.example.org", default=True))
    assert (told["name"], told["info"], told["default"]) == ("hall", "Hall x", True)
    assert told["http_uri"] == "https://print.example.org:8631/ipp/print/hall"


@pytest.mark.parametrize("address", ["https://print.example.org/api/v1/queues.txt", "https://x'; reboot; '@MARK@"])
def test_the_keeping_scripts_quote_what_is_put_into_them(address: str) -> None:
    pem = "-----BEGIN CERTIFICATE-----\nMIIB'; id\n-----END CERTIFICATE-----"
    unix = keeper_for_shell(address, authority=pem, mark="abc")
    assert subprocess.run(["sh", "-n"], input=unix, text=True, check=False).returncode == 0
    start = unix.index("address=")
    told = subprocess.run(
        ["sh", "-c", unix[start : unix.index("token_file=")] + 'printf \'%s|%s|%s\' "$address" "$authority" "$mark"'],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told == f"{address}|{pem}|abc"
    windows = keeper_for_powershell(address, authority=b"", mark="abc")
    assert f"$Address = {powershell(address)}" in windows
    assert "$Mark = 'papertap:abc'" in windows
