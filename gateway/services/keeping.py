"""Longer than planned, or no longer than needed: extend, favourite, private, claim, print again (rows 15, 59, 61, 63)."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from gateway.domain.delegation import Right
from gateway.domain.document import Document
from gateway.domain.events import Event
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.user import SYSTEM, Actor
from gateway.errors import Forbidden, LimitReached, NotAuthenticated, NotFound, NotPossible
from gateway.services.converting import Converting
from gateway.services.ownership import is_own
from gateway.services.ports import JobQuery


class Keeping(Converting):
    """What an owner does with a job beside printing it. A reprint on a direct Printer goes on as after a hold."""

    async def extend(self, job_id: int, actor: Actor) -> Job:
        """One more holding time from now on, a limited number of times."""

        def change(job: Job) -> Job:
            if job.state.ended or job.expires_at is None:
                raise NotPossible("This job does not expire.")
            if job.extensions >= self._settings.extend_times:
                raise LimitReached(f"This job was extended {job.extensions} times already; it cannot wait longer.")
            hold = self._printers.of_job(job.printer).hold_seconds
            return replace(
                job,
                extensions=job.extensions + 1,
                expires_at=max(job.expires_at, self._clock.now() + hold),
                expiry_warned=False,
            )

        return await self._apply(job_id, actor, change, "extended", right=Right.RELEASE)

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
            if on and job.private:
                raise NotPossible("A private job is destroyed once it was printed, and cannot be kept.")
            expires = None if on else self._clock.now() + self._settings.hold_seconds
            return replace(job, favourite=on, expires_at=expires)

        return await self._apply(job_id, actor, change, "made a favourite" if on else "no longer a favourite")

    async def make_private(self, job_id: int, actor: Actor) -> Job:
        """From now on only the owner sees its pages, and its document is destroyed as soon as it was printed.

        There is no way back: whoever was promised it can rely on it.
        """

        def change(job: Job) -> Job:
            if not is_own(job, actor):
                raise Forbidden("Only the owner can make a job private.")
            if job.state.ended or job.favourite:
                raise NotPossible("Only a job that waits, and is no favourite, can be made private.")
            return replace(job, private=True)

        return await self._apply(job_id, actor, change, "made private")

    async def note(self, job_id: int, actor: Actor, what: str, text: str, *, by: str | None = None) -> Job:
        """A line in the job's history of what was done about it elsewhere."""
        return await self._apply(job_id, actor, lambda job: job, what, by=by, text=text)

    async def claim(self, job_id: int, actor: Actor, *, addresses: Sequence[str]) -> Job:
        """An unclaimed job becomes the actor's: only one that came from one of these addresses not long ago.

        Whether it is really theirs is asked before, see Claims. One with a PIN stays as it is: whoever knows the PIN
        releases it with that.
        """
        if actor.user is None:
            raise NotAuthenticated("Sign in to claim a job.")
        job = await self._jobs.get(job_id)
        if job is None or not self._is_claimable(job, addresses):
            raise NotFound(f"There is no unclaimed job {job_id} from this device.")
        if job.password_hash is not None:
            raise Forbidden("This job has a PIN: release it with the PIN that was typed when it was printed.")

        def change(current: Job) -> Job:
            if current.owner is not None:
                raise NotFound(f"There is no unclaimed job {job_id} from this device.")
            return replace(current, owner=actor.user)

        return await self._apply(job_id, SYSTEM, change, "claimed", by=actor.user)

    async def reprint(self, job_id: int, actor: Actor) -> Job:
        """A new job with the same pages under a key of its own; NotPossible once the document is destroyed."""
        job = await self.visible(job_id, actor)
        if not is_own(job, actor):
            raise Forbidden("Only the owner can print a job again.")
        if job.private:
            raise NotPossible("A private job is printed once. Send it again to print it again.")
        now = self._clock.now()
        twin = replace(await self._twin(job), expires_at=now + self._printers.of_job(job.printer).hold_seconds)
        copy = replace(twin, address=actor.address or job.address)
        (added,) = await self._jobs.add([copy])
        self._publish(Event.JOB_CREATED, added)
        if not self._printers.of_job(job.printer).holds:
            why = await self._not_charged(added, actor)
            try:
                return await self._apply(
                    added.id,
                    SYSTEM,
                    lambda current: self._after_hold(current, actor, why),
                    f"printed again from job {job.id}",
                )
            except LimitReached as refusal:
                return await self.wait_for_credit(added.id, refusal.message)
        return added

    async def _twin(self, job: Job) -> Job:
        """A held job with the same pages, in files and under a key of its own; not added yet."""
        if job.key is None or job.printable is None:
            raise NotPossible("The document has been destroyed. Send it again to print it again.")
        old, (plain, wrapped) = self._keyring.unwrap(job.key), self._keyring.new_key()
        return Job(
            uuid=uuid4(),
            printer=job.printer,
            state=JobState.PENDING_HELD,
            reasons=(Reason.JOB_QUEUED_FOR_MARKER, Reason.JOB_RELEASE_WAIT),
            name=job.name,
            owner=job.owner,
            requested_name=job.requested_name,
            source=job.source,
            address=job.address,
            ticket=job.ticket.with_changes(job_hold_until=None, job_hold_until_time=None),
            documents=tuple([await self._copied(document, old, plain) for document in job.documents]),
            key=wrapped,
            created_at=self._clock.now(),
            pages=job.pages,
            color=job.color,
            impressions=job.impressions,
            media_sheets=job.media_sheets,
            printable=await self._copied(job.printable, old, plain),
            thumbnails=tuple([await self._copied(picture, old, plain) for picture in job.thumbnails]),
            notes=job.notes,
            facts=job.facts,
            private=job.private,
        )

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
