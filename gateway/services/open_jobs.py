"""Jobs whose documents come one after the other: Create-Job, Send-Document, Close-Job (RFC 8011 sections 4.2.4, 4.3.1)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from gateway.domain.document import Document
from gateway.domain.events import Event, JobRecord
from gateway.domain.job import Cause, Job, JobState, Reason, advance
from gateway.domain.user import Actor
from gateway.errors import Busy, NotFound, NotPossible, TooLarge
from gateway.services.ownership import may_see
from gateway.services.ports import Clock, JobChange, JobStore, Stored
from gateway.services.printers import Printers
from gateway.services.submission import Incoming, document_of, expiry
from gateway.settings import Settings

OPEN_REASONS = (Reason.JOB_INCOMING, Reason.JOB_DATA_INSUFFICIENT)


class OpenJobs:
    """The rows of open jobs and the order of their documents."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        printers: Printers,
        publish: Callable[[Event, Job], None],
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._jobs = jobs
        self._printers = printers
        self._publish = publish
        self._clock = clock
        self._settings = settings
        self._filling: set[int] = set()
        self._commits: set[asyncio.Task[Job]] = set()

    def opened(self, draft: Job) -> Job:
        return replace(draft, state=JobState.PENDING_HELD, reasons=OPEN_REASONS, incoming_until=self._open_until())

    async def own(self, job_id: int, actor: Actor) -> Job:
        job = await self._jobs.get(job_id)
        if job is None or not may_see(job, actor, self._printers.site_of(job.printer)):
            raise NotFound(f"There is no job {job_id}.")
        return job

    def require_open(self, job: Job) -> bytes:
        """The wrapped key of a job that takes documents."""
        if job.state is not JobState.PENDING_HELD or not job.has(Reason.JOB_INCOMING) or job.key is None:
            raise NotPossible(f"Job {job.id} is {job.state.keyword} and takes no more documents. Create a new job.")
        if len(job.documents) >= self._settings.ipp.max_documents:
            raise TooLarge(f"A job takes at most {self._settings.ipp.max_documents} documents. Close it, open another.")
        return job.key

    async def append(  # noqa: PLR0917 - all but the last are bound before the document arrives
        self,
        job_id: int,
        incoming: Incoming,
        media_type: str,
        last: bool,
        unlocking: Document | None,
        stored: Stored,
    ) -> Job:
        def change(row: Job) -> JobChange:
            self.require_open(row)
            number = len(row.documents) + 1
            document = document_of(incoming, stored, media_type=media_type, number=number)
            job = replace(
                row,
                documents=(*row.documents, document),
                unlocking=unlocking or row.unlocking,
                incoming_until=self._open_until(),
            )
            text = f"document {number}, {stored.size} octets"
            return self._change(self._completed(job) if last else job, "received", text)

        return await self._update(job_id, change)

    async def finish(self, job_id: int) -> Job:
        def change(row: Job) -> JobChange:
            if row.state is not JobState.PENDING_HELD or not row.has(Reason.JOB_INCOMING):
                raise NotPossible(f"Job {row.id} is {row.state.keyword}: it was closed already.")
            if row.documents:
                return self._change(self._completed(row), "closed")
            message = "The job was closed without any document."
            job = advance(row, Cause.ABORTED, now=self._clock.now(), message=message)
            return self._change(replace(job, incoming_until=None), "aborted", message)

        return await self._update(job_id, change)

    def _completed(self, job: Job) -> Job:
        now = self._clock.now()
        printer = self._printers.of_job(job.printer)
        expires_at = expiry(job.owner, printer, self._settings, now)
        return replace(advance(job, Cause.DATA_COMPLETE, now=now), incoming_until=None, expires_at=expires_at)

    def _change(self, job: Job, what: str, text: str = "") -> JobChange:
        by = job.owner or job.requested_name
        return JobChange(
            job=job, records=(JobRecord(job_id=job.id, at=self._clock.now(), what=what, by=by, text=text),)
        )

    async def _update(self, job_id: int, change: Callable[[Job], JobChange]) -> Job:
        """Commits to the end, and tells, even if the client goes away meanwhile."""

        async def commit() -> Job:
            job = await self._jobs.update(job_id, change)
            if job.state is not JobState.PENDING_HELD:
                self._publish(Event.JOB_COMPLETED if job.state.ended else Event.JOB_STATE_CHANGED, job)
            return job

        task = asyncio.create_task(commit(), name=f"commit-{job_id}")
        self._commits.add(task)  # the loop alone would not keep it
        task.add_done_callback(self._commits.discard)
        return await asyncio.shield(task)

    async def kept_open(self, job_id: int, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """A large document may take longer than an open job waits: it is no longer idle while octets arrive."""
        refresh = self._settings.ipp.multiple_operation_seconds / 2
        since = self._clock.monotonic()
        async for data in body:
            yield data
            if self._clock.monotonic() - since > refresh:
                since = self._clock.monotonic()
                await self._jobs.update(job_id, self._longer_open)

    async def keep_open(self, job_id: int) -> None:
        """Written only when a good part of the time has passed: pieces of a document come often."""
        refresh = self._settings.ipp.multiple_operation_seconds / 2

        def change(row: Job) -> JobChange | None:
            self.require_open(row)
            due = row.incoming_until is None or row.incoming_until - self._clock.now() < refresh
            return self._longer_open(row) if due else None

        job = await self._jobs.get(job_id)
        if job is None or change(job) is not None:
            await self._jobs.update(job_id, change)

    def _longer_open(self, row: Job) -> JobChange:
        self.require_open(row)
        return JobChange(job=replace(row, incoming_until=self._open_until()))

    def _open_until(self) -> float:
        return self._clock.now() + self._settings.ipp.multiple_operation_seconds

    @contextmanager
    def alone(self, job_id: int) -> Iterator[None]:
        """Documents of a job have an order: they come one after the other."""
        if job_id in self._filling:
            raise Busy(f"Another document of job {job_id} is arriving. Send this one when it is in.")
        self._filling.add(job_id)
        try:
            yield
        finally:
            self._filling.discard(job_id)
