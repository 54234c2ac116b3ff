"""Tells owners what became of their jobs, in the pages and by mail (row 95): each occasion once, whatever restarts.

An event only says which row to look at; what there is to tell is read from the row. A pass over the rows at the start,
and now and then, finds what no event told.
"""

import asyncio
import logging
from collections.abc import Callable

from gateway.domain.credit import Balance
from gateway.domain.events import Event
from gateway.domain.job import Job, JobState
from gateway.domain.letter import Letter
from gateway.domain.personal import Look, Notice, NoticeKind, Preferences
from gateway.domain.phone import Phone
from gateway.domain.user import Actor, User
from gateway.errors import BadRequest, NotFound, NotPossible, PapertapError
from gateway.services.notice_letters import EXTEND, NoticeLetters
from gateway.services.occasions import Occasion, occasions, question
from gateway.services.ports import Clock, EventBus, JobQuery, JobStore, Mailer, NoticeStore, UserStore
from gateway.services.preferences import PreferenceBook
from gateway.services.printers import Printers
from gateway.services.push import Push, PushText
from gateway.services.push_texts import of_copied, of_job, of_low_balance, push_text
from gateway.services.release import Release
from gateway.services.tokens import Tokens
from gateway.settings import Settings

GATHER_SECONDS = 1.0  # a job's events come in bursts, and its row is read once for each burst
CATCH_UP_SECONDS = 3600.0
AGAIN_SECONDS = 30.0  # after one that failed
RECENT_SECONDS = 7200.0  # a job that ended longer ago is not told of by a catch-up
RECENT_JOBS = 500
KEPT_SECONDS = 30 * 24 * 3600.0
PAGE = 200
USED = "This link was used already, or the job does not wait any more. See your jobs for what can still be done."

_EVENTS = frozenset({Event.JOB_STATE_CHANGED, Event.JOB_COMPLETED, Event.JOB_STOPPED, Event.JOB_EXPIRING})
_WAITING = (JobState.PENDING_HELD, JobState.PROCESSING_STOPPED)
_ENDED = (JobState.CANCELED, JobState.ABORTED, JobState.COMPLETED)

log = logging.getLogger(__name__)


