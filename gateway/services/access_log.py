"""Who opened what of whose: written before it is shown, and shown to its owner (row 158)."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from gateway.domain.job import Job
from gateway.domain.letter import one_line
from gateway.domain.personal import Look
from gateway.domain.user import Actor
from gateway.services.audit import Audit
from gateway.services.ownership import is_own
from gateway.services.ports import AccessLogStore, Clock

SAME_SECONDS = 600.0  # the pages of one preview are one look
REMEMBERED = 10_000
KEPT_SECONDS = 400 * 24 * 3600.0


class AccessLog:
    """`note` is called before anything of another's document leaves; what it raises must keep it from leaving.

    `tell` hears of looks for which a reason was given, which are those of the staff.
    """

    def __init__(
        self,
        *,
        store: AccessLogStore,
        audit: Audit,
        clock: Clock,
        tell: Callable[[Look], Awaitable[None]] | None = None,
    ) -> None:
        self._store = store
        self._audit = audit
        self._clock = clock
        self._tell = tell
        self._noted: OrderedDict[tuple[str, int, str, str], float] = OrderedDict()

    async def note(self, job: Job, actor: Actor, what: str, reason: str = "") -> None:
        """`what`: thumbnail, preview, document, ... One's own and unclaimed jobs are nobody's business to log."""
        if job.owner is None or is_own(job, actor):
            return
        by = actor.user or actor.claimed
        key, now = (by, job.id, what, reason), self._clock.monotonic()
        before = self._noted.get(key)
        if before is not None and now - before < SAME_SECONDS:
            return
        look = Look(
            at=self._clock.now(),
            owner=job.owner,
            by=by,
            via=actor.via,
            address=actor.address,
            what=what,
            job_id=job.id,
            job_name=one_line(job.name),
            reason=one_line(reason),
        )
        # Also where nobody who could reach its owner's list can change it unseen.
        await self._audit.note(actor, "document.looked-at", f"job {job.id}", look.reason, owner=look.owner, what=what)
        await self._store.record_look(look)
        if look.reason and self._tell is not None:
            await self._tell(look)
        self._noted[key] = now
        self._noted.move_to_end(key)
        while len(self._noted) > REMEMBERED:
            self._noted.popitem(last=False)

    async def of(self, owner: str, *, limit: int = 200) -> list[Look]:
        """Newest first."""
        return await self._store.looks_at(owner, limit=limit)

    async def purge(self) -> None:
        while await self._store.purge_looks(before=self._clock.now() - KEPT_SECONDS, limit=500) == 500:
            pass
