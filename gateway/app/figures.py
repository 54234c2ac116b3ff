"""What `/metrics` shows: each figure read from whoever knows it. No name of a person or a document is among them."""

from collections.abc import Mapping
from importlib.metadata import version

from gateway.adapters.http import Listener
from gateway.adapters.logs import dropped_lines
from gateway.adapters.metrics import Metrics
from gateway.app.build import Gateway
from gateway.app.drivers import DriverFront
from gateway.app.mail import MailFront
from gateway.domain.device import DeviceState
from gateway.domain.mail import MailState
from gateway.services.takings import Takings


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
    post = gateway.webhooks.post
    made.counter("webhooks_delivered", "Events that webhooks took.", lambda: post.delivered)
    made.counter("webhooks_failed", "Tries that no webhook took.", lambda: post.failed)
    made.counter("log_lines_dropped", "Log lines lost because the log's reader was too slow.", dropped_lines)
    return made


def takings_figures(made: Metrics, takings: Takings) -> None:
    made.counter("impressions_printed", "Impressions that receipts count.", lambda: takings.impressions)
    made.counter("sheets_printed", "Sheets that receipts count.", lambda: takings.media_sheets)
    made.counter(
        "charged",
        "What receipts were charged at.",
        lambda: {currency: float(amount) for currency, amount in takings.charged.items()},
        label="currency",
    )


def driver_figures(made: Metrics, drivers: DriverFront) -> None:
    doors = {"lpd": drivers.lpd.door, "raw": drivers.raw.door}
    made.gauge(
        "driver_connections",
        "Open connections of drivers.",
        lambda: {n: d.count for n, d in doors.items()},
        label="way",
    )
    made.counter(
        "driver_connections_refused",
        "Connections of drivers that were turned away.",
        lambda: {name: door.refused for name, door in doors.items()},
        label="way",
    )


def mail_figures(made: Metrics, mail: MailFront) -> None:
    """Mail that comes in. Mailboxes have the names that the settings give them."""
    watch, boxes = mail.desk.watch, mail.desk.mailboxes
    made.counter(
        "mails_taken", "Mails taken in durably, by SMTP, LMTP and from mailboxes.", lambda: mail.incoming.taken
    )
    made.counter(
        "mail_refused", "What was turned away in sessions, by its reply.", lambda: mail.server.refused, label="reply"
    )
    made.gauge("mail_sessions", "Open sessions by SMTP and LMTP.", lambda: mail.server.count)
    made.gauge("mails_waiting", "Mails neither refused nor answered yet.", lambda: watch.seen.waiting)
    made.gauge("mail_waiting_seconds", "How long the first of them has waited.", lambda: watch.waited)
    made.gauge(
        "mails_of_the_day",
        "Mails that came within 24 hours, by what became of them.",
        lambda: {state.value: watch.seen.recent.get(state, 0) for state in MailState},
        label="state",
    )
    made.gauge(
        "mailbox_works",
        "0 where the last look at a mailbox failed.",
        lambda: {box.name: float(box.status.ok is not False) for box in boxes},
        label="mailbox",
    )
    made.gauge(
        "mailbox_looked_at",
        "When a mailbox was looked at last, in seconds since 1970.",
        lambda: {box.name: box.status.at for box in boxes},
        label="mailbox",
    )
    made.counter(
        "mailbox_taken",
        "Mails taken out of a mailbox.",
        lambda: {box.name: box.status.taken for box in boxes},
        label="mailbox",
    )
