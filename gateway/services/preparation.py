"""Makes every accepted document printable, in the sandbox, and decides where the job waits.

Preparation is a pure function of the spooled octets: a worker that dies in the middle costs nothing but time. The
third failure aborts the job and says so.
"""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from gateway.domain.conversion import AS_AUTHORED
from gateway.domain.document import Document, DocumentFacts
from gateway.domain.events import Event, Happening, JobRecord
from gateway.domain.job import Cause, Job, JobState, Reason, advance
from gateway.domain.printer import Printer
from gateway.domain.waiting import assigned, waiting_reasons
from gateway.errors import (
    DocumentPasswordRequired,
    FormatError,
    FormatMismatch,
    FormatNotSupported,
    NotPossible,
    PapertapError,
    PrintForbidden,
    Refusal,
    TooLarge,
    Unavailable,
)
from gateway.services.counting import count, separate
from gateway.services.fitness import choose_device
from gateway.services.particulars import batch_of
from gateway.services.ports import (
    Clock,
    Converter,
    EventBus,
    JobChange,
    JobQuery,
    JobStore,
    Keyring,
    Spool,
    SpoolWriter,
    Stage,
)
from gateway.services.printers import Printers
from gateway.services.sealing import opened_password

POLL_SECONDS = 1.0
LEASE_SECONDS = 60.0
FAILURES = 3
REST_SECONDS = 5.0
PDF = "application/pdf"

log = logging.getLogger(__name__)

