"""What `/metrics` shows: each figure read from whoever knows it. No name of a person or a document is among them."""

from collections.abc import Mapping
from importlib.metadata import version

from gateway.adapters.http import Listener
from gateway.adapters.logs import dropped_lines
from gateway.adapters.metrics import Metrics
from gateway.app.build import Gateway
from gateway.domain.device import DeviceState


def figures(gateway: Gateway, listeners: Mapping[str, Listener]) -> Metrics:
    """A registry over one gateway and its listeners."""
    made, tally, printers = Metrics(version=version("papertap")), gateway.intake.tally, gateway.printers
    made.counter("jobs_accepted", "Documents taken in durably.", lambda: tally.accepted)
    made.counter("octets_accepted", "Octets of those documents.", lambda: tally.octets)
    made.counter("jobs_refused", "Submissions refused, by kind.", lambda: tally.refused, label="kind")
    made.gauge(
        "barrier_seconds_bucket",
        "Submissions whose barrier took no longer than this many seconds.",
        lambda: {f"{bound:g}": count for bound, count in tally.barrier.cumulative()},
        label="le",
    )
    made.gauge(
        "queued_jobs",
        "Jobs that have not ended.",
        lambda: {p.name: printers.status(p.name).queued_jobs for p in printers.all()},
        label="printer",
    )
    made.gauge(
        "printer_stopped",
        "1 where a printer cannot print.",
        lambda: {p.name: float(printers.status(p.name).state == "stopped") for p in printers.all()},
        label="printer",
    )
    made.gauge(
        "device_reachable",
        "0 where a device does not answer.",
        lambda: {d.name: float(d.status.state is not DeviceState.UNREACHABLE) for d in printers.devices()},
        label="device",
    )
    made.gauge("accepting", "1 while new work is accepted.", lambda: float(not gateway.intake.health))
    made.gauge(
        "connections", "Open connections.", lambda: {n: one.connections for n, one in listeners.items()}, label="port"
    )
    made.counter(
        "requests", "Requests answered.", lambda: {n: one.requests for n, one in listeners.items()}, label="port"
    )
    mailer = gateway.mailer
    made.counter("letters_sent", "Mails that the mail server took.", lambda: mailer.sent)
    made.counter("letters_given_up", "Mails that it never took.", lambda: mailer.given_up)
    made.counter("log_lines_dropped", "Log lines lost because the log's reader was too slow.", dropped_lines)
    return made
