"""One-time links to a job (row 176): somebody else prints it once, without an account if the sharer pays.

The token is shown once, when the link is made; the row has its hash. A link that is unknown, used, revoked, expired or
whose job is gone answers the same, and tries are counted.
"""

import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

from gateway.domain.device import Device
from gateway.domain.job import Job, JobState
from gateway.domain.share import Payer, Share
from gateway.domain.user import Actor
from gateway.errors import LimitReached, NotAuthenticated, NotFound, NotPossible, Refusal
from gateway.services.limits import Kind, Limit, Limits, subscriber
from gateway.services.ownership import is_own
from gateway.services.ports import Clock, ShareStore
from gateway.services.printers import Printers
from gateway.services.release import Release

MOST_OPEN = 10  # links of one job
GONE = "This link does not work any more. Ask whoever sent it for a new one."
SOMEBODY = "somebody with a link"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """What a link leads to: the job, where it may be printed, and whether its first page is shown."""

    share: Share
    job: Job
    devices: tuple[Device, ...]
    page: bool


class Shares:
    def __init__(
        self, *, store: ShareStore, release: Release, printers: Printers, limits: Limits, clock: Clock
    ) -> None:
        self._store = store
        self._release = release
        self._printers = printers
        self._limits = limits
        self._clock = clock

    # -- the owner

    async def make(
        self, job_id: int, actor: Actor, *, seconds: float | None, payer: Payer, shows_page: bool
    ) -> tuple[str, Share]:
        """(the token, shown this once; the link). `seconds` None: until the job expires."""
        job = await self._own(job_id, actor)
        if job.state is not JobState.PENDING_HELD or not job.prepared:
            raise NotPossible("Only a job that waits for its release can be shared.")
        now = self._clock.now()
        if sum(share.open_at(now) for share in await self._store.shares_of(job_id)) >= MOST_OPEN:
            raise LimitReached(f"This job has {MOST_OPEN} open links already. Take one back first.")
        token = secrets.token_urlsafe(32)
        share = Share(
            token_hash=_digest(token),
            job_id=job_id,
            owner=actor.user or actor.claimed,
            payer=payer,
            shows_page=shows_page and not job.private,
            created_at=now,
            expires_at=None if seconds is None else now + seconds,
        )
        share = await self._store.add_share(share)
        await self._release.note(job_id, actor, "shared by a link", _payer_text(share))
        return token, share

    async def open_of(self, job_id: int, actor: Actor) -> list[Share]:
        """The links of an own job that can still be used."""
        await self._own(job_id, actor)
        now = self._clock.now()
        return [share for share in await self._store.shares_of(job_id) if share.open_at(now)]

    async def revoke(self, job_id: int, share_id: int, actor: Actor) -> None:
        await self._own(job_id, actor)
        if not await self._store.revoke_share(share_id, job_id=job_id, at=self._clock.now()):
            raise NotPossible("This link was used or taken back before.")
        await self._release.note(job_id, actor, "link taken back", "")

    # -- whoever has the link

    async def look(self, token: str, *, address: str) -> Shared:
        """NotFound for whatever reason it does not work; Throttled after too many that did not."""
        limit = Limit(kind=Kind.LINK, key=(subscriber(address),))
        self._limits.take(limit)
        share = await self._store.share_by_token(_digest(token))
        if share is None or not share.open_at(self._clock.now()):
            raise NotFound(GONE)
        job = await self._job(share)
        self._limits.give_back(limit)
        printer = self._printers.of_job(job.printer)
        page = share.shows_page and not job.private and bool(job.thumbnails)
        return Shared(share=share, job=job, devices=self._printers.targets_of(printer), page=page)

    async def page(self, token: str, *, address: str) -> AsyncIterator[bytes]:
        """PNG octets of the first page, where the sharer allowed it."""
        shared = await self.look(token, address=address)
        if not shared.page:
            raise NotFound("There is no picture of that page.")
        number = shared.job.thumbnails[0].number
        return await self._release.thumbnail(shared.job.id, _in_the_name_of(shared.share, address), number)

    async def use(self, token: str, actor: Actor, *, device: str | None) -> Job:
        """Prints it, once: of many at the same time one is served, the others hear that the link is used up.

        A refusal, as of a device out of paper, leaves the link as it was. NotAuthenticated when whoever prints pays.
        """
        shared = await self.look(token, address=actor.address)
        share = shared.share
        if share.payer is Payer.PRINTING and actor.user is None:
            raise NotAuthenticated("Sign in to print this: it is counted on your account.")
        by = actor.user or SOMEBODY
        if not await self._store.use_share(share.id, by=by, at=self._clock.now()):
            raise NotFound(GONE)
        try:
            return await self._release.release_shared(
                share.job_id,
                _in_the_name_of(share, actor.address),
                device=device,
                by=by,
                charged_to=actor.user if share.payer is Payer.PRINTING else None,
            )
        except Refusal:
            await self._store.give_share_back(share.id)
            raise

    # -- within

    async def _own(self, job_id: int, actor: Actor) -> Job:
        job = await self._release.visible(job_id, actor)
        if not is_own(job, actor):
            raise NotFound(f"There is no job {job_id} of yours.")
        return job

    async def _job(self, share: Share) -> Job:
        try:
            job = await self._release.visible(share.job_id, _in_the_name_of(share, ""))
        except NotFound as error:
            raise NotFound(GONE) from error
        if job.state is not JobState.PENDING_HELD or not job.prepared or job.key is None:
            raise NotFound(GONE)
        return job


def _in_the_name_of(share: Share, address: str) -> Actor:
    return Actor(user=share.owner, address=address, claimed=share.owner, via="link")


def _payer_text(share: Share) -> str:
    return "counted on its owner" if share.payer is Payer.SHARER else "counted on whoever prints it"


def _digest(token: str) -> str:
    return hashlib.sha256(b"share\0" + token.encode("utf-8", "surrogatepass")).hexdigest()
