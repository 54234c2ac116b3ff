"""Operations on jobs (RFC 8011 section 4.3, RFC 3380, RFC 3998, PWG 5100.7, PWG 5100.11) and on lists of them."""

from collections.abc import Iterable
from typing import Any

from gateway.domain.job import OPEN, Job, JobState, Reason
from gateway.domain.printer import HeldView
from gateway.errors import NotFound
from gateway.services.ports import JobQuery
from ipp.server.description import JOB_ANSWER, JOB_BRIEF, Descriptions, Kept, shown
from ipp.server.job_settables import JOB_SETTABLE
from ipp.server.operation import Services
from ipp.server.request import Reply, Request
from ipp.server.status import Refused, bad_request
from ipp.server.ticket import deletion, insist, read, word
from ipp.wire import Attribute, GroupTag, Status, ValueTag, build

ENDED = (JobState.COMPLETED, JobState.CANCELED, JobState.ABORTED)
# which-jobs (RFC 8011 section 4.2.6.1, PWG 5100.7 section 5.1, PWG 5100.11): the states each keyword means.
WHICH: dict[str, tuple[JobState, ...]] = {
    "completed": ENDED,
    "not-completed": OPEN,
    "aborted": (JobState.ABORTED,),
    "all": OPEN + ENDED,
    "canceled": (JobState.CANCELED,),
    "pending": (JobState.PENDING,),
    "pending-held": (JobState.PENDING_HELD,),
    "processing": (JobState.PROCESSING,),
    "processing-stopped": (JobState.PROCESSING_STOPPED,),
    "proof-print": (),  # jobs that wait for their proof to be approved: proofs are not made here, so there are none
}
MOST_JOBS = 10_000
MOST_LISTS = 16  # whole answers of Get-Jobs, some 200 octets a job
MOST_ENDED = 1000  # a history has no end; a client that wants more asks with first-index and limit


