"""One's own jobs: the list, the release, and what else can be done with a job."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from gateway.domain.job import Job, JobState
from gateway.errors import NotFound, Refusal
from gateway.services.ports import JobQuery
from gateway.services.release import Outcome
from webprint import words
from webprint.answers import status_of
from webprint.options import read_changes, read_jobs
from webprint.requests import first
from webprint.site import Site, Visit
from webprint.views import JobView, Part, devices_for, part_of, view_devices, view_job

OPEN = tuple(state for state in JobState if not state.ended)
ENDED = tuple(state for state in JobState if state.ended)
OPEN_SHOWN = 200  # of those that wait or print; more is nobody's list of the day
COMPONENTS = frozenset({"system", "intake", "preparation", "delivery", "retention"})  # no persons: not named
ENDED_SHOWN = 30  # older ones are a link away


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


class JobPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    # --- pages -------------------------------------------------------------------------------------------------

    async def show(self, visit: Visit) -> Response:
        return await self._list(visit, _asked(visit))

    async def detail(self, visit: Visit) -> Response:
        return await self._detail(visit, _id(visit))

    async def thumbnail(self, visit: Visit) -> Response:
        body = await self._site.release.thumbnail(_id(visit), visit.actor, visit.request.path_params["number"])
        headers = {"Cache-Control": "private, max-age=300", "Vary": "Cookie"}
        return StreamingResponse(body, media_type="image/png", headers=headers)

    # --- actions on the selection ------------------------------------------------------------------------------

    async def release(self, visit: Visit) -> Response:
        try:
            return await self._release(visit, read_jobs(visit.form))
        except Refusal as refusal:
            return await self._list(visit, _sent(visit), notes=[_no("Nothing was printed", refusal)], refusal=refusal)

    async def release_all(self, visit: Visit) -> Response:
        try:
            held = JobQuery(owner=visit.actor.user, states=(JobState.PENDING_HELD,), limit=None)
            jobs = await self._find(visit, held)
            return await self._release(visit, [job.id for job in jobs if part_of(job) is Part.WAITING])
        except Refusal as refusal:
            return await self._list(visit, _sent(visit), notes=[_no("Nothing was printed", refusal)], refusal=refusal)

    async def delete_selected(self, visit: Visit) -> Response:
        """Asks once, since a deleted job cannot be brought back."""
        try:
            ids = read_jobs(visit.form)
        except Refusal as refusal:
            return await self._list(visit, _sent(visit), notes=[_no("Nothing was deleted", refusal)], refusal=refusal)
        if not first(visit.form, "sure"):
            return self._confirm(visit, [await self._site.release.visible(job_id, visit.actor) for job_id in ids])
        return await self._list(visit, _back(visit), notes=[await self._delete(visit, job_id) for job_id in ids])

    # --- actions on one job ------------------------------------------------------------------------------------

    async def delete(self, visit: Visit) -> Response:
        job = await self._site.release.visible(_id(visit), visit.actor)
        if not first(visit.form, "sure"):
            return self._confirm(visit, [job])
        return await self._list(visit, _back(visit), notes=[await self._delete(visit, job.id)])

    async def reprint(self, visit: Visit) -> Response:
        return await self._act(visit, self._site.release.reprint, "is waiting again. Release it below.")

    async def favourite(self, visit: Visit) -> Response:
        on = first(visit.form, "on") != "no"
        text = "is a favourite now and does not expire." if on else "is no favourite any more."
        return await self._act(visit, lambda i, actor: self._site.release.favourite(i, actor, on), text)

    async def extend(self, visit: Visit) -> Response:
        return await self._act(visit, self._site.release.extend, "is kept longer.")

    async def claim(self, visit: Visit) -> Response:
        return await self._act(visit, self._site.release.claim, "is yours now. Release it below.")

    async def came_out(self, visit: Visit) -> Response:
        return await self._resolve(visit, came_out=True, text="is done. Thank you.")

    async def not_out(self, visit: Visit) -> Response:
        return await self._resolve(visit, came_out=False, text="is waiting again. Release it at any printer.")

    async def _resolve(self, visit: Visit, *, came_out: bool, text: str) -> Response:
        return await self._act(visit, lambda i, actor: self._site.release.resolve(i, actor, came_out=came_out), text)

    async def _act(self, visit: Visit, action: Callable[..., Awaitable[Job]], text: str) -> Response:
        """One action on one job, then the list with what came of it. Another's job stays a 404."""
        try:
            job = await action(_id(visit), visit.actor)
        except NotFound:
            raise
        except Refusal as refusal:
            return await self._list(visit, _back(visit), notes=[_no("That did not work", refusal)], refusal=refusal)
        asked = replace(_back(visit), selected=frozenset({job.id}))  # the next thing may be to release it
        return await self._list(visit, asked, notes=[Note(tone="good", title=job.name, text=text)])

    # --- within ------------------------------------------------------------------------------------------------

    async def _release(self, visit: Visit, ids: list[int]) -> Response:
        device, changes = first(visit.form, "device") or None, read_changes(visit.form)
        outcomes = await self._site.release.release(ids, visit.actor, device=device, changes=changes)
        notes = [await self._note(visit, outcome) for outcome in outcomes]
        kept = frozenset(outcome.job_id for outcome in outcomes if outcome.refusal is not None)
        return await self._list(visit, replace(_back(visit), selected=kept, device=device or ""), notes=notes)

    def _confirm(self, visit: Visit, jobs: list[Job]) -> Response:
        views = [self._view(visit, job) for job in jobs]
        return self._site.page(visit, "confirm.html", jobs=views, everybody=_back(visit).everybody)

    async def _note(self, visit: Visit, outcome: Outcome) -> Note:
        if outcome.job is not None:
            where = self._view(visit, outcome.job).device
            copies = f"{outcome.job.ticket.copies} copies, " if outcome.job.ticket.copies > 1 else ""
            return Note(tone="good", title=outcome.job.name, text=f"{copies}on its way to {where}.")
        assert outcome.refusal is not None
        try:
            name = (await self._site.release.visible(outcome.job_id, visit.actor)).name
        except NotFound:
            name = f"Job {outcome.job_id}"
        return _no(name, outcome.refusal)

    async def _delete(self, visit: Visit, job_id: int) -> Note:
        try:
            job = await self._site.release.cancel(job_id, visit.actor, message="Deleted on the web page.")
        except Refusal as refusal:
            return _no(f"Job {job_id}", refusal)
        return Note(tone="good", title=job.name, text="is deleted.")

    async def _list(
        self, visit: Visit, asked: Asked, *, notes: list[Note] | None = None, refusal: Refusal | None = None
    ) -> Response:
        jobs = await self._wanted(visit, asked)
        claimable = [] if asked.everybody or asked.before else await self._site.release.claimable(visit.actor)
        devices = view_devices(devices_for(self._site.printers, jobs), asked.device)
        views = [self._view(visit, job) for job in jobs]
        state = _fingerprint(views, [self._view(visit, job) for job in claimable], devices)
        if notes is None and visit.request.headers.get("if-none-match") == state:
            return Response(status_code=304, headers={"ETag": state})
        waiting = [view.id for view in views if view.can_release]
        response = self._site.page(
            visit,
            "jobs.html",
            status=200 if refusal is None else status_of(refusal),
            asked=asked,
            state=state,
            parts=_parts(views),
            claimable=[self._view(visit, job) for job in claimable],
            devices=devices,
            selected=_selected(asked, waiting),
            waiting=waiting,
            notes=notes or [],
            filled=_filled(visit, keep=any(note.tone == "bad" for note in notes or [])),
            older=_older(jobs),
        )
        response.headers["ETag"] = state
        return response

    async def _detail(self, visit: Visit, job_id: int) -> Response:
        job = await self._site.release.visible(job_id, visit.actor)
        records = await self._site.release.records(job_id, visit.actor)
        now = self._site.clock.now()
        view = self._view(visit, job)
        history = [_line(job.created_at, now, "arrived", text=words.source(job))]
        history += [_line(r.at, now, r.what, by="" if r.by in COMPONENTS else r.by, text=r.text) for r in records]
        state = _fingerprint(view, history)
        if visit.request.headers.get("if-none-match") == state:
            return Response(status_code=304, headers={"ETag": state})
        response = self._site.page(visit, "job.html", job=view, row=job, history=history, state=state)
        response.headers["ETag"] = state
        return response

    async def _wanted(self, visit: Visit, asked: Asked) -> list[Job]:
        """Newest first. An operator's search looks at document names and owners, and takes a job's number."""
        if not asked.everybody:
            return await self._page(visit, asked, JobQuery(owner=visit.actor.user))
        if not asked.search:
            return await self._page(visit, asked, JobQuery())
        several = await self._page(visit, asked, JobQuery(name_contains=asked.search))
        several += await self._page(visit, asked, JobQuery(owner=asked.search))
        if asked.search.isascii() and asked.search.isdigit() and len(asked.search) < 19:
            several += await self._numbered(visit, int(asked.search))
        unique = {job.id: job for job in several}
        return sorted(unique.values(), key=lambda job: job.id, reverse=True)

    async def _page(self, visit: Visit, asked: Asked, query: JobQuery) -> list[Job]:
        """All that is open, however old, and the newest that ended; with `before` only what ended earlier still."""
        ended = replace(query, states=ENDED, before_id=asked.before, newest_first=True, limit=ENDED_SHOWN)
        if asked.before is not None:
            return await self._find(visit, ended)
        still = replace(query, states=OPEN, newest_first=True, limit=OPEN_SHOWN)
        return [*await self._find(visit, still), *await self._find(visit, ended)]

    async def _numbered(self, visit: Visit, job_id: int) -> list[Job]:
        try:
            return [await self._site.release.visible(job_id, visit.actor)]
        except NotFound:
            return []

    async def _find(self, visit: Visit, query: JobQuery) -> list[Job]:
        return await self._site.release.find(query, visit.actor)

    def _view(self, visit: Visit, job: Job) -> JobView:
        return view_job(job, visit.actor, self._site.printers, now=self._site.clock.now())


