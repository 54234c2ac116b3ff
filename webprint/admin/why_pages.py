"""Why? A search by person, name, number, time and address, and one job's whole life."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.responses import Response

from gateway.domain.job import Job
from gateway.i18n import day_and_time, gettext, said
from gateway.services.administration import Administration
from gateway.services.ports import Trace
from gateway.services.why import Moment
from webprint import words
from webprint.admin.frame import AdminPage
from webprint.guard import Handler
from webprint.records import happened, worded
from webprint.site import Site, Visit
from webprint.views import submitter

PATH = "/admin/why"
SHOWN = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A job, or with number 0 a try that became none."""

    number: int
    name: str
    who: str
    when: str
    state: str
    from_: str


class WhyPages(AdminPage):
    def __init__(self, site: Site, administration: Administration) -> None:
        super().__init__(site)
        self._why = administration.why

    async def show(self, visit: Visit) -> Response:
        query = visit.request.query_params
        typed = {name: query.get(name, "").strip()[:100] for name in ("q", "address", "since", "until")}
        if not any(typed.values()):
            return self.page(visit, "why.html", typed=typed, lines=None, copied=[])
        trace = Trace(
            text=typed["q"],
            address=typed["address"],
            since=self._at(typed["since"], 0.0),
            until=self._at(typed["until"], float("inf"), end=True),
            limit=SHOWN,
        )
        found = await self._why.find(trace, visit.actor)
        lines = [self._job(job) for job in found.jobs]
        lines += [
            Line(
                number=0,
                name=one.document_name or gettext("A document without a name"),
                who=one.owner or one.requested_name,
                when=self._when(one.at),
                state=said(one.text) or one.outcome,
                from_=f"{words.SOURCES.get(one.channel, one.channel)}, {one.address}, {one.printer}",
            )
            for one in found.refused
        ]
        copied = [(one.device, one.owner, self._when(one.started_at), words.copied(one)) for one in found.copied]
        return self.page(visit, "why.html", typed=typed, lines=lines, copied=copied)

    async def life(self, visit: Visit) -> Response:
        life = await self._why.life(int(visit.request.path_params["id"]), visit.actor)
        moments = [(self._when(one.at), *self._said(one)) for one in life.moments]
        return self.page(
            visit,
            "why_job.html",
            line=self._job(life.job),
            rule=said(life.rule),
            next_step=said(life.next_step),
            message=said(life.job.message),
            notes=[said(note) for note in life.job.notes],
            moments=moments,
        )

    def _job(self, job: Job) -> Line:
        return Line(
            number=job.id,
            name=gettext("Private document") if job.private else job.name,
            who=submitter(job),
            when=self._when(job.created_at),
            state=words.state(job),
            from_=f"{words.source(job)}, {job.address}, {job.printer}",
        )

    def _said(self, one: Moment) -> tuple[str, str, str]:
        if one.kind == "try":
            return gettext("Sent in by %(channel)s", channel=words.SOURCES.get(one.by, one.by)), "", said(one.text)
        if one.kind == "receipt":
            return gettext("Counted and charged for %(device)s", device=one.what), one.by, one.text
        return happened(one.what), one.by, worded(one.text)

    def _when(self, at: float) -> str:
        return day_and_time(at, self._site.settings.site.time_zone)

    def _at(self, text: str, otherwise: float, *, end: bool = False) -> float:
        """The beginning of a day, or with `end` its end, in the site's zone; what is no day is left out."""
        try:
            day = datetime.strptime(text, "%Y-%m-%d").replace(
                tzinfo=ZoneInfo(self._site.settings.site.time_zone or "UTC")
            )
        except ValueError:
            return otherwise
        return day.timestamp() + (86400.0 if end else 0.0)


def why_rows(site: Site, administration: Administration) -> list[tuple[str, str, Handler]]:
    pages = WhyPages(site, administration)
    return [("GET", PATH, pages.show), ("GET", PATH + "/{id:int}", pages.life)]
