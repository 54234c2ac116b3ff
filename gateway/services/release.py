"""What owners and operators do with waiting jobs: see, change, hold, release, cancel, keep and print again.

Another's job answers as not found. A release is a compare-and-set on the row: of fifty at once, one wins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.domain.account import Receipt
from gateway.domain.delegation import Right
from gateway.domain.device import Device
from gateway.domain.events import Event
from gateway.domain.job import Cause, Job, JobState, Reason, advance
from gateway.domain.phone import Presence, stricter
from gateway.domain.printer import Printer
from gateway.domain.rights import Permission
from gateway.domain.ticket import JobTicket
from gateway.domain.user import Actor
from gateway.domain.waiting import assigned, check_ticket, unassigned, with_project
from gateway.errors import Conflict, NotAuthenticated, NotFound, NotPossible, PresenceRequired, Refusal
from gateway.services.charging import FIELDS, charged
from gateway.services.counting import count, counted, separate
from gateway.services.effect import effective
from gateway.services.fitness import refusal_of
from gateway.services.guests import check_amount
from gateway.services.keeping import Keeping
from gateway.services.ownership import is_own
from gateway.services.pricing import bill_for, paged_of
from gateway.services.printers import Printers
from gateway.services.submission import CUT_SHORT

IN_PERSON = frozenset({"kiosk", "terminal"})
LEAST_OF_PROOF = 2
"""Copies from which on a proof makes sense."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one job of a release: `job` as it stands now, or the refusal."""

    job_id: int
    job: Job | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wish:
    """Where and how a job is released. `by` is who did it, if not the actor; `charged_to` who pays, if not the owner."""

    device: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    by: str = ""
    charged_to: str | None = None