_ABORT_REASONS: dict[type[Refusal], Reason] = {
    FormatNotSupported: Reason.UNSUPPORTED_DOCUMENT_FORMAT,
    FormatMismatch: Reason.DOCUMENT_FORMAT_ERROR,
    FormatError: Reason.DOCUMENT_FORMAT_ERROR,
    DocumentPasswordRequired: Reason.DOCUMENT_PASSWORD_ERROR,
    PrintForbidden: Reason.DOCUMENT_PERMISSION_ERROR,
    TooLarge: Reason.DOCUMENT_UNPRINTABLE_ERROR,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Made:
    """What one document became."""

    printable: Document
    facts: DocumentFacts
    thumbnails: tuple[Document, ...]


class Preparation:
    """The worker for Stage.PREPARE: claims, converts, and puts the job where it waits."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        printers: Printers,
        spool: Spool,
        keyring: Keyring,
        converter: Converter,
        events: EventBus,
        clock: Clock,
        workers: int,
        name: str,
        lease: float = LEASE_SECONDS,
    ) -> None:
        self._jobs = jobs
        self._printers = printers
        self._spool = spool
        self._keyring = keyring
        self._converter = converter
        self._events = events
        self._clock = clock
        self._workers = workers
        self._name = name
        self._lease = lease
        self._wake = asyncio.Event()
        self._resting_until = 0.0

    # -- the loop

    async def run(self) -> None:
        """Claims as many jobs as there are free workers; woken by events, polling besides."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._tick())
            tasks.create_task(self._lapse())
            free = asyncio.Semaphore(self._workers)
            while True:
                await free.acquire()
                claimed = await self._claim()
                if claimed is None:
                    free.release()
                    await self._wake.wait()
                    self._wake.clear()
                    continue
                tasks.create_task(self._one(claimed)).add_done_callback(lambda _: free.release())

    async def _listen(self) -> None:
        async with self._events.subscribe() as happenings:
            async for happening in happenings:
                if happening.event in {Event.JOB_CREATED, Event.JOB_STATE_CHANGED}:
                    self._wake.set()

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(POLL_SECONDS)
            self._wake.set()

    async def _lapse(self) -> None:
        """Claims of workers that died, here or elsewhere."""
        while True:
            await self._clock.sleep(self._lease)
            try:
                await self.recover(alone=False)
            except PapertapError as error:
                log.warning("lapsed preparations not looked for: %s", error)

    async def _claim(self) -> Job | None:
        if self._keyring.locked or self._clock.monotonic() < self._resting_until:
            return None
        try:
            claimed = await self._jobs.claim(Stage.PREPARE, self._name, now=self._clock.now(), lease=self._lease)
        except Unavailable as error:
            log.warning("no job claimed for preparation: %s", error)
            return None
        return claimed[0] if claimed else None

    async def recover(self, *, alone: bool) -> int:
        """Jobs whose worker died go back in line; `alone` says that no other process can hold a claim."""
        now = self._clock.now()
        lapsed = await self._jobs.find(
            JobQuery(states=(JobState.PROCESSING,), claim_lapsed_at=math.inf if alone else now, limit=None)
        )
        mine = [job for job in lapsed if not job.prepared]
        for job in mine:
            await self._failed(job, "Preparation was interrupted.")
        return len(mine)

    # -- one job

    async def _one(self, job: Job) -> None:
        try:
            async with self._heartbeat(job):
                await self.prepare(job)
        except Refusal as refusal:
            await self._guarded(self._aborted(job, refusal))
        except (PapertapError, OSError, RuntimeError, ValueError) as error:
            log.exception("preparation failed", extra={"job": job.id})
            await self._guarded(self._failed(job, f"Preparation failed: {type(error).__name__}."))

    async def _guarded(self, work: Awaitable[None]) -> None:
        """What is told of a failure must not end the worker; the row stays claimed and lapses."""
        try:
            await work
        except PapertapError as error:
            log.warning("could not record a failure: %s", error)

    @asynccontextmanager
    async def _heartbeat(self, job: Job) -> AsyncIterator[None]:
        async def beat() -> None:
            ours = True
            while ours:
                try:
                    ours = await self._jobs.extend_claim(job.id, self._name, self._clock.now() + self._lease)
                except PapertapError as error:  # the database is away: the work goes on meanwhile
                    log.warning("claim of job %d not extended: %s", job.id, error)
                await self._clock.sleep(self._lease / 3)

        task = asyncio.create_task(beat())
        try:
            yield
        finally:
            task.cancel()

    async def prepare(self, job: Job) -> Job:
        """The whole of it for one claimed job; a Refusal says why it cannot be printed."""
        if job.key is None:
            raise FormatError("The document is gone.")
        key = self._keyring.unwrap(job.key)
        password = await opened_password(self._spool, key, job.unlocking)
        # A worker that was given a password sees no other document.
        batch = None if password else batch_of(job)
        made = [await self._make(job, document, key, password, batch) for document in job.documents]
        printable, facts = (made[0].printable, made[0].facts) if len(made) == 1 else await self._merge(made, key, batch)
        thumbnails = _renumbered([one.thumbnails for one in made], [len(one.facts.pages) for one in made])
        documents = tuple(
            replace(document, format=one.facts.format, pages=len(one.facts.pages))
            for document, one in zip(job.documents, made, strict=True)
        )
        pages = len(facts.pages)
        if not job.ticket.chosen(pages):
            raise FormatError(f"The document has {pages} pages: none of those asked for is among them.")
        notes = [note for one in made for note in one.facts.notes]

        def change(current: Job) -> JobChange:
            if current.claimed_by != job.claimed_by:
                raise NotPossible("Somebody else has taken this job over.")
            counts = count(pages, current.ticket, separate(documents, current.ticket))
            ready = replace(
                current,
                documents=documents,
                printable=printable,
                thumbnails=thumbnails,
                pages=pages,
                color=facts.color,
                impressions=counts.impressions,
                media_sheets=counts.media_sheets,
                notes=tuple(dict.fromkeys((*current.notes, *notes))),
                unlocking=None,
                attempts=0,
                message="",
            )
            after = self._placed(ready)
            text = f"{pages} page{'s' if pages != 1 else ''}, {'colour' if facts.color else 'grey'}"
            return JobChange(job=after, records=(self._record(job.id, "prepared", text),))

        written = await self._write(job.id, change)
        if job.unlocking is not None:
            await self._spool.destroy([job.unlocking.id])
        return written

    async def _make(self, job: Job, document: Document, key: bytes, password: str | None, batch: str | None) -> _Made:
        """One document: its printable PDF and thumbnails sealed under the job's key."""
        thumbnails: list[Document] = []

        async def thumbnail(number: int, png: bytes) -> None:
            thumbnails.append(await self._sealed(key, png, number))

        async with self._writer(key) as writer:
            prepared = await self._converter.prepare(
                self._spool.read(document.id, key),
                document.format,
                printable=writer.write,
                thumbnail=thumbnail,
                password=password,
                batch=batch,
                conversion=job.ticket.conversion,
            )
            object_id, size, sha256 = await writer.commit()
        printable = Document(id=object_id, format=PDF, size=size, sha256=sha256)
        return _Made(printable=printable, facts=prepared.facts, thumbnails=tuple(thumbnails))

    async def _merge(self, made: list[_Made], key: bytes, batch: str | None) -> tuple[Document, DocumentFacts]:
        async with self._writer(key) as writer:
            parts = [self._spool.read(one.printable.id, key) for one in made]
            facts = await self._converter.merge(parts, writer.write, batch=batch)
            object_id, size, sha256 = await writer.commit()
        await self._spool.destroy([one.printable.id for one in made])
        return Document(id=object_id, format=PDF, size=size, sha256=sha256), facts

    async def _sealed(self, key: bytes, octets: bytes, number: int) -> Document:
        async with self._writer(key) as writer:
            await writer.write(octets)
            object_id, size, sha256 = await writer.commit()
        return Document(id=object_id, number=number, format="image/png", size=size, sha256=sha256)

    @asynccontextmanager
    async def _writer(self, key: bytes) -> AsyncIterator[SpoolWriter]:
        writer = await self._spool.create(key)
        try:
            yield writer
        finally:
            await writer.abort()

    # -- where it waits

    def _placed(self, job: Job) -> Job:
        """Held on request, held for its release, or on its way to a device."""
        now = self._clock.now()
        printer = self._printers.get(job.printer)
        until = job.ticket.job_hold_until
        if job.ticket.job_hold_until_time is not None or until not in {None, "no-hold"} or printer.holding_new_jobs:
            held = advance(
                job, Cause.HELD_FOR_RELEASE, now=now, reasons=(Reason.JOB_HOLD_UNTIL_SPECIFIED,), message="Held."
            )
            return replace(held, not_before=job.ticket.job_hold_until_time)
        if printer.holds or job.password_hash is not None:
            return advance(job, Cause.HELD_FOR_RELEASE, now=now, reasons=waiting_reasons(job), message="")
        return self._direct(job, printer, now)

    def _direct(self, job: Job, printer: Printer, now: float) -> Job:
        try:
            device = choose_device(self._printers.targets_of(printer), job.ticket)
        except NotPossible as error:
            return advance(job, Cause.HELD_FOR_RELEASE, now=now, message=error.message)
        moved = advance(job, Cause.PREPARED_TO_PRINT, now=now, message="")
        return assigned(moved, device.name, by=job.owner or job.requested_name, now=now)

    # -- how it fails

    async def _aborted(self, job: Job, refusal: Refusal) -> None:
        if isinstance(refusal, Unavailable):
            await self._postponed(job, refusal)
            return
        if isinstance(refusal, DocumentPasswordRequired) and self._printers.get(job.printer).holds:
            await self._asked(job, refusal)
            return
        if self._may_fall_back(job):
            await self._as_authored(job, refusal.message)
            return
        reason = _ABORT_REASONS.get(type(refusal), Reason.ABORTED_BY_SYSTEM)

        def change(current: Job) -> JobChange | None:
            if current.claimed_by != self._name:
                return None
            after = advance(
                current,
                Cause.ABORTED,
                now=self._clock.now(),
                reasons=(Reason.ABORTED_BY_SYSTEM, reason) if reason is not Reason.ABORTED_BY_SYSTEM else (reason,),
                message=refusal.message,
            )
            return JobChange(job=after, records=(self._record(job.id, "aborted", refusal.message),))

        await self._write(job.id, change)

    async def _asked(self, job: Job, refusal: DocumentPasswordRequired) -> None:
        """Held until somebody who may see the job gives the password; on a direct Printer nobody would be asked."""

        def change(current: Job) -> JobChange | None:
            if current.claimed_by != self._name:
                return None
            held = advance(
                current,
                Cause.HELD_FOR_RELEASE,
                now=self._clock.now(),
                reasons=(Reason.DOCUMENT_PASSWORD_ERROR,),
                message=refusal.message,
            )
            record = self._record(job.id, "password needed", refusal.message)
            return JobChange(job=replace(held, unlocking=None), records=(record,))

        await self._write(job.id, change)
        if job.unlocking is not None:
            await self._spool.destroy([job.unlocking.id])

    def _may_fall_back(self, job: Job) -> bool:
        """Whether a choice of its owner may be at fault; on a direct Printer paper would come that nobody wanted."""
        return job.ticket.conversion != AS_AUTHORED and self._printers.get(job.printer).holds

    async def _as_authored(self, job: Job, why: str) -> None:
        """Back in line without the choice: what was wrong with it stands in the job's notes."""

        def change(current: Job) -> JobChange | None:
            if current.claimed_by != self._name or current.prepared:
                return None
            return JobChange(
                job=self._without_choice(current, why), records=(self._record(job.id, "choice dropped", why),)
            )

        await self._write(job.id, change)

    def _without_choice(self, job: Job, why: str) -> Job:
        note = f"What you chose of this document cannot be printed, so it is as its author left it. {why}"
        again = advance(job, Cause.CLAIM_LAPSED, now=self._clock.now(), message="")
        return replace(again, ticket=replace(job.ticket, conversion=AS_AUTHORED), attempts=0, notes=(note,))

    async def _postponed(self, job: Job, refusal: Unavailable) -> None:
        """The machine is at fault, not the document: the job waits, and nothing is claimed for a while."""
        self._resting_until = self._clock.monotonic() + REST_SECONDS
        log.warning("preparation rests for %s s: %s", REST_SECONDS, refusal)

        def change(current: Job) -> JobChange | None:
            if current.claimed_by != self._name or current.prepared:
                return None
            return JobChange(job=advance(current, Cause.CLAIM_LAPSED, now=self._clock.now(), message=refusal.message))

        await self._write(job.id, change)

    async def _failed(self, job: Job, text: str) -> None:
        """Back in line, or aborted at the third failure."""

        def change(current: Job) -> JobChange | None:
            if current.state is not JobState.PROCESSING or current.prepared:
                return None
            failures = current.attempts + 1
            if failures >= FAILURES and self._may_fall_back(current):
                after = self._without_choice(current, text)
            elif failures >= FAILURES:
                message = f"{text} It failed {failures} times. Save the document as PDF and print it again."
                after = advance(current, Cause.ABORTED, now=self._clock.now(), message=message)
            else:
                after = replace(advance(current, Cause.CLAIM_LAPSED, now=self._clock.now()), attempts=failures)
            return JobChange(job=after, records=(self._record(job.id, "preparation failed", text),))

        await self._write(job.id, change)

    async def _write(self, job_id: int, change: Callable[[Job], JobChange | None]) -> Job:
        job = await self._jobs.update(job_id, change)
        event = Event.JOB_COMPLETED if job.state.ended else Event.JOB_STATE_CHANGED
        self._events.publish(
            Happening(
                event=event, at=self._clock.now(), printer=job.printer, job_id=job.id, owner=job.owner, text=job.message
            )
        )
        return job

    def _record(self, job_id: int, what: str, text: str) -> JobRecord:
        return JobRecord(job_id=job_id, at=self._clock.now(), what=what, by="preparation", text=text)


def _renumbered(several: list[tuple[Document, ...]], pages: list[int]) -> tuple[Document, ...]:
    """Thumbnails of all documents, numbered through."""
    numbered: list[Document] = []
    before = 0
    for thumbnails, count_ in zip(several, pages, strict=True):
        numbered.extend(replace(t, number=t.number + before) for t in thumbnails)
        before += count_
    return tuple(numbered)
