"""Who is measured, and in turn: what else the machine does meanwhile then hits all of them alike."""

from typing import NamedTuple

from tests.benchmarks import load
from tests.benchmarks.plan import Plan

OURS, CUPS, EVE = "papertap", "cupsd", "ippeveprinter"
POSTFIX, DISK = "Postfix (durable)", "serial barrier"


class Target(NamedTuple):
    """Where wrk sends `body`."""

    name: str
    port: int
    path: str
    body: bytes


def bench_uri(name: str = "bench") -> str:
    return f"ipp://localhost/ipp/print/{name}"


def in_turn(targets: list[Target], plan: Plan, *, concurrency: int) -> dict[str, load.Result]:
    """Medians by name of `plan.runs` rounds; in each round every target has its `plan.seconds`."""
    found: dict[str, list[load.Result]] = {target.name: [] for target in targets}
    for _ in range(plan.runs):
        for target in targets:
            run = load.post(target.port, target.path, target.body, concurrency=concurrency, seconds=plan.seconds)
            found[target.name].append(run)
    return {name: load.taken(runs) for name, runs in found.items()}
