"""One's own jobs: the list, the release, and what else can be done with a job."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

from starlette.responses import RedirectResponse, Response, StreamingResponse

from gateway.domain.job import Job, JobState
from gateway.errors import NotFound, NotPossible, Refusal
from gateway.services.ports import JobQuery
from gateway.services.release import Outcome
from webprint import words
from webprint.choices import read_choice, view_choice
from webprint.joblist import JobList, Note, as_sent, asked_of, back_to, fingerprint, refused
from webprint.options import read_changes, read_jobs
from webprint.preview import PreviewPages
from webprint.requests import first
from webprint.site import Site, Visit
from webprint.views import Part, part_of

COMPONENTS = frozenset({"system", "intake", "preparation", "delivery", "retention"})  # no persons: not named


class JobPages:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._list = JobList(site)
        self._preview = PreviewPages(site)

    # --- pages -------------------------------------------------------------------------------------------------

    async def show(self, visit: Visit) -> Response:
        return await self._list.page(visit, asked_of(visit))

    async def detail(self, visit: Visit) -> Response:
        return await self._detail(visit, _id(visit))

    async def thumbnail(self, visit: Visit) -> Response:
        body = await self._site.release.thumbnail(_id(visit), visit.actor, visit.request.path_params["number"])
        begin = await anext(body, b"")  # what cannot be read is refused before the answer has begun
        headers = {"Cache-Control": "private, max-age=300", "Vary": "Cookie"}
        return StreamingResponse(_chained(begin, body), media_type="image/png", headers=headers)

    async def side(self, visit: Visit) -> Response:
        return await self._preview.picture(visit)

    # --- actions on the selection ------------------------------------------------------------------------------

    async def release(self, visit: Visit) -> Response:
        try:
            return await self._release(visit, read_jobs(visit.form))
        except Refusal as refusal:
            return await self._list.page(
                visit, as_sent(visit), notes=[refused("Nothing was printed", refusal)], refusal=refusal
            )

    async def release_all(self, visit: Visit) -> Response:
        try:
            held = JobQuery(owner=visit.actor.user, states=(JobState.PENDING_HELD,), limit=None)
            jobs = await self._list.find(visit, held)
            waiting = [job.id for job in jobs if part_of(job) is Part.WAITING]
            if not waiting:
                raise NotPossible("No job is waiting any more.")
            return await self._release(visit, waiting)
        except Refusal as refusal:
            return await self._list.page(
                visit, as_sent(visit), notes=[refused("Nothing was printed", refusal)], refusal=refusal
            )

    async def delete_selected(self, visit: Visit) -> Response:
        """Asks once, since a deleted job cannot be brought back."""
        try:
            ids = read_jobs(visit.form)
        except Refusal as refusal:
            return await self._list.page(
                visit, as_sent(visit), notes=[refused("Nothing was deleted", refusal)], refusal=refusal
            )
        if not first(visit.form, "sure"):
            return self._confirm(visit, [await self._site.release.visible(job_id, visit.actor) for job_id in ids])
        return await self._list.page(visit, back_to(visit), notes=[await self._delete(visit, job_id) for job_id in ids])

    # --- actions on one job ------------------------------------------------------------------------------------

    async def delete(self, visit: Visit) -> Response:
        job = await self._site.release.visible(_id(visit), visit.actor)
        if not first(visit.form, "sure"):
            return self._confirm(visit, [job])
        return await self._list.page(visit, back_to(visit), notes=[await self._delete(visit, job.id)])

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

    async def unlock(self, visit: Visit) -> Response:
        password = first(visit.form, "password")
        return await self._act(
            visit, lambda i, actor: self._site.release.unlock(i, actor, password), "is being opened with that password."
        )

    async def convert(self, visit: Visit) -> Response:
        """Back on the job's page the new pages appear as soon as they are made."""
        try:
            job = await self._site.release.visible(_id(visit), visit.actor)
            await self._site.release.convert_again(job.id, visit.actor, read_choice(visit.form, job))
        except NotFound:
            raise
        except Refusal as refusal:
            note = refused("That did not work", refusal)
            return await self._list.page(visit, back_to(visit), notes=[note], refusal=refusal)
        return RedirectResponse(f"/jobs/{job.id}", 303)

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
            return await self._list.page(
                visit, back_to(visit), notes=[refused("That did not work", refusal)], refusal=refusal
            )
        asked = replace(back_to(visit), selected=frozenset({job.id}))  # the next thing may be to release it
        return await self._list.page(visit, asked, notes=[Note(tone="good", title=job.name, text=text)])

    # --- within ------------------------------------------------------------------------------------------------

    async def _release(self, visit: Visit, ids: list[int]) -> Response:
        device, changes = first(visit.form, "device") or None, read_changes(visit.form)
        outcomes = await self._site.release.release(ids, visit.actor, device=device, changes=changes)
        notes = [await self._note(visit, outcome) for outcome in outcomes]
        kept = frozenset(outcome.job_id for outcome in outcomes if outcome.refusal is not None)
        return await self._list.page(visit, replace(back_to(visit), selected=kept, device=device or ""), notes=notes)

    def _confirm(self, visit: Visit, jobs: list[Job]) -> Response:
        views = [self._list.view(visit, job) for job in jobs]
        return self._site.page(visit, "confirm.html", jobs=views, everybody=back_to(visit).everybody)

    async def _note(self, visit: Visit, outcome: Outcome) -> Note:
        if outcome.job is not None:
            where = self._list.view(visit, outcome.job).device
            copies = f"{outcome.job.ticket.copies} copies, " if outcome.job.ticket.copies > 1 else ""
            return Note(tone="good", title=outcome.job.name, text=f"{copies}on its way to {where}.")
        assert outcome.refusal is not None
        try:
            name = (await self._site.release.visible(outcome.job_id, visit.actor)).name
        except NotFound:
            name = f"Job {outcome.job_id}"
        return refused(name, outcome.refusal)

    async def _delete(self, visit: Visit, job_id: int) -> Note:
        try:
            job = await self._site.release.cancel(job_id, visit.actor, message="Deleted on the web page.")
        except Refusal as refusal:
            return refused(f"Job {job_id}", refusal)
        return Note(tone="good", title=job.name, text="is deleted.")

    async def _detail(self, visit: Visit, job_id: int) -> Response:
        job = await self._site.release.visible(job_id, visit.actor)
        records = await self._site.release.records(job_id, visit.actor)
        now = self._site.clock.now()
        view = self._list.view(visit, job)
        history = [_line(job.created_at, now, "arrived", text=words.source(job))]
        history += [_line(r.at, now, r.what, by="" if r.by in COMPONENTS else r.by, text=r.text) for r in records]
        state = fingerprint(view, history)
        if visit.request.headers.get("if-none-match") == state:
            return Response(status_code=304, headers={"ETag": state})
        own = view.can_release and not view.owner
        section = await self._preview.section(visit, job) if own else None
        response = self._site.page(
            visit,
            "job.html",
            status=section.status if section else 200,
            job=view,
            row=job,
            history=history,
            state=state,
            preview=section,
            choice=view_choice(job) if own else None,
        )
        response.headers["ETag"] = state
        return response


async def _chained(begin: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield begin
    async for chunk in rest:
        yield chunk


def _id(visit: Visit) -> int:
    return int(visit.request.path_params["id"])


def _line(at: float, now: float, what: str, *, by: str = "", text: str = "") -> tuple[str, str, str, str, str]:
    """One line of a job's history: the moment for machines and for people, what, by whom, why."""
    return words.moment(at), words.ago(now - at), what, by, text
