"""Hold-Job and Release-Job (RFC 8011 section 4.3.5 and 4.3.6), and holds that end at a time."""

from dataclasses import replace

from gateway.domain.delegation import Right
from gateway.domain.job import Cause, Job, JobState, Reason, advance
from gateway.domain.user import SYSTEM, Actor
from gateway.domain.waiting import assigned, waiting_reasons
from gateway.errors import NotPossible
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

        return await self._apply(job_id, actor, change, "no longer held", right=Right.RELEASE)

    def _after_hold(self, job: Job, actor: Actor) -> Job:
        printer = self._printers.get(job.printer)
        if not job.prepared:
            return advance(job, Cause.RELEASED, now=self._clock.now(), reasons=(), message="")
        if printer.holds or job.password_hash is not None:
            return replace(job, reasons=waiting_reasons(job), message="")
        moved = advance(job, Cause.RELEASED, now=self._clock.now(), message="")
        return assigned(
            moved,
            choose_device(self._printers.targets_of(printer), printer.house.greyed(job.ticket), job.raw_format).name,
            by=actor.user or actor.claimed,
            now=self._clock.now(),
        )

    async def release_due(self) -> int:
        """Jobs whose job-hold-until-time has come go on; returns how many."""
        due = await self._jobs.find(JobQuery(states=(JobState.PENDING_HELD,), due_before=self._clock.now()))
        for job in due:
            await self.unhold(job.id, SYSTEM)
        return len(due)
