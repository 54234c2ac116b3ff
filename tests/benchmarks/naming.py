"""Questions that the print zone answers a second, beside bind9 with the same zone, both asked by dnsperf in turn."""

import asyncio
import re
import statistics
import subprocess
import tempfile
from pathlib import Path

from gateway.app import build
from gateway.settings import Settings, load
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report
from tests.peers.name_servers import bind9
from tests.peers.ours import papertap
from tests.peers.processes import free_port

PRINTERS = 200
ZONE = "print.example.org"
FLOOR = 8000.0


def dns(plan: Plan, report: Report) -> None:
    port = free_port()
    settings = {
        "DNS__ENABLED": "true",
        "DNS__PORT": str(port),
        "DNS__ZONE": ZONE,
        "DNS__ADDRESSES": '["192.0.2.7", "2001:db8::7"]',
        "DNS__RESOLVERS": '["127.0.0.0/8"]',
    }
    with papertap(**settings) as ours, tempfile.TemporaryDirectory() as folder:
        asyncio.run(_add_printers(load(data=ours.data)))
        with bind9(ZONE, ours.here("dns", "zone"), records=2 * PRINTERS) as theirs:
            report.title(
                f"Unicast DNS-SD: {PRINTERS} printers, one front with all else it does, dnsperf with 4 clients"
            )
            for what, questions in (("mixed", _mixed()), ("lists over TCP", _lists())):
                file = Path(folder) / "questions"
                file.write_text("\n".join(questions) + "\n")
                mode = ("-m", "tcp") if what != "mixed" else ()
                _asked(port, file, 1.0, mode)  # each answer is packed when it is first asked for
                rounds = [
                    (_asked(port, file, plan.seconds, mode), _asked(theirs, file, plan.seconds, mode))
                    for _ in range(plan.runs)
                ]
                mine, other = (statistics.median(column) for column in zip(*rounds, strict=True))
                report.ratio(what, mine, other, peer="bind9", unit="q/s")
                if what == "mixed":
                    report.at_least("DNS questions answered", mine, floor=FLOOR, goal=FLOOR, unit="q/s")


async def _add_printers(settings: Settings) -> None:
    """By one process beside the server, as the command line does it one by one."""
    async with build(settings) as gateway:
        for number in range(PRINTERS):
            await gateway.printers.add_printer(f"p{number:03d}", info=f"Printer-{number:03d}", location="Building 7")


def _mixed() -> list[str]:
    """What phones ask: lists that fit no datagram, instances, hosts, and names that are not there."""
    questions = []
    for number in range(PRINTERS):
        instance = f"Printer-{number:03d}._ipps._tcp.{ZONE}"
        questions += [f"{instance} SRV", f"{instance} TXT", f"p{number:03d}.{ZONE} A", f"p{number:03d}.{ZONE} AAAA"]
        questions += [
            f"lb._dns-sd._udp.{ZONE} PTR",
            f"nobody{number}.{ZONE} A",
            f"_universal._sub._ipps._tcp.{ZONE} PTR",
        ]
    return questions


def _lists() -> list[str]:
    return [f"_universal._sub._ipps._tcp.{ZONE} PTR", f"_ipp._tcp.{ZONE} PTR"]


def _asked(port: int, questions: Path, seconds: float, mode: tuple[str, ...]) -> float:
    command = [
        "dnsperf",
        "-s",
        "127.0.0.1",
        "-p",
        str(port),
        "-d",
        str(questions),
        "-l",
        str(seconds),
        "-c",
        "4",
        *mode,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"Queries per second:\s+([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found[1])
