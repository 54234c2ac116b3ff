"""The desk: what people who run the printers do for those who stand before them (row 77).

They see what waits and for whom, not what is in it. Whoever must look into a document says why, and that is written
down where its owner can read it.
"""

from collections.abc import AsyncIterator, Callable
from decimal import Decimal, InvalidOperation

from gateway.domain.events import JobRecord
from gateway.domain.job import OPEN, Job
from gateway.domain.price import MOST
from gateway.domain.rights import Permission
from gateway.domain.user import Actor, is_guest
from gateway.errors import BadRequest, Forbidden, NotAuthenticated, NotFound, NotPossible
from gateway.services.access_log import AccessLog
from gateway.services.guests import Guests
from gateway.services.identity import Identity
from gateway.services.ports import Clock, JobChange, JobQuery, JobStore, Keyring, Spool
from gateway.services.release import Release

SHOWN = 100
LOOKED_THROUGH = 1000  # of the newest, when only guests are asked for
LOOK_SECONDS = 300.0
REASON_LONGEST = 200
PAID, LOOKED, NEW_CODE = "paid in cash", "looked at", "given a new code"
MOST_PAID = 100 * MOST


class Desk:
    """Forbidden for whoever has no business at a desk; others see the jobs that they look after, and no more."""

    def __init__(
        self,
        *,
        release: Release,
        jobs: JobStore,
        identity: Identity,
        spool: Spool,
        keyring: Keyring,
        clock: Clock,
        currency: Callable[[], str],
        guests: Guests | None = None,
        access: AccessLog | None = None,
    ) -> None:
        self._release = release
        self._jobs = jobs
        self._identity = identity
        self._spool = spool
        self._keyring = keyring
        self._clock = clock
        self._currency = currency
        self._guests = guests
        self._access = access

    # -- finding

    async def waiting(self, actor: Actor, *, guests_only: bool = False) -> list[Job]:
        """What is open, newest first."""
        _check(actor)
        everything = actor.may(Permission.JOBS) and not guests_only
        found = await self._jobs.find(
            JobQuery(states=OPEN, newest_first=True, limit=SHOWN if everything else LOOKED_THROUGH)
        )
        seen = found if everything else self._in_reach(found, actor)
        return [job for job in seen if is_guest(job.owner) or not guests_only][:SHOWN]

    async def search(self, text: str, actor: Actor, *, address: str) -> list[Job]:
        """By a part of the document's name, the owner's whole name, the job's number, or a guest's code."""
        _check(actor)
        wanted = text.strip()[:100]
        if not wanted:
            return await self.waiting(actor)
        named = await self._jobs.find(JobQuery(name_contains=wanted, states=OPEN, newest_first=True, limit=SHOWN))
        found = [job for job in named if not job.private]  # the name of a private document is not told by guessing it
        for user in await self._owners(wanted):
            found += await self._jobs.find(JobQuery(owner=user, states=OPEN, newest_first=True, limit=SHOWN))
        found += await self._unclaimed(wanted)
        digits = "".join(wanted.split())
        if digits.isascii() and digits.isdigit() and len(digits) < 19:
            numbered = await self._jobs.get(int(digits))
            found += [numbered] if numbered is not None else []
            found += await self._coded(digits, actor, address)
        unique = {job.id: job for job in self._in_reach(found, actor)}
        return sorted(unique.values(), key=lambda job: job.id, reverse=True)[:SHOWN]

    async def job(self, job_id: int, actor: Actor) -> Job:
        """NotFound for a job that is no business of this desk, also where it is the actor's own."""
        _check(actor)
        job = await self._release.visible(job_id, actor)
        if not self._in_reach([job], actor):
            raise NotFound(f"There is no job {job_id} at this desk.")
        return job

    async def guest_label(self, job: Job) -> str:
        """What its guest called themselves; empty when that is nothing, or the owner no guest."""
        if self._guests is None or job.owner is None or not is_guest(job.owner):
            return ""
        guest = await self._guests.named(job.owner)
        return guest.label if guest else ""

    # -- doing

    async def paid(self, job_id: int, actor: Actor, amount: str) -> Decimal:
        """Somebody took the money: `amount` as typed, with a point or a comma."""
        await self._may(Permission.CASH, job_id, actor)
        sum_paid = _amount(amount)
        await self._note(job_id, actor, PAID, f"{sum_paid:f} {self._currency()}")
        return sum_paid

    async def new_code(self, job_id: int, actor: Actor) -> str:
        """A guest's lost code cannot be read again: the old one is void, and this is another."""
        job = await self.job(job_id, actor)
        if self._guests is None or job.owner is None or not is_guest(job.owner):
            raise NotPossible("Only guests have codes. This job's owner signs in with card, PIN or password.")
        code = await self._guests.renew_code(job.owner)
        await self._note(job_id, actor, NEW_CODE)
        return code

    async def look(self, job_id: int, actor: Actor, reason: str) -> Job:
        """Allows this operator to see the pages for some minutes; both the job and its owner's log tell of it."""
        why, job = " ".join(reason.split()), await self._may(Permission.DOCUMENTS, job_id, actor)
        if len(why) < 5 or len(why) > REASON_LONGEST:
            raise BadRequest(f"Write why you must look into this document, in 5 to {REASON_LONGEST} characters.")
        if job.private or job.password_hash is not None:
            raise Forbidden("This job is private: nobody but its owner sees its pages.")
        if not job.thumbnails or job.key is None:
            raise NotPossible("There is no picture of this document.")
        if self._access is not None:
            await self._access.note(job, actor, "pages", why)
        await self._note(job_id, actor, LOOKED, why)
        return job

    async def picture(self, job_id: int, number: int, actor: Actor) -> AsyncIterator[bytes]:
        """PNG octets of a page, after `look`."""
        job, now = await self._may(Permission.DOCUMENTS, job_id, actor), self._clock.now()
        allowed = any(
            record.what == LOOKED and record.by == actor.user and 0 <= now - record.at <= LOOK_SECONDS
            for record in await self._jobs.records(job_id)
        )
        page = next((thumbnail for thumbnail in job.thumbnails if thumbnail.number == number), None)
        if not allowed or job.private or job.password_hash is not None or page is None or job.key is None:
            raise NotFound("There is no picture of that page.")
        return self._spool.read(page.id, self._keyring.unwrap(job.key))

    def unlock(self, name: str, actor: Actor) -> int:
        """Forgives failed sign-ins of a name; how many addresses had some."""
        _check(actor)
        if not name.strip():
            raise BadRequest("Type the name that is locked.")
        return self._identity.unlock(name.strip())

    async def paid_so_far(self, job_id: int) -> str:
        """What was taken for it last, as written down; "" if nothing."""
        records = await self._jobs.records(job_id)
        return next((record.text for record in reversed(records) if record.what == PAID), "")

    def can(self, permission: Permission, job: Job, actor: Actor) -> bool:
        """At the site of the job's Printer."""
        return actor.may(permission, self._release.site_of(job))

    # -- within

    async def _may(self, permission: Permission, job_id: int, actor: Actor) -> Job:
        job = await self.job(job_id, actor)
        if not self.can(permission, job, actor):
            raise Forbidden("Your role does not allow this here. Ask whoever runs the printers of this site.")
        return job

    def _in_reach(self, jobs: list[Job], actor: Actor) -> list[Job]:
        return [job for job in jobs if self._release.looks_after(job, actor)]

    async def _owners(self, wanted: str) -> list[str]:
        """Everybody of that name, full name or mail address, as far as it is not too common."""
        users = await self._identity.users(wanted, limit=5)
        return list(dict.fromkeys([wanted, *(user.name for user in users)]))

    async def _unclaimed(self, wanted: str) -> list[Job]:
        return await self._jobs.find(JobQuery(unclaimed_as=wanted, states=OPEN, newest_first=True, limit=SHOWN))

    async def _coded(self, digits: str, actor: Actor, address: str) -> list[Job]:
        if self._guests is None or len(digits) != 6:
            return []
        try:
            guest = await self._guests.by_code(digits, address=address, terminal=f"desk:{actor.user}")
        except NotAuthenticated:
            return []
        return await self._jobs.find(JobQuery(owner=guest.user, states=OPEN, newest_first=True, limit=SHOWN))

    async def _note(self, job_id: int, actor: Actor, what: str, text: str = "") -> None:
        record = JobRecord(job_id=job_id, at=self._clock.now(), what=what, by=actor.user or "", text=text)
        await self._jobs.update(job_id, lambda job: JobChange(job=job, records=(record,)))


def _check(actor: Actor) -> None:
    if not actor.may_somewhere(Permission.DESK):
        raise Forbidden("This desk is for the people who run the printers.")


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        amount = Decimal(-1)
    exponent = amount.as_tuple().exponent
    if not amount.is_finite() or not 0 < amount <= MOST_PAID or not isinstance(exponent, int) or exponent < -3:
        raise BadRequest(f'"{text.strip()[:20]}" is no amount. Write for example 1.20.')
    return amount
