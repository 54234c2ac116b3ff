"""What every use case of a waiting job shares: who may see it, and the one transaction that changes it."""

from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from dataclasses import replace
from itertools import takewhile

from gateway.domain.account import Receipt
from gateway.domain.delegation import Right
from gateway.domain.events import Event, Happening, JobRecord
from gateway.domain.job import Job, JobState
from gateway.domain.rights import Permission
from gateway.domain.user import Actor
from gateway.errors import Forbidden, NotFound
from gateway.services.charging import Charging
from gateway.services.delegates import Delegates
from gateway.services.dues import NO_DUES, Dues
from gateway.services.limits import is_link_local, same_client
from gateway.services.ownership import looks_after, may, may_see, sees_pages
from gateway.services.ports import Clock, EventBus, Hasher, JobChange, JobQuery, JobStore, Keyring, Spool
from gateway.services.printers import Printers
from gateway.settings import Jobs as JobSettings

MOST_UNCLAIMED = 100
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
        dues: Dues = NO_DUES,
        charging: Charging | None = None,
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
        self._dues = dues
        self._charging = charging

    # -- seeing

    async def visible(self, job_id: int, actor: Actor) -> Job:
        """The job if the actor may know of it, else NotFound."""
        job = await self._jobs.get(job_id)
        if job is None or not (self._seen(job, actor) or self._seen(job, await self.acting(actor))):
            raise NotFound(f"There is no job {job_id} of yours.")
        return job

    def site_of(self, job: Job) -> str:
        """Whose staff looks after it."""
        return self._printers.site_of(job.printer)

    def looks_after(self, job: Job, actor: Actor) -> bool:
        return looks_after(job, actor, self.site_of(job))

    def _seen(self, job: Job, actor: Actor) -> bool:
        return may_see(job, actor, self.site_of(job))

    async def acting(self, actor: Actor) -> Actor:
        """The actor with what others delegated to them, as it is now."""
        return actor if self._delegates is None else await self._delegates.acting(actor)

    async def find(self, query: JobQuery, actor: Actor) -> list[Job]:
        """Only what the actor may see: staff all of its sites, a stranger the unclaimed from that device.

        A user sees the own; with an `owner` in the query who delegated to them, that owner's.
        """
        if actor.may(Permission.JOBS):
            return await self._jobs.find(query)
        if actor.may_somewhere(Permission.JOBS):
            return await self._at_sites(query, actor)
        if actor.user is not None:
            return await self._jobs.find(replace(query, owner=await self._whose(query.owner, actor)))
        if not actor.address:
            return []
        own = replace(query, unclaimed_as=actor.claimed, unclaimed_from=actor.address)
        several = await self._jobs.find(own)
        return [job for job in several if self._seen(job, actor)]

    async def _at_sites(self, query: JobQuery, actor: Actor) -> list[Job]:
        """All of the Printers whose jobs the actor looks after, and the own: one flat query each."""
        queries = [
            replace(query, printer=printer.name)
            for printer in self._printers.all()
            if query.printer in {None, printer.name} and actor.may(Permission.JOBS, printer.site)
        ]
        whose = await self._whose(query.owner, actor)
        if query.owner is None or (whose or "").casefold() == query.owner.casefold():
            queries.append(replace(query, owner=whose))
        found = {job.id: job for each in queries for job in await self._jobs.find(each)}
        return sorted(found.values(), key=lambda job: job.id, reverse=query.newest_first)[: query.limit]

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

    async def claimable(self, addresses: Sequence[str]) -> list[Job]:
        """Waiting jobs that came without sign-in from one of these addresses not long ago, newest first."""
        found: dict[int, Job] = {}
        for address in filter(None, addresses):
            several = await self._jobs.find(replace(_near(address), states=_HELD, newest_first=True))
            found.update({job.id: job for job in several if self._is_claimable(job, (address,))})
        return sorted(found.values(), key=lambda job: job.id, reverse=True)

    async def unclaimed(self) -> list[Job]:
        """The newest waiting jobs that could be claimed from somewhere."""
        several = await self._jobs.find(
            JobQuery(unclaimed_near="", states=_HELD, newest_first=True, limit=MOST_UNCLAIMED)
        )
        return [job for job in several if self._is_claimable(job, (job.address,))]

    def _is_claimable(self, job: Job, addresses: Sequence[str]) -> bool:
        """An address is shared behind a NAT and given on by DHCP: what is older may well be somebody else's."""
        young = 0 <= self._clock.now() - job.created_at <= self._settings.claim_seconds
        return young and job.owner is None and any(same_client(job.address, address) for address in addresses)

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
        self._demand(job, await self.acting(actor), right)

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
            if not self._seen(job, acting):
                raise NotFound(f"There is no job {job_id} of yours.")
            self._demand(job, acting, right)
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

    def _demand(self, job: Job, acting: Actor, right: Right | None) -> None:
        if not may(job, acting, right, self.site_of(job)):
            raise Forbidden(f"{job.owner} lets you see this job, but not do this with it.")


def _near(address: str) -> JobQuery:
    """What finds the jobs of an address, and of an IPv6 network some others besides."""
    if ":" not in address or is_link_local(address):
        return JobQuery(unclaimed_from=address)
    # As far as groups of the network are written alike: a 0 may stand as "0" here and within "::" there.
    groups = address.partition("::")[0].split(":")[:4]
    return JobQuery(unclaimed_near=":".join(takewhile(lambda group: group != "0", groups)))
