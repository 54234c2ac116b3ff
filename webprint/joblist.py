"""The list of jobs: which ones are asked for, and the page that shows them."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from gateway.domain.job import OPEN, Job
from gateway.domain.rights import Permission
from gateway.domain.user import Actor
from gateway.errors import NotFound, Refusal
from gateway.i18n import said
from gateway.services.ports import JobQuery
from webprint import words
from webprint.answers import status_of
from webprint.charge import picker_for, printers_of
from webprint.options import filled
from webprint.own import ENDED, ENDED_SHOWN, EVERYBODY_SHOWN, OPEN_SHOWN, Own, own_jobs
from webprint.purse import purse_of
from webprint.quotes import Offer, Prices, Quotes
from webprint.requests import first, row_number
from webprint.site import Site, Visit
from webprint.views import JobView, Part, best_device, devices_for, part_of, view_devices, view_job

BREATH = 10  # jobs of a list, about two milliseconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What the last action did to one job, in words. `tone`: good or bad."""

    tone: str
    title: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the address asks of the list."""

    everybody: bool = False
    search: str = ""
    before: int | None = None
    select_all: bool = False
    selected: frozenset[int] = field(default_factory=frozenset)
    device: str = ""

    @property
    def here(self) -> str:
        """The list's own address, to come back to after an action."""
        return "/jobs?" + urlencode({"all": 1, "q": self.search}) if self.everybody else "/jobs"


