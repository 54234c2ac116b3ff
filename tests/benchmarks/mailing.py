"""Mail: from the first octet to the 250 behind the barrier, beside Postfix with the same mails; and 3,000 who say nothing."""

import contextlib
import smtplib
import socket
import statistics
import time
from collections.abc import Iterator

from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report
from tests.benchmarks.targets import POSTFIX
from tests.peers.mail import postfix, smtp_source
from tests.peers.ours import Instance, papertap
from tests.peers.processes import free_port

OCTETS = 1_000_000
CONCURRENCY = 8
FLOOR, GOAL = 0.3, 1.0
IDLE = 3000
IDLE_EACH = 15  # of one address, below what one may have
DELAY = 2.0
OURS_TO = "bench@bench.invalid"


def mail(plan: Plan, report: Report) -> None:
    messages = max(20, round(plan.seconds * 50))
    report.title(f"{messages} mails of 1 MB, concurrency {CONCURRENCY}, in turn with Postfix")
    port = free_port()
    settings = {"SMTP__ENABLED": "true", "SMTP__PORT": str(port), "SMTP__RELAYS": '["127.0.0.1/32"]'}
    with (
        papertap(("printer", "add", "bench"), ("printer", "mail", "bench", "--alias", "b"), **settings) as ours,
        postfix() as peer,
    ):
        rates: dict[str, list[float]] = {"ours": [], "peer": []}
        for _ in range(plan.runs):
            for name, where in (("ours", port), ("peer", peer)):
                rates[name].append(smtp_source(where, octets=OCTETS, concurrency=CONCURRENCY, messages=messages))
        mine, theirs = (statistics.median(found) for found in (rates["ours"], rates["peer"]))
        note = f"{ours.memory() / 1024**2:.0f} MiB at most"
        found = report.ratio("mail of 1 MB to 250", mine, theirs, peer=POSTFIX, unit="/s", note=note)
        report.at_least("Mail of 1 MB to 250, of Postfix", found, floor=FLOOR, goal=GOAL)
        _idle(report, ours, port)


def _idle(report: Report, ours: Instance, port: int) -> None:
    before = _seconds(port)
    with _silent(port) as count:
        took = max(_seconds(port) for _ in range(5))
    report.line("a mail alone", before * 1000, "ms")
    report.line(f"beside {count} silent connections", took * 1000, "ms", f"{ours.memory() / 1024**2:.0f} MiB at most")
    report.at_most("A mail beside 3,000 silent connections", took, DELAY, "s")


def _seconds(port: int) -> float:
    began = time.monotonic()
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        text = f"Message-ID: <{time.monotonic_ns()}@bench>\r\n\r\nx\r\n"
        client.sendmail("a@bench.invalid", [OURS_TO], text)
    return time.monotonic() - began


@contextlib.contextmanager
def _silent(port: int) -> Iterator[int]:
    """Connections from many addresses that never say a word."""
    with contextlib.ExitStack() as stack:
        for number in range(IDLE):
            party = number // IDLE_EACH
            source = f"127.1.{party // 250}.{party % 250 + 1}"
            with contextlib.suppress(OSError):
                stack.enter_context(socket.create_connection(("127.0.0.1", port), 10, (source, 0)))
        yield IDLE
