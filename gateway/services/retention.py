"""Nothing is kept longer than it is needed, and nothing is taken away too soon.

`run_once` may be called at any time, as often as every second: each step looks at the rows and does what is due, and
a run that finds nothing writes nothing. A step that fails for one job leaves the others alone and is tried again in
the next run.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from gateway.domain.events import Event, Happening, JobRecord
from gateway.domain.job import Cause, Job, JobState, Reason, advance
from gateway.domain.user import is_guest
from gateway.services.ports import (
    AttemptStore,
    Clock,
    EventBus,
    JobChange,
    JobQuery,
    JobStore,
    MailStore,
    ShareStore,
    Spool,
    UploadStore,
)
from gateway.services.steady import Jump, SteadyClock
from gateway.settings import Settings

PAGE = 200  # rows in memory at a time
CLEAN_SECONDS = 600.0  # between two cleanings: they read all directories and all ids
PURGE_PAGE = 500

_OPEN = (JobState.PENDING, JobState.PENDING_HELD, JobState.PROCESSING, JobState.PROCESSING_STOPPED)
_WAITING = (JobState.PENDING, JobState.PENDING_HELD, JobState.PROCESSING_STOPPED)
_NOT_PRINTED = (JobState.CANCELED, JobState.ABORTED)
_TAKEN_AWAY = {Reason.JOB_CANCELED_BY_USER, Reason.JOB_CANCELED_BY_OPERATOR}

Change = Callable[[Job], JobChange | None]


class Purge(Protocol):
    """Deletes rows older than `before`, at most `limit`; how many there were."""

    async def __call__(self, *, before: float, limit: int) -> int: ...


log = logging.getLogger(__name__)


class Retention:
    """Expiry with a warning before, time-out of open jobs, destruction of documents, orphans, history."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        attempts: AttemptStore,
        spool: Spool,
        events: EventBus,
        clock: Clock,
        settings: Settings,
        shares: ShareStore | None = None,
        uploads: UploadStore | None = None,
        mails: MailStore | None = None,
    ) -> None:
        self._mails = mails
        self._shares = shares
        self._jobs = jobs
        self._attempts = attempts
        self._spool = spool
        self._events = events
        self._clock = clock
        self._settings = settings
        self._uploads = uploads
        self._steady = SteadyClock(clock)
        self._cleaned_at: float | None = None

    async def run_once(self) -> None:
        """All that is due now. Raises only what the store or the spool raises for the run as a whole."""
        jump = self._steady.confirmed_jump()
        if jump is not None:
            await self._postpone(jump)
            self._steady.accept()
        if self._steady.trusted:
            await self._end_waiting(self._clock.now())
        await self._destroy_documents(self._clock.now())
        await self._clean()

    # -- steps for all jobs

    async def _end_waiting(self, now: float) -> None:
        await self._each(JobQuery(states=_WAITING, expires_before=now), self._expire)
        await self._each(JobQuery(states=_WAITING, warn_before=now + self._settings.jobs.warn_seconds), self._warn)
        await self._each(JobQuery(states=(JobState.PENDING_HELD,), incoming_before=now), self._abort_open)

    async def _destroy_documents(self, now: float) -> None:
        await self._each(JobQuery(states=_NOT_PRINTED, with_key=True), self._destroy)
        await self._each(JobQuery(private=True), self._destroy)
        reprint = self._settings.jobs.reprint_seconds
        if not reprint or self._steady.trusted:
            done = JobQuery(states=(JobState.COMPLETED,), with_key=True, favourite=False, ended_before=now - reprint)
            await self._each(done, self._destroy)

    async def _clean(self) -> None:
        """Files that no row knows, and rows that are only history."""
        now = self._clock.monotonic()
        if self._cleaned_at is not None and now - self._cleaned_at < CLEAN_SECONDS:
            return
        self._cleaned_at = now
        known = await self._jobs.spool_objects()
        if self._uploads is not None:
            known |= await self._uploads.spool_objects()
        if self._mails is not None:
            known |= await self._mails.spool_objects()
        await self._spool.sweep(known, older_than=self._settings.spool.orphan_seconds)
        if self._steady.trusted:
            before = self._clock.now() - self._settings.jobs.history_seconds
            purges: list[Purge] = [self._jobs.purge_ended, self._attempts.purge_attempts]
            if self._shares is not None:
                purges.append(self._shares.purge_shares)
            for purge in purges:
                while await purge(before=before, limit=PURGE_PAGE) == PURGE_PAGE:
                    pass

    async def _postpone(self, jump: Jump) -> None:
        log.warning("the wall clock went ahead by %.0f s: waiting jobs keep their time", jump.ahead)
        await self._each(JobQuery(states=_OPEN), lambda job: self._move(job, jump))

    # -- steps, each for one job

    async def _expire(self, job: Job) -> None:
        def change(row: Job) -> JobChange | None:
            now = self._clock.now()
            if not _waits(row, now) or row.expires_at is None or row.expires_at > now:
                return None
            canceled = advance(row, Cause.CANCELED_AFTER_TIMEOUT, now=now, message="Nobody released it in time.")
            return _recorded(canceled, now, "expired")

        await self._apply(job, change, Event.JOB_COMPLETED)

    async def _warn(self, job: Job) -> None:
        def change(row: Job) -> JobChange | None:
            now = self._clock.now()
            soon = row.expires_at is not None and row.expires_at <= now + self._settings.jobs.warn_seconds
            if not _waits(row, now) or not soon or row.expiry_warned:
                return None
            return _recorded(replace(row, expiry_warned=True), now, "expiry warned")

        await self._apply(job, change, Event.JOB_EXPIRING)

    async def _abort_open(self, job: Job) -> None:
        def change(row: Job) -> JobChange | None:
            now = self._clock.now()
            due = row.incoming_until is not None and row.incoming_until <= now
            if row.state is not JobState.PENDING_HELD or not row.has(Reason.JOB_INCOMING) or not due:
                return None
            message = "Its last document did not arrive in time. Print it again."
            aborted = advance(row, Cause.ABORTED, now=now, message=message)
            return _recorded(replace(aborted, incoming_until=None), now, "aborted", message)

        await self._apply(job, change, Event.JOB_COMPLETED)

    async def _destroy(self, job: Job) -> None:
        """The key first: from that commit on nobody can read the files, whether or not they are gone."""

        def change(row: Job) -> JobChange | None:
            now = self._clock.now()
            if row.key is None or not row.state.ended or self._kept(row, now):
                return None
            return _recorded(replace(row, key=None, password_hash=None), now, "document destroyed")

        row = await self._update(job, change)
        if row is not None:
            await self._spool.destroy([document.id for document in row.objects])

    def _kept(self, job: Job, now: float) -> bool:
        """Whether the document of an ended job may still be printed again."""
        if job.private:
            return False
        if job.favourite:
            return job.state is not JobState.ABORTED and not _TAKEN_AWAY & set(job.reasons)
        again = self._settings.guests.again_seconds if is_guest(job.owner) else 0.0
        until = (job.ended_at or now) + max(again, self._settings.jobs.reprint_seconds)
        return job.state is JobState.COMPLETED and now < until

    async def _move(self, job: Job, jump: Jump) -> None:
        def change(row: Job) -> JobChange | None:
            if row.state.ended or row.created_at > jump.before:
                return None
            moved = replace(
                row,
                expires_at=None if row.expires_at is None else row.expires_at + jump.ahead,
                incoming_until=None if row.incoming_until is None else row.incoming_until + jump.ahead,
            )
            return _recorded(moved, self._clock.now(), "deadline moved", "the machine's clock was set ahead")

        await self._update(job, change)

    async def _each(self, query: JobQuery, step: Callable[[Job], Awaitable[None]]) -> None:
        """`step` for every row that matches now, in pages; one that fails is logged and passed over."""
        last = 0
        while jobs := await self._jobs.find(replace(query, after_id=last, limit=PAGE)):
            for job in jobs:
                try:
                    await step(job)
                except Exception:
                    log.exception("retention of job %d failed; the next run tries again", job.id)
            last = jobs[-1].id

    async def _apply(self, job: Job, change: Change, event: Event) -> None:
        row = await self._update(job, change)
        if row is not None:
            self._events.publish(
                Happening(
                    event=event,
                    at=self._clock.now(),
                    printer=row.printer,
                    job_id=row.id,
                    owner=row.owner,
                    text=row.message,
                )
            )

    async def _update(self, job: Job, change: Change) -> Job | None:
        """The row if `change` changed it. What `find` gave is asked first: most rows need no transaction."""
        if change(job) is None:
            return None
        changed = False

        def watched(row: Job) -> JobChange | None:
            nonlocal changed
            wanted = change(row)
            changed = wanted is not None
            return wanted

        row = await self._jobs.update(job.id, watched)
        return row if changed else None


def _waits(job: Job, now: float) -> bool:
    """Whether only a person can bring this job on: never one that is released, in preparation or in delivery."""
    if job.state is JobState.PENDING_HELD:
        return True
    if job.state is JobState.PENDING:
        return job.released_at is None and job.output_device is None
    followed = job.claimed_by is not None and (job.claimed_until is None or job.claimed_until > now)
    return job.state is JobState.PROCESSING_STOPPED and not followed


def _recorded(job: Job, now: float, what: str, text: str = "") -> JobChange:
    return JobChange(job=job, records=(JobRecord(job_id=job.id, at=now, what=what, by="system", text=text),))
