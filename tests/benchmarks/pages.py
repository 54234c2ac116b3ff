"""Whether the portal's pages cost more with a hundred thousand users and half a million jobs than with a thousand.

Two servers side by side, asked in turn. Whoever asks has the same jobs and receipts in both.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from tests.benchmarks import rows
from tests.benchmarks.client import PASSWORD, Visitor
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report, spread
from tests.peers.ours import Instance, papertap

SMALL = 1000
MINE = 20  # jobs of the day
LIMIT = 1.2
MILLISECONDS = 100.0
TIMES = 60
SETUP = (
    ("device", "add", "tray", "socket://127.0.0.1:9"),
    ("printer", "add", "bench", "--device", "tray"),
    ("user", "add", "bench", "--password", PASSWORD),
    ("user", "add", "staff", "--password", PASSWORD, "--role", "operator"),
)


def pages(plan: Plan, report: Report) -> None:
    with papertap(*SETUP) as small, papertap(*SETUP) as large:
        began = time.monotonic()
        owners = max(1, plan.ended // SMALL)
        _fill(small, users=SMALL, held=SMALL // 5, ended=SMALL, owners=1)
        _fill(large, users=plan.users, held=max(MINE, plan.jobs), ended=plan.ended, owners=owners)
        report.title(
            f"Pages with {SMALL:,} users and jobs, and with {plan.users:,} users and {plan.jobs + plan.ended:,} jobs "
            f"(rows added in {time.monotonic() - began:.0f} s)"
        )
        with _asking(small, "bench") as few, _asking(large, "bench") as many:
            job = (rows.held_of(small.data, "bench")[0], rows.held_of(large.data, "bench")[0])
            for what, one, other in (
                ("my jobs", "/jobs", "/jobs"),
                ("one job", f"/jobs/{job[0]}", f"/jobs/{job[1]}"),
                ("quote of a job", f"/jobs/quote?job={job[0]}&device=tray", f"/jobs/quote?job={job[1]}&device=tray"),
                ("history and statistics", "/history", "/history"),
                ("search in my history", "/history?q=report", "/history?q=report"),
                ("delegates", "/account/delegates", "/account/delegates"),
            ):
                _compare(report, what, partial(few.get, one), partial(many.get, other))
        with _asking(small, "staff") as few, _asking(large, "staff") as many:
            _compare(report, "all jobs, for staff", lambda: few.get("/jobs?all=1"), lambda: many.get("/jobs?all=1"))


def _fill(instance: Instance, *, users: int, held: int, ended: int, owners: int) -> None:
    rows.add_people(instance.data, users)
    rows.add(instance.data, mine=MINE, held=held, ended=ended, owners=owners)
    rows.add_receipts(instance.data)


@contextmanager
def _asking(instance: Instance, name: str) -> Iterator[Visitor]:
    visitor = Visitor(instance.http_port, name)
    try:
        yield visitor
    finally:
        visitor.close()


def _compare(report: Report, what: str, few: Callable[[], object], many: Callable[[], object]) -> None:
    for warm in (few, many, few, many):
        warm()
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(TIMES):
        for ask, into in zip((few, many), taken, strict=True):
            began = time.monotonic()
            ask()
            into.append((time.monotonic() - began) * 1000)
    (small, small99), (large, large99) = spread(taken[0]), spread(taken[1])
    note = f"p99 {large99:.1f} and {small99:.1f} ms"
    ratio = report.ratio(what, large, small, peer="with few", unit="ms", note=note)
    report.at_most(f"Pages: {what}, ratio", ratio, LIMIT, "x")
    report.at_most(f"Pages: {what}, time", large, MILLISECONDS, "ms")
