"""Whose a job is, and who may know of it: another's job answers as not found."""

from gateway.domain.job import Job
from gateway.domain.user import Actor


def is_own(job: Job, actor: Actor) -> bool:
    """The signed-in owner; of an unclaimed job the same client under the same name from the same address."""
    if job.owner is not None:
        return actor.user == job.owner
    return (
        actor.address != ""
        and job.address == actor.address
        and (actor.user is not None or job.requested_name == actor.claimed)
    )


def may_see(job: Job, actor: Actor) -> bool:
    return actor.is_operator or is_own(job, actor)
