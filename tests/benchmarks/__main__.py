"""`make bench`: Papertap and its peers in the same run, as ratios. Nothing here fails on a timing.

Names on the command line choose; without any, all run: print attributes jobs memory restart device.
"""

import sys
from collections.abc import Callable

from tests.benchmarks import barrier, load, messages
from tests.peers.cups import held_queue
from tests.peers.ippeve import ippeveprinter
from tests.peers.mail import postfix, smtp_source
from tests.peers.ours import papertap

SECONDS = 6.0


def row(what: str, ours: float, peer: str, theirs: float, unit: str, note: str = "") -> None:  # noqa: PLR0917 - columns
    ratio = ours / theirs if theirs else float("nan")
    print(f"{what:44} {ours:10.1f} {unit:7} {peer:>22} {theirs:10.1f}   ratio {ratio:6.2f}  {note}", flush=True)


def print_jobs() -> None:
    """Held Print-Job with the full barrier against cupsd (before the disk) and Postfix (after it)."""
    for octets in (100_000, 1_000_000):
        size = f"{octets // 1000} KB"
        disk = barrier.serial(octets, 500 if octets < 1_000_000 else 200)
        rates: dict[tuple[str, int], load.Result] = {}
        for concurrency in (1, 8, 32):
            with papertap(("printer", "add", "bench")) as ours:
                rates["papertap", concurrency] = load.post(
                    ours.port,
                    "/ipp/print/bench",
                    messages.print_job(_uri("bench"), octets),
                    concurrency=concurrency,
                    seconds=SECONDS,
                )
            with held_queue() as port:
                rates["cupsd", concurrency] = load.post(
                    port,
                    "/printers/bench",
                    messages.print_job("ipp://localhost/printers/bench", octets),
                    concurrency=concurrency,
                    seconds=SECONDS,
                )
        with postfix() as port:
            mail = smtp_source(port, octets=octets, concurrency=8, messages=4000 if octets < 1_000_000 else 1000)
        for concurrency in (1, 8, 32):
            mine, cups = rates["papertap", concurrency], rates["cupsd", concurrency]
            note = f"p99 {mine.p99:.1f} ms, errors {mine.errors} (cupsd p99 {cups.p99:.1f} ms)"
            row(f"Print-Job {size}, {concurrency} at once", mine.rate, "cupsd (not durable)", cups.rate, "jobs/s", note)
            if concurrency == 8:
                row(f"Print-Job {size}, 8 at once", mine.rate, "Postfix (durable)", mail, "jobs/s")
            row(f"  of the disk, {concurrency} at once", mine.rate, "serial barrier", disk, "jobs/s")


def attributes() -> None:
    """Get-Printer-Attributes, on an empty queue and with 5,000 held jobs."""
    for held in (0, 5000):
        with papertap(("printer", "add", "bench")) as ours:
            fill(ours.port, "/ipp/print/bench", _uri("bench"), held)
            mine = load.post(
                ours.port,
                "/ipp/print/bench",
                messages.get_printer_attributes(_uri("bench")),
                concurrency=8,
                seconds=SECONDS,
            )
        with held_queue() as port:
            uri = "ipp://localhost/printers/bench"
            fill(port, "/printers/bench", uri, held)
            cups = load.post(
                port, "/printers/bench", messages.get_printer_attributes(uri), concurrency=8, seconds=SECONDS
            )
        note = f"p99 {mine.p99:.1f} ms, errors {mine.errors}"
        row(f"Get-Printer-Attributes, {held} held", mine.rate, "cupsd", cups.rate, "/s", note)
        if not held:
            with ippeveprinter() as port:
                eve = load.post(
                    port,
                    "/ipp/print",
                    messages.get_printer_attributes("ipp://localhost/ipp/print"),
                    concurrency=8,
                    seconds=SECONDS,
                )
            row("Get-Printer-Attributes, empty", mine.rate, "ippeveprinter", eve.rate, "/s")


def jobs() -> None:
    """Get-Jobs with 1,000 held jobs."""
    with papertap(("printer", "add", "bench")) as ours:
        fill(ours.port, "/ipp/print/bench", _uri("bench"), 1000)
        mine = load.post(
            ours.port, "/ipp/print/bench", messages.get_jobs(_uri("bench")), concurrency=4, seconds=SECONDS
        )
    with held_queue() as port:
        uri = "ipp://localhost/printers/bench"
        fill(port, "/printers/bench", uri, 1000)
        cups = load.post(port, "/printers/bench", messages.get_jobs(uri), concurrency=4, seconds=SECONDS)
    row("Get-Jobs, 1,000 held", mine.rate, "cupsd (500 at most)", cups.rate, "/s", f"p99 {mine.p99:.1f} ms")


def fill(port: int, path: str, uri: str, count: int) -> None:
    """About `count` small held jobs, as fast as they are taken."""
    done = 0
    while done < count:
        done += load.post(port, path, messages.print_job(uri, 2000), concurrency=8, seconds=1).requests


def _uri(name: str) -> str:
    return f"ipp://localhost/ipp/print/{name}"


BENCHMARKS: dict[str, Callable[[], None]] = {"print": print_jobs, "attributes": attributes, "jobs": jobs}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"Unknown: {', '.join(unknown)}. There are: {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    for name in names or BENCHMARKS:
        BENCHMARKS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