class JobOperations:
    """Reads requests, calls release and job control."""

    def __init__(self, services: Services, descriptions: Descriptions) -> None:
        self._services = services
        self._release = services.release
        self._control = services.control
        self._descriptions = descriptions
        self._lists: Kept[tuple[object, ...], Reply] = Kept(MOST_LISTS)

    # -- looking

    async def get_job_attributes(self, request: Request) -> Reply:
        job = await self._target(request)
        return Reply(groups=(self._descriptions.job(job, request.printer, request.where, request.requested),))

    async def get_jobs(self, request: Request) -> Reply:
        """The same answer as before while no job has changed: CUPS and phones ask for their lists again and again."""
        mark = await self._release.mark()
        if mark is None:
            return await self._list_jobs(request)
        printer = request.printer
        now = int(self._services.clock.now())  # some attributes tell the time
        key = (mark, now, printer.name, printer.version, request.where, request.actor, request.message.groups)
        known = self._lists.peek(key)
        return known if known is not None else self._lists.put(key, await self._list_jobs(request))

    async def _list_jobs(self, request: Request) -> Reply:
        """Only what the actor may see, in the order of RFC 8011 section 4.2.6.2: ended jobs newest first."""
        which = request.word("which-jobs") or "not-completed"
        if which not in WHICH:
            raise Refused(
                Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
                f'which-jobs "{which[:80]}" is not supported.',
                unsupported=(request.attributes["which-jobs"],),
            )
        ids = request.integers("job-ids")
        states = WHICH[which] if ids is None else OPEN + ENDED
        first, limit = max(request.integer("first-index") or 1, 1), request.integer("limit")
        until = first - 1 + limit if limit is not None and limit > 0 else None
        jobs = await self._several(request, states, ids, enough=None if ids or request.boolean("my-jobs") else until)
        if request.boolean("my-jobs"):
            jobs = [job for job in jobs if _is_mine(job, request)]
        jobs = jobs[first - 1 : until]
        requested = frozenset(request.words("requested-attributes")) or JOB_BRIEF
        make = self._descriptions.job
        return Reply(groups=tuple([make(job, request.printer, request.where, requested) for job in jobs]))

    async def _several(
        self, request: Request, states: tuple[JobState, ...], ids: tuple[int, ...] | None, *, enough: int | None
    ) -> list[Job]:
        """The visible jobs whose shown state is one of `states`; open ones first come first."""
        printer = request.printer
        if not states:
            return []
        projected = printer.held_view is HeldView.COMPLETED
        most = MOST_ENDED if states[0].ended else MOST_JOBS
        # The store may stop early only where nothing that it finds is sorted out afterwards.
        if enough is not None and not projected:
            most = min(most, enough)
        query = JobQuery(
            printer=printer.name,
            newest_first=states[0].ended,
            limit=most,
            states=OPEN + ENDED if projected else states,
        )
        found = await self._release.find(query, request.actor)
        return [j for j in found if shown(j, printer)[0] in states and (ids is None or j.id in ids)]

    # -- ending

    async def cancel_job(self, request: Request) -> Reply:
        await self._target(request)
        await self._release.cancel(request.target_job, request.actor, message=request.word("message") or "")
        return Reply()

    async def cancel_current_job(self, request: Request) -> Reply:
        """The job that prints now (RFC 3998 section 4.2); with job-id only if it is that one."""
        job = await self._current(request)
        await self._release.cancel(job.id, request.actor, message=request.word("message") or "")
        return Reply()

    async def cancel_jobs(self, request: Request) -> Reply:
        """Cancel-Jobs and Cancel-My-Jobs: all that the actor may cancel, or those of job-ids, all or none."""
        return await self._cancel_several(request, mine=False)

    async def cancel_my_jobs(self, request: Request) -> Reply:
        return await self._cancel_several(request, mine=True)

    async def _cancel_several(self, request: Request, *, mine: bool) -> Reply:
        ids = request.integers("job-ids")
        jobs = await self._chosen(request, ids) if ids is not None else await self._open_jobs(request)
        if mine:
            jobs = [job for job in jobs if _is_mine(job, request)]
        bad = [i for i in ids or () if i not in {job.id for job in jobs if not job.state.ended}]
        if bad:
            raise Refused(
                Status.CLIENT_ERROR_NOT_POSSIBLE,
                "Some of these jobs cannot be canceled, so that none was.",
                unsupported=(build.integer("job-ids", *bad),),
            )
        message = request.word("message") or ""
        for job in jobs:
            await self._release.cancel(job.id, request.actor, message=message)
        return Reply()

    async def _chosen(self, request: Request, ids: Iterable[int]) -> list[Job]:
        found: list[Job] = []
        for job_id in ids:
            try:
                found.append(request.own(await self._release.visible(job_id, request.actor)))
            except NotFound:
                continue
        return found

    async def _open_jobs(self, request: Request) -> list[Job]:
        query = JobQuery(printer=request.printer.name, states=OPEN, limit=None)
        return await self._release.find(query, request.actor)

    # -- holding, order

    async def hold_job(self, request: Request) -> Reply:
        await self._target(request)
        until = request.word("job-hold-until") or "indefinite"
        if until == "no-hold":
            return await self.release_job(request)
        if until != "indefinite":
            raise Refused(
                Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
                "A job can be held until it is released by its owner: use indefinite.",
                unsupported=(request.attributes["job-hold-until"],),
            )
        await self._release.hold(request.target_job, request.actor, until=until)
        return Reply()

    async def release_job(self, request: Request) -> Reply:
        await self._target(request)
        await self._release.unhold(request.target_job, request.actor)
        return Reply()

    async def suspend_current_job(self, request: Request) -> Reply:
        job = await self._current(request)
        await self._control.suspend(job.id, request.actor)
        return Reply()

    async def resume_job(self, request: Request) -> Reply:
        await self._target(request)
        await self._control.resume(request.target_job, request.actor)
        return Reply()

    async def promote_job(self, request: Request) -> Reply:
        await self._target(request)
        await self._control.promote(request.target_job, request.actor)
        return Reply()

    async def schedule_job_after(self, request: Request) -> Reply:
        await self._target(request)
        before = request.integer("predecessor-job-id")
        if before is not None:
            request.own(await self._release.visible(before, request.actor))
        await self._control.schedule_after(request.target_job, before, request.actor)
        return Reply()

    # -- again

    async def print_again(self, request: Request) -> Reply:
        """Restart-Job, Reprocess-Job and Resubmit-Job: a new job with the same pages; an ended job stays ended."""
        await self._target(request)
        job = await self._release.reprint(request.target_job, request.actor)
        return Reply(groups=(self._descriptions.job(job, request.printer, request.where, JOB_ANSWER),), accepted=job)

    # -- changing

    async def set_job_attributes(self, request: Request) -> Reply:
        """All or none (RFC 3380 section 4.2): what cannot be set is named and nothing changes."""
        job = await self._target(request)
        given = request.group(GroupTag.JOB).attributes
        if not given:
            raise bad_request("There is nothing to change: the group of job attributes is empty.")
        _check_settable(given)
        name = next((word(attribute) for attribute in given if attribute.name == "job-name"), None)
        changes: dict[str, Any] = {}
        rest: list[Attribute] = []
        for attribute in given:
            reset = deletion(attribute)
            if reset is not None:
                changes.update(reset)
            elif attribute.name != "job-name":
                rest.append(attribute)
        reading = read(rest, request.printer)
        insist(reading, fidelity=True)
        changes.update(reading.fields)
        await self._change(request, job, changes, name)
        return Reply()

    async def _change(self, request: Request, job: Job, changes: dict[str, Any], name: str | None) -> None:
        """job-hold-until is not only noted but done."""
        hold = changes.pop("job_hold_until", _UNCHANGED)
        if changes or name is not None:
            await self._release.change(job.id, request.actor, changes, name=name)
        if isinstance(hold, str):
            await self._release.hold(job.id, request.actor, until=hold)
        elif hold is None and job.has(Reason.JOB_HOLD_UNTIL_SPECIFIED):
            await self._release.unhold(job.id, request.actor)

    # -- finding

    async def _target(self, request: Request) -> Job:
        return request.own(await self._release.visible(request.target_job, request.actor))

    async def _current(self, request: Request) -> Job:
        states = (JobState.PROCESSING, JobState.PROCESSING_STOPPED)
        query = JobQuery(printer=request.printer.name, states=states, limit=1)
        found = await self._release.find(query, request.actor)
        wanted = request.job_id
        if not found or (wanted is not None and found[0].id != wanted):
            raise Refused(Status.CLIENT_ERROR_NOT_POSSIBLE, "No such job is printing now.")
        return found[0]


_UNCHANGED = object()


def _is_mine(job: Job, request: Request) -> bool:
    """The requester's own, also where an operator could see more."""
    if request.actor.user is not None and job.owner is not None:
        return job.owner == request.actor.user
    return job.owner is None and job.requested_name == request.actor.claimed


def _check_settable(given: Iterable[Attribute]) -> None:
    bad = [attribute for attribute in given if attribute.name not in JOB_SETTABLE]
    if bad:
        raise Refused(
            Status.CLIENT_ERROR_ATTRIBUTES_NOT_SETTABLE,
            f"{bad[0].name[:80]} cannot be set.",
            unsupported=tuple(Attribute(a.name, ValueTag.NOT_SETTABLE, (None,)) for a in bad),
        )
