"""Before a page shows what is somebody else's, it is written down for its owner."""

from gateway.domain.job import Job
from webprint.site import Site, Visit


async def looked(site: Site, visit: Visit, job: Job, what: str) -> None:
    """`what`: details, thumbnail or preview. What cannot be written down is not shown."""
    if site.personal is not None:
        await site.personal.access_log.note(job, visit.actor, what)


async def looked_at(site: Site, visit: Visit, what: str) -> None:
    """As `looked`, for the job that the address names; NotFound where the visitor may not know of it."""
    if site.personal is not None:
        await looked(site, visit, await site.release.visible(int(visit.request.path_params["id"]), visit.actor), what)
