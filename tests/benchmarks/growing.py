"""Whether lists and releases cost more when ten thousand jobs wait and half a million have ended.

Two servers stand side by side, a small and a large one, and are asked in turn. Whoever asks has 100 held jobs in
both; of the history every 500th job is theirs.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ipp.virtual import Features
from tests.benchmarks import messages, rows
from tests.benchmarks.client import PASSWORD, Client, Visitor
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report, spread
from tests.benchmarks.targets import bench_uri
from tests.peers.ours import Instance, papertap
from tests.peers.paper import Paper, virtual_printer
from tests.peers.scratch import scratch

MINE = 100
LIMIT = 1.2
TIMES = 100
RELEASES = 60


def growth(plan: Plan, report: Report) -> None:
    with _tray() as tray, papertap(*_setup(tray)) as small, papertap(*_setup(tray)) as large:
        began = time.monotonic()
        rows.add(small.data, mine=MINE, held=MINE, ended=MINE, owners=1)
        rows.add(large.data, mine=MINE, held=plan.jobs, ended=plan.ended)
        report.title(
            f"{MINE} held and {MINE} ended jobs, and {plan.jobs:,} held with {plan.ended:,} ended (rows added in {time.monotonic() - began:.0f} s)"
        )
        with _asking(small) as few, _asking(large) as many:
            _compare(report, "web page, my jobs", few.page, many.page, times=TIMES)
            _compare(report, "Get-Jobs of 100", few.get_jobs, many.get_jobs, times=TIMES)
            _compare(report, "Get-Jobs of 100, ended", few.get_ended, many.get_ended, times=TIMES)
            _compare(report, "release of one", few.release, many.release, times=RELEASES)


@contextmanager
def _tray() -> Iterator[Paper]:
    with (
        tempfile.TemporaryDirectory(dir=scratch()) as folder,
        virtual_printer(Path(folder), Features(speed=0)) as tray,
    ):
        yield tray


def _setup(tray: Paper) -> tuple[tuple[str, ...], ...]:
    return (
        ("device", "add", "tray", tray.uri("raw")),
        ("printer", "add", "bench", "--device", "tray"),
        ("user", "add", "bench", "--password", PASSWORD),
    )


class _Somebody:
    """One user of one server: a browser and a computer."""

    def __init__(self, visitor: Visitor, client: Client, mine: Iterator[int]) -> None:
        self._visitor = visitor
        self._client = client
        self._mine = mine

    def page(self) -> None:
        self._visitor.get("/jobs")

    def get_jobs(self) -> None:
        self._client.post(messages.get_jobs(bench_uri(), 100))

    def get_ended(self) -> None:
        self._client.post(messages.get_jobs(bench_uri(), 100, which="completed"))

    def release(self) -> None:
        page = self._visitor.post("/jobs/release", {"job": str(next(self._mine)), "device": "tray"})
        if "on its way to" not in page:
            raise RuntimeError("The job was not released.")


@contextmanager
def _asking(instance: Instance) -> Iterator[_Somebody]:
    visitor, client = Visitor(instance.http_port, "bench"), Client(instance.port, "/ipp/print/bench", user="bench")
    try:
        yield _Somebody(visitor, client, iter(rows.held_of(instance.data, "bench")))
    finally:
        visitor.close()
        client.close()


def _compare(report: Report, what: str, few: Callable[[], None], many: Callable[[], None], *, times: int) -> None:
    """In turn, so that both meet the same moments of the machine."""
    for warm in (few, many):
        warm()
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for ask, into in zip((few, many), taken, strict=True):
            began = time.monotonic()
            ask()
            into.append((time.monotonic() - began) * 1000)
    (small, small99), (large, large99) = spread(taken[0]), spread(taken[1])
    note = f"p99 {large99:.1f} and {small99:.1f} ms"
    ratio = report.ratio(what, large, small, peer="with few", unit="ms", note=note)
    report.at_most(f"Growth: {what}", ratio, LIMIT, "x")
