"""Not before a time of the day: a waiting job is held until then (row 24, job-hold-until-time)."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import RedirectResponse, Response

from gateway.errors import BadRequest
from webprint.options import read_changes
from webprint.requests import first
from webprint.site import Site, Visit


class LaterPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def hold(self, visit: Visit) -> Response:
        """With the options that were chosen; a Printer that prints at once prints it then, any other lets it wait on."""
        job = await self._site.release.visible(int(visit.request.path_params["id"]), visit.actor)
        at = next_time(first(visit.form, "at"), self._site.clock.now(), self._site.settings.site.time_zone)
        changes = read_changes(visit.form)
        if changes:
            await self._site.release.change(job.id, visit.actor, changes)
        await self._site.release.hold(job.id, visit.actor, until_time=at)
        return RedirectResponse(f"/jobs/{job.id}", status_code=303)


def next_time(text: str, now: float, zone: str) -> float:
    """The next moment at which the site's clocks show "HH:MM", in seconds since the epoch; BadRequest for no time."""
    try:
        wanted = time.fromisoformat(text) if len(text) == len("HH:MM") else None
    except ValueError:
        wanted = None
    if wanted is None or wanted.tzinfo is not None:
        raise BadRequest(f'"{text[:20]}" is no time. Write for example 18:30.')
    here = datetime.fromtimestamp(now, ZoneInfo(zone or "UTC"))
    found = here.replace(hour=wanted.hour, minute=wanted.minute, second=0, microsecond=0)
    if found <= here:
        found = (found + timedelta(days=1)).replace(hour=wanted.hour, minute=wanted.minute)
    return found.timestamp()
