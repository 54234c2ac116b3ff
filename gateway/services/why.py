"""Why did it not come out? One search over jobs and refused tries, and one job's whole life in the order it happened.

It tells what was written down at the time: tries to submit, what was done to the job, and what was charged. The reason
and what to do next are said of the state that it is in now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.account import Receipt
from gateway.domain.copier import CopierSession
from gateway.domain.events import IntakeAttempt
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.rights import Permission
from gateway.domain.user import Actor
from gateway.errors import Forbidden, NotFound
from gateway.services.audit import Audit
from gateway.services.ports import CopierStore, JobStore, Trace, WhyStore
from gateway.services.printers import Printers

LONGEST = 100

# Reason -> the rule, and what to do next. The first reason of a job that stands here speaks.
ADVICE: Final[dict[Reason, tuple[str, str]]] = {
    Reason.ACCOUNT_INFO_NEEDED: (
        "Its printer charges each job to a project, and none was chosen.",
        "The owner chooses one in the list of jobs, or where it shall come out.",
    ),
    Reason.JOB_RELEASE_WAIT: (
        "Its printer holds jobs until their owner releases them.",
        "The owner releases it at a printer, or in the list of jobs. Nothing is wrong.",
    ),
    Reason.JOB_PASSWORD_WAIT: (
        "It was sent with a PIN and waits for it.",
        "The owner types the PIN where it shall come out.",
    ),
    Reason.JOB_HOLD_UNTIL_SPECIFIED: (
        "It was sent to be held until later.",
        "The owner releases it, or the time comes.",
    ),
    Reason.JOB_INCOMING: (
        "Its document is still arriving.",
        "Wait. If the sender has stopped, it ends by itself within minutes.",
    ),
    Reason.JOB_DATA_INSUFFICIENT: (
        "The sender stopped before the document was complete.",
        "Send it again, and stay in the network until it is through.",
    ),
    Reason.JOB_TRANSFORMING: ("It is being prepared.", "Wait a moment. After three failures it ends with the reason."),
    Reason.OUTCOME_UNKNOWN: (
        "The connection to the device broke while it was sent: nobody can tell whether it came out.",
        "Look into the tray, then answer in the list of jobs. It is never sent twice unasked.",
    ),
    Reason.DESTINATION_URI_FAILED: (
        "The device does not answer.",
        "Check its power and network, or release the job at another device.",
    ),
    Reason.RESOURCES_ARE_NOT_READY: (
        "The device needs something, as its own screen says.",
        "Give it paper or toner, or clear the jam. The job goes on by itself.",
    ),
    Reason.PRINTER_STOPPED: (
        "The device has stopped.",
        "Look at its own screen. The job goes on once it prints again.",
    ),
    Reason.JOB_CANCELED_BY_USER: ("Its owner deleted it.", "Send it again if it is still wanted."),
    Reason.JOB_CANCELED_BY_OPERATOR: ("Staff deleted it.", "The history tells who. Send it again if it is wanted."),
    Reason.JOB_CANCELED_AFTER_TIMEOUT: (
        "It waited longer than its printer keeps jobs.",
        "Send it again, or let the printer keep jobs for longer.",
    ),
    Reason.DOCUMENT_FORMAT_ERROR: (
        "The document is damaged, or not what its name says.",
        "Open it, save it as PDF, and send that.",
    ),
    Reason.UNSUPPORTED_DOCUMENT_FORMAT: (
        "This kind of document is not printed here.",
        "Save it as PDF in the program that made it, and send that.",
    ),
    Reason.DOCUMENT_PASSWORD_ERROR: (
        "The document is protected by a password.",
        "The owner types it in the list of jobs, or sends a copy without one.",
    ),
    Reason.DOCUMENT_PERMISSION_ERROR: (
        "The document's author forbids printing.",
        "Ask the author for a copy that may be printed.",
    ),
    Reason.ACCOUNT_LIMIT_REACHED: (
        "A limit or the balance of the account does not allow it.",
        "Raise the limit, add to the balance, or print fewer pages.",
    ),
    Reason.ABORTED_BY_SYSTEM: (
        "The gateway gave it up.",
        "The last line of the history says why. Send the document again, as PDF.",
    ),
    Reason.JOB_COMPLETED_WITH_ERRORS: (
        "The device printed it with errors.",
        "Look at the pages. If some are missing, print it again.",
    ),
    Reason.JOB_COMPLETED_SUCCESSFULLY: (
        "The device says that it was printed.",
        "If no page is there, somebody else may have taken it. The history names device and time.",
    ),
}
_BY_STATE: Final[dict[JobState, tuple[str, str]]] = {
    JobState.PENDING: ("It is in line.", "Wait. If it does not move, look at its device."),
    JobState.PENDING_HELD: ADVICE[Reason.JOB_RELEASE_WAIT],
    JobState.PROCESSING: ("It is on its way.", "Wait a moment."),
    JobState.PROCESSING_STOPPED: ADVICE[Reason.PRINTER_STOPPED],
    JobState.CANCELED: ("It was deleted.", "Send it again if it is still wanted."),
    JobState.ABORTED: ADVICE[Reason.ABORTED_BY_SYSTEM],
    JobState.COMPLETED: ADVICE[Reason.JOB_COMPLETED_SUCCESSFULLY],
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Jobs and tries that fit, newest first. The name of a private job is not told."""

    jobs: tuple[Job, ...]
    refused: tuple[IntakeAttempt, ...]
    copied: tuple[CopierSession, ...] = ()
    """What the person that was asked for made at devices' own panels; as `refused` it needs the right everywhere."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """One line of a life: `kind` is "try", "record" or "receipt"."""

    at: float
    kind: str
    what: str
    by: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    job: Job
    rule: str
    next_step: str
    moments: tuple[Moment, ...]


class Why:
    """Permission.JOBS or Permission.AUDIT at the site of the job's Printer; what became no job needs it everywhere."""

    def __init__(
        self, *, store: WhyStore, jobs: JobStore, copiers: CopierStore, printers: Printers, audit: Audit
    ) -> None:
        self._store, self._jobs, self._copiers, self._printers, self._audit = store, jobs, copiers, printers, audit

    async def find(self, trace: Trace, actor: Actor) -> Found:
        """A job's number finds that job besides."""
        if not any(actor.may_somewhere(permission) for permission in (Permission.AUDIT, Permission.JOBS)):
            raise Forbidden("What became of other people's jobs is for those who look after them.")
        ids = await self._store.traced(trace)
        number = trace.text.lstrip("#")
        if number.isascii() and number.isdigit() and len(number) < 19 and int(number) not in ids:
            ids = [int(number), *ids]
        found = [job for job in [await self._jobs.get(one) for one in ids] if job is not None]
        refused = await self._store.refused(trace) if _may(actor, "") else []
        return Found(
            jobs=tuple(job for job in found if _may(actor, self._site_of(job.printer))),
            refused=tuple(refused),
            copied=tuple(await self._copied(trace)) if _may(actor, "") else (),
        )

    async def _copied(self, trace: Trace) -> list[CopierSession]:
        """By the person's whole name alone: a session has neither a document nor an address."""
        if not trace.text or trace.address:
            return []
        own = await self._copiers.sessions_of(trace.text, limit=trace.limit)
        return [one for one in own if trace.since <= one.started_at <= trace.until]

    async def counts(self, *, since: float) -> dict[JobState, int]:
        """How many jobs that were sent since then are in which state now: figures, and of nobody in particular."""
        return {JobState(number): count for number, count in (await self._store.states(since=since)).items()}

    async def failed(self, *, since: float, limit: int) -> list[Job]:
        """Those that were given up, newest first; for who may see everybody's jobs."""
        found = [await self._jobs.get(one) for one in await self._store.aborted(since=since, limit=limit)]
        return [job for job in found if job is not None]

    async def life(self, job_id: int, actor: Actor) -> Life:
        """Everything that is known of one job; that somebody looked is noted."""
        job = await self._jobs.get(job_id)
        if job is None or not _may(actor, self._site_of(job.printer)):
            raise NotFound(f"There is no job {job_id} here.")
        moments = [
            Moment(at=one.at, kind="try", what=one.outcome, by=one.channel, text=one.text)
            for one in await self._store.attempts_of(job_id)
        ]
        moments += [
            Moment(at=one.at, kind="record", what=one.what, by=one.by, text=one.text)
            for one in await self._jobs.records(job_id)
        ]
        moments += [
            Moment(
                at=one.at,
                kind="receipt",
                what=one.device,
                by=one.owner or "",
                text=_billed(one),
            )
            for one in await self._store.receipts_of(job_id)
        ]
        rule, next_step = explain(job)
        await self._audit.note(actor, "job.explained", f"job {job_id}")
        return Life(job=job, rule=rule, next_step=next_step, moments=tuple(sorted(moments, key=lambda one: one.at)))

    def _site_of(self, printer: str) -> str:
        try:
            return self._printers.of_job(printer).site
        except NotFound:  # deleted since
            return ""


def _billed(receipt: Receipt) -> str:
    """What it cost, and the project that pays, with the comment for its bill."""
    amount = f"{receipt.amount:f} {receipt.currency}" if receipt.currency else ""
    return ", ".join(filter(None, (amount, receipt.project, receipt.comment)))


def explain(job: Job) -> tuple[str, str]:
    """The rule that put the job where it is, and what to do next."""
    order: Sequence[Reason] = (Reason.OUTCOME_UNKNOWN, *job.reasons)
    return next((ADVICE[one] for one in order if one in ADVICE and job.has(one)), _BY_STATE[job.state])


def _may(actor: Actor, site: str) -> bool:
    return actor.may(Permission.AUDIT, site) or actor.may(Permission.JOBS, site)
