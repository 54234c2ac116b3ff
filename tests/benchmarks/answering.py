"""Questions: Get-Printer-Attributes and Get-Jobs beside cupsd and ippeveprinter."""

from collections.abc import Callable
from contextlib import ExitStack

from tests.benchmarks import load, messages
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report
from tests.benchmarks.targets import CUPS, EVE, OURS, Target, bench_uri, in_turn
from tests.peers.cups import held_queue
from tests.peers.ippeve import ippeveprinter
from tests.peers.ours import papertap

Ask = Callable[[str], bytes]


def attributes(plan: Plan, report: Report) -> None:
    """Get-Printer-Attributes, on an empty queue and with 5,000 held jobs."""
    for held, floor, goal in ((0, 0.3, 1.0), (5000, 0.7, 1.5)):
        report.title(f"Get-Printer-Attributes, 8 at once, {held:,} held jobs")
        ours, cups, eve = _asked(plan, messages.get_printer_attributes, held=held, concurrency=8, eve=not held)
        note = f"p50 {ours.p50:.1f} p99 {ours.p99:.1f} ms, errors {ours.errors} (cupsd p99 {cups.p99:.1f} ms)"
        ratio = report.ratio("Get-Printer-Attributes", ours.rate, cups.rate, peer=CUPS, unit="/s", note=note)
        report.at_least(f"Get-Printer-Attributes, {held:,} held, to cupsd", ratio, floor=floor, goal=goal)
        if eve is not None:
            report.ratio("Get-Printer-Attributes", ours.rate, eve.rate, peer=EVE, unit="/s")


def jobs(plan: Plan, report: Report) -> None:
    """Get-Jobs with 1,000 held jobs. cupsd lists 500 at most unless it is asked for more."""
    report.title("Get-Jobs, 4 at once, 1,000 held jobs")
    for limit in (500, 1000):
        ask: Ask = lambda uri, limit=limit: messages.get_jobs(uri, limit)  # type: ignore[misc]  # noqa: E731 - reason: bound to this turn
        ours, cups, _ = _asked(plan, ask, held=1000, concurrency=4, eve=False)
        note = f"p50 {ours.p50:.1f} p99 {ours.p99:.1f} ms, errors {ours.errors} (cupsd p99 {cups.p99:.1f} ms)"
        ratio = report.ratio(f"Get-Jobs of {limit}", ours.rate, cups.rate, peer=CUPS, unit="/s", note=note)
        report.at_least(f"Get-Jobs of {limit}, to cupsd", ratio, floor=1.0, goal=1.0)


def _asked(
    plan: Plan, ask: Ask, *, held: int, concurrency: int, eve: bool
) -> tuple[load.Result, load.Result, load.Result | None]:
    with ExitStack() as stack:
        ours = stack.enter_context(papertap(("printer", "add", "bench")))
        cups = stack.enter_context(held_queue())
        targets = [
            Target(OURS, ours.port, "/ipp/print/bench", ask(bench_uri())),
            Target(CUPS, cups, "/printers/bench", ask("ipp://localhost/printers/bench")),
        ]
        load.fill(ours.port, "/ipp/print/bench", bench_uri(), held)
        load.fill(cups, "/printers/bench", "ipp://localhost/printers/bench", held)
        if eve:
            port = stack.enter_context(ippeveprinter())
            targets.append(Target(EVE, port, "/ipp/print", ask("ipp://localhost/ipp/print")))
        found = in_turn(targets, plan, concurrency=concurrency)
    return found[OURS], found[CUPS], found.get(EVE)
