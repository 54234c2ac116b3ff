"""From the click on "release" to the first octet of the document at the device, through the whole server."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gateway.domain.job import JobState
from ipp.virtual import Features
from tests.benchmarks import messages, rows
from tests.benchmarks.client import PASSWORD, Client, Visitor, job_id
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report, spread
from tests.benchmarks.tap import Tap
from tests.benchmarks.targets import bench_uri
from tests.peers.ours import Instance, papertap
from tests.peers.paper import Paper, virtual_printer
from tests.peers.scratch import scratch

OCTETS = 100_000
LIMIT = 100.0  # ms
PATIENCE = 60.0
KINDS = ("raw", "ipp", "ipps")


def device(plan: Plan, report: Report) -> None:
    """Released one after the other on the web page; the next when the last has come out."""
    report.title("Release to the first octet of the document at the device, prepared jobs, one after the other")
    with tempfile.TemporaryDirectory(dir=scratch()) as tray, virtual_printer(Path(tray), Features(speed=0)) as paper:
        for kind in KINDS:
            clicks, firsts = _Series(paper, kind, plan.releases).run()
            (click, click99), (first, first99) = spread(clicks), spread(firsts)
            report.line(f"{kind}: first octet, p50", first, "ms", f"p99 {first99:.1f}, longest {max(firsts):.1f} ms")
            report.line(f"{kind}: answer to the click, p50", click, "ms", f"p99 {click99:.1f} ms")
            report.at_most(f"Release to first octet, {kind}, p99", first99, LIMIT, "ms")


class _Series:
    def __init__(self, paper: Paper, kind: str, count: int) -> None:
        self._ports = paper.ports
        self._kind = kind
        self._count = count

    def run(self) -> tuple[list[float], list[float]]:
        """Milliseconds until the page answered, and until the document's first octet was at the device."""
        with Tap(self._ports["raw" if self._kind == "raw" else "ipp"], tls=self._kind == "ipps") as tap:
            uri = f"socket://127.0.0.1:{tap.port}" if self._kind == "raw" else _ipp_uri(self._kind, tap.port)
            setup = (
                ("device", "add", "tray", uri),
                ("printer", "add", "bench", "--device", "tray"),
                ("user", "add", "bench", "--password", PASSWORD),
            )
            with papertap(*setup, roles="front,prepare,deliver", DELIVERY__POLL_SECONDS="0.1") as ours:
                jobs = self._prepared(ours)
                visitor = Visitor(ours.http_port, "bench")
                try:
                    found = [_released(ours, visitor, tap, job) for job in jobs]
                finally:
                    visitor.close()
        return [click for click, _ in found], [first for _, first in found]

    def _prepared(self, ours: Instance) -> list[int]:
        """Held jobs of the user who will release them."""
        client = Client(ours.port, "/ipp/print/bench", user="bench")
        try:
            sent = [job_id(client.post(messages.print_job(bench_uri(), OCTETS))) for _ in range(self._count)]
        finally:
            client.close()
        _until(lambda: len(rows.held_of(ours.data, "bench")) == len(sent), "the jobs were not prepared")
        return sent


def _ipp_uri(scheme: str, port: int) -> str:
    return f"{scheme}://127.0.0.1:{port}/ipp/print"


def _released(ours: Instance, visitor: Visitor, tap: Tap, job: int) -> tuple[float, float]:
    """(until the answer, until the first octet), in milliseconds from the click."""
    tap.forget()
    began = time.monotonic()
    page = visitor.post("/jobs/release", {"job": str(job), "device": "tray"})
    answered = time.monotonic()
    if "on its way to" not in page:
        raise RuntimeError("The job was not released.")
    first = tap.begun(seconds=PATIENCE)
    _until(lambda: rows.state_of(ours.data, job) is JobState.COMPLETED, f"job {job} did not come out")
    return (answered - began) * 1000, (first - began) * 1000


def _until(done: Callable[[], bool], otherwise: str) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise RuntimeError(otherwise)
        time.sleep(0.05)