class JobList:
    """Finds what a visitor asks for and makes the page of it, also the one that follows an action."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.prices = Prices(site=site)
        self.quotes = Quotes(site, self.prices)

    async def page(
        self,
        visit: Visit,
        asked: Asked,
        *,
        notes: list[Note] | None = None,
        refusal: Refusal | None = None,
        offers: tuple[Offer, ...] = (),
    ) -> Response:
        if notes is None:
            asked = await self._preferred(visit, asked)
        own = await self._wanted(visit, asked)
        jobs, now = list(own.jobs), self._site.clock.now()
        # Others behind the same address may have printed them: nothing but when is told here.
        claimable = [(job.printer, words.ago(now - job.created_at)) for job in own.claimable]
        targets = devices_for(self._site.printers, jobs)
        ready = {device.name for device in targets if device.status.can_print}
        devices = view_devices(targets, asked.device if asked.device in ready else best_device(targets, jobs))
        views = await self._views(own.actor, jobs)
        again = {job.id: offer for job in jobs if (offer := self.quotes.again(job)) is not None}
        purse = None if asked.everybody else await purse_of(self._site, visit.actor.user)
        state = fingerprint(views, [job.id for job in own.claimable], devices, again, purse)
        if notes is None and visit.request.headers.get("if-none-match") == state:
            return Response(status_code=304, headers={"ETag": state})
        waiting = [view.id for view in views if view.can_release and not view.delegated]
        selected = _selected(asked, waiting)
        summed = [job for job in jobs if job.id in (selected or set(waiting)) and part_of(job) is Part.WAITING]
        chosen = next((device.name for device in devices if device.chosen), "")
        charged = [job for job in jobs if job.id in waiting]
        picker = await picker_for(
            self._site, visit, printers_of(self._site.printers, charged), charged, visit.form if refusal else {}
        )
        told = self.quotes.tell(summed, {"device": [chosen]}, purse) if summed else None
        response = self._site.page(
            visit,
            "jobs.html",
            status=200 if refusal is None else status_of(refusal),
            asked=asked,
            state=state,
            parts=_parts(views),
            claimable=claimable,
            again=again,
            offers=offers,
            # Other lists have no mark: they ask whenever something happened.
            list_mark="" if asked.everybody or asked.before else own.mark,
            devices=devices,
            selected=selected,
            waiting=waiting,
            more=asked.everybody and sum(not job.state.ended for job in jobs) >= EVERYBODY_SHOWN,
            releasable=any(view.can_release for view in views),
            told=told,
            purse=purse,
            picker=picker,
            charges=any(printer.takes_projects for printer in self._site.printers.all()),
            notes=notes or [],
            # What was typed, so that a refusal does not cost it.
            filled=filled(visit.form if any(note.tone == "bad" for note in notes or []) else {}),
            older=_older(jobs),
        )
        response.headers["ETag"] = state
        return response

    async def _wanted(self, visit: Visit, asked: Asked) -> Own:
        """Newest first. An operator's search looks at document names and owners, and takes a job's number."""
        if not asked.everybody and asked.before is None:
            return await own_jobs(self._site.release, visit.actor)
        jobs = await self._searched(visit, asked)
        return Own(actor=visit.actor, jobs=tuple(jobs), claimable=())

    async def _preferred(self, visit: Visit, asked: Asked) -> Asked:
        """With what the visitor wants to be chosen when the list opens: all jobs, and a device."""
        if self._site.personal is None or visit.actor.user is None or asked.everybody:
            return asked
        user = await self._site.identity.get(visit.actor.user)
        chosen = await self._site.personal.preferences.of(user)
        return replace(asked, select_all=asked.select_all or chosen.select_all, device=asked.device or chosen.device)

    async def _searched(self, visit: Visit, asked: Asked) -> list[Job]:
        if not asked.everybody:
            return await self._rows(visit, asked, JobQuery(owner=visit.actor.user))
        if not asked.search:
            return await self._rows(visit, asked, JobQuery())
        several = await self._rows(visit, asked, JobQuery(name_contains=asked.search))
        several += await self._rows(visit, asked, JobQuery(owner=asked.search))
        if asked.search.isascii() and asked.search.isdigit() and len(asked.search) < 19:
            several += await self._numbered(visit, int(asked.search))
        unique = {job.id: job for job in several}
        return sorted(unique.values(), key=lambda job: job.id, reverse=True)

    async def _rows(self, visit: Visit, asked: Asked, query: JobQuery) -> list[Job]:
        """All that is open, however old, and the newest that ended; with `before` only what ended earlier still."""
        ended = replace(query, states=ENDED, before_id=asked.before, newest_first=True, limit=ENDED_SHOWN)
        if asked.before is not None:
            return await self.find(visit, ended)
        still = replace(query, states=OPEN, newest_first=True, limit=EVERYBODY_SHOWN if asked.everybody else OPEN_SHOWN)
        return [*await self.find(visit, still), *await self.find(visit, ended)]

    async def _numbered(self, visit: Visit, job_id: int) -> list[Job]:
        try:
            return [await self._site.release.visible(job_id, visit.actor)]
        except NotFound:
            return []

    async def find(self, visit: Visit, query: JobQuery) -> list[Job]:
        return await self._site.release.find(query, visit.actor)

    async def _views(self, actor: Actor, jobs: Sequence[Job]) -> list[JobView]:
        """A long list lets others have their turn: what was just released is under way while its page is made."""
        views = []
        for place, job in enumerate(jobs, start=1):
            views.append(self.view(actor, job))
            if place % BREATH == 0:
                await asyncio.sleep(0)
        return views

    def view(self, actor: Actor, job: Job) -> JobView:
        """`actor` with what was delegated to them."""
        view = view_job(
            job,
            actor,
            self._site.printers,
            now=self._site.clock.now(),
            extend_times=self._site.settings.jobs.extend_times,
        )
        return replace(view, price=self.prices.text(job)) if view.can_release else view


def asked_of(visit: Visit) -> Asked:
    query = visit.request.query_params
    return Asked(
        everybody=query.get("all") == "1" and visit.actor.may_somewhere(Permission.JOBS),
        search=query.get("q", "").strip()[:100],
        before=row_number(query.get("before", "")),
        select_all=query.get("select") == "all",
    )


def as_sent(visit: Visit) -> Asked:
    """The list after a refused form: what was ticked and chosen stays so."""
    ids = (text for text in visit.form.get("job", []) if text.isascii() and text.isdigit() and len(text) < 19)
    return replace(back_to(visit), selected=frozenset(map(int, ids)), device=first(visit.form, "device"))


def back_to(visit: Visit) -> Asked:
    """The list that the form was part of."""
    everybody = first(visit.form, "all") == "1" and visit.actor.may_somewhere(Permission.JOBS)
    return Asked(everybody=everybody, search=first(visit.form, "search")[:100] if everybody else "")


def _selected(asked: Asked, waiting: list[int]) -> frozenset[int]:
    """What is ticked when the page opens: all if asked, and the only one, which spares a tap."""
    if asked.select_all or (len(waiting) == 1 and not asked.everybody):
        return frozenset(waiting)
    return asked.selected


def _parts(views: list[JobView]) -> list[tuple[Part, list[JobView]]]:
    return [(part, found) for part in Part if (found := [view for view in views if view.part is part])]


def _older(jobs: list[Job]) -> int | None:
    """From where the next page goes on, if there may be one."""
    ended = [job.id for job in jobs if job.state.ended]
    return min(ended) if len(ended) >= ENDED_SHOWN else None


def refused(title: str, refusal: Refusal) -> Note:
    return Note(tone="bad", title=title, text=said(refusal.message))


def fingerprint(*shown: Any) -> str:
    """Changes whenever the list would look different; live pages ask with it and mostly get an empty 304."""
    return '"' + hashlib.sha256(repr(shown).encode()).hexdigest()[:32] + '"'
