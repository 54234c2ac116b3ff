"""What owners and operators do with waiting jobs: see, change, hold, release, cancel, keep and print again.

Another's job answers as not found. A release is a compare-and-set on the row: of fifty at once, one wins.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from gateway.domain.account import Receipt
from gateway.domain.device import Device
from gateway.domain.document import Document
from gateway.domain.events import Event, Happening, JobRecord
from gateway.domain.job import Cause, Job, JobState, Reason, advance
from gateway.domain.printer import Printer
from gateway.domain.ticket import JobTicket
from gateway.domain.user import SYSTEM, Actor
from gateway.errors import BadRequest, Forbidden, LimitReached, NotAuthenticated, NotFound, NotPossible, Refusal
from gateway.services.fitness import choose_device, refusal_of
from gateway.services.ports import (
    Clock,
    EventBus,
    Hasher,
    JobChange,
    JobQuery,
    JobStore,
    Keyring,
    Spool,
)
from gateway.services.printers import Printers
from gateway.settings import Jobs as JobSettings

_HELD = (JobState.PENDING_HELD,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one job of a release: `job` as it stands now, or the refusal."""

    job_id: int
    job: Job | None = None
    refusal: Refusal | None = None


class Release:
    """All use cases of a job between preparation and delivery."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        printers: Printers,
        spool: Spool,
        keyring: Keyring,
        hasher: Hasher,
        events: EventBus,
        clock: Clock,
        settings: JobSettings,
    ) -> None:
        self._jobs = jobs
        self._printers = printers
        self._spool = spool
        self._keyring = keyring
        self._hasher = hasher
        self._events = events
        self._clock = clock
        self._settings = settings

    # -- seeing

    async def visible(self, job_id: int, actor: Actor) -> Job:
        """The job if the actor may know of it, else NotFound."""
        job = await self._jobs.get(job_id)
        if job is None or not may_see(job, actor):
            raise NotFound(f"There is no job {job_id} of yours.")
        return job

    async def find(self, query: JobQuery, actor: Actor) -> list[Job]:
        """Only what the actor may see: an operator all, a user the own, a stranger the unclaimed from that device."""
        if actor.is_operator:
            return await self._jobs.find(query)
        if actor.user is not None:
            return await self._jobs.find(replace(query, owner=actor.user))
        several = await self._jobs.find(replace(query, unclaimed_as=actor.claimed))
        return [job for job in several if may_see(job, actor)]

    async def claimable(self, actor: Actor) -> list[Job]:
        """Waiting jobs that came without sign-in from the actor's own address."""
        several = await self._jobs.find(JobQuery(unclaimed_from=actor.address, states=_HELD, newest_first=True))
        return [job for job in several if job.owner is None and job.address == actor.address]

    async def records(self, job_id: int, actor: Actor) -> list[JobRecord]:
        await self.visible(job_id, actor)
        return await self._jobs.records(job_id)

    async def thumbnail(self, job_id: int, actor: Actor, number: int) -> AsyncIterator[bytes]:
        """PNG octets of page `number`, counted from 1. An operator sees facts of others' jobs, not their pages."""
        job = await self.visible(job_id, actor)
        picture = next((t for t in job.thumbnails if t.number == number), None)
        if picture is None or job.key is None or not is_own(job, actor):
            raise NotFound("There is no picture of that page.")
        return self._spool.read(picture.id, self._keyring.unwrap(job.key))

    # -- releasing

    async def release(
        self,
        job_ids: Sequence[int],
        actor: Actor,
        *,
        device: str | None = None,
        changes: Mapping[str, Any] | None = None,
        job_password: bytes | None = None,
    ) -> list[Outcome]:
        """Each job on its own: one refusal does not stop the others. `changes` are JobTicket fields."""
        outcomes: list[Outcome] = []
        for job_id in job_ids:
            try:
                job = await self._release(job_id, actor, device, changes or {}, job_password)
                outcomes.append(Outcome(job_id=job_id, job=job))
            except Refusal as refusal:
                outcomes.append(Outcome(job_id=job_id, refusal=refusal))
        return outcomes

    async def _release(
        self, job_id: int, actor: Actor, device: str | None, changes: Mapping[str, Any], password: bytes | None
    ) -> Job:
        job = await self.visible(job_id, actor)
        if self._keyring.locked:
            self._keyring.new_key()  # raises Locked with the sentence that says what to do
        await self._check_password(job, actor, password)
        target = self._target(self._printers.get(job.printer), device)
        ticket = job.ticket.with_changes(**changes)
        check_ticket(job, ticket, self._printers.get(job.printer).capabilities.copies)
        refusal = refusal_of(target, ticket, others=self._printers.targets_of(self._printers.get(job.printer)))
        if refusal is not None:
            raise refusal

        def assign(current: Job) -> Job:
            if not current.prepared and current.state is JobState.PENDING_HELD:
                raise NotPossible("This job is still being prepared. Try again in a moment.")
            moved = advance(current, Cause.RELEASED, now=self._clock.now(), message="")
            return self._assigned(replace(moved, ticket=current.ticket.with_changes(**changes)), target, actor)

        return await self._apply(job_id, actor, assign, f"released to {target.info or target.name}")

    def _assigned(self, job: Job, device: Device, actor: Actor) -> Job:
        return replace(
            job,
            output_device=device.name,
            release_id=uuid4(),
            released_by=actor.user or actor.claimed,
            released_at=self._clock.now(),
            attempts=0,
            bytes_sent=0,
            device_job=None,
            not_before=None,
            impressions_completed=0,
            sheets_completed=0,
        )

    async def _check_password(self, job: Job, actor: Actor, password: bytes | None) -> None:
        """A PIN given at the print dialog opens the job; its signed-in owner needs no second proof."""
        if job.password_hash is None or (job.owner is not None and job.owner == actor.user):
            return
        if password is None or not await self._hasher.verify(job.password_hash, password.decode("utf-8", "replace")):
            raise NotAuthenticated("This job asks for the PIN that was typed when it was printed.")

    def _target(self, printer: Printer, wanted: str | None) -> Device:
        allowed = self._printers.targets_of(printer)
        if wanted is not None:
            found = next((d for d in allowed if d.name == wanted), None)
            if found is None:
                raise NotFound(f'Jobs of "{printer.info}" cannot be released at "{wanted}".')
            return found
        if len(allowed) != 1:
            raise NotPossible("Say at which output device: several can print this, or none is set up.")
        return allowed[0]

    # -- holding

    async def hold(self, job_id: int, actor: Actor, *, until: str = "indefinite") -> Job:
        """IPP Hold-Job: `until` is a job-hold-until keyword."""

        def change(job: Job) -> Job:
            held = advance(job, Cause.HELD_BY_REQUEST, now=self._clock.now(), message="Held on request.")
            return replace(held, ticket=held.ticket.with_changes(job_hold_until=until), output_device=None)

        return await self._apply(job_id, actor, change, f"held until {until}")

    async def unhold(self, job_id: int, actor: Actor) -> Job:
        """IPP Release-Job: takes a job-hold-until away. It is no release at a printer."""

        def change(job: Job) -> Job:
            if not job.has(Reason.JOB_HOLD_UNTIL_SPECIFIED):
                raise NotPossible(f"Job {job.id} is not held by job-hold-until. Release it at a printer.")
            free = replace(
                job,
                not_before=None,
                ticket=job.ticket.with_changes(job_hold_until=None, job_hold_until_time=None),
            )
            return self._after_hold(free, actor)

        return await self._apply(job_id, actor, change, "no longer held")

    def _after_hold(self, job: Job, actor: Actor) -> Job:
        printer = self._printers.get(job.printer)
        if not job.prepared:
            return advance(job, Cause.RELEASED, now=self._clock.now(), reasons=(), message="")
        if printer.holds or job.password_hash is not None:
            return replace(job, reasons=waiting_reasons(job), message="")
        moved = advance(job, Cause.RELEASED, now=self._clock.now(), message="")
        return self._assigned(moved, choose_device(self._printers.targets_of(printer), job.ticket), actor)

    async def release_due(self) -> int:
        """Jobs whose job-hold-until-time has come go on; returns how many."""
        due = await self._jobs.find(JobQuery(states=_HELD, due_before=self._clock.now()))
        for job in due:
            await self.unhold(job.id, SYSTEM)
        return len(due)

    # -- ending

    async def cancel(self, job_id: int, actor: Actor, *, message: str = "") -> Job:
        """By its owner, or by an operator; delivery, if under way, notices and stops the device."""

        def change(job: Job) -> Job:
            cause = Cause.CANCELED_BY_USER if is_own(job, actor) else Cause.CANCELED_BY_OPERATOR
            return advance(job, cause, now=self._clock.now(), message=message or "Canceled.")

        return await self._apply(job_id, actor, change, "canceled")

    async def resolve(self, job_id: int, actor: Actor, *, came_out: bool) -> Job:
        """The user's answer to "did it come out?": done and counted, or waiting again and not counted."""
        now = self._clock.now()

        def change(job: Job) -> Job:
            if job.state is not JobState.PROCESSING_STOPPED or not job.has(Reason.OUTCOME_UNKNOWN):
                raise NotPossible(f"Job {job.id} does not wait for this answer.")
            if came_out:
                ended = advance(job, Cause.COMPLETED, now=now, message="Printed, as you said.")
                return replace(
                    ended, impressions_completed=job.impressions or 0, sheets_completed=job.media_sheets or 0
                )
            back = advance(job, Cause.RETURNED_TO_HOLD, now=now, message="Not printed, as you said. Release it again.")
            return unassigned(back)

        text = "said to have printed" if came_out else "said not to have printed"
        return await self._apply(job_id, actor, change, text, receipt=_receipt if came_out else None)

    # -- keeping

    async def extend(self, job_id: int, actor: Actor) -> Job:
        """One more holding time from now on, a limited number of times."""

        def change(job: Job) -> Job:
            if job.state.ended or job.expires_at is None:
                raise NotPossible("This job does not expire.")
            if job.extensions >= self._settings.extend_times:
                raise LimitReached(f"This job was extended {job.extensions} times already; it cannot wait longer.")
            hold = self._printers.get(job.printer).hold_seconds
            return replace(
                job,
                extensions=job.extensions + 1,
                expires_at=max(job.expires_at, self._clock.now() + hold),
                expiry_warned=False,
            )

        return await self._apply(job_id, actor, change, "extended")

    async def favourite(self, job_id: int, actor: Actor, on: bool) -> Job:
        """A favourite never expires and can be printed again; a user has a limited number."""
        if on and actor.user is None:
            raise NotAuthenticated("Sign in to keep favourites.")
        if on:
            kept = await self._jobs.count(JobQuery(owner=actor.user, favourite=True, limit=None))
            if kept >= self._settings.favourites:
                raise LimitReached(f"You have {kept} favourites already. Take one off first.")

        def change(job: Job) -> Job:
            if job.key is None:
                raise NotPossible("The document has been destroyed and cannot be kept.")
            expires = None if on else self._clock.now() + self._settings.hold_seconds
            return replace(job, favourite=on, expires_at=expires)

        return await self._apply(job_id, actor, change, "made a favourite" if on else "no longer a favourite")

    async def claim(self, job_id: int, actor: Actor) -> Job:
        """An unclaimed job becomes the actor's: only one that came from the actor's own address.

        One with a PIN stays as it is: whoever knows the PIN releases it with that.
        """
        if actor.user is None:
            raise NotAuthenticated("Sign in to claim a job.")
        job = await self._jobs.get(job_id)
        if job is None or job.owner is not None or job.address != actor.address:
            raise NotFound(f"There is no unclaimed job {job_id} from this device.")
        if job.password_hash is not None:
            raise Forbidden("This job has a PIN: release it with the PIN that was typed when it was printed.")

        def change(current: Job) -> Job:
            if current.owner is not None:
                raise NotFound(f"There is no unclaimed job {job_id} from this device.")
            return replace(current, owner=actor.user)

        return await self._apply(job_id, SYSTEM, change, "claimed", by=actor.user)

    async def change(self, job_id: int, actor: Actor, changes: Mapping[str, Any], *, name: str | None = None) -> Job:
        """Set-Job-Attributes: JobTicket fields of a job that has not begun to print."""

        def change(job: Job) -> Job:
            if job.state not in {JobState.PENDING, JobState.PENDING_HELD}:
                raise NotPossible(f"Job {job.id} is {job.state.keyword} and cannot be changed any more.")
            return replace(job, ticket=job.ticket.with_changes(**changes), name=job.name if name is None else name)

        return await self._apply(job_id, actor, change, "changed")

    async def reprint(self, job_id: int, actor: Actor) -> Job:
        """A new job with the same pages under a key of its own; NotPossible once the document is destroyed."""
        job = await self.visible(job_id, actor)
        if not is_own(job, actor):
            raise Forbidden("Only the owner can print a job again.")
        if job.key is None or job.printable is None:
            raise NotPossible("The document has been destroyed. Send it again to print it again.")
        old, (plain, wrapped) = self._keyring.unwrap(job.key), self._keyring.new_key()
        printable = await self._copied(job.printable, old, plain)
        now = self._clock.now()
        copy = Job(
            uuid=uuid4(),
            printer=job.printer,
            state=JobState.PENDING_HELD,
            reasons=(Reason.JOB_QUEUED_FOR_MARKER, Reason.JOB_RELEASE_WAIT),
            name=job.name,
            owner=job.owner,
            requested_name=job.requested_name,
            source=job.source,
            address=actor.address or job.address,
            ticket=job.ticket.with_changes(job_hold_until=None, job_hold_until_time=None),
            documents=tuple([await self._copied(document, old, plain) for document in job.documents]),
            key=wrapped,
            created_at=now,
            expires_at=now + self._printers.get(job.printer).hold_seconds,
            pages=job.pages,
            color=job.color,
            impressions=job.impressions,
            media_sheets=job.media_sheets,
            printable=printable,
            thumbnails=tuple([await self._copied(picture, old, plain) for picture in job.thumbnails]),
            notes=job.notes,
        )
        (added,) = await self._jobs.add([copy])
        self._publish(Event.JOB_CREATED, added)
        if not self._printers.get(job.printer).holds:
            return await self._apply(
                added.id, SYSTEM, lambda current: self._after_hold(current, actor), f"printed again from job {job.id}"
            )
        return added

    async def _copied(self, document: Document, old: bytes, new: bytes) -> Document:
        writer = await self._spool.create(new)
        try:
            async for chunk in self._spool.read(document.id, old):
                await writer.write(chunk)
            object_id, _, _ = await writer.commit()
        except BaseException:
            await writer.abort()
            raise
        return replace(document, id=object_id)

    # -- one transaction

    async def _apply(
        self,
        job_id: int,
        actor: Actor,
        change: Callable[[Job], Job],
        what: str,
        *,
        receipt: Callable[[Job, float], Receipt | None] | None = None,
        by: str | None = None,
    ) -> Job:
        now = self._clock.now()

        def transaction(job: Job) -> JobChange:
            if not may_see(job, actor):
                raise NotFound(f"There is no job {job_id} of yours.")
            after = change(job)
            record = JobRecord(
                job_id=job_id, at=now, what=what, by=by or actor.user or actor.claimed, text=after.message
            )
            return JobChange(job=after, records=(record,), receipt=receipt(after, now) if receipt else None)

        job = await self._jobs.update(job_id, transaction)
        self._publish(Event.JOB_COMPLETED if job.state.ended else Event.JOB_STATE_CHANGED, job)
        return job

    def _publish(self, event: Event, job: Job) -> None:
        self._events.publish(
            Happening(
                event=event,
                at=self._clock.now(),
                printer=job.printer,
                job_id=job.id,
                device=job.output_device,
                owner=job.owner,
                text=job.message,
            )
        )


