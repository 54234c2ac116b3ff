"""A steady stream of jobs through the whole system (row 154): each is sent at its time, whatever became of the last."""

import time
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from tests.benchmarks import messages
from tests.benchmarks.client import Client
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report, spread
from tests.benchmarks.resources import cpu_seconds
from tests.benchmarks.targets import bench_uri
from tests.peers.ours import papertap

SENDERS = 32
OCTETS = 100_000
P99 = 100.0  # ms


def intake(plan: Plan, report: Report) -> None:
    """The time of a job counts from when it should have been sent, so that a stall is not hidden by the sender."""
    report.title(f"{plan.intake_rate:.0f} jobs a second for {plan.intake_seconds:.0f} s, preparation running")
    with papertap(("printer", "add", "bench"), roles="front,prepare,deliver") as ours:
        used = cpu_seconds(ours.process.pid)
        taken, errors, late = _Stream(ours.port).run(plan.intake_rate, plan.intake_seconds)
        used = cpu_seconds(ours.process.pid) - used
        p50, p99 = spread(taken) if taken else (0.0, 0.0)
        memory = ours.memory() / 1024**2
    report.line("accepted", len(taken), "jobs", f"errors {errors}, sent late by {late * 1000:.1f} ms at most")
    report.line("p50", p50, "ms", f"longest {max(taken, default=0):.1f} ms")
    report.line("p99", p99, "ms", f"{used / max(1, len(taken)) * 1000:.1f} ms CPU a job, {memory:.0f} MiB at most")
    report.at_most("Intake, p99", p99, P99, "ms")
    report.at_most("Intake, errors", errors, 0, "")


class _Stream:
    def __init__(self, port: int) -> None:
        self._body = messages.print_job(bench_uri(), OCTETS)
        self._clients: SimpleQueue[Client] = SimpleQueue()
        for _ in range(SENDERS):
            self._clients.put(Client(port, "/ipp/print/bench"))

    def run(self, rate: float, seconds: float) -> tuple[list[float], int, float]:
        """(milliseconds of each accepted job, how many were not, by how many seconds the sender itself was late)."""
        began, late = time.monotonic(), 0.0
        with ThreadPoolExecutor(SENDERS) as senders:
            sent = []
            for number in range(round(rate * seconds)):
                due = began + number / rate
                time.sleep(max(0.0, due - time.monotonic()))
                late = max(late, time.monotonic() - due)
                sent.append(senders.submit(self._one, due))
            found = [future.result() for future in sent]
        while not self._clients.empty():
            self._clients.get().close()
        taken = [milliseconds for milliseconds in found if milliseconds is not None]
        return taken, len(found) - len(taken), late

    def _one(self, due: float) -> float | None:
        client = self._clients.get()
        try:
            client.post(self._body)
        except (OSError, RuntimeError):
            client.close()  # it connects anew at its next job
            return None
        finally:
            self._clients.put(client)
        return (time.monotonic() - due) * 1000
