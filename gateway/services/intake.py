"""The only door for documents: checks before the body, the barrier, one answer. Every front-end calls this.

A job comes whole (`submit`), or is opened, filled and closed (Create-Job, Send-Document, Close-Job of RFC 8011).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from uuid import uuid4

from gateway.domain.events import Event, Happening
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.printer import Printer
from gateway.domain.user import Actor
from gateway.errors import KeyReused, Refusal, StorageFailed
from gateway.services.admission import Admission
from gateway.services.attempts import AttemptLog
from gateway.services.barrier import EmptyDocument, RecordStep, cross
from gateway.services.charging import Charging
from gateway.services.formats import check_format
from gateway.services.gathering import Arrived, Bounds, Gathering
from gateway.services.group_commit import GroupCommitter
from gateway.services.open_jobs import OpenJobs
from gateway.services.ports import AttemptStore, Clock, EventBus, Hasher, JobStore, Keyring, Spool, Stored
from gateway.services.printers import Printers
from gateway.services.sealing import sealed_password
from gateway.services.submission import CUT_SHORT, TEST_PAGE, Incoming, Submission, clean_text, document_of, expiry
from gateway.services.tally import Tally
from gateway.services.undelivered import Undelivered
from gateway.services.witness import Witnesses
from gateway.settings import Settings

__all__ = ["Incoming", "Intake", "Submission"]


class Intake:
    """Call `start` before the first submission and `stop` after the last."""

    def __init__(
        self,
        *,
        spool: Spool,
        keyring: Keyring,
        jobs: JobStore,
        printers: Printers,
        attempts: AttemptStore,
        events: EventBus,
        clock: Clock,
        hasher: Hasher,
        settings: Settings,
        charging: Charging | None = None,
    ) -> None:
        self._spool = spool
        self._keyring = keyring
        self._jobs = jobs
        self._printers = printers
        self._events = events
        self._clock = clock
        self._hasher = hasher
        self._settings = settings
        self._charging = charging
        self.tally = Tally()
        self._admission = Admission(spool=spool, keyring=keyring, printers=printers, clock=clock)
        self._attempts = AttemptLog(store=attempts, clock=clock)
        self._witness = Witnesses(
            log=self._attempts, tally=self.tally, clock=clock, storage_failed=self._admission.mark_failed
        ).witness
        self._committer = GroupCommitter(jobs=jobs, committed=partial(self._publish, Event.JOB_CREATED))
        self._undelivered = Undelivered(clock)
        self._open_jobs = OpenJobs(jobs=jobs, printers=printers, publish=self._publish, clock=clock, settings=settings)
        self._watch: asyncio.Task[None] | None = None

    @property
    def health(self) -> tuple[str, ...]:
        """Why new work is refused now: storage-failed, storage-low, locked. Empty is healthy."""
        return self._admission.health

    async def start(self) -> None:
        self._watch = asyncio.create_task(self._admission.watch(), name="intake-watch")

    async def stop(self) -> None:
        """Commits and writes down what waits."""
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        await self._committer.idle()
        await self._attempts.stop()

    async def validate(self, submission: Submission, format: str | None = None) -> Printer:  # noqa: A002 - the standard's word
        """The Printer that would take it. Raises what `submit` would raise before the document."""
        return await self._admission.check(submission.printer, submission.actor, format)

    async def check_open(self, printer: str) -> Printer:
        """The same for somebody who will be known later: all but who it is."""
        return await self._admission.check(printer, None, None)

    async def may_charge(self, actor: Actor, code: str) -> bool:
        """Whether a job of the actor is taken with that project; else it comes in without one."""
        return self._charging is None or await self._charging.may_choose(actor, code)

    async def check_storage(self) -> None:
        """StorageFailed, Locked, StorageFull: whether anything could be kept now."""
        await self._admission.check_storage()

    # -- a whole job

    async def submit(self, submission: Submission, incoming: Incoming) -> Job:
        """The pending job, durable with its document: whoever has it may tell the client.

        Refusals of Admission.check before the body is read; then TooLarge, FormatError for an empty body,
        StorageFull, StorageFailed, KeyReused for an idempotency key, and whatever the body raises.
        """
        with self._witness(submission, incoming.name) as attempt:
            printer = await self._admission.check(
                submission.printer, submission.actor, incoming.format, test=submission.source == TEST_PAGE
            )
            key, wrapped = self._keyring.new_key()
            draft = await self._draft(submission, printer, incoming.name, wrapped)
            unlocking = await sealed_password(self._spool, key, incoming.password)
            row = self._committer.promise()
            begun: list[Job] = []

            def received(stored: Stored) -> Job:
                now = self._clock.now()
                documents = (
                    document_of(incoming, stored, media_type=check_format(incoming.format, printer), number=1),
                )
                expires_at = expiry(submission.actor.user, printer, self._settings, now)
                return draft(documents=documents, unlocking=unlocking, created_at=now, expires_at=expires_at)

            def at_once(stored: Stored) -> None:
                if self._undelivered.empty:  # else it may be a repetition, which is looked up first
                    begun.append(received(stored))
                    self._committer.add_here(begun[0], row)

            async def record(stored: Stored) -> Job:
                if begun:
                    return await self._durable(begun[0], row)
                return await self._insert(received(stored), submission.password)

            try:
                return attempt.accepted(await self._cross(incoming.body, key, record, at_once))
            except asyncio.CancelledError:
                if begun:
                    # The client went away while its row was on the way to the disk: it will send the same again.
                    row.add_done_callback(self._note_unanswered)
                raise

    async def rehearse(self, submission: Submission, incoming: Incoming) -> None:
        """Takes a document in through the barrier and nothing of it stays: no row, no object, no event, no try on record.

        NotFound without the Printer, and what `submit` raises of storage and of the document.
        """
        printer = self._printers.get(submission.printer)
        await self._admission.check_storage()
        key, wrapped = self._keyring.new_key()
        draft = await self._draft(submission, printer, incoming.name, wrapped)

        async def record(stored: Stored) -> Job:
            media_type = check_format(incoming.format, printer)
            documents = (document_of(incoming, stored, media_type=media_type, number=1),)
            row: Job = draft(documents=documents, created_at=self._clock.now())
            await self._jobs.rehearse(row)
            return replace(row, documents=())  # the barrier destroys what the row does not name

        try:
            await self._cross(incoming.body, key, record)
        except StorageFailed:
            self._admission.mark_failed()
            raise

    # -- a job whose documents come first

    def gather(self) -> Gathering:
        """Room for documents whose owner is told later; Locked."""
        bounds = Bounds(
            octets=self._settings.ipp.max_document,
            documents=self._settings.ipp.max_documents,
            seconds=self._settings.spool.orphan_seconds / 2,
        )
        return Gathering(
            key=self._keyring.new_key(),
            spool=self._spool,
            jobs=self._jobs,
            record=self._gathered,
            clock=self._clock,
            bounds=bounds,
        )

    async def _gathered(
        self, submission: Submission, arrived: Sequence[Arrived], wrapped: bytes, *, whole: bool
    ) -> Job:
        with self._witness(submission, arrived[0].incoming.name) as attempt:
            printer = await self._admission.check(submission.printer, submission.actor, None)
            draft = await self._draft(submission, printer, arrived[0].incoming.name, wrapped)
            now = self._clock.now()
            job = draft(
                documents=tuple(
                    document_of(
                        one.incoming, one.stored, media_type=check_format(one.incoming.format, printer), number=number
                    )
                    for number, one in enumerate(arrived, 1)
                ),
                created_at=now,
                expires_at=expiry(submission.actor.user, printer, self._settings, now),
            )
            if not whole:
                job = replace(
                    job, state=JobState.PENDING_HELD, reasons=(Reason.JOB_DATA_INSUFFICIENT,), message=CUT_SHORT
                )
            return attempt.accepted(await self._insert(job, submission.password))

    # -- an open job

    async def open(self, submission: Submission) -> Job:
        """Create-Job: pending-held with job-incoming, durable; it waits `multiple_operation_seconds` for documents."""
        with self._witness(submission, "") as attempt:
            printer = await self._admission.check(submission.printer, submission.actor, None)
            draft = await self._draft(submission, printer, "", self._keyring.new_key()[1])
            return attempt.accepted(
                await self._insert(self._open_jobs.opened(draft(created_at=self._clock.now())), submission.password)
            )

    async def add_document(self, job_id: int, actor: Actor, incoming: Incoming, *, last: bool) -> Job:
        """Send-Document: the job with one more Document, durable; with `last` it goes on to preparation.

        NotFound for another's job, NotPossible when it is not open, Busy while another document of it arrives, and
        what `submit` raises. A refused document leaves the job open. No octet at all with `last` only closes it.
        """
        job = await self._open_jobs.own(job_id, actor)
        with self._witness(_submission_of(job, actor), incoming.name) as attempt, self._open_jobs.alone(job.id):
            media_type = check_format(incoming.format, self._printers.of_job(job.printer))
            await self._admission.check_storage()
            key = self._keyring.unwrap(self._open_jobs.require_open(job))
            unlocking = await sealed_password(self._spool, key, incoming.password)
            append = partial(self._open_jobs.append, job.id, incoming, media_type, last, unlocking)
            body = self._open_jobs.kept_open(job.id, incoming.body)
            try:
                return attempt.accepted(await self._cross(body, key, append))
            except EmptyDocument:
                if not last or not job.documents:
                    raise
                return attempt.accepted(await self._open_jobs.finish(job.id))

    async def close(self, job_id: int, actor: Actor) -> Job:
        """Close-Job: the job goes on with the documents it has; without any it is aborted."""
        job = await self._open_jobs.own(job_id, actor)
        with self._open_jobs.alone(job.id):
            return await self._open_jobs.finish(job.id)

    async def keep_open(self, job_id: int) -> None:
        """More of a document has arrived that is not complete yet: the open job waits on. NotPossible when it ended."""
        await self._open_jobs.keep_open(job_id)

    def note_refused(self, submission: Submission, document_name: str, refusal: Refusal) -> None:
        """A front-end said no before it came to `submit`: that try is written down like any other."""
        with suppress(Refusal), self._witness(submission, document_name):
            raise refusal

    def note_undelivered(self, job: Job) -> None:
        """The client was not told of `job`: an identical submission within 120 s returns it."""
        self._undelivered.note(job)

    # -- new rows

    async def _draft(
        self, submission: Submission, printer: Printer, document_name: str, wrapped: bytes
    ) -> Callable[..., Job]:
        """What makes the job, under its wrapped data key, when its documents and its time are known."""
        actor, password, ticket = submission.actor, submission.password, submission.ticket
        if self._charging is not None:
            ticket = await self._charging.accepted(printer, ticket, actor)
        return partial(
            Job,
            uuid=uuid4(),
            printer=printer.name,
            state=JobState.PENDING,
            name=clean_text(submission.name) or clean_text(document_name) or "Untitled",
            owner=actor.user,
            requested_name=clean_text(actor.claimed) or "anonymous",
            source=submission.source,
            address=actor.address,
            ticket=ticket,
            key=wrapped,
            idempotency_key=submission.scoped_key,
            password_hash=await self._hasher.hash(_password_text(password)) if password else None,
            private=printer.private_jobs,
        )

    async def _insert(self, job: Job, password: bytes | None) -> Job:
        """The row, or the earlier one that this submission repeats."""
        repeated = await self._repeated(job, password)
        if repeated is not None:
            return repeated
        future = self._committer.add(job)
        try:
            return await self._durable(job, future)
        except asyncio.CancelledError:
            future.add_done_callback(self._note_unanswered)
            raise

    async def _durable(self, job: Job, committed: "asyncio.Future[Job]") -> Job:
        row = await asyncio.shield(committed)
        if row.uuid != job.uuid and not _same_content(row, job):
            raise KeyReused("This idempotency key was used for another document already. Use a new key for a new job.")
        return row

    async def _repeated(self, job: Job, password: bytes | None) -> Job | None:
        job_id = self._undelivered.take(job)
        row = None if job_id is None else await self._jobs.get(job_id)
        if row is None or row.state.ended:
            return None
        if row.password_hash and not await self._hasher.verify(row.password_hash, _password_text(password or b"")):
            return None
        return row

    def _note_unanswered(self, committed: "asyncio.Future[Job]") -> None:
        if not committed.cancelled() and committed.exception() is None:
            self._undelivered.note(committed.result())

    # -- for all

    async def _cross(
        self,
        body: AsyncIterator[bytes],
        key: bytes,
        record: RecordStep,
        at_once: Callable[[Stored], None] | None = None,
    ) -> Job:
        return await cross(
            spool=self._spool,
            key=key,
            body=body,
            limit=self._settings.ipp.max_document,
            record=record,
            clock=self._clock,
            observe=self.tally.barrier.observe,
            at_once=at_once,
        )

    def _publish(self, event: Event, job: Job) -> None:
        self._events.publish(
            Happening(event=event, at=self._clock.now(), printer=job.printer, job_id=job.id, owner=job.owner)
        )


def _submission_of(job: Job, actor: Actor) -> Submission:
    return Submission(printer=job.printer, name=job.name, actor=actor, source=job.source, ticket=job.ticket)


def _same_content(row: Job, job: Job) -> bool:
    """Whether an earlier job under the same idempotency key is this one, sent again."""
    return row.printer == job.printer and [d.sha256 for d in row.documents] == [d.sha256 for d in job.documents]


def _password_text(password: bytes) -> str:
    return password.decode("utf-8", "replace")