class Notices:
    """`base` gives the address under which people reach the pages, for links in mails."""

    def __init__(
        self,
        *,
        store: NoticeStore,
        jobs: JobStore,
        users: UserStore,
        preferences: PreferenceBook,
        tokens: Tokens,
        mailer: Mailer,
        release: Release,
        printers: Printers,
        events: EventBus,
        clock: Clock,
        settings: Settings,
        base: Callable[[], str],
        push: Push | None = None,
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._users = users
        self._preferences = preferences
        self._tokens = tokens
        self._mailer = mailer
        self._release = release
        self._events = events
        self._clock = clock
        self._push = push
        self._site = settings.site
        self._letters = NoticeLetters(printers=printers, tokens=tokens, clock=clock, settings=settings, base=base)
        self._changed: set[int] = set()

    # -- for pages

    async def of(self, user: User, *, limit: int = 100) -> list[Notice]:
        return await self._store.notices(user.uuid, limit=limit)

    async def unread(self, user: User) -> int:
        return await self._store.unread(user.uuid)

    async def read(self, user: User, *, up_to: int) -> None:
        await self._store.mark_read(user.uuid, up_to=up_to, now=self._clock.now())

    async def asked_to_extend(self, token: str) -> Job:
        """The job that a link of a mail is about; NotFound unless the link is live and the job still waits."""
        found = await self._tokens.look(token, EXTEND)
        job = None if found is None else await self._jobs.get(int(found.subject))
        if job is None or job.state.ended:
            raise NotFound(USED)
        return job

    async def extend(self, token: str) -> Job:
        """One more holding time, once for each link; the job's owner is the one who asks."""
        await self.asked_to_extend(token)
        used = await self._tokens.use(token, EXTEND)
        user = None if used is None else await self._users.user_by_uuid(used.user)
        if used is None or user is None or user.disabled:
            raise NotFound(USED)
        actor = Actor(user=user.name, groups=user.groups, claimed=user.name, via="mail")
        return await self._release.extend(int(used.subject), actor)

    # -- listening

    async def run(self) -> None:
        """For as long as the process serves."""
        async with self._events.subscribe(*_EVENTS) as happenings, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look_after())
            async for happening in happenings:
                if happening.job_id is not None and happening.owner is not None:
                    self._changed.add(happening.job_id)

    async def _look_after(self) -> None:
        caught_up: float | None = None
        while True:
            now = self._clock.monotonic()
            if caught_up is None or now - caught_up >= CATCH_UP_SECONDS:
                caught_up = now if await self._caught_up() else now - CATCH_UP_SECONDS + AGAIN_SECONDS
            while self._changed:
                await self.look(self._changed.pop())
            await self._clock.sleep(GATHER_SECONDS)

    async def _caught_up(self) -> bool:
        """False when the rows could not be read; what events tell is told meanwhile."""
        try:
            await self.catch_up()
        except PapertapError as error:
            log.warning("notices could not be caught up with: %s", error)
            return False
        return True

    async def look(self, job_id: int) -> None:
        """Tells what there is to tell of one job. What fails is logged, and a later look tells it."""
        try:
            job = await self._jobs.get(job_id)
            if job is not None:
                await self._tell_all(job, {})
        except PapertapError as error:
            log.warning("a notice of job %d waits: %s", job_id, error)

    async def catch_up(self) -> None:
        """What happened while nobody listened."""
        known: dict[str, tuple[User, Preferences] | None] = {}
        last = 0
        while jobs := await self._jobs.find(JobQuery(states=_WAITING, after_id=last, limit=PAGE)):
            for job in jobs:
                await self._tell_all(job, known)
            last = jobs[-1].id
        since = self._clock.now() - RECENT_SECONDS
        for job in await self._jobs.find(JobQuery(states=_ENDED, newest_first=True, limit=RECENT_JOBS)):
            if job.ended_at is not None and job.ended_at >= since:
                await self._tell_all(job, known)
        while await self._store.purge_notices(before=self._clock.now() - KEPT_SECONDS, limit=500) == 500:
            pass

    # -- telling

    async def looked(self, look: Look) -> None:
        """Somebody opened an owner's document, and gave a reason: the owner hears of it at once."""
        owner = await self._owner(look.owner)
        if owner is None:
            return
        (user, chosen), occasion = owner, f"looked/{look.at:.0f}/{look.by}"
        if NoticeKind.LOOKED in chosen.mail and self._mailer.enabled and user.email is not None:
            await self._send(self._letters.of_look(look, occasion, user, chosen))
        if NoticeKind.LOOKED in chosen.push:
            language = self._language(chosen)
            text = push_text(NoticeKind.LOOKED, look.job_id, look.job_name, chosen, language=language, tag=occasion)
            await self._tell_phone(user, text)
        if NoticeKind.LOOKED in chosen.page:
            values = {"name": look.job_name, "by": look.by, "reason": look.reason}
            await self._store.add_notice(
                Notice(
                    user=user.uuid,
                    job_id=look.job_id,
                    occasion=occasion,
                    kind=NoticeKind.LOOKED,
                    at=look.at,
                    values=values,
                )
            )

    async def copied(self, user: User, phone: Phone, address: str) -> None:
        """An old refresh token of that phone came back, so that it is signed out: its owner is told in every way."""
        log.warning("an old refresh token of %s (%s) came from %s", user.name, phone.name, address)
        chosen, occasion = await self._preferences.of(user), f"copied/{phone.id}"
        values = {"device": phone.name[:100], "address": address}
        notice = Notice(
            user=user.uuid, job_id=0, occasion=occasion, kind=NoticeKind.COPIED, at=self._clock.now(), values=values
        )
        try:
            if not await self._store.add_notice(notice):
                return
        except PapertapError as error:  # phone and letter still tell; the row that ends the phone comes first
            log.warning("a copied sign-in is not told on the pages: %s", error)
        await self._tell_phone(user, of_copied(language=self._language(chosen), tag=occasion))
        if self._mailer.enabled and user.email is not None:
            await self._send(self._letters.of_copied(user, address, chosen))

    async def low_balance(self, balance: Balance, occasion: str) -> None:
        """A charge brought somebody's credit below the site's threshold: once for each `occasion`."""
        owner = await self._owner(balance.owner)
        if owner is None:
            return
        (user, chosen), kind = owner, NoticeKind.LOW_BALANCE
        if kind in chosen.mail and self._mailer.enabled and user.email is not None:
            await self._send(self._letters.of_low_balance(balance, occasion, user, chosen))
        values = {"amount": str(balance.amount - balance.reserved), "currency": balance.currency}
        told_here = kind if kind in chosen.page else None
        first = await self._store.add_notice(
            Notice(user=user.uuid, job_id=0, occasion=occasion, kind=told_here, at=self._clock.now(), values=values)
        )
        if first and kind in chosen.push:
            await self._tell_phone(user, of_low_balance(balance, language=self._language(chosen), tag="low-balance"))

    async def _tell_all(self, job: Job, known: dict[str, tuple[User, Preferences] | None]) -> None:
        called_for = occasions(job)
        if not called_for or job.owner is None:
            return
        if job.owner not in known:
            known[job.owner] = await self._owner(job.owner)
        owner = known[job.owner]
        if owner is None:
            return
        for occasion in called_for:
            await self._tell(job, occasion, *owner)

    async def _owner(self, name: str) -> tuple[User, Preferences] | None:
        """None for guests and for whoever has no account any more."""
        user = await self._users.user(name)
        return None if user is None or user.disabled else (user, await self._preferences.of(user))

    async def _tell(self, job: Job, occasion: Occasion, user: User, chosen: Preferences) -> None:
        kind, name = occasion
        by_mail = kind in chosen.mail and self._mailer.enabled and user.email is not None and not _answered(job, name)
        by_page, by_push = kind in chosen.page, kind in chosen.push and self._push is not None
        if not (by_mail or by_page or by_push) or await self._store.told(job.id, name):
            return
        if by_mail:
            # The letter first, under a key: a crash in between tells it again, and the key keeps it from going twice.
            await self._send(await self._letters.of_job(job, occasion, user, chosen))
        first = await self._store.add_notice(
            Notice(
                user=user.uuid,
                job_id=job.id,
                occasion=name,
                kind=kind if by_page else None,
                at=self._clock.now(),
                values=_values(job),
            )
        )
        if by_push and first:
            await self._tell_phone(user, of_job(kind, job, chosen, language=self._language(chosen)))

    async def _tell_phone(self, user: User, text: PushText) -> None:
        if self._push is not None:
            await self._push.tell(user, text)

    def _language(self, chosen: Preferences) -> str:
        return chosen.language or self._site.language

    async def _send(self, letter: Letter) -> None:
        """An address that no mail can go to, as an import may have brought it, does not keep the page from telling."""
        try:
            await self._mailer.send(letter)
        except (BadRequest, NotPossible) as error:
            log.warning("a notice is not told by mail: %s", error)


def _answered(job: Job, occasion: str) -> bool:
    """Whether the answer to the mail that it came by says it already."""
    return job.source == "mail" and (occasion in {"ready", "password"} or (occasion == "failed" and not job.prepared))


def _values(job: Job) -> dict[str, str]:
    """What the page shows later, when the row may be gone."""
    return {
        "name": job.name[:200],
        "message": job.message[:500],
        "question": question(job)[:500],
        "device": job.output_device or "",
        "until": "" if job.expires_at is None else str(job.expires_at),
    }
