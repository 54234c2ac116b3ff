"""The jobs that somebody's list shows, and one short mark that changes with what it shows.

The page and the live updates ask for the same rows, so that a page can tell by the mark alone whether it is out of date.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.domain.delegation import Right
from gateway.domain.job import OPEN, Job, JobState
from gateway.domain.user import Actor
from gateway.services.ports import JobQuery
from gateway.services.release import Release

ENDED = tuple(state for state in JobState if state.ended)
OPEN_SHOWN = 200  # of those that wait or print; more is nobody's list of the day
EVERYBODY_SHOWN = 100  # of all people's together: staff searches for the others
ENDED_SHOWN = 30  # older ones are a link away


@dataclass(frozen=True, kw_only=True, slots=True)
class Own:
    """`actor` with what was delegated to them; the jobs, newest first; those of this device that nobody owns."""

    actor: Actor
    jobs: tuple[Job, ...]
    claimable: tuple[Job, ...]

    @property
    def mark(self) -> str:
        return mark_of((*self.jobs, *self.claimable))


async def own_jobs(release: Release, actor: Actor) -> Own:
    """All own jobs that are open, however old, the newest that ended, and what waits of those who delegated."""
    acting = await release.acting(actor)
    still = JobQuery(owner=actor.user, states=OPEN, newest_first=True, limit=OPEN_SHOWN)
    ended = JobQuery(owner=actor.user, states=ENDED, newest_first=True, limit=ENDED_SHOWN)
    jobs = [*await release.find(still, actor), *await release.find(ended, actor)]
    for owner in owners_of(acting):
        jobs += await release.find(JobQuery(owner=owner, states=OPEN, newest_first=True, limit=OPEN_SHOWN), acting)
    return Own(actor=acting, jobs=tuple(jobs), claimable=tuple(await release.claimable((actor.address,))))


def owners_of(acting: Actor) -> list[str]:
    """Whose jobs were delegated, each once."""
    return list({d.owner.casefold(): d.owner for d in acting.acts_for if Right.SEE in d.rights}.values())


def mark_of(jobs: Iterable[Job]) -> str:
    """Changes with all that a list shows of its jobs but how far each has printed: that is told by itself."""
    shown = [
        (
            (job.id, int(job.state), job.reasons, job.message, job.output_device, job.owner, job.name),
            (job.favourite, job.expires_at, job.extensions, job.key is None, job.private),
            (job.prepared, job.pages, job.media_sheets, job.ticket),
        )
        for job in jobs
    ]
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:24]
