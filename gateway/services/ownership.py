"""Whose a job is, who may know of it, and what a delegate may do with it: another's job answers as not found.

What was delegated stands in `Actor.acts_for`; the services fill it in from the rows, so that a grant that was taken back
is gone with the next request. `site` is that of the job's Printer: staff looks after the jobs of its own sites.
"""

from gateway.domain.delegation import Right
from gateway.domain.job import Job
from gateway.domain.rights import Permission
from gateway.domain.user import Actor, is_guest


def is_own(job: Job, actor: Actor) -> bool:
    """The signed-in owner; of an unclaimed job the same client, under the same name from the same address.

    Whoever signs in claims such a job first.
    """
    if job.owner is not None:
        return actor.user == job.owner
    same = actor.address != "" and (job.address, job.requested_name) == (actor.address, actor.claimed)
    return same and actor.user is None


def rights_on(job: Job, actor: Actor) -> frozenset[Right]:
    """What the owner, and nobody else, let this actor do with the job."""
    if job.owner is None or actor.user is None:
        return frozenset()
    owner = job.owner.casefold()
    return frozenset[Right]().union(*(d.rights for d in actor.acts_for if d.owner.casefold() == owner))


def looks_after(job: Job, actor: Actor, site: str) -> bool:
    """Staff of the site: everybody's jobs with JOBS, those of guests, who stand at the desk, with DESK."""
    return actor.may(Permission.JOBS, site) or (is_guest(job.owner) and actor.may(Permission.DESK, site))


def may_see(job: Job, actor: Actor, site: str) -> bool:
    return looks_after(job, actor, site) or is_own(job, actor) or bool(rights_on(job, actor))


def may(job: Job, actor: Actor, right: Right | None, site: str) -> bool:
    """Whether the actor may do what `right` names; None is what no delegate may."""
    if looks_after(job, actor, site) or is_own(job, actor):
        return True
    return right is not None and right in rights_on(job, actor)


def sees_pages(job: Job, actor: Actor) -> bool:
    """Pictures of pages are the owner's, and the delegates' unless the job is private; never the staff's."""
    return is_own(job, actor) or (not job.private and Right.SEE in rights_on(job, actor))
