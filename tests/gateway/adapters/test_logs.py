"""The log's lines: JSON, job ids, no secrets, no control characters, and no waiting for the disk."""

import io
import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from gateway.adapters.logs import configure_logging, dropped_lines, harmless, job_context, without_secrets


class Log:
    """What was written so far, line by line; reading it flushes."""

    def __init__(self) -> None:
        self.out = io.StringIO()
        self.finish = configure_logging(to=self.out, level="DEBUG")

    @property
    def raw(self) -> str:
        self.finish()
        return self.out.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.raw.splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    made = Log()
    yield made
    made.finish()
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def test_our_lines_and_those_of_libraries_look_the_same(log: Log) -> None:
    structlog.get_logger("ours").info("job.held", job_id=7, pages=[1, 2])
    logging.getLogger("theirs").warning("job %d stalled", 8, extra={"job_id": 8})
    ours, theirs = log.lines
    assert (ours["event"], ours["job_id"], ours["pages"], ours["level"], ours["logger"]) == (
        "job.held", 7, [1, 2], "info", "ours",
    )  # fmt: skip
    assert (theirs["event"], theirs["job_id"], theirs["level"], theirs["logger"]) == (
        "job 8 stalled", 8, "warning", "theirs",
    )  # fmt: skip
    assert ours["timestamp"].endswith("Z")


def test_the_job_of_the_context_is_in_every_line(log: Log) -> None:
    with job_context(job_id=12):
        structlog.get_logger().info("one")
        logging.getLogger("lib").info("two")
    structlog.get_logger().info("three")
    assert [line.get("job_id") for line in log.lines] == [12, 12, None]


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "job_password",
        "job-password",
        "pin",
        "user_pin",
        "token",
        "Authorization",
        "cookie",
        "card",
        "pepper",
        "wrapped_key",
    ],
)
def test_secrets_are_hidden_by_their_key(log: Log, key: str) -> None:
    structlog.get_logger().info("sign-in", **{key: "hunter2", "outer": {key: "hunter2"}, "name": "alice"})
    assert "hunter2" not in log.raw
    assert log.lines[0]["name"] == "alice"


def test_innocent_keys_are_shown(log: Log) -> None:
    structlog.get_logger().info("fine", printer="pinboard", spinning=1, cardinality=2, key="x")
    assert log.lines[0]["printer"] == "pinboard"
    assert (log.lines[0]["spinning"], log.lines[0]["cardinality"], log.lines[0]["key"]) == (1, 2, "x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("header Basic YWxpY2U6cHc=", "header Basic [secret]"),
        ("Bearer abc.def-123 sent", "Bearer [secret] sent"),
        ("postgresql://papertap:s3cret@db/x", "postgresql://papertap:[secret]@db/x"),
        ("password=hunter2, next", "password=[secret], next"),
        ('{"pin": "123456", "a": 1}', '{"pin": [secret], "a": 1}'),
        ("the basic idea", "the basic idea"),
    ],
)
def test_secrets_are_hidden_by_their_look(text: str, expected: str) -> None:
    assert without_secrets(text) == expected


def test_control_characters_cannot_forge_lines_or_steer_terminals(log: Log) -> None:
    structlog.get_logger().info("document", name='x"\n{"event":"forged"}\x1b[2J\x9b\u2028\u202e\ud800', **{"k\ney": 1})
    raw = log.raw
    assert raw.count("\n") == 1
    assert not [c for c in raw[:-1] if ord(c) < 32 or 0x7F <= ord(c) <= 0x9F or c in "\u2028\u202e"]
    assert log.lines[0]["name"] == r'x"\n{"event":"forged"}\x1b[2J\x9b\u2028\u202e\ud800'
    assert log.lines[0]["k\\ney"] == 1


def test_exceptions_are_whole_but_without_secrets(log: Log) -> None:
    def fail() -> None:
        raise ValueError("no password=hunter2 \x1b[31m")

    try:
        fail()
    except ValueError:
        logging.getLogger("x").exception("failed")
    (line,) = log.lines
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert line["exception"].endswith(r"ValueError: no password=[secret] \x1b[31m")


def test_very_long_texts_are_cut() -> None:
    assert harmless("x" * 5000).endswith("x... (5000 characters)")


def test_a_file_is_for_its_owner_and_goes_on_after_rotation(tmp_path: Path, log: Log) -> None:
    path = tmp_path / "logs" / "papertap.log"
    finish = configure_logging(to=path)
    logging.getLogger("x").warning("one")
    finish()
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text())["event"] == "one"


def test_a_stuck_writer_does_not_stop_anybody(log: Log) -> None:
    class Stuck(io.StringIO):
        go = threading.Event()

        def write(self, text: str) -> int:
            self.go.wait(30)
            return super().write(text)

    stuck = Stuck()
    finish = configure_logging(to=stuck)
    logger = logging.getLogger("flood")
    for number in range(10_050):
        logger.warning("%d", number)
    assert dropped_lines() >= 40
    stuck.go.set()
    finish()
    assert stuck.getvalue().count("\n") >= 10_000


def test_configuring_again_replaces_the_target(log: Log) -> None:
    second = io.StringIO()
    finish = configure_logging(to=second)
    logging.getLogger("x").warning("once")
    finish()
    assert second.getvalue().count("\n") == 1
    assert log.raw == ""