class Release(Keeping):
    """All use cases of a job between preparation and delivery."""

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
                job = await self._release(job_id, actor, _Wish(device=device, changes=changes or {}), job_password)
                outcomes.append(Outcome(job_id=job_id, job=job))
            except Refusal as refusal:
                outcomes.append(Outcome(job_id=job_id, refusal=refusal))
        return outcomes

    async def release_shared(
        self, job_id: int, owner: Actor, *, device: str | None, by: str, charged_to: str | None
    ) -> Job:
        """In the name of `owner`, by somebody who was given a link; raises what a release refuses."""
        return await self._release(job_id, owner, _Wish(device=device, by=by, charged_to=charged_to), None)

    async def proof(
        self, job_id: int, actor: Actor, *, device: str | None = None, changes: Mapping[str, Any] | None = None
    ) -> tuple[Job, Job]:
        """(one copy, on its way as a job of its own; the rest, waiting with the same changes and one copy less).

        NotPossible when only one copy is wanted. A second tap at the same moment makes no second proof.
        """
        job = await self.visible(job_id, actor)
        await self.demand(job, actor, Right.RELEASE)
        self._check_held(job)
        settled = await self._charged(job, actor, changes or {})
        ticket, target = await self._permitted(job, actor, device, settled, None)
        if ticket.copies < LEAST_OF_PROOF:
            raise NotPossible("A proof is the first of several copies. Choose more copies, or print this one.")
        twin = replace(
            await self._twin(job),
            ticket=replace(ticket, copies=1),
            state=JobState.PENDING,
            reasons=(Reason.JOB_QUEUED_FOR_MARKER,),
            idempotency_key=f"proof:{job.uuid}:{job.version}",
        )
        # The rest first: a crash in between leaves a copy too few, which can be printed, not one too many.

        def keep(current: Job) -> Job:
            if current.version != job.version:
                raise Conflict("The job was changed meanwhile. Look at it and try again.")
            self._check_held(current)
            return with_project(replace(current, ticket=replace(ticket, copies=ticket.copies - 1)))

        rest = await self._apply(
            job_id, actor, keep, f"proof released to {target.info or target.name}", right=Right.RELEASE
        )
        by, due = actor.user or actor.claimed, self._dues.of(twin, self._printers.of_job(job.printer), target)
        try:
            (proof,) = await self._jobs.add([assigned(twin, target.name, by=by, now=self._clock.now(), due=due)])
        except Refusal:
            await self._apply(job_id, actor, lambda current: replace(current, ticket=ticket), "proof not released")
            raise
        self._publish(Event.JOB_CREATED, proof)
        return proof, rest

    async def _release(self, job_id: int, actor: Actor, wish: "_Wish", password: bytes | None) -> Job:
        job = await self.visible(job_id, actor)
        changes = await self._charged(job, actor, wish.changes)
        _, target = await self._permitted(job, actor, wish.device, changes, password)

        def assign(current: Job) -> Job:
            self._check_waiting(current)
            moved = advance(current, Cause.RELEASED, now=self._clock.now(), message="")
            chosen = replace(moved, ticket=current.ticket.with_changes(**changes), charged_to=wish.charged_to)
            due = self._dues.of(chosen, self._printers.of_job(current.printer), target)
            by = wish.by or actor.user or actor.claimed
            sent = assigned(chosen, target.name, by=by, now=self._clock.now(), due=due)
            return replace(sent, charged_to=wish.charged_to)

        what = f"released to {target.info or target.name}"
        return await self._apply(job_id, actor, assign, what, by=wish.by or None, right=Right.RELEASE)

    async def _charged(self, job: Job, actor: Actor, changes: Mapping[str, Any]) -> dict[str, Any]:
        """`changes` with which the job has the project that its Printer asks for."""
        return await charged(self._charging, self._printers.of_job(job.printer), job, actor, changes)

    async def _permitted(
        self, job: Job, actor: Actor, device: str | None, changes: Mapping[str, Any], password: bytes | None
    ) -> tuple[JobTicket, Device]:
        """What would be printed and where; a refusal says why not."""
        if self._keyring.locked:
            self._keyring.new_key()  # raises Locked with the sentence that says what to do
        await self._check_password(job, actor, password)
        printer = self._printers.of_job(job.printer)
        target = self._target(printer, device)
        check_present(actor, printer, target)
        ticket = job.ticket.with_changes(**changes)
        check_ticket(job, ticket, printer.capabilities.copies)
        made = count(job.pages or 1, ticket, separate(job.documents, ticket))
        check_amount(job.owner, made.impressions, self._guest_pages)
        others = self._printers.targets_of(printer)
        refusal = refusal_of(target, printer.house.greyed(ticket), others=others, raw_format=job.raw_format)
        if refusal is not None:
            raise refusal
        return ticket, target

    def _check_held(self, job: Job) -> None:
        self._check_waiting(job)
        if job.state is not JobState.PENDING_HELD:
            raise NotPossible(f"Job {job.id} is {job.state.keyword}: only a held job can be released.")

    def _check_waiting(self, job: Job) -> None:
        if job.has(Reason.DOCUMENT_PASSWORD_ERROR):
            raise NotPossible("This document is protected: give its password first.")
        if job.cut_short:
            raise NotPossible(CUT_SHORT)
        if not job.prepared and job.state is JobState.PENDING_HELD:
            raise NotPossible("This job is still being prepared. Try again in a moment.")

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

    # -- changing and ending

    async def change(self, job_id: int, actor: Actor, changes: Mapping[str, Any], *, name: str | None = None) -> Job:
        """Set-Job-Attributes: JobTicket fields of a job that has not begun to print.

        A job that waited only for its project, on a Printer that does not hold, goes on.
        """
        if FIELDS & changes.keys():
            waiting = await self.visible(job_id, actor)
            changes = await self._chosen(waiting, actor, changes)

        def change(job: Job) -> Job:
            if job.state not in {JobState.PENDING, JobState.PENDING_HELD}:
                raise NotPossible(f"Job {job.id} is {job.state.keyword} and cannot be changed any more.")
            changed = counted(
                replace(job, ticket=job.ticket.with_changes(**changes), name=job.name if name is None else name)
            )
            return self._gone_on(changed, actor)

        return await self._apply(job_id, actor, change, "changed", right=Right.RELEASE)

    async def _chosen(self, job: Job, actor: Actor, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        """`changes` with a project that the actor may use; ProjectRequired for none where there must be one."""
        printer = self._printers.of_job(job.printer)
        if "job_account_id" in changes:
            return await charged(self._charging, printer, job, actor, changes)
        return changes if self._charging is None else await self._charging.checked(printer, actor, changes)

    def _gone_on(self, job: Job, actor: Actor) -> Job:
        """On its way, or waiting for its release alone, as soon as it has the project that it waited for."""
        waiting = with_project(job)
        if waiting is job:
            return job
        try:
            return self._after_hold(waiting, actor)
        except NotPossible as refusal:  # nothing can print it now: it is held, and may be released later
            return replace(waiting, message=refusal.message)

    async def cancel(self, job_id: int, actor: Actor, *, message: str = "") -> Job:
        """By its owner, or by an operator; delivery, if under way, notices and stops the device."""

        def change(job: Job) -> Job:
            cause = Cause.CANCELED_BY_USER if is_own(job, actor) else Cause.CANCELED_BY_OPERATOR
            return advance(job, cause, now=self._clock.now(), message=message or "Canceled.")

        return await self._apply(job_id, actor, change, "canceled", right=Right.DELETE)

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
        return await self._apply(
            job_id, actor, change, text, receipt=self._receipt if came_out else None, right=Right.RELEASE
        )

    def _receipt(self, job: Job, now: float) -> Receipt | None:
        if job.release_id is None or job.output_device is None:
            return None
        return _receipt(job, self._printers, now)


def check_present(actor: Actor, printer: Printer, target: Device) -> None:
    """PresenceRequired unless the actor stands where the paper comes out, as far as that is asked for.

    A release station is where people stand; those who run the printers may release from anywhere.
    """
    asked = stricter(printer.presence, target.presence)
    if asked is Presence.NONE or actor.via in IN_PERSON or actor.present_at == target.name:
        return
    if actor.may(Permission.JOBS, target.site or None):
        return
    where = target.info or target.name
    if asked is Presence.PANEL:
        raise PresenceRequired(f'Scan the code at "{where}" with your phone, and touch "It\'s me" on the screen there.')
    raise PresenceRequired(
        f'Scan the code that the screen at "{where}" shows now with your phone, and print from there.'
    )


def _receipt(job: Job, printers: Printers, now: float) -> Receipt:
    assert job.release_id is not None
    assert job.output_device is not None
    printer = printers.of_job(job.printer)
    device = next((d for d in printers.devices() if d.name == job.output_device), None)
    can = device.capabilities if device else printer.capabilities
    ticket = effective(job.ticket, printer, can)
    bill = bill_for(printer, ticket, paged_of(job, ticket), can)
    return Receipt(
        release_id=job.release_id,
        job_id=job.id,
        owner=job.charged_to or job.owner,
        printer=job.printer,
        device=job.output_device,
        impressions=job.impressions_completed,
        media_sheets=job.sheets_completed,
        color=bool(job.color),
        confirmed=False,
        at=now,
        amount=bill.amount(job.impressions_completed, job.sheets_completed),
        currency=bill.tariff.currency,
        project=job.project,
        comment=job.ticket.account_comment,
    )
