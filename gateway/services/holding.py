"""Hold-Job and Release-Job (RFC 8011 section 4.3.5 and 4.3.6), and holds that end at a time."""

from dataclasses import replace

from gateway.domain.credit import Due
from gateway.domain.delegation import Right
from gateway.domain.device import Device
from gateway.domain.job import SHORT_OF_CREDIT, Cause, Job, JobState, Reason, advance
from gateway.domain.printer import Printer
from gateway.domain.project import NEEDED
from gateway.domain.user import SYSTEM, Actor
from gateway.domain.waiting import asking_for_project, assigned, waiting_reasons
from gateway.errors import Conflict, LimitReached, NotPossible, ProjectRequired
from gateway.services.fitness import choose_device
from gateway.services.job_cases import JobCases
from gateway.services.ports import JobQuery


class Holding(JobCases):
    """A job-hold-until is no release policy: taking it away releases nothing at a printer."""

    async def hold(
        self, job_id: int, actor: Actor, *, until: str = "indefinite", until_time: float | None = None
    ) -> Job:
        """IPP Hold-Job: `until` is a job-hold-until keyword, `until_time` the moment at which the hold ends by itself."""

        def change(job: Job) -> Job:
            held = advance(job, Cause.HELD_BY_REQUEST, now=self._clock.now(), message="Held on request.")
            ticket = held.ticket.with_changes(
                job_hold_until=None if until_time is not None else until, job_hold_until_time=until_time
            )
            return replace(held, ticket=ticket, output_device=None, not_before=until_time)

        return await self._apply(job_id, actor, change, "held on request", right=Right.RELEASE)

    async def unhold(self, job_id: int, actor: Actor) -> Job:
        """IPP Release-Job: takes a job-hold-until away, or what came of a job that was cut short. No release at a printer."""
        why = await self._not_charged(await self.visible(job_id, actor), actor)

        def change(job: Job) -> Job:
            if not job.has(Reason.JOB_HOLD_UNTIL_SPECIFIED) and not job.cut_short:
                raise NotPossible(f"Job {job.id} is not held by job-hold-until. Release it at a printer.")
            free = replace(
                job,
                not_before=None,
                ticket=job.ticket.with_changes(job_hold_until=None, job_hold_until_time=None),
            )
            return self._after_hold(free, actor, why)

        return await self._apply(job_id, actor, change, "no longer held", right=Right.RELEASE)

    async def _not_charged(self, job: Job, actor: Actor) -> str:
        """Why its project cannot be charged any more; "" where it can, or has none."""
        if self._charging is None or not job.project:
            return ""
        try:
            await self._charging.still_open(job, actor)
        except ProjectRequired as refusal:
            return refusal.message
        return ""

    def _after_hold(self, job: Job, actor: Actor, not_charged: str = "") -> Job:
        printer = self._printers.of_job(job.printer)
        if not job.prepared:
            return advance(job, Cause.RELEASED, now=self._clock.now(), reasons=(), message="")
        if not_charged or printer.lacks_project(job):
            return asking_for_project(job, not_charged or NEEDED)
        if printer.holds or job.password_hash is not None:
            return replace(job, reasons=waiting_reasons(job), message="")
        moved = advance(job, Cause.RELEASED, now=self._clock.now(), message="")
        device = self._direct_device(job, printer)
        due = self._dues.of(moved, printer, device)
        return assigned(moved, device.name, by=actor.user or actor.claimed, now=self._clock.now(), due=due)

    async def release_due(self) -> int:
        """Jobs whose job-hold-until-time has come go on; returns how many."""
        due = await self._jobs.find(JobQuery(states=(JobState.PENDING_HELD,), due_before=self._clock.now()))
        for job in due:
            try:
                await self.unhold(job.id, SYSTEM)
            except LimitReached as refusal:
                await self.wait_for_credit(job.id, refusal.message)
        return len(due)

    # -- jobs of direct Printers that their payer's credit does not cover

    async def wait_for_credit(self, job_id: int, message: str) -> Job:
        """Held until it can be paid (CreditRounds), or its owner releases it."""

        def change(job: Job) -> Job:
            free = job.ticket.with_changes(job_hold_until=None, job_hold_until_time=None)
            return replace(job, reasons=SHORT_OF_CREDIT, message=message, ticket=free, not_before=None)

        return await self._apply(job_id, SYSTEM, change, "waits for credit")

    def due_directly(self, job: Job) -> Due | None:
        """What such a job would take from its payer's credit if it went on now; NotPossible where no device can."""
        printer = self._printers.of_job(job.printer)
        return None if printer.holds else self._dues.of(job, printer, self._direct_device(job, printer))

    async def go_on(self, job_id: int) -> Job:
        """LimitReached when the credit was taken by another one meanwhile; Conflict when it waits no longer."""
        why = await self._not_charged(await self.visible(job_id, SYSTEM), SYSTEM)

        def change(job: Job) -> Job:
            if job.state is not JobState.PENDING_HELD or job.reasons != SHORT_OF_CREDIT:
                raise Conflict(f"Job {job.id} does not wait for credit any more.")
            return self._after_hold(job, Actor(user=job.owner, claimed=job.owner or job.requested_name), why)

        return await self._apply(job_id, SYSTEM, change, "credit is there")

    def _direct_device(self, job: Job, printer: Printer) -> Device:
        return choose_device(self._printers.targets_of(printer), printer.house.greyed(job.ticket), job.raw_format)
