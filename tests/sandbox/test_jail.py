"""A program inside a real jail tries to get out; and what the machine gives is told truthfully."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sandbox import code, probe
from sandbox.errors import Unavailable
from sandbox.policy import Tools
from tests.sandbox import plain_user, prisoner
from tests.sandbox.imprison import imprison


@pytest.fixture(scope="module")
def outcome() -> dict[str, str]:
    return imprison()


@pytest.mark.parametrize("attempt", list(prisoner.ATTEMPTS))
def test_every_attempt_is_denied(outcome: dict[str, str], attempt: str) -> None:
    assert outcome[attempt].startswith("denied"), outcome[attempt]


def test_the_filter_and_not_chance_denies_the_calls(outcome: dict[str, str]) -> None:
    """EPERM comes from the filter; outside a jail the same calls fail otherwise, or not at all."""
    for attempt in ("bpf", "keyctl", "io_uring", "userfaultfd", "perf_event_open", "new mount calls", "clone new user"):
        assert outcome[attempt] == "denied 1", attempt
    assert outcome["clone3"] == "denied 38"


def test_the_memory_file_systems_end_where_the_limits_say(outcome: dict[str, str]) -> None:
    after = {name: int(outcome[name].split()[-1]) for name in ("fill /tmp", "fill /dev/shm", "memory")}
    assert 60 <= after["fill /tmp"] <= 64
    assert 7 <= after["fill /dev/shm"] <= 8
    assert after["memory"] <= 24


def test_the_prisoner_can_tell_a_jail_from_the_host() -> None:
    """The attempts are real: outside, some of them succeed."""
    done = subprocess.run(
        [sys.executable, "-I", prisoner.__file__, "host files,other processes,socket inet,socket inet6,environment"],
        capture_output=True,
        check=True,
    )
    outside = json.loads(done.stdout)
    assert all(value.startswith("reached") for value in outside.values()), outside


def test_the_same_as_a_plain_user() -> None:
    """As root, the whole of this module's attempts once more from an ordinary user's gateway."""
    if os.geteuid() != 0:
        return  # every other test of this module has just shown it
    outcome = json.loads(
        plain_user.run("import json; from tests.sandbox.imprison import imprison; print(json.dumps(imprison()))")
    )
    assert set(outcome) == set(prisoner.ATTEMPTS)
    assert {name: value for name, value in outcome.items() if not value.startswith("denied")} == {}


def test_documents_are_prepared_by_a_plain_user() -> None:
    if os.geteuid() != 0:
        return  # every other test of this package has just shown it
    said = plain_user.run(
        "import asyncio\n"
        "from sandbox.client import Sandbox\n"
        "from tests.sandbox.samples import pdf, prepare\n"
        "async def main():\n"
        "    sandbox = Sandbox()\n"
        "    await sandbox.start()\n"
        "    prepared, _ = await prepare(sandbox, pdf(3))\n"
        "    await sandbox.close()\n"
        "    print(prepared.facts.page_count, prepared.thumbnails)\n"
        "asyncio.run(main())\n"
    )
    assert said.split() == [b"3", b"3"]


def test_the_machine_is_described() -> None:
    findings = {finding.name: finding for finding in probe.probe()}
    assert (findings["mutool"].level, findings["rsvg-convert"].level) == ("ok", "ok")
    assert probe.usable(list(findings.values()))
    assert findings["jail"].level == "ok"
    assert {"bubblewrap", "seccomp", "memory limit", "worker users", "ghostscript"} <= set(findings)
    assert all(finding.consequence for finding in findings.values() if finding.level != "ok")


def test_without_bubblewrap_nothing_is_usable_and_the_package_is_named() -> None:
    findings = probe.probe(tools=Tools(bwrap="/nonexistent/bwrap"))
    assert not probe.usable(findings)
    told = {finding.name: finding for finding in findings}
    assert "package bubblewrap" in told["bubblewrap"].consequence
    assert told["jail"].level == "missing"


def test_a_machine_that_allows_no_namespaces_is_told_by_bubblewraps_own_words(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n")
    broken.chmod(0o755)
    with _public(broken) as path:
        told = {finding.name: finding for finding in probe.probe(tools=Tools(bwrap=str(path)))}
    assert told["jail"].level == "missing"
    assert "No permissions to create new namespace" in told["jail"].found


class _public:  # noqa: N801 - reads as a word in a `with`
    """A program where a worker's user can run it; pytest's own folders are closed to others."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def __enter__(self) -> Path:
        self._folder = Path(tempfile.mkdtemp(prefix="papertap-test-"))
        self._folder.chmod(0o755)
        return Path(shutil.copy(self._program, self._folder))

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder)


def test_a_runtime_folder_that_others_may_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(Unavailable, match=r".") as caught:
        code.runtime_dir(tmp_path / "open")
    assert "not ours alone" in caught.value.detail


def test_code_out_of_the_workers_reach_is_copied_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    closed = tmp_path / "home"
    (closed / "library").mkdir(parents=True)
    (closed / "library" / "__init__.py").write_text("x = 1\n")
    closed.chmod(0o700)
    folder = Path(tempfile.mkdtemp(prefix="papertap-test-"))
    folder.chmod(0o755)
    try:
        copied = code._copied(folder, closed / "library")
        assert copied == code._copied(folder, closed / "library")
        assert (copied / "__init__.py").read_text() == "x = 1\n"
        assert (code._reachable(closed / "library"), code._reachable(copied)) == (False, True)
        assert [path.name for path in folder.iterdir() if path.name.startswith(".new")] == []
    finally:
        shutil.rmtree(folder)


def test_what_a_missing_converter_costs_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(probe, "_CONVERTERS", ((str(tmp_path / "mutool"), "mupdf-tools", "XPS is refused."),))
    found = {finding.name: finding for finding in probe.probe()}["mutool"]
    assert found.level == "weaker"
    assert "mupdf-tools" in found.consequence
