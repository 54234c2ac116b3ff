"""Whose a job is, and who may know of it: another's job answers as not found."""

from gateway.domain.job import Job
from gateway.domain.user import Actor


def is_own(job: Job, actor: Actor) -> bool:
    """The signed-in owner; of an unclaimed job the same client, under the same name from the same address.

    Whoever signs in claims such a job first.
    """
    if job.owner is not None:
        return actor.user == job.owner
    same = actor.address != "" and (job.address, job.requested_name) == (actor.address, actor.claimed)
    return same and actor.user is None


def may_see(job: Job, actor: Actor) -> bool:
    return actor.is_operator or is_own(job, actor)
