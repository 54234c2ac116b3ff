"""What becomes of a job after its preparation, in one transaction each: where it waits, or how it failed."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from gateway.domain.conversion import AS_AUTHORED
from gateway.domain.document import Asks, Document
from gateway.domain.events import Event, Happening, JobRecord
from gateway.domain.formats import is_language
from gateway.domain.job import SHORT_OF_CREDIT, Cause, Job, JobState, Reason, advance
from gateway.domain.printer import Printer
from gateway.domain.ticket import JobTicket
from gateway.domain.user import is_guest
from gateway.domain.waiting import asking_for_project, assigned, waiting_reasons
from gateway.errors import (
    DocumentPasswordRequired,
    FormatError,
    FormatMismatch,
    FormatNotSupported,
    LimitReached,
    NotPossible,
    PrintForbidden,
    Refusal,
    TooLarge,
    Unavailable,
)
from gateway.services.counting import Counts, count, separate
from gateway.services.dues import NO_DUES, Dues
from gateway.services.fitness import choose_device
from gateway.services.ports import Clock, EventBus, JobChange, JobStore, Spool
from gateway.services.preparation_making import Made
from gateway.services.printers import Printers

FAILURES = 3
GUEST_PAGES = 500

_ABORT_REASONS: dict[type[Refusal], Reason] = {
    FormatNotSupported: Reason.UNSUPPORTED_DOCUMENT_FORMAT,
    FormatMismatch: Reason.DOCUMENT_FORMAT_ERROR,
    FormatError: Reason.DOCUMENT_FORMAT_ERROR,
    DocumentPasswordRequired: Reason.DOCUMENT_PASSWORD_ERROR,
    PrintForbidden: Reason.DOCUMENT_PERMISSION_ERROR,
    TooLarge: Reason.DOCUMENT_UNPRINTABLE_ERROR,
}


class Outcomes:
    """`name` is the worker's: what it no longer holds the claim of, it leaves alone."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        printers: Printers,
        spool: Spool,
        events: EventBus,
        clock: Clock,
        name: str,
        guest_pages: int = GUEST_PAGES,
        dues: Dues = NO_DUES,
    ) -> None:
        self._jobs = jobs
        self._printers = printers
        self._spool = spool
        self._events = events
        self._clock = clock
        self._name = name
        self._guest_pages = guest_pages
        self._dues = dues

    # -- where it waits

    async def pictured(self, job: Job, picture: Document) -> None:
        """The first page can be seen while the others are being made."""

        def change(current: Job) -> JobChange | None:
            if current.claimed_by != job.claimed_by or current.prepared:
                return None
            return JobChange(job=replace(current, thumbnails=(picture,)))

        await self._jobs.update(job.id, change)

    async def prepared(self, job: Job, made: Made) -> Job:
        """FormatError when none of the pages that were asked for is there, TooLarge for a guest who sends too many."""
        stranger = job.owner is None or is_guest(job.owner)
        if made.pages is not None and made.pages > self._guest_pages and stranger:
            raise TooLarge(
                f"The document has {made.pages} pages, and guests may print {self._guest_pages}."
                " Sign in, or print it in parts."
            )
        if made.pages is not None and job.source == "mail":
            most = self._printers.get(job.printer).mail.max_pages
            if made.pages > most:
                raise TooLarge(
                    f"The document has {made.pages} pages, and by mail at most {most} are printed."
                    " Upload it, or send it in parts."
                )
        if made.pages is not None and not job.ticket.chosen(made.pages):
            raise FormatError(f"The document has {made.pages} pages: none of those asked for is among them.")

        def change(current: Job, short: LimitReached | None = None) -> JobChange:
            if current.claimed_by != job.claimed_by:
                raise NotPossible("Somebody else has taken this job over.")
            asked = replace(current, ticket=_with_asks(current.ticket, made.asks))
            counts = self._counts(asked, made)
            ready = replace(
                asked,
                documents=made.documents,
                printable=made.printable,
                thumbnails=made.thumbnails,
                pages=made.pages,
                color=made.color,
                impressions=counts.impressions if counts else None,
                media_sheets=counts.media_sheets if counts else None,
                notes=tuple(dict.fromkeys((*current.notes, *made.notes))),
                facts=made.facts,
                unlocking=None,
                attempts=0,
                message="",
            )
            pages = "pages unknown" if made.pages is None else f"{made.pages} page{'s' if made.pages != 1 else ''}"
            text = f"{pages}, {'colour' if made.color else 'grey'}"
            placed = self._placed(ready) if short is None else self._short(ready, short)
            return JobChange(job=placed, records=(self._record(job.id, "prepared", text),))

        try:
            written = await self._write(job.id, change)
        except LimitReached as refusal:
            # Nobody stands at a direct Printer who could be told: the job is kept, and goes on when credit is there.
            written = await self._write(job.id, partial(change, short=refusal))
        if job.unlocking is not None:
            await self._spool.destroy([job.unlocking.id])
        return written

    def _counts(self, job: Job, made: Made) -> Counts | None:
        """Under the house's rules; None where the pages are unknown: the device's own counter tells later."""
        if made.pages is None:
            return None
        raw = is_language(made.printable.format)
        ticket = job.ticket if raw else self._printers.of_job(job.printer).house.applied(job.ticket)
        return count(made.pages, ticket, separate(made.documents, ticket))

    def _placed(self, job: Job) -> Job:
        """Held on request, held for its release, or on its way to a device."""
        now = self._clock.now()
        printer = self._printers.of_job(job.printer)
        until = job.ticket.job_hold_until
        if job.ticket.job_hold_until_time is not None or until not in {None, "no-hold"} or printer.holding_new_jobs:
            held = advance(
                job, Cause.HELD_FOR_RELEASE, now=now, reasons=(Reason.JOB_HOLD_UNTIL_SPECIFIED,), message="Held."
            )
            return replace(held, not_before=job.ticket.job_hold_until_time)
        waits = printer.holds or job.password_hash is not None
        if printer.lacks_project(job):
            held = advance(job, Cause.HELD_FOR_RELEASE, now=now)
            return asking_for_project(held, "") if waits else asking_for_project(held)
        if waits:
            return advance(job, Cause.HELD_FOR_RELEASE, now=now, reasons=waiting_reasons(job), message="")
        return self._direct(job, printer, now)

    def _direct(self, job: Job, printer: Printer, now: float) -> Job:
        try:
            ticket = printer.house.greyed(job.ticket)
            device = choose_device(self._printers.targets_of(printer), ticket, job.raw_format)
        except NotPossible as error:
            return advance(job, Cause.HELD_FOR_RELEASE, now=now, message=error.message)
        moved = advance(job, Cause.PREPARED_TO_PRINT, now=now, message="")
        due = self._dues.of(moved, printer, device)
        return assigned(moved, device.name, by=job.owner or job.requested_name, now=now, due=due)

    def _short(self, job: Job, refusal: LimitReached) -> Job:
        now = self._clock.now()
        return advance(job, Cause.HELD_FOR_RELEASE, now=now, reasons=SHORT_OF_CREDIT, message=refusal.message)

    # -- how it fails

    async def refused(self, job: Job, refusal: Refusal) -> None:
        """About the document: the password is asked for, a choice is dropped, or the job is aborted with the reason."""
        if isinstance(refusal, DocumentPasswordRequired) and self._printers.of_job(job.printer).holds:
            await self._asked(job, refusal)
        elif self._may_fall_back(job):
            await self._as_authored(job, refusal.message)
        else:
            await self._aborted(job, refusal)

    async def _aborted(self, job: Job, refusal: Refusal) -> None:
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
        return job.ticket.conversion != AS_AUTHORED and self._printers.of_job(job.printer).holds

    async def _as_authored(self, job: Job, why: str) -> None:
        """Back in line without the choice: what was wrong with it stands in the job's notes."""

        def change(current: Job) -> JobChange | None:
            if current.claimed_by != self._name or current.prepared:
                return None
            record = self._record(job.id, "choice dropped", why)
            return JobChange(job=self._without_choice(current, why), records=(record,))

        await self._write(job.id, change)

    def _without_choice(self, job: Job, why: str) -> Job:
        note = f"What you chose of this document cannot be printed, so it is as its author left it. {why}"
        again = advance(job, Cause.CLAIM_LAPSED, now=self._clock.now(), message="")
        return replace(again, ticket=replace(job.ticket, conversion=AS_AUTHORED), attempts=0, notes=(note,))

    async def postponed(self, job: Job, refusal: Unavailable) -> None:
        """The machine is at fault, not the document: the job waits."""

        def change(current: Job) -> JobChange | None:
            if current.claimed_by != self._name or current.prepared:
                return None
            return JobChange(job=advance(current, Cause.CLAIM_LAPSED, now=self._clock.now(), message=refusal.message))

        await self._write(job.id, change)

    async def failed(self, job: Job, text: str) -> None:
        """Back in line; at the third failure without what was chosen of the document, or aborted."""

        def change(current: Job) -> JobChange | None:
            if current.state is not JobState.PROCESSING or current.prepared:
                return None
            failures = current.attempts + 1
            if failures < FAILURES:
                after = replace(advance(current, Cause.CLAIM_LAPSED, now=self._clock.now()), attempts=failures)
            elif self._may_fall_back(current):
                after = self._without_choice(current, text)
            else:
                message = f"{text} It failed {failures} times. Save the document as PDF and print it again."
                after = advance(current, Cause.ABORTED, now=self._clock.now(), message=message)
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


def _with_asks(ticket: JobTicket, asks: Asks) -> JobTicket:
    """What a driver asked of its device, where the job itself says nothing."""
    return replace(
        ticket,
        copies=asks.copies if asks.copies is not None and ticket.copies == 1 else ticket.copies,
        sides=ticket.sides or asks.sides,
        print_color_mode=ticket.print_color_mode or asks.print_color_mode,
    )
