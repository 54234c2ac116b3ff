"""What every use case of a waiting job shares: who may see it, and the one transaction that changes it."""

from collections.abc import AsyncIterator, Callable, Hashable
from dataclasses import replace

from gateway.domain.account import Receipt
from gateway.domain.delegation import Right
from gateway.domain.events import Event, Happening, JobRecord
from gateway.domain.job import Job, JobState
from gateway.domain.user import Actor
from gateway.errors import Forbidden, NotFound
from gateway.services.delegates import Delegates
from gateway.services.ownership import may, may_see, sees_pages
from gateway.services.ports import Clock, EventBus, Hasher, JobChange, JobQuery, JobStore, Keyring, Spool
from gateway.services.printers import Printers
from gateway.settings import Jobs as JobSettings

CLAIM_SECONDS = 3600.0
_HELD = (JobState.PENDING_HELD,)


class JobCases:
    """Holds the ports; Holding, Keeping and Release stand on it."""

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
        guest_pages: int = 500,
        delegates: Delegates | None = None,
    ) -> None:
        self._jobs = jobs
        self._printers = printers
        self._spool = spool
        self._keyring = keyring
        self._hasher = hasher
        self._events = events
        self._clock = clock
        self._settings = settings
        self._guest_pages = guest_pages
        self._delegates = delegates

    # -- seeing

    async def visible(self, job_id: int, actor: Actor) -> Job:
        """The job if the actor may know of it, else NotFound."""
        job = await self._jobs.get(job_id)
        if job is None or not (may_see(job, actor) or may_see(job, await self.acting(actor))):
            raise NotFound(f"There is no job {job_id} of yours.")
        return job

    async def acting(self, actor: Actor) -> Actor:
        """The actor with what others delegated to them, as it is now."""
        return actor if self._delegates is None else await self._delegates.acting(actor)

    async def find(self, query: JobQuery, actor: Actor) -> list[Job]:
        """Only what the actor may see: an operator all, a stranger the unclaimed from that device.

        A user sees the own; with an `owner` in the query who delegated to them, that owner's.
        """
        if actor.is_operator:
            return await self._jobs.find(query)
        if actor.user is not None:
            return await self._jobs.find(replace(query, owner=await self._whose(query.owner, actor)))
        if not actor.address:
            return []
        own = replace(query, unclaimed_as=actor.claimed, unclaimed_from=actor.address)
        several = await self._jobs.find(own)
        return [job for job in several if may_see(job, actor)]

    async def _whose(self, wanted: str | None, actor: Actor) -> str | None:
        if wanted is None or actor.user is None or wanted.casefold() == actor.user.casefold():
            return actor.user
        owners = {grant.owner.casefold() for grant in (await self.acting(actor)).acts_for}
        return wanted if wanted.casefold() in owners else actor.user

    async def mark(self) -> Hashable | None:
        """See JobStore.mark: what `find` gave under an equal mark is still so, as long as time plays no part."""
        return await self._jobs.mark()

    async def open_versions(self) -> dict[str, tuple[int, int]]:
        """See JobStore.open_versions: who shows lists asks for the lists of those alone where it differs."""
        return await self._jobs.open_versions()

    async def claimable(self, actor: Actor) -> list[Job]:
        """Waiting jobs that came without sign-in from the actor's own address not long ago."""
        several = await self._jobs.find(JobQuery(unclaimed_from=actor.address, states=_HELD, newest_first=True))
        return [job for job in several if self._is_claimable(job, actor)]

    def _is_claimable(self, job: Job, actor: Actor) -> bool:
        """An address is shared behind a NAT and given on by DHCP: what is older may well be somebody else's."""
        young = self._clock.now() - job.created_at <= CLAIM_SECONDS
        return young and job.owner is None and actor.address != "" and job.address == actor.address

    async def records(self, job_id: int, actor: Actor) -> list[JobRecord]:
        await self.visible(job_id, actor)
        return await self._jobs.records(job_id)

    async def thumbnail(self, job_id: int, actor: Actor, number: int) -> AsyncIterator[bytes]:
        """PNG octets of page `number`, counted from 1. An operator sees facts of others' jobs, not their pages."""
        job = await self.visible(job_id, actor)
        picture = next((t for t in job.thumbnails if t.number == number), None)
        if picture is None or job.key is None or not await self.sees_pages(job, actor):
            raise NotFound("There is no picture of that page.")
        return self._spool.read(picture.id, self._keyring.unwrap(job.key))

    async def demand(self, job: Job, actor: Actor, right: Right) -> None:
        """Forbidden unless the actor, who sees the job, may do this with it."""
        _demand(job, await self.acting(actor), right)

    async def sees_pages(self, job: Job, actor: Actor) -> bool:
        """Whether the actor may look at pictures of its pages."""
        return sees_pages(job, actor) or sees_pages(job, await self.acting(actor))

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
        right: Right | None = None,
        text: str | None = None,
    ) -> Job:
        """`right`: what a delegate needs for this; None: only the owner and operators do it. `text`: of the record."""
        now, acting = self._clock.now(), await self.acting(actor)

        def transaction(job: Job) -> JobChange:
            if not may_see(job, acting):
                raise NotFound(f"There is no job {job_id} of yours.")
            _demand(job, acting, right)
            after = change(job)
            said = after.message if text is None else text
            record = JobRecord(job_id=job_id, at=now, what=what, by=by or actor.user or actor.claimed, text=said)
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


def _demand(job: Job, acting: Actor, right: Right | None) -> None:
    if not may(job, acting, right):
        raise Forbidden(f"{job.owner} lets you see this job, but not do this with it.")
