"""One job's page: what it is, what comes out and costs, who may print it by a link, and what happened to it."""

from starlette.responses import Response

from gateway.domain.job import Job
from gateway.errors import Refusal
from gateway.i18n import said
from webprint import words
from webprint.answers import status_of
from webprint.charge import picker_for, printers_of
from webprint.choices import view_choice
from webprint.joblist import JobList, fingerprint
from webprint.looked import looked
from webprint.preview import PreviewPages, Section
from webprint.purse import Purse, purse_of
from webprint.quotes import Told
from webprint.records import happened, worded
from webprint.shares import LASTING, PAYERS, NewLink, ShareView, share_views
from webprint.site import Site, Visit

COMPONENTS = frozenset({"system", "intake", "preparation", "delivery", "retention"})  # no persons: not named


class JobDetail:
    def __init__(self, site: Site, jobs: JobList, preview: PreviewPages) -> None:
        self._site = site
        self._list = jobs
        self._preview = preview

    async def page_of(
        self, visit: Visit, job_id: int, *, link: NewLink | None = None, refusal: Refusal | None = None
    ) -> Response:
        """One job's page; `link` is shown this once, and why no project was chosen."""
        job = await self._site.release.visible(job_id, visit.actor)
        await looked(self._site, visit, job, "details")
        acting = await self._site.release.acting(visit.actor)
        records = await self._site.release.records(job_id, visit.actor)
        now = self._site.clock.now()
        view = self._list.view(acting, job)
        history = [_line(job.created_at, now, happened("arrived"), text=words.source(job))]
        history += [
            _line(r.at, now, happened(r.what), by="" if r.by in COMPONENTS else r.by, text=worded(r.text))
            for r in records
        ]
        shares = await self._shares(visit, job) if view.can_share else []
        again = self._list.quotes.again(job) if view.can_release else None
        state = fingerprint(view, history, shares, again)
        if link is None and refusal is None and visit.request.headers.get("if-none-match") == state:
            return Response(status_code=304, headers={"ETag": state})
        seen = view.can_release and await self._site.release.sees_pages(job, visit.actor)
        section = await self._preview.section(visit, job) if seen else None
        printers = printers_of(self._site.printers, [job] if view.can_release else [])
        response = self._site.page(
            visit,
            "job.html",
            status=status_of(refusal) if refusal else section.status if section else 200,
            refusal=said(refusal.message) if refusal else "",
            picker=await picker_for(self._site, visit, printers, [job], visit.form if refusal else {}),
            job=view,
            row=job,
            history=history,
            state=state,
            preview=section,
            told=self._told(job, section, await purse_of(self._site, visit.actor.user)),
            again=again,
            shares=shares,
            link=link,
            lasting=LASTING,
            payers=PAYERS,
            choice=view_choice(job) if seen and not view.owner else None,
        )
        response.headers["ETag"] = state
        return response

    def _told(self, job: Job, section: Section | None, purse: Purse | None) -> Told | None:
        """Price and obstacles of what the preview shows."""
        if section is None:
            return None
        form = {name: [value] for name, value in section.shown.items()}
        try:
            where = section.device.name if section.device else ""
            return self._list.quotes.tell([job], form | {"device": [where]}, purse)
        except Refusal:
            return None  # the preview has said it

    async def _shares(self, visit: Visit, job: Job) -> list[ShareView]:
        if self._site.shares is None:
            return []
        return share_views(await self._site.shares.open_of(job.id, visit.actor), self._site.clock.now())


def _line(at: float, now: float, what: str, *, by: str = "", text: str = "") -> tuple[str, str, str, str, str]:
    """One line of a job's history: the moment for machines and for people, what, by whom, why."""
    return words.moment(at), words.ago(now - at), what, by, text
