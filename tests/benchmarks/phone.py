"""The phone in the hand: from the camera's link to a page ready to tap, and all that terminals are measured by.

Ten thousand held jobs of others are in the rows. The link is the sticker's number, as a hand that types gives it, so that
looking the number up is in the time; it is what the server takes, on loopback.
"""

import json
import time

from tests.benchmarks import rows
from tests.benchmarks.client import PASSWORD, Visitor
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report, spread
from tests.benchmarks.terminals import terminals
from tests.peers.ours import papertap

MINE = 20
TIMES = 60
READY = 300.0  # milliseconds
SETUP = (
    ("device", "add", "tray", "socket://127.0.0.1:9"),
    ("printer", "add", "bench", "--device", "tray"),
    ("user", "add", "bench", "--password", PASSWORD),
)


def phone(plan: Plan, report: Report) -> None:
    with papertap(*SETUP) as ours:
        rows.add(ours.data, mine=MINE, held=max(MINE, plan.jobs), ended=0)
        visitor = Visitor(ours.http_port, "bench")
        try:
            _camera(visitor, plan, report)
        finally:
            visitor.close()
    terminals(plan, report)


def _camera(visitor: Visitor, plan: Plan, report: Report) -> None:
    report.title(f"In front of a printer, {plan.jobs} held jobs of others, {MINE} of one's own")
    (place,) = json.loads(visitor.get("/api/v1/places"))
    for what, path in (
        ("camera link to the page", f"/p/{place['number']}"),
        ("the same, for programs", f"/api/v1/places/{place['number']}"),
    ):
        first = _taken(visitor, path)
        middle, late = spread([_taken(visitor, path) for _ in range(TIMES)])
        report.line(f"{what}, p50", middle, "ms", f"p99 {late:.1f} ms, the first one {first:.1f} ms")
        report.at_most(f"Phone: {what}, p99", late, READY, "ms")


def _taken(visitor: Visitor, path: str) -> float:
    began = time.monotonic()
    visitor.get(path)
    return (time.monotonic() - began) * 1000


__all__ = ["phone"]
