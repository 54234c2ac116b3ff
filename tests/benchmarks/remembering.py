"""Peak memory of the front process, and of preparation beside it."""

import time
from collections.abc import Iterator

from gateway.domain.job import JobState
from tests.benchmarks import load, messages
from tests.benchmarks.client import Client, job_id, streamed
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report
from tests.benchmarks.resources import watched
from tests.benchmarks.targets import bench_uri
from tests.peers.ours import Instance, papertap

MEBI = 1024 * 1024
LIMIT = 150.0  # MiB
PREPARATION_SECONDS = 60.0
WAITING = {JobState.PENDING, JobState.PROCESSING}


def memory(plan: Plan, report: Report) -> None:
    report.title("Peak memory")
    with papertap(("printer", "add", "bench")) as ours:
        report.line("front process, at rest", ours.memory() / MEBI, "MiB")
        load.fill(ours.port, "/ipp/print/bench", bench_uri(), plan.jobs, octets=100_000)
        load.post(ours.port, "/ipp/print/bench", messages.get_jobs(bench_uri(), 1000), concurrency=4, seconds=1)
        report.line(f"front process, {plan.jobs:,} jobs of 100 KB taken", ours.memory() / MEBI, "MiB")
        report.at_most(f"Memory over {plan.jobs:,} jobs", ours.memory() / MEBI, LIMIT, "MiB")
    with papertap(("printer", "add", "bench")) as ours:
        began = time.monotonic()
        _send(ours, plan)
        rate = plan.megabytes / (time.monotonic() - began)
        report.line(
            f"front process, {plan.megabytes} MiB document taken", ours.memory() / MEBI, "MiB", f"{rate:.0f} MiB/s"
        )
        report.at_most(f"Memory with a document of {plan.megabytes} MiB", ours.memory() / MEBI, LIMIT, "MiB")
    with papertap(("printer", "add", "bench"), roles="front,prepare") as ours, watched(ours.process.pid) as jails:
        number = _send(ours, plan)
        began, state = time.monotonic(), _prepared(ours, number)
        note = f"{state.keyword} after {time.monotonic() - began:.1f} s"
        report.line("front and preparation in one, the same document", ours.memory() / MEBI, "MiB", note)
        report.line("its jails together, shared pages counted twice", jails.peak / MEBI, "MiB")


def _send(ours: Instance, plan: Plan) -> int:
    client = Client(ours.port, "/ipp/print/bench", timeout=300)
    try:
        return job_id(client.post(_document(plan)))
    finally:
        client.close()


def _document(plan: Plan) -> Iterator[bytes]:
    return streamed(messages.print_message(bench_uri()), plan.megabytes * MEBI)


def _prepared(ours: Instance, number: int) -> JobState:
    end = time.monotonic() + PREPARATION_SECONDS
    while (state := ours.job(number).state) in WAITING and time.monotonic() < end:
        time.sleep(0.2)
    return state
