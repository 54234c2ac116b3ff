"""Test pages: printed from the set-up and from a device's own page, and watched on their way."""

from dataclasses import dataclass

from gateway.domain.job import Job, JobState
from gateway.errors import NotFound
from gateway.i18n import day_and_time, gettext, said
from gateway.services.administration import Administration
from webprint import words
from webprint.records import happened, worded
from webprint.site import Site, Visit


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One test page on its way: `lines` are what has happened to it."""

    job: int
    state: str
    running: bool
    printed: bool
    message: str
    lines: tuple[str, ...]


class TestPages:
    __test__ = False  # no test of its own: pytest goes by names

    def __init__(self, site: Site, administration: Administration) -> None:
        self._site, self._administration = site, administration

    async def print_one(self, visit: Visit, device_name: str) -> Job:
        """The job; Refusal when the device cannot print, or nothing is taken in now."""
        book, device = self._administration.devices, self._site.printers.device(device_name)
        zone = self._site.settings.site.time_zone
        lines = (
            gettext("Date: %(at)s", at=f"{day_and_time(self._site.clock.now(), zone)} {zone or 'UTC'}"),
            gettext("Device: %(name)s", name=f"{device.info or device.name} ({device.name})"),
            gettext("Model: %(model)s", model=device.capabilities.make_and_model),
            gettext("Way: %(way)s", way=f"{self._site.settings.site.name} > {book.route_of(device)}"),
            gettext("Printed by: %(name)s", name=visit.actor.user or ""),
        )
        return await book.print_test_page(device.name, visit.actor, title=gettext("Test page"), lines=lines)

    async def shown(self, visit: Visit) -> Shown | None:
        """The one that the address names, if it is a test page of this person."""
        asked = visit.request.query_params.get("job", "")
        if not asked.isascii() or not asked.isdigit() or len(asked) > 18:
            return None
        try:
            job = await self._site.release.visible(int(asked), visit.actor)
            records = await self._site.release.records(job.id, visit.actor)
        except NotFound:
            return None
        lines = tuple(f"{happened(record.what)} {worded(record.text)}".strip() for record in records)
        return Shown(
            job=job.id,
            state=words.state(job),
            running=not job.state.ended,
            printed=job.state is JobState.COMPLETED,
            message=said(job.message),
            lines=lines,
        )
