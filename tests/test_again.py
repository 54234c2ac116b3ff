"""A failure in a crowd is looked at once more, and none is lost on the way."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.again import LAST_FAILED, MOST, plain

ROOT = Path(__file__).resolve().parents[1]
TESTS = """
import os, pytest

@pytest.mark.xdist_group("g")
def test_grouped(): assert os.environ["CROWD"] == "no"

@pytest.mark.parametrize("to", ["ann@example.org"])
def test_of_an_address(to): assert os.environ["CROWD"] == "no"

def test_broken(): assert os.environ["BROKEN"] == "no"
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.py::test_x", "a.py::test_x"),
        ("a.py::test_x@group", "a.py::test_x"),
        ("a.py::test_x[ann@example.org]", "a.py::test_x[ann@example.org]"),
        ("a.py::test_x[ann@example.org]@group", "a.py::test_x[ann@example.org]"),
    ],
)
def test_names(name: str, expected: str) -> None:
    assert plain(name) == expected


def again(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.again"]
    given = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "CROWD": "no", "BROKEN": "no"} | environment
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False)


@pytest.fixture
def failed(tmp_path: Path) -> Path:
    """A folder in which three tests failed on two processes."""
    (tmp_path / "test_some.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup"]
    given = {"PATH": "/usr/bin:/bin", "CROWD": "yes", "BROKEN": "yes"}
    assert subprocess.run(command, cwd=tmp_path, env=given, capture_output=True, check=False).returncode == 1
    return tmp_path


def test_what_passes_alone_is_named(failed: Path) -> None:
    done = again(failed)
    assert done.returncode == 0, done.stdout
    named = done.stdout.partition("passed alone")[2]
    assert all(name in named for name in ("test_grouped", "test_of_an_address[ann@example.org]", "test_broken"))


def test_what_fails_alone_is_broken(failed: Path) -> None:
    done = again(failed, BROKEN="yes")
    assert done.returncode == 1
    assert "passed alone" not in done.stdout


@pytest.mark.parametrize("failures", [None, 0, MOST + 1])
def test_nothing_to_try_again_is_no_success(tmp_path: Path, failures: int | None) -> None:
    if failures is not None:
        (tmp_path / LAST_FAILED).parent.mkdir(parents=True)
        (tmp_path / LAST_FAILED).write_text(json.dumps({f"test_some.py::test_{n}": True for n in range(failures)}))
    assert again(tmp_path).returncode == 1
