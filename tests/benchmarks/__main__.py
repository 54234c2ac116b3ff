"""`make bench`: Papertap and its peers in the same run, as ratios. Nothing here fails on a timing.

Names on the command line choose; without any, all run. Amounts and times have options: see --help.
"""

import signal
import sys
from argparse import ArgumentParser
from collections.abc import Callable

from tests.benchmarks.answering import attributes, jobs
from tests.benchmarks.asking import why
from tests.benchmarks.convert import convert
from tests.benchmarks.directory import directory
from tests.benchmarks.growing import growth
from tests.benchmarks.intake import intake
from tests.benchmarks.live import live
from tests.benchmarks.mailing import mail
from tests.benchmarks.naming import dns
from tests.benchmarks.pages import pages
from tests.benchmarks.people import people
from tests.benchmarks.phone import phone
from tests.benchmarks.plan import Plan
from tests.benchmarks.printing import print_jobs
from tests.benchmarks.releasing import device
from tests.benchmarks.remembering import memory
from tests.benchmarks.remote import remote
from tests.benchmarks.report import Report
from tests.benchmarks.restarting import restart
from tests.benchmarks.uploading import upload

BENCHMARKS: dict[str, Callable[[Plan, Report], None]] = {
    "print": print_jobs,
    "attributes": attributes,
    "jobs": jobs,
    "growth": growth,
    "memory": memory,
    "restart": restart,
    "device": device,
    "intake": intake,
    "convert": convert,
    "upload": upload,
    "mail": mail,
    "pages": pages,
    "directory": directory,
    "people": people,
    "why": why,
    "live": live,
    "remote": remote,
    "phone": phone,
    "dns": dns,
}


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(BENCHMARKS)}")
    Plan.options(parser)
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"Unknown: {', '.join(unknown)}. There are: {', '.join(BENCHMARKS)}.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # all peers are stopped on the way out
    plan, report = Plan.of(given), Report()
    try:
        for name in given.names or BENCHMARKS:
            BENCHMARKS[name](plan, report)
    finally:
        report.table()
    return 0


if __name__ == "__main__":
    sys.exit(main())