def _id(visit: Visit) -> int:
    return int(visit.request.path_params["id"])


def _asked(visit: Visit) -> Asked:
    query = visit.request.query_params
    before = query.get("before", "")
    return Asked(
        everybody=query.get("all") == "1" and visit.actor.is_operator,
        search=query.get("q", "").strip()[:100],
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None,
        select_all=query.get("select") == "all",
    )


def _sent(visit: Visit) -> Asked:
    """The list after a refused form: what was ticked and chosen stays so."""
    ids = (text for text in visit.form.get("job", []) if text.isascii() and text.isdigit() and len(text) < 19)
    return replace(_back(visit), selected=frozenset(map(int, ids)), device=first(visit.form, "device"))


def _back(visit: Visit) -> Asked:
    """The list that the form was part of."""
    everybody = first(visit.form, "all") == "1" and visit.actor.is_operator
    return Asked(everybody=everybody, search=first(visit.form, "search")[:100] if everybody else "")


def _filled(visit: Visit, *, keep: bool) -> dict[str, str]:
    """The print options as typed, so that a refusal does not cost them."""
    return {name: first(visit.form, name)[:100] if keep else "" for name in ("copies", "sides", "color", "pages")}


def _selected(asked: Asked, waiting: list[int]) -> frozenset[int]:
    """What is ticked when the page opens: all if asked, and the only one, which spares a tap."""
    if asked.select_all or (len(waiting) == 1 and not asked.everybody):
        return frozenset(waiting)
    return asked.selected


def _parts(views: list[JobView]) -> list[tuple[Part, list[JobView]]]:
    return [(part, found) for part in Part if (found := [view for view in views if view.part is part])]


def _line(at: float, now: float, what: str, *, by: str = "", text: str = "") -> tuple[str, str, str, str, str]:
    """One line of a job's history: the moment for machines and for people, what, by whom, why."""
    return words.moment(at), words.ago(now - at), what, by, text


def _older(jobs: list[Job]) -> int | None:
    """From where the next page goes on, if there may be one."""
    ended = [job.id for job in jobs if job.state.ended]
    return min(ended) if len(ended) >= ENDED_SHOWN else None


def _no(title: str, refusal: Refusal) -> Note:
    return Note(tone="bad", title=title, text=refusal.message)


def _fingerprint(*shown: Any) -> str:
    """Changes whenever the list would look different; live pages ask with it and mostly get an empty 304."""
    return '"' + hashlib.sha256(repr(shown).encode()).hexdigest()[:32] + '"'
