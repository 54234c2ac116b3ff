"""A job on the printer, as its Job attributes tell it (RFC 8011 section 5.3)."""

from gateway.services.ports import Order, Progress
from ipp.wire import Group, JobState, PrinterState

JOB_ATTRIBUTES = (
    "job-id",
    "job-name",
    "job-state",
    "job-state-reasons",
    "job-state-message",
    "job-impressions-completed",
    "job-media-sheets-completed",
)
_SHORTEST_NAME = 24  # octets to which a printer may cut a job's name before it says nothing


def is_order(job: Group, order: Order) -> bool:
    """Whether the job's name carries the release id."""
    return str(order.release_id) in _name(job)


def may_be_order(job: Group, order: Order) -> bool:
    """The same of a job whose number is ours: some printers cut names, and some know no name any more."""
    name = _name(job)
    return is_order(job, order) or not name or (len(name) >= _SHORTEST_NAME and order.name.startswith(name))


def _name(job: Group) -> str:
    attribute = job.get("job-name")
    return "" if attribute is None else str(getattr(attribute.value, "text", attribute.value))


def progress_of(job: Group, printer: Group | None) -> Progress:
    """Where the job is. The printer's own state counts too: many stop without saying so of the job.

    A job that the device holds, for a PIN or by its own settings, waits for somebody just as one without paper.
    """
    state = _integer(job, "job-state")
    ended = state is not None and state >= JobState.CANCELED
    halted = printer is not None and _integer(printer, "printer-state") == PrinterState.STOPPED
    stopped = not ended and (state in {JobState.PENDING_HELD, JobState.PROCESSING_STOPPED} or halted)
    told = printer if stopped and printer is not None else job
    prefix = "printer" if told is printer else "job"
    number = _integer(job, "job-id")
    return Progress(
        device_job=None if number is None else str(number),
        impressions_completed=_integer(job, "job-impressions-completed"),
        sheets_completed=_integer(job, "job-media-sheets-completed"),
        stopped=stopped,
        done=ended,
        aborted=state in {JobState.CANCELED, JobState.ABORTED},
        reasons=_texts(told, f"{prefix}-state-reasons"),
        message=" ".join(_texts(told, f"{prefix}-state-message"))[:200],
    )


def _integer(group: Group, name: str) -> int | None:
    attribute = group.get(name)
    return attribute.value if attribute is not None and isinstance(attribute.value, int) else None


def _texts(group: Group, name: str) -> tuple[str, ...]:
    attribute = group.get(name)
    return () if attribute is None else tuple(str(v) for v in attribute.values if v not in {None, "none", ""})
