"""What there is to tell webhooks, read from the rows: each row has a mark, and another mark is news.

An event only says which row to look at. The mark is kept in the transaction that queues the deliveries, so that nothing is
queued twice; a pass over the rows at the start, and now and then, finds what no event told. What passes faster than it is
looked at is told as its latest state. Every queued event is told at least once.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

from gateway.domain.account import Receipt
from gateway.domain.audit import AuditEntry, AuditQuery
from gateway.domain.device import Device
from gateway.domain.events import Event, Happening
from gateway.domain.job import Job, JobState
from gateway.domain.printer import Printer
from gateway.domain.webhook import AUDIT, RECEIPT, Delivery, Webhook, body_of
from gateway.errors import PapertapError
from gateway.services.ports import AuditStore, Clock, EventBus, JobQuery, JobStore
from gateway.services.ports.webhooks import Told, WebhookStore
from gateway.services.ports.why import ReceiptsOf
from gateway.services.printers import Printers

GATHER_SECONDS = 0.5  # events come in bursts, and a row is read once for each burst
CATCH_UP_SECONDS = 900.0
AGAIN_SECONDS = 30.0  # after one that failed
RECENT_SECONDS = 2 * 24 * 3600.0  # a job that ended longer ago is not told of by a pass over the rows
MARKED_SECONDS = 7 * 24 * 3600.0  # marks of jobs that ended are kept longer than that
PAGE = 500
AUDIT_SECONDS = 2.0  # no event tells of it
AUDIT_PAGE = 100

_OPEN = (JobState.PENDING, JobState.PENDING_HELD, JobState.PROCESSING, JobState.PROCESSING_STOPPED)
_ENDED = (JobState.CANCELED, JobState.ABORTED, JobState.COMPLETED)

log = logging.getLogger(__name__)


class WebhookNews:
    """`run` it in one process or several: the marks keep them from telling the same twice."""

    def __init__(
        self,
        *,
        store: WebhookStore,
        jobs: JobStore,
        printers: Printers,
        receipts_of: ReceiptsOf,
        audit: AuditStore,
        events: EventBus,
        clock: Clock,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._receipts_of = receipts_of
        self._printers = printers
        self._audit = audit
        self._events = events
        self._clock = clock
        self._jobs_touched: set[int] = set()
        self._things_touched = False
        self.queued = asyncio.Event()

    async def run(self) -> None:
        """For as long as the process serves."""
        async with self._events.subscribe() as happenings, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look_after())
            async for happening in happenings:
                self._touch(happening)

    def _touch(self, happening: Happening) -> None:
        if happening.job_id is not None and happening.event is not Event.JOB_PROGRESS:
            self._jobs_touched.add(happening.job_id)
        elif happening.job_id is None:
            self._things_touched = True

    async def _look_after(self) -> None:
        due = audited = self._clock.monotonic()
        while True:
            now = self._clock.monotonic()
            try:
                if now >= due:
                    await self.catch_up()
                    due = now + CATCH_UP_SECONDS
                await self.look()
                if now >= audited:
                    await self.look_at_audit()
                    audited = now + AUDIT_SECONDS
            except PapertapError as error:
                log.warning("webhooks are told later: %s", error)
                due = min(due, now + AGAIN_SECONDS)
            await self._clock.sleep(GATHER_SECONDS)

    async def look(self) -> None:
        """Tells of what was touched."""
        if not self._jobs_touched and not self._things_touched:
            return
        hooks = await self._hooks()
        touched, self._jobs_touched = self._jobs_touched, set()
        things, self._things_touched = self._things_touched, False
        if not hooks:
            return
        try:
            found = [job for job_id in sorted(touched) if (job := await self._jobs.get(job_id)) is not None]
            await self._tell_jobs(hooks, found, since=None)
            if things:
                await self._tell_things(hooks)
        except PapertapError:
            self._jobs_touched |= touched
            self._things_touched |= things
            raise

    async def catch_up(self) -> None:
        """A pass over the rows; what was there before the first webhook is marked, and not told of."""
        hooks = await self._hooks()
        if not hooks:
            return
        since, now = min(hook.created_at for hook in hooks), self._clock.now()
        last = 0
        while page := await self._jobs.find(JobQuery(states=_OPEN, after_id=last, limit=PAGE)):
            await self._tell_jobs(hooks, page, since=since)
            last = page[-1].id
        ended = await self._jobs.find(JobQuery(states=_ENDED, newest_first=True, limit=PAGE))
        recent = [job for job in ended if (job.ended_at or 0.0) >= max(since, now - RECENT_SECONDS)]
        await self._tell_jobs(hooks, recent, since=since)
        await self._tell_things(hooks)
        while await self._store.forget_marks(before=now - MARKED_SECONDS, limit=PAGE) == PAGE:
            pass

    async def look_at_audit(self) -> None:
        """Tells of what staff did since the last look; where nobody asks for it, the place moves on in silence."""
        hooks = [hook for hook in await self._hooks() if AUDIT in hook.kinds]
        if not hooks:
            return
        known = (await self._store.marks([AUDIT])).get(AUDIT)
        if known is None:
            newest = await self._audit.find_entries(AuditQuery(limit=1))
            await self._queue([Told(subject=AUDIT, mark=str(newest[0].id if newest else 0))])
            return
        while entries := await self._audit.entries(after_id=int(known), limit=AUDIT_PAGE):
            deliveries = [d for e in entries for d in self._deliveries(hooks, AUDIT, e.at, audit_data(e), _id_of(e))]
            known = str(entries[-1].id)
            await self._queue([Told(subject=AUDIT, mark=known, deliveries=tuple(deliveries))])

    async def _hooks(self) -> list[Webhook]:
        return [hook for hook in await self._store.webhooks() if hook.active]

    # -- jobs

    async def _tell_jobs(self, hooks: list[Webhook], jobs: Sequence[Job], *, since: float | None) -> None:
        """`since`: of jobs that were never told of, only younger ones are news; None: an event says that they are."""
        before = await self._store.marks([_subject(job) for job in jobs])
        told = []
        for job in jobs:
            known = before.get(_subject(job))
            if known == _mark(job):
                continue
            new = known is None and job.created_at >= min(hook.created_at for hook in hooks)
            kind, at = _kind(job, new=new), _changed_at(job, self._clock.now())
            silent = known is None and since is not None and max(job.created_at, job.ended_at or 0.0) < since
            told.append(
                Told(
                    subject=_subject(job),
                    mark=_mark(job),
                    final=job.state.ended,
                    deliveries=() if silent else self._deliveries(hooks, kind, at, job_data(job)),
                )
            )
        await self._queue(told)
        await self._tell_receipts([hook for hook in hooks if RECEIPT in hook.kinds], jobs)

    async def _tell_receipts(self, hooks: list[Webhook], jobs: Sequence[Job]) -> None:
        """Of whatever came out of these jobs; a receipt never changes, so that its mark is only that it was told."""
        if not hooks:
            return
        since = min(hook.created_at for hook in hooks)
        printed = [job for job in jobs if job.state.ended or job.impressions_completed]
        receipts = [one for job in printed for one in await self._receipts_of(job.id) if one.at >= since]
        before = await self._store.marks([f"receipt:{one.release_id}" for one in receipts])
        await self._queue(
            Told(
                subject=f"receipt:{one.release_id}",
                mark=RECEIPT,
                final=True,
                deliveries=self._deliveries(hooks, RECEIPT, one.at, receipt_data(one), one.release_id),
            )
            for one in receipts
            if f"receipt:{one.release_id}" not in before
        )

    # -- printers and devices

    async def _tell_things(self, hooks: list[Webhook]) -> None:
        await self._printers.refresh()  # another process may have changed them a moment ago
        printers = {f"printer:{p.name}": p for p in self._printers.all()}
        devices = {f"device:{d.name}": d for d in self._printers.devices()}
        before = await self._store.marks([*printers, *devices, "printers"])
        told = [*self._printer_news(hooks, printers, before), *self._device_news(hooks, devices, before)]
        await self._queue(told)

    def _printer_news(
        self, hooks: list[Webhook], printers: Mapping[str, Printer], before: Mapping[str, str]
    ) -> Iterable[Told]:
        now, names = self._clock.now(), " ".join(sorted(p.name for p in printers.values()))
        known = set(before["printers"].split()) if "printers" in before else None
        for subject, printer in printers.items():
            status, old = self._printers.status(printer.name), before.get(subject)
            mark = f"{printer.version} {status.state} {','.join(status.reasons)}"
            if old == mark:
                continue
            data = printer_data(printer) | {"state": status.state, "reasons": list(status.reasons)}
            if old is None:
                # Never told of: new if others are known already, else simply there when the first webhook came.
                kind = None if known is None else Event.PRINTER_CREATED
            else:
                same = old.partition(" ")[0] == str(printer.version)
                kind = Event.PRINTER_STATE_CHANGED if same else Event.PRINTER_CONFIG_CHANGED
            deliveries = self._deliveries(hooks, kind.value, now, data) if kind else ()
            yield Told(subject=subject, mark=mark, deliveries=deliveries)
        gone = sorted((known or set()) - set(names.split()))
        deliveries = tuple(
            delivery
            for name in gone
            for delivery in self._deliveries(hooks, Event.PRINTER_DELETED.value, now, {"name": name})
        )
        if before.get("printers") != names:
            yield Told(subject="printers", mark=names, deliveries=deliveries)

    def _device_news(
        self, hooks: list[Webhook], devices: Mapping[str, Device], before: Mapping[str, str]
    ) -> Iterable[Told]:
        for subject, device in devices.items():
            mark = f"{device.status.state.value} {','.join(device.status.reasons)}"
            old = before.get(subject)
            if old == mark:
                continue
            at = device.status.at or self._clock.now()
            kind = Event.DEVICE_STATE_CHANGED.value
            deliveries = () if old is None else self._deliveries(hooks, kind, at, device_data(device))
            yield Told(subject=subject, mark=mark, deliveries=deliveries)

    # -- for all

    def _deliveries(
        self, hooks: list[Webhook], kind: str, at: float, data: Mapping[str, Any], event: UUID | None = None
    ) -> tuple[Delivery, ...]:
        wanted = [hook for hook in hooks if kind in hook.kinds]
        if not wanted:
            return ()
        told, now = event or uuid4(), self._clock.now()
        body = body_of(told, kind, written(at), data)
        return tuple(
            Delivery(webhook=hook.id, event=told, kind=kind, body=body, created_at=now, due_at=now) for hook in wanted
        )

    async def _queue(self, told: Iterable[Told]) -> None:
        several = list(told)
        if several and await self._store.tell(several, now=self._clock.now()):
            self.queued.set()


def job_data(job: Job) -> dict[str, Any]:
    """What is told of a job; nothing of its pages, no address, no PIN."""
    return {
        "id": job.id,
        "uuid": str(job.uuid),
        "state": job.state.keyword,
        "reasons": [reason.value for reason in job.reasons] or ["none"],
        "message": job.message,
        "name": job.name,
        "owner": job.owner,
        "printer": job.printer,
        "device": job.output_device,
        "source": job.source,
        "pages": job.pages,
        "impressions": job.impressions,
        "impressions_completed": job.impressions_completed,
        "sheets_completed": job.sheets_completed,
        "color": job.color,
        "charged_to": job.charged_to,
        "release": None if job.release_id is None else str(job.release_id),
    }


def receipt_data(receipt: Receipt) -> dict[str, Any]:
    """`amount` as text, exact, in `currency`: "" where nothing is charged."""
    return {
        "release": str(receipt.release_id),
        "job": receipt.job_id,
        "owner": receipt.owner,
        "printer": receipt.printer,
        "device": receipt.device,
        "impressions": receipt.impressions,
        "media_sheets": receipt.media_sheets,
        "color": receipt.color,
        "confirmed": receipt.confirmed,
        "amount": str(receipt.amount),
        "currency": receipt.currency,
        "project": receipt.project,
    }


def audit_data(entry: AuditEntry) -> dict[str, Any]:
    """As the log has it; it never holds a secret."""
    return {
        "id": entry.id,
        "actor": entry.actor,
        "via": entry.via,
        "action": entry.action,
        "subject": entry.subject,
        "text": entry.text,
        "values": dict(entry.values),
    }


def printer_data(printer: Printer) -> dict[str, Any]:
    return {
        "name": printer.name,
        "info": printer.info,
        "site": printer.site,
        "policy": printer.policy.value,
        "devices": list(printer.devices),
        "accepting": printer.is_accepting_jobs,
        "paused": printer.paused,
    }


def device_data(device: Device) -> dict[str, Any]:
    return {
        "name": device.name,
        "info": device.info,
        "site": device.site,
        "location": device.location,
        "state": device.status.state.value,
        "reasons": list(device.status.reasons),
        "message": device.status.message,
    }


def written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _id_of(entry: AuditEntry) -> UUID:
    """The same in each process: of two that look at the same moment the second tells nothing new."""
    return uuid5(NAMESPACE_OID, f"papertap audit {entry.digest}")


def _subject(job: Job) -> str:
    return f"job:{job.id}"


def _mark(job: Job) -> str:
    """Another one when its state is; a heartbeat or a count of pages makes no other."""
    return f"{job.state.keyword} {','.join(sorted(job.reasons))} {job.release_id or ''}".strip()


def _kind(job: Job, *, new: bool) -> str:
    """`new`: never told of, and younger than the webhooks; what was there before them only moves on."""
    if job.state.ended:
        return Event.JOB_COMPLETED.value
    if job.state is JobState.PROCESSING_STOPPED:
        return Event.JOB_STOPPED.value
    return Event.JOB_CREATED.value if new else Event.JOB_STATE_CHANGED.value


def _changed_at(job: Job, now: float) -> float:
    return job.ended_at if job.state.ended and job.ended_at is not None else now
