"""What the links in an answer do: each is good for one thing, for one mail, and says so under that mail's own key.

Opening a link changes nothing, since mail servers open all of them; the page behind it has one button.
"""

import base64
import hashlib
import hmac
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from gateway.domain.job import Job, JobState
from gateway.domain.mail import Mail, MailState
from gateway.domain.user import Actor, is_guest
from gateway.errors import LimitReached, NotFound, NotPossible, Refusal
from gateway.services.ports import Clock, JobStore, Keyring, MailStore, Spool, UserStore
from gateway.services.release import Release

USED = "This link was used already, or what it was for is over. Send the mail again to get a new one."
DENIED = "Deleted: the owner of the address did not send it."
_TOKEN = re.compile(r"([1-9][0-9]{0,17})-([A-Za-z0-9_-]{43})")

log = logging.getLogger(__name__)


class MailAction(StrEnum):
    """What a link is good for; the word stands in its address."""

    CONFIRM = "confirm"
    OPEN = "open"
    TWO_SIDED = "two-sided"
    EXTEND = "keep"
    DELETE = "delete"
    NOT_ME = "not-me"


@dataclass(frozen=True, kw_only=True, slots=True)
class Linked:
    """What a link is about: the mail, and the jobs of it that still wait."""

    mail: Mail
    jobs: tuple[Job, ...]


class MailLinks:
    """`base` gives the address under which people reach the pages; `arrived` wakes the worker after a confirmation."""

    def __init__(
        self,
        *,
        mails: MailStore,
        jobs: JobStore,
        users: UserStore,
        release: Release,
        keyring: Keyring,
        spool: Spool,
        clock: Clock,
        base: Callable[[], str],
        wake: Callable[[], None],
    ) -> None:
        self._mails = mails
        self._jobs = jobs
        self._users = users
        self._release = release
        self._keyring = keyring
        self._spool = spool
        self._clock = clock
        self._base = base
        self._wake = wake

    # -- making them

    def url(self, mail: Mail, action: MailAction) -> str:
        return f"{self._base()}/mail/{action.value}?token={mail.id}-{self._mark(mail, action)}"

    def guest_secret(self, mail: Mail) -> str:
        """The cookie of the guest that a mail's jobs belong to: the same whenever it is asked for."""
        return _mac(self._key(mail), "the guest of this mail")

    def job_url(self, job: Job) -> str:
        return f"{self._base()}/jobs/{job.id}"

    def jobs_url(self) -> str:
        return f"{self._base()}/jobs"

    # -- following them

    async def look(self, action: MailAction, token: str) -> Linked:
        """NotFound unless the link is ours, and what it is for can still be done. Changes nothing."""
        found = _TOKEN.fullmatch(token)
        mail = await self._mails.mail(int(found[1])) if found is not None else None
        if found is None or mail is None or mail.key is None:
            raise NotFound(USED)
        if not hmac.compare_digest(found[2], self._mark(mail, action)):
            raise NotFound(USED)
        linked = Linked(mail=mail, jobs=tuple(await self._waiting(mail)))
        asked = mail.state is MailState.ASKED
        if not {
            MailAction.CONFIRM: asked,
            MailAction.NOT_ME: asked or bool(mail.files),
            MailAction.OPEN: is_guest(mail.owner),
        }.get(action, bool(linked.jobs)):
            raise NotFound(USED)
        return linked

    async def use(self, action: MailAction, token: str) -> Linked:
        """Does it, once or as often as it makes no difference; what a release refuses is raised."""
        linked = await self.look(action, token)
        if action is MailAction.CONFIRM:
            await self._confirm(linked.mail)
        elif action is MailAction.NOT_ME:
            await self._deny(linked)
        elif action is MailAction.DELETE:
            await self._cancel(linked, "Deleted by the link in the mail.")
        elif action is MailAction.TWO_SIDED:
            await self._each(linked, self._two_sided)
        elif action is MailAction.EXTEND:
            await self._each(linked, self._extend)
        return replace(linked, jobs=tuple(await self._waiting(linked.mail)))

    # -- within

    async def _confirm(self, mail: Mail) -> None:
        now = self._clock.now()

        def change(row: Mail) -> Mail:
            if row.state is not MailState.ASKED:
                raise NotFound(USED)
            return replace(row, state=MailState.RECEIVED, confirmed=True, due_at=now, claimed_until=None)

        await self._mails.change(mail.id, change)
        self._wake()

    async def _deny(self, linked: Linked) -> None:
        mail = linked.mail
        log.warning("the reader of an address says that mail %d is not theirs", mail.id)
        await self._cancel(linked, DENIED)

        def change(row: Mail) -> Mail:
            ended = row.state if row.state is not MailState.ASKED else MailState.REFUSED
            return replace(row, state=ended, object_id=None, message=DENIED)

        await self._mails.change(mail.id, change)
        if mail.object_id is not None:
            await self._spool.destroy([mail.object_id])

    async def _cancel(self, linked: Linked, message: str) -> None:
        async def cancel(job: Job, actor: Actor) -> None:
            await self._release.cancel(job.id, actor, message=message)

        await self._each(linked, cancel)

    async def _two_sided(self, job: Job, actor: Actor) -> None:
        await self._release.change(job.id, actor, {"sides": "two-sided-long-edge"})

    async def _extend(self, job: Job, actor: Actor) -> None:
        await self._release.extend(job.id, actor)

    async def _each(self, linked: Linked, work: Callable[[Job, Actor], "object"]) -> None:
        """All that can be; the first refusal is raised when it could be done to none."""
        if not linked.jobs:
            return
        actor = await self._actor(linked.mail)
        refusals: list[Refusal] = []
        for job in linked.jobs:
            try:
                await work(job, actor)  # type: ignore[misc]  # reason: each of them is a coroutine function
            except (NotPossible, LimitReached) as refusal:
                refusals.append(refusal)
        if refusals and len(refusals) == len(linked.jobs):
            raise refusals[0]

    async def _actor(self, mail: Mail) -> Actor:
        """The owner of the jobs; NotFound when the account is gone or disabled."""
        assert mail.owner is not None
        if is_guest(mail.owner):
            return Actor(user=mail.owner, via="mail")
        user = await self._users.user(mail.owner)
        if user is None or user.disabled:
            raise NotFound(USED)
        return Actor(user=user.name, groups=user.groups, claimed=user.name, via="mail")

    async def _waiting(self, mail: Mail) -> Sequence[Job]:
        found = [await self._jobs.get(job_id) for job_id in mail.job_ids]
        states = (JobState.PENDING, JobState.PENDING_HELD, JobState.PROCESSING)
        return [job for job in found if job is not None and job.state in states and job.owner == mail.owner]

    def _mark(self, mail: Mail, action: MailAction) -> str:
        return _mac(self._key(mail), f"link {action.value} {mail.id}")

    def _key(self, mail: Mail) -> bytes:
        if mail.key is None:
            raise NotFound(USED)
        return self._keyring.unwrap(mail.key)


def _mac(key: bytes, text: str) -> str:
    return base64.urlsafe_b64encode(hmac.digest(key, text.encode(), hashlib.sha256)).rstrip(b"=").decode()