def check_ticket(job: Job, ticket: JobTicket, most_copies: int) -> None:
    """BadRequest when none of the chosen pages is in the document, or the number of copies makes no sense."""
    pages = job.pages
    if pages is not None and ticket.page_ranges and all(low > pages for low, _ in ticket.page_ranges):
        raise BadRequest(f"This document has {pages} page{'s' * (pages != 1)}: choose some of them.")
    if not 1 <= ticket.copies <= most_copies:
        raise BadRequest(f"Choose 1 to {most_copies} copies.")


def is_own(job: Job, actor: Actor) -> bool:
    """The signed-in owner; of an unclaimed job the same client under the same name from the same address."""
    if job.owner is not None:
        return actor.user == job.owner
    return (
        actor.address != ""
        and job.address == actor.address
        and (actor.user is not None or job.requested_name == actor.claimed)
    )


def may_see(job: Job, actor: Actor) -> bool:
    return actor.is_operator or is_own(job, actor)


def waiting_reasons(job: Job) -> tuple[Reason, ...]:
    """Why a prepared job waits: for a release, and for its PIN if it has one."""
    wait = Reason.JOB_RELEASE_WAIT if job.password_hash is None else Reason.JOB_PASSWORD_WAIT
    return (Reason.JOB_QUEUED_FOR_MARKER, wait)


def unassigned(job: Job) -> Job:
    """The job with every trace of its last release taken off."""
    return replace(
        job,
        output_device=None,
        release_id=None,
        released_by=None,
        released_at=None,
        bytes_sent=0,
        device_job=None,
        not_before=None,
        attempts=0,
        impressions_completed=0,
        sheets_completed=0,
    )


def _receipt(job: Job, now: float) -> Receipt | None:
    if job.release_id is None or job.output_device is None:
        return None
    return Receipt(
        release_id=job.release_id,
        job_id=job.id,
        owner=job.owner,
        printer=job.printer,
        device=job.output_device,
        impressions=job.impressions_completed,
        media_sheets=job.sheets_completed,
        color=bool(job.color),
        confirmed=False,
        at=now,
    )
