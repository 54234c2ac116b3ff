"""A job's life as spans of one trace (OpenTelemetry), read from its row, its records and its receipts.

Everything that a span says is durable before it is told, and its ids are made of the job's UUID: whichever process tells
it, and however often, it is the same span of the same trace. Nothing in it names a person, a document or an address.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from gateway.domain.account import Receipt
from gateway.domain.events import JobRecord
from gateway.domain.job import Job, JobState

Value = str | int | float | bool | tuple[str, ...]

INTAKE, PREPARATION, HOLD, RELEASE = "intake", "preparation", "hold", "release"
DELIVERY, FOLLOWING, SETTLEMENT, WHOLE = "delivery", "following", "settlement", "job"

# Which record ends a phase, and which one begins with it; None ends whatever phase the job is in.
_TURNS: Mapping[str, tuple[str | None, str]] = {
    "received": (INTAKE, PREPARATION),
    "closed": (INTAKE, PREPARATION),
    "prepared": (PREPARATION, HOLD),
    "preparation failed": (PREPARATION, PREPARATION),
    "choice dropped": (PREPARATION, PREPARATION),
    "password needed": (PREPARATION, HOLD),
    "password given": (HOLD, PREPARATION),
    "to be converted again": (HOLD, PREPARATION),
    "no longer held": (HOLD, RELEASE),
    "released": (HOLD, RELEASE),
    "sending": (RELEASE, DELIVERY),
    "sent": (DELIVERY, FOLLOWING),
    "postponed": (None, RELEASE),
    "failed over": (None, RELEASE),
    "held again": (None, HOLD),
    "outcome unknown": (None, FOLLOWING),
    "said not to have printed": (None, HOLD),
    "said to have printed": (None, ""),
    "completed": (None, ""),
    "canceled": (None, ""),
    "expired": (None, ""),
    "aborted": (None, ""),
}
_FAILURES = frozenset({"preparation failed", "outcome unknown", "aborted"})
_MOMENTS = frozenset({"printing", "stopped", "extended", "changed", "moved in line", "held on request", "claimed"})


TRACED = "traced"
"""The record of a job that a program asked for within a trace of its own; its text is the traceparent."""
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    at: float
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """`trace` has 16 octets as a number, `id` and `parent` have 8; no `parent` is the whole. Times in seconds.

    `link`: trace and span of whoever asked for it.
    """

    trace: int
    id: int
    parent: int | None
    name: str
    begun: float
    ended: float
    attributes: Mapping[str, Value] = field(default_factory=dict)
    moments: tuple[Moment, ...] = ()
    failed: bool = False
    link: tuple[int, int] | None = None


def read_traceparent(text: str) -> tuple[int, int] | None:
    """(trace, span) of a traceparent header (W3C Trace Context section 3.2); None for what is none."""
    match = _TRACEPARENT.fullmatch(text)
    if match is None or match[1] == "ff" or (match[1] == "00" and match[4]):
        return None
    found = int(match[2], 16), int(match[3], 16)
    return found if all(found) else None


def spans_of(job: Job, records: Sequence[JobRecord], receipts: Sequence[Receipt]) -> list[Span]:
    """Those phases that are over, in their order, what was charged, and the whole once the job has ended."""
    told = [*_phases(job, records), *(_settled(job, receipt) for receipt in receipts)]
    link = next((read_traceparent(record.text) for record in records if record.what == TRACED), None)
    return [*told, _whole(job, told, link)] if job.state.ended else told


def is_sampled(job_id: UUID, share: float) -> bool:
    """The same for all processes; `share` of all traces, 0 to 1."""
    return int.from_bytes(hashlib.sha256(job_id.bytes).digest()[:7]) < share * 2**56


def _phases(job: Job, records: Sequence[JobRecord]) -> Iterator[Span]:
    phase, since, moments = INTAKE, job.created_at, list[Moment]()
    came_whole = not any(record.what in {"received", "closed"} for record in records)
    if came_whole and job.incoming_until is None:
        yield _span(job, INTAKE, "whole", begun=since, ended=since)
        phase = PREPARATION
    for number, record in enumerate(records):
        what = "released" if record.what.startswith("released to ") else record.what
        if what in _MOMENTS:
            moments.append(Moment(at=record.at, name=what))
        if what not in _TURNS or not phase:
            continue
        named, then = _TURNS[what]
        # A direct Printer's job is on its way as soon as it is prepared: nobody releases it.
        ended = RELEASE if phase == HOLD and what == "sending" else named or phase
        begun = _claimed(job, since, record.at) if ended == PREPARATION else since
        yield _span(
            job, ended, str(number), begun=begun, ended=record.at, moments=tuple(moments), failed=what in _FAILURES
        )
        phase, since, moments = then, record.at, []


def _claimed(job: Job, since: float, until: float) -> float:
    """A first preparation begins when a worker takes the job, not while it waits for one."""
    return job.processing_at if job.processing_at is not None and since <= job.processing_at <= until else since


def _settled(job: Job, receipt: Receipt) -> Span:
    said: dict[str, Value] = {
        "papertap.device": receipt.device,
        "papertap.impressions": receipt.impressions,
        "papertap.media_sheets": receipt.media_sheets,
        "papertap.color": receipt.color,
        "papertap.confirmed": receipt.confirmed,
        "papertap.amount": float(receipt.amount),
        "papertap.currency": receipt.currency,
    }
    return _span(job, SETTLEMENT, str(receipt.release_id), begun=receipt.at, ended=receipt.at, said=said)


def _whole(job: Job, parts: Sequence[Span], link: tuple[int, int] | None) -> Span:
    ended = max([job.ended_at or job.created_at, *(part.ended for part in parts)])
    said = _state(job) | {"papertap.job.pages": job.pages or 0, "papertap.impressions": job.impressions_completed}
    return Span(
        trace=job.uuid.int,
        id=_id(job, WHOLE),
        parent=None,
        name=WHOLE,
        begun=job.created_at,
        ended=ended,
        attributes=said,
        failed=job.state is JobState.ABORTED,
        link=link,
    )


def _span(
    job: Job,
    name: str,
    key: str,
    *,
    begun: float,
    ended: float,
    said: Mapping[str, Value] | None = None,
    moments: tuple[Moment, ...] = (),
    failed: bool = False,
) -> Span:
    """A clock that was set back gives no span that ends before it began."""
    return Span(
        trace=job.uuid.int,
        id=_id(job, f"{name} {key}"),
        parent=_id(job, WHOLE),
        name=name,
        begun=min(begun, ended),
        ended=ended,
        attributes={"papertap.job.id": job.id, "papertap.printer": job.printer, **(said or {})},
        moments=moments,
        failed=failed,
    )


def _state(job: Job) -> dict[str, Value]:
    return {
        "papertap.job.id": job.id,
        "papertap.job.state": job.state.keyword,
        "papertap.job.reasons": tuple(reason.value for reason in job.reasons),
        "papertap.job.channel": job.source,
        "papertap.printer": job.printer,
        "papertap.device": job.output_device or "",
    }


def _id(job: Job, name: str) -> int:
    """Eight octets that are not all zero (W3C Trace Context section 3.2.2.4)."""
    return int.from_bytes(hashlib.sha256(job.uuid.bytes + name.encode()).digest()[:8]) or 1
