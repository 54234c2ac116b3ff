"""What became of my jobs, and what I print in a year: as a list, as a picture and as a table."""

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from gateway import i18n
from gateway.domain.job import Job, JobState
from gateway.domain.statistics import Month, Usage
from gateway.errors import NotFound
from gateway.i18n import gettext as _
from gateway.services.ports import JobQuery
from gateway.services.statistics import Statistics
from webprint import words
from webprint.own import ENDED
from webprint.requests import row_number
from webprint.site import Site, Visit

SHOWN = 50
COPIED = 20  # sessions at devices' own panels
MONTHS = 12
NO_HISTORY = "There is no history on this server."
# The picture, in units of its own view box.
WIDTH, HEIGHT, BASE, TOP = 720, 220, 184, 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One job that ended."""

    id: int
    name: str
    what: str
    tone: str
    at: str
    when: str
    facts: tuple[str, ...]
    where: str
    destroyed: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One month of the picture: `grey` and `color` are (y, height); `middle` is where its label stands."""

    x: float
    width: float
    middle: float
    grey: tuple[float, float]
    color: tuple[float, float]
    label: str
    told: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One month of the table, in words."""

    month: str
    jobs: str
    impressions: str
    sheets: str
    color: str
    two_sided: str
    cost: str
    saved: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Copied:
    """What was made at one device's own panel, in words."""

    where: str
    what: str
    at: str
    when: str


class HistoryPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, visit: Visit) -> Response:
        statistics = self._site.statistics
        if statistics is None or visit.actor.user is None:
            raise NotFound(NO_HISTORY)
        query = visit.request.query_params
        search, before = query.get("q", "").strip()[:100], row_number(query.get("before", ""))
        jobs = await self._site.release.find(
            JobQuery(
                owner=visit.actor.user,
                states=ENDED,
                before_id=before,
                newest_first=True,
                limit=SHOWN,
                name_contains=search or None,
            ),
            visit.actor,
        )
        own = [job for job in jobs if (job.owner or "").casefold() == visit.actor.user.casefold()]
        months = await statistics.months(visit.actor.user, MONTHS)
        total = sum((month.usage for month in months), Usage())
        most = max(month.usage.impressions for month in months)
        return self._site.page(
            visit,
            "history.html",
            lines=await self._lines(own, statistics),
            search=search,
            before=before,
            older=_older(jobs, search),
            bars=_bars(months, most=most, width=WIDTH),
            rows=[self._row(month) for month in reversed(months) if month.usage != Usage()],
            total=self._words(_("All"), total),
            most=i18n.number(most),
            size=(WIDTH, HEIGHT, BASE, TOP),
            # A phone shows half a year, in letters that can be read.
            half=_bars(months[-MONTHS // 2 :], most=most, width=WIDTH // 2),
            half_size=(WIDTH // 2, HEIGHT, BASE, TOP),
            any_cost=total.cost > 0,
            copied=[] if search or before else await self._copied(visit.actor.user),
        )

    async def _lines(self, jobs: list[Job], statistics: Statistics) -> list[Line]:
        gone = await statistics.destroyed_at([job.id for job in jobs if job.key is None])
        now = self._site.clock.now()
        return [self._line(job, gone.get(job.id), now) for job in jobs]

    def _line(self, job: Job, destroyed: float | None, now: float) -> Line:
        printed = job.impressions_completed
        facts = [words.pages(printed)] if printed else []
        if job.sheets_completed:
            facts.append(words.sheets(job.sheets_completed))
        if destroyed is not None:
            kept = _("Document destroyed %(when)s", when=self._moment(destroyed))
        else:
            kept = _("Document destroyed") if job.key is None else _("Document still kept")
        at = job.ended_at or job.created_at
        return Line(
            id=job.id,
            name=job.name or _("Job %(number)s", number=job.id),
            what=words.state(job),
            tone=_tone(job),
            at=words.moment(at),
            when=self._moment(at) if now - at > 86400 else words.ago(now - at),
            facts=tuple(facts),
            where=self._device(job.output_device) if job.output_device else "",
            destroyed=kept,
        )

    async def _copied(self, owner: str) -> list[Copied]:
        if self._site.terminals is None:
            return []
        return [
            Copied(
                where=self._device(one.device),
                what=words.copied(one),
                at=words.moment(one.started_at),
                when=self._moment(one.started_at),
            )
            for one in await self._site.terminals.copiers.of(owner, limit=COPIED)
        ]

    def _row(self, month: Month) -> Row:
        return self._words(f"{month.year}-{month.month:02d}", month.usage)

    def _words(self, name: str, usage: Usage) -> Row:
        return Row(
            month=name,
            jobs=i18n.number(usage.jobs),
            impressions=i18n.number(usage.impressions),
            sheets=i18n.number(usage.media_sheets),
            color=i18n.percent(usage.color_share),
            two_sided=i18n.percent(usage.two_sided_share),
            cost=i18n.money(usage.cost, self._site.settings.site.currency),
            saved=i18n.number(usage.saved),
        )

    def _moment(self, at: float) -> str:
        return i18n.day_and_time(at, self._site.settings.site.time_zone)

    def _device(self, name: str) -> str:
        try:
            return self._site.printers.device(name).info or name
        except NotFound:
            return name


def _tone(job: Job) -> str:
    if job.state is JobState.ABORTED:
        return "bad"
    return "good" if job.state is JobState.COMPLETED else "plain"


def _bars(months: list[Month], *, most: int, width: int) -> list[Bar]:
    """Black and white below, colour on top of it; `most` impressions reach the top."""
    step = width / len(months)
    bars = []
    for number, month in enumerate(months):
        usage = month.usage
        scale = (BASE - TOP) / max(1, most)
        grey, color = (usage.impressions - usage.color_impressions) * scale, usage.color_impressions * scale
        bars.append(
            Bar(
                x=round(number * step + step * 0.15, 1),
                width=round(step * 0.7, 1),
                middle=round((number + 0.5) * step, 1),
                grey=(round(BASE - grey, 1), round(grey, 1)),
                color=(round(BASE - grey - color, 1), round(color, 1)),
                label=f"{month.month:02d}/{month.year % 100:02d}",
                told=words.pages(usage.impressions),
            )
        )
    return bars


def _older(jobs: list[Job], search: str) -> str:
    if len(jobs) < SHOWN:
        return ""
    return "/history?" + urlencode({"q": search, "before": min(job.id for job in jobs)})
