"""The log: one JSON object a line, with job ids, without secrets, harmless to whoever looks at it.

Names of users, documents and devices come from strangers: control characters are written as escapes, so that no line
can be forged and no terminal be steered. Lines are made where they arise and written by a thread, because a full pipe
must not stop the event loop; when the thread falls too far behind, lines are dropped and counted.
"""

import logging
import logging.handlers
import queue
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.types import EventDict, Processor

_BACKLOG = 10_000
_STOP_SECONDS = 3.0
_TEXT_MAX = 4096
_TRACE_MAX = 32_768
_HIDDEN = "[secret]"

_SECRET_KEYS = re.compile(
    r"passw(or)?d|passphrase|secret|\bpin\b|(^|[_-])pin($|[_-])|token|authori[sz]ation|cookie|pepper|(^|[_-])card($|[_-])"
    r"|private[_-]?key|data[_-]?key|wrapped",
    re.IGNORECASE,
)
_SECRET_TEXTS = (
    (re.compile(r"\b(Basic|Bearer|Digest)\s+[A-Za-z0-9+/=._~-]{6,}"), r"\1 " + _HIDDEN),
    (re.compile(r"(?i)\b(password|passwd|secret|token|pin|cookie)(\"?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&}\])]+)"), r"\1\2" + _HIDDEN),
    (re.compile(r"(://[^/\s:@]*):[^/\s@]+@"), r"\1:" + _HIDDEN + "@"),
)  # fmt: skip
# Line and paragraph separators and direction marks can forge a line, too.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

job_context = structlog.contextvars.bound_contextvars


def configure_logging(*, to: Path | TextIO | None = None, level: str = "INFO") -> Callable[[], None]:
    """Sends everything (ours, and what libraries say by `logging`) to a file, or to standard error.

    Returns what flushes and ends it; at the end of the process that is done by itself, too.
    """
    target = _handler(to)
    lines: queue.Queue[logging.LogRecord] = queue.Queue(_BACKLOG)
    source = _Lines(lines)
    source.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_before(), processors=_rendering()))
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old, _Lines):
            root.removeHandler(old)
            old.finish()
    root.addHandler(source)
    root.setLevel(level)
    for noisy, least in (("uvicorn.error", "ERROR"), ("zeroconf", "WARNING"), ("asyncio", "WARNING")):
        logging.getLogger(noisy).setLevel(least)
    structlog.configure(
        processors=[*_before(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    writer = _Writer(lines, target)
    writer.start()
    source.finish = _once(writer.stop, target.close)
    return source.finish


def _handler(to: Path | TextIO | None) -> logging.Handler:
    if not isinstance(to, Path):
        return logging.StreamHandler(to or sys.stderr)
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    to.touch(mode=0o600, exist_ok=True)
    return logging.handlers.WatchedFileHandler(to, encoding="utf-8")


class _Lines(logging.handlers.QueueHandler):
    """Renders where the line arises, since the context (the job) is known there only."""

    finish: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, lines: "queue.Queue[logging.LogRecord]") -> None:
        super().__init__(lines)
        self.dropped = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        text = self.format(record)
        return logging.LogRecord(record.name, record.levelno, record.pathname, record.lineno, text, None, None)

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """`logging` calls it at the end of the process."""
        self.finish()
        super().close()


class _Writer(logging.handlers.QueueListener):
    """Ends in finite time, also when nobody takes the lines: a stop of the gateway must not hang on its log."""

    def __init__(self, lines: "queue.Queue[Any]", target: logging.Handler) -> None:
        super().__init__(lines, target)
        self._lines = lines

    def stop(self) -> None:
        with suppress(queue.Full):
            self._lines.put(None, timeout=_STOP_SECONDS)
        thread = self._thread
        if thread is not None:
            thread.join(_STOP_SECONDS)


def dropped_lines() -> int:
    """Since the start, because the writer could not keep up."""
    return sum(handler.dropped for handler in logging.getLogger().handlers if isinstance(handler, _Lines))


def _before() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _rendering() -> list[Processor]:
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        clean,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def clean(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Hides secrets by key and by look, escapes control characters, cuts what is too long."""
    return {harmless(str(key)): _cleaned(str(key), value) for key, value in event.items()}


def _cleaned(key: str, value: Any) -> Any:
    if key != "event" and _SECRET_KEYS.search(key):
        return _HIDDEN
    if isinstance(value, bool | int | float | None):
        return value
    if isinstance(value, dict):
        return {harmless(str(k)): _cleaned(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_cleaned("", item) for item in value]
    text = without_secrets(str(value))
    if key == "exception":  # its line ends are ours; JSON writes them as \n, so that the log's line stays one
        return "\n".join(harmless(line) for line in text[:_TRACE_MAX].split("\n"))
    return harmless(text)


def without_secrets(text: str) -> str:
    for pattern, replacement in _SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return text


def harmless(text: str) -> str:
    r"""`text` with each control character as \xNN or \uNNNN, and cut when it is very long."""
    cut = text if len(text) <= _TEXT_MAX else f"{text[:_TEXT_MAX]}... ({len(text)} characters)"
    return _CONTROL.sub(_escape, cut)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return {9: r"\t", 10: r"\n", 13: r"\r"}.get(code) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def _once(*works: Callable[[], None]) -> Callable[[], None]:
    left = list(works)

    def run() -> None:
        while left:
            left.pop(0)()

    return run
