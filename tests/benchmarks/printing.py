"""Held Print-Job with the full barrier, beside cupsd (answers before the disk), Postfix (after it) and the disk itself."""

from contextlib import ExitStack
from statistics import median

from tests.benchmarks import barrier, load, messages
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report
from tests.benchmarks.resources import cpu_seconds
from tests.benchmarks.targets import CUPS, DISK, OURS, POSTFIX, bench_uri
from tests.peers.cups import held_queue
from tests.peers.mail import postfix, smtp_source
from tests.peers.ours import papertap

MAIL_CONCURRENCY = 8


def print_jobs(plan: Plan, report: Report) -> None:
    for octets in (100_000, 1_000_000):
        size = f"{octets // 1000} KB"
        report.title(f"Print-Job of {size}")
        for concurrency in (1, MAIL_CONCURRENCY, 32):
            _Round(plan, octets, concurrency).measure(report, f"{size}, {concurrency} at once")


class _Round:
    """One size at one concurrency: all parties in turn, each with an empty queue at the beginning."""

    def __init__(self, plan: Plan, octets: int, concurrency: int) -> None:
        self._plan = plan
        self._octets = octets
        self._concurrency = concurrency
        self._disk: list[float] = []
        self._mail: list[float] = []
        self._runs: dict[str, list[load.Result]] = {OURS: [], CUPS: []}
        self._cpu = 0.0

    def measure(self, report: Report, what: str) -> None:
        with ExitStack() as stack:
            ours = stack.enter_context(papertap(("printer", "add", "bench")))
            cups = stack.enter_context(held_queue())
            mail = stack.enter_context(postfix()) if self._concurrency == MAIL_CONCURRENCY else None
            # The first requests meet empty caches on both sides.
            self._post(ours.port, "/ipp/print/bench", bench_uri(), seconds=1)
            self._post(cups, "/printers/bench", "ipp://localhost/printers/bench", seconds=1)
            for _ in range(self._plan.runs):
                used = cpu_seconds(ours.process.pid)
                self._runs[OURS].append(self._post(ours.port, "/ipp/print/bench", bench_uri()))
                self._cpu += cpu_seconds(ours.process.pid) - used
                self._runs[CUPS].append(self._post(cups, "/printers/bench", "ipp://localhost/printers/bench"))
                if mail is not None:
                    self._mail.append(self._deliver(mail))
                self._disk.append(barrier.serial(self._octets, 300 if self._octets < 1_000_000 else 100))
        self._tell(report, what)

    def _post(self, port: int, path: str, uri: str, *, seconds: float | None = None) -> load.Result:
        body = messages.print_job(uri, self._octets)
        return load.post(port, path, body, concurrency=self._concurrency, seconds=seconds or self._plan.seconds)

    def _deliver(self, port: int) -> float:
        count = round((700 if self._octets < 1_000_000 else 200) * self._plan.seconds)
        return smtp_source(port, octets=self._octets, concurrency=self._concurrency, messages=count)

    def _tell(self, report: Report, what: str) -> None:
        ours, cups = load.taken(self._runs[OURS]), load.taken(self._runs[CUPS])
        spent = self._cpu / max(1, ours.requests) * 1000
        for name, run in ((OURS, ours), (CUPS, cups)):
            note = f"p50 {run.p50:.1f} ms, p99 {run.p99:.1f} ms, errors {run.errors}"
            report.line(f"{what}: {name}", run.rate, "jobs/s", note + (f", {spent:.2f} ms CPU" if run is ours else ""))
        ratio = report.ratio(what, ours.rate, cups.rate, peer="cupsd (not durable)", unit="jobs/s")
        report.at_least(f"Print-Job {what}, to cupsd", ratio, floor=0.3, goal=1.0)
        report.ratio(what, ours.rate, median(self._disk), peer=DISK, unit="jobs/s")
        if self._mail:
            ratio = report.ratio(what, ours.rate, median(self._mail), peer=POSTFIX, unit="jobs/s")
            report.at_least(f"Print-Job {what}, to Postfix", ratio, floor=0.6, goal=1.0)
        report.at_most(f"Print-Job {what}, errors", ours.errors, 0, "")
        if self._octets < 1_000_000:
            report.at_most(f"Print-Job {what}, p99", ours.p99, 100, "ms")
