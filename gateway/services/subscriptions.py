"""What an event subscription is (RFC 3995): its values, the words of notify-events, and who may use one."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.events import Event, Happening
from gateway.domain.job import Job, JobState
from gateway.domain.user import Actor
from gateway.services.printers import PrinterStatus

EVENT_LIFE = 300.0  # ippget-event-life: a client that polls more often misses nothing
LEASE_DEFAULT = 86_400
LEASE_MAX = 7 * 86_400
MAX_EVENTS = 100  # notices kept for one subscription; the oldest go first
BLOCK = 100  # sequence numbers that one write keeps for what happens next
MAX_SUBSCRIPTIONS = 2000
MAX_OF_ONE = 50
MAX_OF_ADDRESS = 200  # of strangers

# notify-events (RFC 3995 section 5.3.3.4): what one may subscribe to, and which happenings each covers.
COVERS: dict[str, frozenset[str]] = {
    "none": frozenset(),
    "job-created": frozenset({"job-created"}),
    "job-completed": frozenset({"job-completed"}),
    "job-stopped": frozenset({"job-stopped"}),
    "job-state-changed": frozenset({"job-created", "job-state-changed", "job-completed", "job-stopped"}),
    "job-config-changed": frozenset({"job-config-changed"}),
    "job-progress": frozenset({"job-progress"}),
    "printer-stopped": frozenset({"printer-stopped"}),
    "printer-state-changed": frozenset({"printer-state-changed", "printer-stopped"}),
    "printer-config-changed": frozenset({"printer-config-changed"}),
}
EVENTS = tuple(COVERS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """The subscription template attributes of one request group; `lease` in seconds, None is the default."""

    events: tuple[str, ...] = ("job-completed",)
    lease: int | None = None
    user_data: bytes = b""
    charset: str = "utf-8"
    language: str = "en"
    time_interval: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """A Subscription object. `job_id` None: a per-Printer one, with a lease that ends at monotonic `lease_ends`.

    `reserved`: the sequence numbers up to it are this process's to give.
    """

    id: int
    printer: str
    job_id: int | None
    wish: Wish
    actor: Actor
    lease: int
    lease_ends: float | None
    created_at: float
    sequence: int = 0
    reserved: int = 0
    ended: bool = False

    @property
    def subscriber(self) -> str:
        return self.actor.user or self.actor.claimed


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """One Event Notification: `event` as subscribed; `job` and `status` as they stood when it happened."""

    subscription: Subscription
    sequence: int
    event: str
    at: float
    printer: str
    text: str
    job: Job | None
    status: PrinterStatus | None


def check_events(events: Sequence[str]) -> tuple[str, ...]:
    """Those that can be subscribed to, each once; unknown ones are left out."""
    return tuple(event for event in dict.fromkeys(events) if event in COVERS)


def lease_of(seconds: int | None) -> int:
    """0 asks for no end (RFC 3995 section 5.3.8); nothing here is endless."""
    if seconds is None:
        return LEASE_DEFAULT
    return LEASE_MAX if seconds <= 0 else min(seconds, LEASE_MAX)


def concerns(subscription: Subscription, happening: Happening) -> bool:
    if subscription.ended or happening.printer != subscription.printer:
        return False
    return subscription.job_id is None or subscription.job_id == happening.job_id


def words_of(happening: Happening, job: Job | None, status: PrinterStatus | None) -> tuple[str, ...]:
    """What happened in notify-events words, the most telling first."""
    event = happening.event
    if event is Event.JOB_STATE_CHANGED and job is not None and job.state is JobState.PROCESSING_STOPPED:
        return ("job-stopped", "job-state-changed")
    if event is Event.PRINTER_STATE_CHANGED and status is not None and status.state == "stopped":
        return ("printer-stopped", "printer-state-changed")
    return (event.value,)


def same_subscriber(one: Actor, other: Actor) -> bool:
    if one.user is not None or other.user is not None:
        return one.user == other.user
    return (one.claimed, one.address) == (other.claimed, other.address)
