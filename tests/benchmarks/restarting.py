"""How long until work is accepted again after a kill -9, and how long the demo takes to come up again."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from tests.benchmarks import load, messages, rows
from tests.benchmarks.client import Client
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report
from tests.benchmarks.resources import cpu_seconds
from tests.benchmarks.targets import bench_uri
from tests.peers.ours import Instance, papertap
from tests.peers.processes import free_port, stopped
from tests.peers.scratch import scratch

LIMIT = 3.0  # seconds
PATIENCE = 60.0
ALL_ROLES = "front,prepare,deliver"


def restart(plan: Plan, report: Report) -> None:
    report.title(f"Start again after kill -9 under load, {plan.jobs:,} held jobs")
    with papertap(("printer", "add", "bench")) as ours:
        load.fill(ours.port, "/ipp/print/bench", bench_uri(), plan.jobs)
        ours.process.terminate()
        ours.process.wait(30)
        held = rows.mark_held(ours.data)
        *times, cpu = zip(*(_killed_and_back(ours) for _ in range(plan.runs)), strict=True)
    report.line("processor time until then", median(cpu), "s", "the least it takes on an idle machine")
    for what, taken in zip(("/healthz is 200", "Print-Job is accepted"), times, strict=True):
        note = f"of {plan.runs}: {', '.join(f'{t:.2f}' for t in taken)}; {held:,} held"
        report.line(what, median(taken), "s", note)
        report.at_most(f"Restart: {what}", median(taken), LIMIT, "s")
    demo = _demo_starts(plan.runs)
    report.line("the demo's first start", demo[0], "s")
    report.line("the demo's further starts", median(demo[1:]), "s")
    report.at_most("Second start of the demo", median(demo[1:]), LIMIT, "s")


def _killed_and_back(ours: Instance) -> tuple[float, float, float]:
    """Seconds from the new process to its first 200 and to its first job, and of processor time until then."""
    with _process(ours.environment, "serve", "--roles", ALL_ROLES) as first:
        _until(lambda: _healthy(ours.http_port))
        loading = threading.Thread(target=_under_load, args=(ours.port,), daemon=True)
        loading.start()
        time.sleep(1.0)  # in the middle of the load
        first.kill()
        first.wait()
        loading.join()
    began = time.monotonic()
    with _process(ours.environment, "serve", "--roles", ALL_ROLES) as second:
        _until(lambda: _healthy(ours.http_port))
        healthy = time.monotonic() - began
        _until(lambda: _accepts(ours.port))
        return healthy, time.monotonic() - began, cpu_seconds(second.pid)


def _under_load(port: int) -> None:
    load.post(port, "/ipp/print/bench", messages.print_job(bench_uri(), 100_000), concurrency=4, seconds=2)


def _demo_starts(runs: int) -> list[float]:
    data = Path(tempfile.mkdtemp(prefix="papertap-demo-", dir=scratch()))
    http_port = free_port()
    environment = {
        **os.environ,
        "PAPERTAP_DATA": str(data),
        "PAPERTAP_LISTEN__HOST": "127.0.0.1",
        "PAPERTAP_IPP__PORT": str(free_port()),
        "PAPERTAP_HTTP__PORT": str(http_port),
        "PAPERTAP_HTTPS__PORT": str(free_port()),
        "PAPERTAP_MDNS__ENABLED": "false",
        "PAPERTAP_SMTP__ENABLED": "false",
        "PAPERTAP_LPD__ENABLED": "false",
    }
    taken = []
    try:
        for _ in range(runs + 1):
            began = time.monotonic()
            with _process(environment, "demo"):
                _until(lambda: _healthy(http_port))
                taken.append(time.monotonic() - began)
    finally:
        shutil.rmtree(data, ignore_errors=True)
    return taken


@contextmanager
def _process(environment: dict[str, str], *words: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "gateway", *words]
    # As installed: compiled modules are kept from the first start on, whatever the shell of this run says.
    environment = environment | {
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": environment["PAPERTAP_DATA"] + "/pycache",
    }
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with stopped(process):
        yield process


def _until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > end:
            raise RuntimeError(f"nothing came within {PATIENCE:.0f} s")
        time.sleep(0.01)


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _accepts(port: int) -> bool:
    client = Client(port, "/ipp/print/bench")
    try:
        client.post(messages.print_job(bench_uri(), 100_000))
    except (OSError, RuntimeError):
        return False
    finally:
        client.close()
    return True
